"""Where a spelling would be mended, to be looked at before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.corrections.applied import Corrected
from archive.corrections.overlay import words_of
from archive.corrections.spelling import occurrences
from archive.export.clock import hours

if TYPE_CHECKING:
    import sqlite3


def spelled(db: sqlite3.Connection, wrong: str, right: str, within: str) -> list[str]:
    """Return each place where a spelling would be mended: recording, time, words around it.

    `within` is "", an event's id or a session's.
    """
    corrected = Corrected(db)
    found = []
    for recording in corrected.recordings:
        turns = corrected.laid(recording).turns
        said = words_of(turns)
        inside = recording.startswith(f"{within}/") or not within
        here = {n for n, t in enumerate(turns) if inside or t["session_id"] == within}
        for place in occurrences(said, wrong, here):
            before = " ".join(w.text for w in said[max(0, place.first - 5) : place.first])
            after = " ".join(w.text for w in said[place.last : place.last + 5])
            written = f"{place.before}[{right}]{place.after}"
            time = hours(said[place.first].start_ms)
            found.append(f"{recording} {time}  {before} {written} {after}")
    return found
