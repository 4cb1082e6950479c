"""Which passages a question finds, in steps short enough to end in time whatever is asked.

SQLite cannot be interrupted while FTS5 looks for the next match, and a phrase of common words may
have none in all the archive. So the passages are gone through in stretches of their numbers, which
FTS5 reaches directly, and the clock is looked at between two stretches.
"""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

MANY = 50_000
"""Past so many hits they are not ranked and not counted further: ranking costs 1 to 5 µs each."""
SOME, FEW = 5_000, 1_000
"""With filters, so many hits that need not pass are counted, for the facets of the filters in
force; and where so few passages pass, each is asked whether it is a hit."""

_FIRST_STRETCH, _STRETCH_S, _WIDEN = 8_192, 0.02, 8
_LOOK = 500
"""So many hits are ranked between two looks at the clock."""

Row = tuple[int, str, str | None, str]
"""A hit: passage, session, speaker or None, and origin of the speaker's name."""

_MATCHED = "SELECT rowid AS id FROM passages_fts WHERE passages_fts MATCH :match AND rowid"
_ALL = "SELECT id FROM passages WHERE id"
_ROW = "p.id, t.session_id, t.person_id, t.origin"
_SPOKEN = (
    "CROSS JOIN passages p INDEXED BY hit_turns ON p.id = f.id "
    "CROSS JOIN turns t INDEXED BY hit_speakers ON t.id = p.turn_id"
)

_WHERE = {
    "person": "t.person_id = :person",
    "organisation": (
        "t.person_id IN (SELECT person_id FROM roles WHERE organisation_id = :organisation) "
        "AND EXISTS (SELECT 1 FROM sessions s JOIN roles r ON r.event_id = s.event_id "
        "WHERE s.id = t.session_id AND r.person_id = t.person_id "
        "AND r.organisation_id = :organisation)"
    ),
    "event": "{session} IN (SELECT id FROM sessions WHERE event_id = :event)",
    "series": (
        "{session} IN (SELECT s.id FROM events e JOIN sessions s ON s.event_id = e.id "
        "WHERE e.series_id = :series)"
    ),
    "year": (
        "{session} IN (SELECT s.id FROM sessions s JOIN events e ON e.id = s.event_id "
        "WHERE SUBSTR(COALESCE(s.date, e.date), 1, 4) = :year)"
    ),
    "kind": "{session} IN (SELECT id FROM sessions WHERE kind = :kind)",
    "origin": "t.origin = :origin",
    "recording": "t.recording_id = :recording",
}


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
    """Hits in the order of their passages; `then` is where to go on, None where all are there."""

    rows: Sequence[Row]
    then: int | None


def first_said(
    db: sqlite3.Connection, expressions: Sequence[str], deadline: Deadline
) -> list[int | None]:
    """Return the first passage that says each expression, None where none does.

    A phrase of common words that is rare costs FTS5 a look at every passage; so where the time
    is over the rest are taken to be said from passage 1 on.
    """
    firsts: list[int | None] = []
    large = _span(db, {})[1] > _FIRST_STRETCH
    for expression in expressions:
        if large and firsts and deadline.over():
            firsts.append(1)
            continue
        row = db.execute(f"{_MATCHED} > 0 LIMIT 1", {"match": expression}).fetchone()
        firsts.append(None if row is None else row[0])
    return firsts


def gather(
    db: sqlite3.Connection,
    match: str | None,
    filters: Mapping[str, str],
    deadline: Deadline,
    begin: int,
) -> Found:
    """Return the hits that pass the filters, and SOME newest ones beside them for the facets.

    Where there are more than MANY, or the time is over, the newest come first. None stands
    before passage `begin`.
    """
    if not filters:
        return find(db, match, deadline, most=MANY + 1, begin=begin)
    newest = find(db, match, deadline, most=SOME + 1, begin=begin)
    if newest.then is None:
        return newest
    passing = _among_few(db, match, filters)
    if passing is None:
        passing = find(db, match, deadline, most=MANY + 1, filters=filters, begin=begin)
    rows = sorted({*newest.rows, *passing.rows}, key=itemgetter(0))
    return Found(rows, passing.then and max(passing.then, newest.then))


