"""Transcripts for other tools: one module per format, all from the published file alone.

The same published file gives the same bytes. What each holds stands in docs/exports.md.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from archive.export import csv_, json_, rttm, srt, tei, txt, vtt
from archive.export.reading import read_recording, read_session
from archive.export.tables import originals, speaking_time
from archive.wording import Text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

FORMATS = {
    "csv": csv_.write,
    "json": json_.write,
    "rttm": rttm.write,
    "srt": srt.write,
    "tei": tei.write,
    "txt": txt.write,
    "vtt": vtt.write,
}

TOLD_BESIDE = frozenset({"rttm", "srt"})
"""Formats whose common readers stop at what is no line of theirs: where they come from is told
in a file beside them."""


def export(db: sqlite3.Connection, format_: str, session_id: str) -> str:
    """Return a public session in one of FORMATS; ArchiveFault for an unknown session.

    A session that was not filmed has no words: its export holds the heading alone.
    """
    return FORMATS[format_](read_session(db, session_id))


def export_recording(db: sqlite3.Connection, format_: str, recording_id: str) -> str:
    """Return all that is public of a recording in one of FORMATS, such as its captions."""
    return FORMATS[format_](read_recording(db, recording_id))


def about(db: sqlite3.Connection, session_id: str) -> str:
    """Return what a session's exports are: title, date, licence, captures, steps, corrections."""
    return "\n".join(read_session(db, session_id).about()) + "\n"


def write_all(
    db: sqlite3.Connection, format_: str, events: Sequence[str], out: Path
) -> tuple[Path, ...]:
    """Write every session with words of the given events (none given: all) under `out`.

    Files are <event>/<session>.<ext>; returns their paths. Beside them stand
    <event>/<session>.about.txt for a format that cannot say where it comes from, and
    <event>.speaking-time.csv and <event>.originals.csv for CSV. Raises ArchiveFault for an event
    that is not public.
    """
    known = [row[0] for row in db.execute("SELECT id FROM events ORDER BY date, id")]
    if unknown := sorted(set(events) - set(known)):
        raise ArchiveFault(
            "no published event has the id {unknown}",
            "choose among: {known}",
            unknown=", ".join(unknown),
            known=", ".join(known) or Text("(nothing is published yet)"),
        )
    written = []
    for event in events or known:
        sessions = db.execute(
            "SELECT id FROM sessions s WHERE event_id = ? AND EXISTS "
            "(SELECT 1 FROM turns t WHERE t.session_id = s.id) ORDER BY position",
            [event],
        )
        for (session,) in sessions.fetchall():
            name = session.rpartition("/")[2]
            target = out / event / f"{name}.{format_}"
            _write(target, export(db, format_, session))
            written.append(target)
            if format_ in TOLD_BESIDE:
                _write(target.with_name(f"{name}.about.txt"), about(db, session))
        if format_ == "csv":
            _write(out / f"{event}.speaking-time.csv", speaking_time(db, event))
            _write(out / f"{event}.originals.csv", originals(db, event))
    return tuple(written)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.tmp")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)
