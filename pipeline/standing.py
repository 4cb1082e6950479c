"""Where each recording stands, told from work.db without changing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from pipeline.config import load_settings
from pipeline.programme import load_events
from pipeline.progress import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Standing:
    """One recording: its state, which stages stand, what is missing, unnamed or withheld.

    `sound`, `words` and `pictures` tell whether the sound is extracted, the words stored and
    attributed, the web copy made (or the video is held elsewhere). `foreign`: a minute or more
    is spoken, the programme names people, and nobody of them was found.
    """

    recording: str
    status: str
    duration_ms: int = 0
    missing_ms: int = 0
    speech_ms: int = 0
    unnamed_ms: int = 0
    withheld: int = 0
    failure: str = ""
    sound: bool = False
    words: bool = False
    pictures: bool = False
    foreign: bool = False


_QUERY = """
SELECT r.id, r.status, COALESCE(r.duration_ms, 0), COALESCE(r.missing_ms, 0),
       COALESCE(SUM(t.end_ms - t.start_ms), 0),
       COALESCE(SUM(CASE WHEN t.person_id IS NULL THEN t.end_ms - t.start_ms END), 0),
       (SELECT COUNT(*) FROM withheld w WHERE w.recording_id = r.id),
       COALESCE((SELECT sentence FROM failures f WHERE f.recording_id = r.id), ''),
       r.duration_ms IS NOT NULL,
       EXISTS (SELECT 1 FROM provenance p WHERE p.recording_id = r.id AND p.step = 'turns'),
       r.media IS NOT NULL,
       COALESCE(SUM(t.end_ms - t.start_ms), 0) >= 60000 AND MAX(t.person_id) IS NULL AND EXISTS (
           SELECT 1 FROM programme JOIN sessions s ON s.id = session_id
           WHERE s.recording_id = r.id)
FROM recordings r LEFT JOIN turns t ON t.recording_id = r.id
GROUP BY r.id ORDER BY r.id
"""


def standing(config: Path) -> tuple[Standing, ...]:
    """Return every recording of the programmes, known to work.db or not.

    Raises Faults, ArchiveFault.
    """
    settings = load_settings(config)
    known = _known(settings.data / "work.db")
    announced = [f"{e.id}/{r.id}" for e in load_events(settings.events) for r in e.recordings]
    return tuple(known.get(name, Standing(name, "waiting")) for name in announced)


def _known(work: Path) -> dict[str, Standing]:
    if not work.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{work.resolve().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute(_QUERY).fetchall()
    except sqlite3.Error as error:
        raise ArchiveFault(
            "the working database cannot be read: {reason}",
            "check the disk and the rights of the data folder, or put back a copy of the file",
            path=work,
            reason=error,
        ) from error
    return {row[0]: Standing(*row[:8], *map(bool, row[8:])) for row in rows}


def table(found: Sequence[Standing]) -> str:
    """Return one line for each recording, and below it what failed and what to do."""
    head = f"{'recording':44} {'state':8} {'stages':20}"
    lines = [f"{head} {'length':>8} {'missing':>8} {'unnamed':>8} {'withheld':>8}"]
    for one in found:
        lines.append(
            f"{one.recording:44} {one.status:8} {_stages(one):20} {clock(one.duration_ms):>8}"
            f" {clock(one.missing_ms):>8} {clock(one.unnamed_ms):>8} {one.withheld:>8}"
        )
        lines += [f"    {line}" for line in one.failure.splitlines()]
        if one.foreign:
            lines.append("    nobody of the programme was found: does it belong to this recording?")
    if any(one.status in {"waiting", "failed"} for one in found):
        lines.append("`plenary run` goes on with what is waiting or failed.")
    return "\n".join(lines)


def _stages(one: Standing) -> str:
    named = {"sound": one.sound, "words": one.words, "pictures": one.pictures}
    return " ".join(name for name, stands in named.items() if stands) or "none"
