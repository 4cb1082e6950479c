"""What a recording can be taken away as: every export, and the times of its words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from archive.export import FORMATS, export_recording
from archive.export.tables import originals, speaking_time
from archive.site.reading import Row, Visit, parsed, row, rows, text

if TYPE_CHECKING:
    import sqlite3

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "srt": "application/x-subrip; charset=utf-8",
    "tei": "application/tei+xml; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
PLAIN = "text/plain; charset=utf-8"
TABLES = {"speaking-time": speaking_time, "originals": originals}
EXPORTS = tuple(sorted(FORMATS))


def exported(
    db: sqlite3.Connection, visit: Visit, recording_id: str, format_: str
) -> tuple[str, str] | None:
    """Return a recording in one of EXPORTS with its media type; None when either is unknown."""
    del visit  # a transcript speaks the recording's language, not the page's
    if format_ not in FORMATS:
        return None
    try:
        return export_recording(db, format_, recording_id), TYPES.get(format_, PLAIN)
    except ArchiveFault:
        return None


def event_table(
    db: sqlite3.Connection, visit: Visit, event_id: str, table: str
) -> tuple[str, str] | None:
    """Return one of TABLES about an event as CSV; None when either is unknown."""
    del visit
    if table not in TABLES or row(db, "SELECT 1 FROM events WHERE id = ?", event_id) is None:
        return None
    return TABLES[table](db, event_id), TYPES["csv"]


def words(db: sqlite3.Connection, visit: Visit, recording_id: str) -> str | None:
    """Return the start of each word as JSON, {passage start: [start of each word, …]}.

    Kept out of the page, so that three hours of speech stay readable at once; None when
    the recording is unknown.
    """
    del visit
    if row(db, "SELECT 1 FROM sessions WHERE recording_id = ?", recording_id) is None:
        return None
    found: list[Row] = rows(
        db,
        "SELECT passages.start_ms, passages.words FROM passages JOIN turns ON turns.id = turn_id"
        " WHERE turns.recording_id = ?",
        recording_id,
    )
    starts = {
        text(passage["start_ms"]): [
            word[0] for word in parsed(passage["words"]) if isinstance(word, list)
        ]
        for passage in found
    }
    return json.dumps(starts, separators=(",", ":"))
