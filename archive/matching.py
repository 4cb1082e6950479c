"""Which passages a question finds, in steps short enough to end in time whatever is asked.

SQLite cannot be interrupted while FTS5 looks for the next match, and a phrase of common words may
have none for seconds. So the passages are gone through in stretches of their numbers, which FTS5
reaches directly, and the clock is looked at between two stretches.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

MANY = 50_000
"""Past so many hits they are not ranked and not counted further: ranking costs 1 to 5 µs each."""
FEW = 2_000
"""So many passages that pass the filters are looked through one by one."""

_FIRST_STRETCH, _STRETCH_S, _WIDEN = 8_192, 0.03, 8
_LOOK = 500
"""So many hits are ranked between two looks at the clock."""

Row = tuple[int, str, str | None, str]
"""A hit: passage, session, speaker or None, and origin of the speaker's name."""

_MATCHED = "SELECT rowid AS id FROM passages_fts WHERE passages_fts MATCH :match AND rowid"
_ALL = "SELECT id FROM passages WHERE id"
_SPOKEN = (
    "CROSS JOIN passages p INDEXED BY hit_turns ON p.id = f.id "
    "CROSS JOIN turns t INDEXED BY hit_speakers ON t.id = p.turn_id"
)

WHERE = {
    "person": "t.person_id = :person",
    "organisation": (
        "t.person_id IN (SELECT person_id FROM roles WHERE organisation_id = :organisation) "
        "AND EXISTS (SELECT 1 FROM sessions s JOIN roles r ON r.event_id = s.event_id "
        "WHERE s.id = t.session_id AND r.person_id = t.person_id "
        "AND r.organisation_id = :organisation)"
    ),
    "event": "t.session_id IN (SELECT id FROM sessions WHERE event_id = :event)",
    "series": (
        "t.session_id IN (SELECT s.id FROM events e JOIN sessions s ON s.event_id = e.id "
        "WHERE e.series_id = :series)"
    ),
    "year": (
        "t.session_id IN (SELECT s.id FROM sessions s JOIN events e ON e.id = s.event_id "
        "WHERE SUBSTR(COALESCE(s.date, e.date), 1, 4) = :year)"
    ),
    "kind": "t.session_id IN (SELECT id FROM sessions WHERE kind = :kind)",
    "origin": "t.origin = :origin",
    "recording": "t.recording_id = :recording",
}
"""What each filter asks of a turn `t`."""


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
    wanted = " AND ".join(WHERE[name] for name in filters or {}) or "TRUE"
    source = _ALL if match is None else _MATCHED
    statement = (
        f"SELECT p.id, t.session_id, t.person_id, t.origin "  # noqa: S608 - our own strings only
        f"FROM ({source} BETWEEN :first AND :last) f {_SPOKEN} WHERE {wanted} LIMIT :most"
    )
    rows: list[Row] = []
    for first, last in _stretches(db, begin, deadline.clock):
        if len(rows) >= most or (first > begin and deadline.over()):
            return Found(rows, first)
        limits = {"first": first, "last": last, "most": most - len(rows)}
        rows += db.execute(statement, {**(filters or {}), "match": match, **limits})
        if len(rows) >= most:
            return Found(rows, rows[-1][0] + 1)
    return Found(rows, None)


def few(
    db: sqlite3.Connection, match: str | None, filters: Mapping[str, str]
) -> Sequence[Row] | None:
    """Return the hits among the passages that pass the filters; None where too many pass."""
    wanted = " AND ".join(WHERE[name] for name in filters)
    passing = (
        f"SELECT p.id FROM turns t JOIN passages p ON p.turn_id = t.id "  # noqa: S608 - as above
        f"WHERE {wanted} LIMIT {FEW + 1}"
    )
    ids = db.execute(passing, filters).fetchall()
    if len(ids) > FEW:
        return None
    source = f"{_ALL if match is None else _MATCHED} IN ({passing})"
    return db.execute(
        f"SELECT p.id, t.session_id, t.person_id, t.origin FROM ({source}) f {_SPOKEN} "  # noqa: S608
        "ORDER BY p.id",
        {**filters, "match": match},
    ).fetchall()


def _stretches(
    db: sqlite3.Connection, begin: int, clock: Callable[[], float]
) -> Iterator[tuple[int, int]]:
    """Yield stretches of passage numbers, each as wide as the time for the last one allows."""
    end: int = db.execute("SELECT COALESCE(MAX(id), 0) FROM passages").fetchone()[0]
    first, width = begin, _FIRST_STRETCH
    while first <= end:
        began = clock()
        yield first, first + width - 1
        took = max(clock() - began, 1e-6)
        first += width
        width = max(_FIRST_STRETCH // 8, round(width * min(_WIDEN, _STRETCH_S / took)))


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
    telling = [e for e in expressions if len(expressions) == 1 or _is_rare(db, e, deadline)]
    if not telling or (len(among) > _LOOK and deadline.over()):
        return None
    ranked: list[tuple[float, int]] = []
    rows = db.execute(
        "SELECT rank, rowid FROM passages_fts WHERE passages_fts MATCH ?", [" AND ".join(telling)]
    )
    while some := rows.fetchmany(_LOOK):
        if ranked and deadline.over():
            return None
        ranked += (row for row in some if row[1] in among)
    return [passage for _, passage in heapq.nsmallest(count, ranked)]


def _is_rare(db: sqlite3.Connection, match: str, deadline: Deadline) -> bool:
    counted = 0
    for first, last in _stretches(db, 1, deadline.clock):
        if counted > MANY or (first > 1 and deadline.over()):
            return False
        counted += db.execute(
            f"SELECT COUNT(*) FROM ({_MATCHED} BETWEEN :first AND :last LIMIT :most)",  # noqa: S608
            {"match": match, "first": first, "last": last, "most": MANY + 1 - counted},
        ).fetchone()[0]
    return counted <= MANY
