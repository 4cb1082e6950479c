"""Which passages a question finds, in steps short enough to end in time whatever is asked.

SQLite cannot be interrupted while FTS5 looks for the next match, and a phrase of common words may
have none in all the archive. So the passages are gone through in stretches of their numbers, which
FTS5 reaches directly, and the clock is looked at between two stretches.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archive.columns import numbers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from archive.columns import Mask, Numbers

FEW = 1_000
"""Where time is over and so few passages are left that pass, each is asked whether it is a hit."""

_FIRST_STRETCH, _STRETCH_S, _WIDEN = 8_192, 0.02, 8

_MATCHED = "SELECT rowid AS n FROM passages_fts WHERE passages_fts MATCH :match AND rowid"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of a clock that counts seconds."""

    at: float
    clock: Callable[[], float]

    def over(self) -> bool:
        """Tell whether it has passed."""
        return self.clock() >= self.at


@dataclass(frozen=True, slots=True)
class Found:
    """Hits by their numbers, newest first; `then` is where to go on, None where all are there."""

    passages: Numbers
    then: int | None


def first_said(
    db: sqlite3.Connection, matches: Sequence[str], last: int, deadline: Deadline
) -> list[int | None]:
    """Return the first passage that each MATCH expression finds, None where none does.

    A phrase of common words that is rare costs FTS5 a look at every passage; so where the time
    is over the rest are taken to be said from passage 1 on.
    """
    firsts: list[int | None] = []
    for match in matches:
        if last > _FIRST_STRETCH and firsts and deadline.over():
            firsts.append(1)
            continue
        row = db.execute(f"{_MATCHED} > 0 LIMIT 1", {"match": match}).fetchone()
        firsts.append(None if row is None else row[0])
    return firsts


def gather(
    db: sqlite3.Connection, match: str, passing: Mask, deadline: Deadline, begin: int
) -> Found:
    """Return the hits from passage `begin` on, those that do not pass among them.

    `then` is about those that pass: they are looked for first. Where the time is over, the newest
    are there.
    """
    (wanted,) = np.nonzero(passing[begin:])
    if not len(wanted):
        return Found(find(db, match, begin, len(passing) - 1, deadline).passages, None)
    first, last = begin + int(wanted[0]), begin + int(wanted[-1])
    within = find(db, match, first, last, deadline)
    pieces = [within.passages]
    then = within.then
    if then is not None and np.count_nonzero(passing[then:]) <= FEW:
        pieces.append(_among(db, match, then + np.flatnonzero(passing[then:])))
        then = None
    if begin < first and not deadline.over():
        pieces.insert(0, find(db, match, begin, first - 1, deadline).passages)
    if last < len(passing) - 1 and not deadline.over():
        pieces.append(find(db, match, last + 1, len(passing) - 1, deadline).passages)
    return Found(np.concatenate(pieces), then)


def find(
    db: sqlite3.Connection,
    match: str,
    first: int,
    last: int,
    deadline: Deadline,
    *,
    passing: Mask | None = None,
    most: int | None = None,
) -> Found:
    """Return the hits from passage `first` to `last` until the time is over, or there are `most`.

    At least one stretch of passages is looked at. With `passing` only hits that pass are returned.
    """
    pieces: list[Numbers] = []
    for begin, end in _stretches(first, last, deadline):
        limits = {"match": match, "first": begin, "last": end}
        hits = numbers(db, f"{_MATCHED} BETWEEN :first AND :last", limits)
        pieces.append(hits if passing is None else hits[passing[hits]])
        first = end + 1
        if most is not None and sum(map(len, pieces)) >= most:
            break
    found = np.concatenate(pieces) if pieces else np.zeros(0, np.int64)
    return Found(found, first if first <= last else None)


def _among(db: sqlite3.Connection, match: str, passages: Numbers) -> Numbers:
    """Return which of some passages are hits."""
    among = f"{_MATCHED} IN (SELECT value FROM json_each(:among))"  # noqa: S608
    return numbers(db, among, {"match": match, "among": json.dumps(passages.tolist())})


def _stretches(begin: int, end: int, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Yield stretches of passage numbers until the time is over, one at least.

    Each is as wide as the time that the last one took allows.
    """
    first, width = begin, _FIRST_STRETCH
    while first <= end and (first == begin or not deadline.over()):
        began = deadline.clock()
        yield first, min(first + width - 1, end)
        took = max(deadline.clock() - began, 1e-6)
        first += width
        width = max(_FIRST_STRETCH // 8, 1, round(width * min(_WIDEN, _STRETCH_S / took)))