def find(
    db: sqlite3.Connection,
    match: str | None,
    deadline: Deadline,
    *,
    most: int,
    filters: Mapping[str, str] | None = None,
    begin: int = 1,
) -> Found:
    """Return the hits from passage `begin` on, until there are `most` or the time is over.

    Without `match` every passage is one; `filters` are conditions of WHERE with their values.
    """
    given = filters or {}
    source = _ALL if match is None else _MATCHED
    statement = (
        f"SELECT {_ROW} FROM ({source} BETWEEN :first AND :last) f {_SPOKEN} "  # noqa: S608
        # The plus keeps SQLite from looking up each turn once for every session of the filter.
        f"WHERE {_all_of(given, '+t.session_id')} LIMIT :most"
    )
    start, end = _span(db, given)
    begin = max(begin, start)
    rows: list[Row] = []
    for first, last in _stretches(begin, end, deadline):
        limits = {"first": first, "last": last, "most": most - len(rows)}
        rows += db.execute(statement, {**given, "match": match, **limits})
        begin = last + 1
        if len(rows) >= most:
            return Found(rows, rows[-1][0] + 1)
    return Found(rows, begin if begin <= end else None)


def _among_few(
    db: sqlite3.Connection, match: str | None, filters: Mapping[str, str]
) -> Found | None:
    """Return the hits among the passages that pass the filters; None where more than FEW do."""
    ids = db.execute(
        "SELECT p.id FROM turns t JOIN passages p ON p.turn_id = t.id "  # noqa: S608
        f"WHERE {_all_of(filters)} LIMIT {FEW + 1}",
        filters,
    ).fetchall()
    if len(ids) > FEW:
        return None
    source = _ALL if match is None else _MATCHED
    rows = db.execute(
        f"SELECT {_ROW} FROM ({source} IN (SELECT value FROM json_each(:ids))) f {_SPOKEN}",  # noqa: S608
        {"match": match, "ids": json.dumps([row[0] for row in ids])},
    )
    return Found(rows.fetchall(), None)


def condition(name: str, session: str = "t.session_id") -> str:
    """Return what a filter asks of a turn `t`, as SQL with the filter's name for its value."""
    return _WHERE[name].format(session=session)


def _all_of(filters: Iterable[str], session: str = "t.session_id") -> str:
    return " AND ".join(condition(name, session) for name in filters) or "TRUE"


def _span(db: sqlite3.Connection, filters: Mapping[str, str]) -> tuple[int, int]:
    """Return the first and the last passage that could pass: (1, 0) where none can.

    Passages are numbered by date, recording, time and turn, so that what is of one year,
    event or recording lies together.
    """
    together = [name for name in ("year", "event", "recording") if name in filters]
    first, last = "(SELECT MIN(id) FROM passages)", "(SELECT MAX(id) FROM passages)"
    if together:
        turns = f"FROM turns t WHERE {_all_of(together)}"
        first, last = (
            f"(SELECT {which}(id) FROM passages WHERE turn_id = (SELECT {which}(+t.id) {turns}))"  # noqa: S608
            for which in ("MIN", "MAX")
        )
    begin, end = db.execute(f"SELECT {first}, {last}", filters).fetchone()
    return (begin, end) if begin is not None else (1, 0)


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


def best(
    db: sqlite3.Connection,
    expressions: Sequence[str],
    among: Collection[int],
    count: int,
    deadline: Deadline,
) -> list[int] | None:
    """Return the `count` best passages of `among` by FTS5's bm25; None where there is no time.

    Only terms that have fewer than MANY hits of their own have a say: to weigh a term, bm25
    goes through all its hits at one go.
    """
    if len(among) > _LOOK and deadline.over():
        return None
    telling = [e for e in expressions if _is_rare(db, e, deadline)]
    if not telling:
        return None
    ranked: list[tuple[float, int]] = []
    rows = db.execute(
        "SELECT rank, rowid FROM passages_fts WHERE passages_fts MATCH ?", [" AND ".join(telling)]
    )
    while some := rows.fetchmany(_LOOK):
        if ranked and deadline.over():
            return None
        ranked += ((rank, passage) for rank, passage in some if passage in among)
    return [passage for _, passage in heapq.nsmallest(count, ranked)]


def _is_rare(db: sqlite3.Connection, match: str, deadline: Deadline) -> bool:
    counted = 0
    for first, last in _stretches(*(span := _span(db, {})), deadline):
        counted += db.execute(
            f"SELECT COUNT(*) FROM ({_MATCHED} BETWEEN :first AND :last LIMIT :most)",  # noqa: S608
            {"match": match, "first": first, "last": last, "most": MANY + 1 - counted},
        ).fetchone()[0]
        if counted > MANY:
            return False
    return last == span[1]
