"""WebVTT captions of a whole recording, for the player.

https://www.w3.org/TR/webvtt1/ ; a cue holds two lines of about 42 characters at most,
as subtitlers write them, and starts and ends with its words.
"""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from archive.site.reading import Row, Visit, number, parsed, row, rows, text
from archive.site.voices import voice_name

if TYPE_CHECKING:
    import sqlite3

LINE = 42
LINES = 2
LONGEST_MS = 7_000


def captions(db: sqlite3.Connection, visit: Visit, recording_id: str) -> str | None:
    """Return the recording's captions; None when it is unknown."""
    if row(db, "SELECT 1 FROM recordings WHERE id = ?", recording_id) is None:
        return None
    cues = []
    for passage in rows(
        db,
        "SELECT passages.*, voice, turns.origin AS named_by, people.name FROM passages"
        " JOIN turns ON turns.id = turn_id LEFT JOIN people ON people.id = turns.person_id"
        " WHERE turns.recording_id = ? ORDER BY passages.start_ms",
        recording_id,
    ):
        speaker = text(passage["name"]) or voice_name(visit.texts, text(passage["voice"]))
        if passage["name"] and passage["named_by"] == "automatic":
            speaker = f"{speaker} {visit.texts('speaker.doubt')}"
        cues += [
            f"{stamp(start)} --> {stamp(end)}\n<v {escape(speaker, quote=False)}>"
            + escape("\n".join(wrap(words, LINE)), quote=False)
            for start, end, words in split(passage)
        ]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def split(passage: Row) -> list[tuple[int, int, str]]:
    """Cut a passage into cues (start_ms, end_ms, words); whole where it has no word times."""
    words = text(passage["text"]).split()
    times = [time for time in parsed(passage["words"]) if isinstance(time, list)]
    if len(times) != len(words):
        return [(number(passage["start_ms"]), number(passage["end_ms"]), " ".join(words))]
    cues: list[tuple[int, int, str]] = []
    for word, (start, end, *_) in zip(words, times, strict=True):
        if cues:
            began, _, said = cues[-1]
            if len(wrap(f"{said} {word}", LINE)) <= LINES and end - began <= LONGEST_MS:
                cues[-1] = (began, end, f"{said} {word}")
                continue
        cues.append((start, end, word))
    return cues


def stamp(milliseconds: int) -> str:
    """Write milliseconds as WebVTT does: 00:12:34.567."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{rest:03}"
