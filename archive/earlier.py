"""Earlier published files: which of them show what must not be shown any more.

What is hidden on purpose, that is: a session that was closed, a stretch that was withdrawn,
somebody who asked not to be named. That something is no longer there may be a mistake, for
which earlier files are kept.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from contextlib import closing
from typing import TYPE_CHECKING

from archive.corrections.applied import Corrected
from archive.corrections.wishes import Mask, spellings
from archive.scope import read_scope, rows
from archive.store import open_to_read

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from archive.scope import Stretch

_TEXTS = (
    *("people", "names", "series", "events", "sessions", "links", "organisations", "glossary"),
    "captures",
)
"""Tables in whose texts a name may stand, beside those of words."""


def showing_hidden(work: Path, files: Iterable[Path], *, today: dt.date) -> Iterator[Path]:
    """Yield the published files that show what work.db hides today.

    One that cannot be read is among them: nobody knows what it shows.
    """
    files = tuple(files)
    if not files:
        return
    with closing(open_to_read(work)) as source:
        source.row_factory = sqlite3.Row
        corrected = Corrected(source)
        scope = read_scope(source, corrected, today=today, only_confirmed=False)
        mask = Mask(spellings(source, corrected.wishes))
        hidden = {recording: list(stretches) for recording, stretches in scope.hidden.items()}
    for correction in corrected.corrections:
        # Where it was withdrawn, in the recording as it was: as the earlier file may have it.
        if correction.takes_away:
            was = [(s.start_ms, s.end_ms) for s in correction.stretches]
            hidden.setdefault(str(correction.recording), []).extend(was)
    for file in files:
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
                db.row_factory = sqlite3.Row
                shown = (
                    bool(_ids(db, "people") & corrected.wishes.keys())
                    or bool(_ids(db, "sessions") & scope.closed)
                    or _says(db, hidden)
                    or _names_somebody(db, mask)
                )
        except sqlite3.Error:
            shown = True
        if shown:
            yield file


def _ids(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[0] for row in db.execute(f"SELECT id FROM {table}").fetchall()}  # noqa: S608


def _says(db: sqlite3.Connection, hidden: Mapping[str, Sequence[Stretch]]) -> bool:
    """Tell whether a file has words in a hidden stretch."""
    for recording, stretches in hidden.items():
        passages = db.execute(
            "SELECT p.start_ms, p.end_ms, p.words FROM passages p JOIN turns t ON t.id = p.turn_id "
            "WHERE t.recording_id = ? ORDER BY p.start_ms",
            [recording],
        ).fetchall()
        for start, end in stretches:
            before = bisect_left(passages, end, key=lambda passage: passage[0])
            if any(_is_said(a, b, words, start, end) for a, b, words in passages[:before]):
                return True
    return False


def _is_said(first_ms: int, last_ms: int, words: str | None, start_ms: int, end_ms: int) -> bool:
    """Tell whether a word of a passage lies in a stretch: around one that left there are others."""
    if last_ms <= start_ms:
        return False
    times = json.loads(words or "[]") or [(first_ms, last_ms)]
    return any(a < end_ms and max(b, a + 1) > start_ms for a, b, *_ in times)


def _names_somebody(db: sqlite3.Connection, mask: Mask) -> bool:
    """Tell whether a text beside the words says a name that `mask` hides."""
    return any(mask.row(row) != row for table in _TEXTS for row in rows(db, table, "rowid"))
