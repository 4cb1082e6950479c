"""What would narrow some hits: each value of each facet, and how many would stay."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from archive.matching import Row

FACETS = ("person", "organisation", "event", "series", "year", "kind", "origin")
MOST_VALUES = 100
"""A facet tells its most frequent values only: nobody reads more."""

_LABELS = {
    "person": "SELECT id, name FROM people",
    "organisation": "SELECT id, name FROM organisations",
    "event": "SELECT id, title FROM events",
    "series": "SELECT id, title FROM series",
}


_SESSION, _PERSON, _ORIGIN, _SPEAKER = (
    itemgetter(1),
    itemgetter(2),
    itemgetter(3),
    itemgetter(2, 1),
)
_OWN = {"person": _PERSON, "origin": _ORIGIN}
"""What a hit itself holds of facets; the rest its session tells."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that would narrow the results, and how many would stay."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class _Session:
    """What of a session the filters and facets look at."""

    event: str
    series: str | None
    year: str
    kind: str | None
    recording: str | None


class Sorted:
    """Some hits, with what the filters and facets ask of them.

    `passing` are those that pass all filters, in the order in which they were given.
    """

    def __init__(
        self, db: sqlite3.Connection, rows: Sequence[Row], filters: Mapping[str, str]
    ) -> None:
        self._db, self._rows = db, rows
        self._sessions = _sessions(db, set(map(_SESSION, rows)))
        self._speaks_for = _organisations(db, set(map(_PERSON, rows)))
        self._checks = {name: self._check(name, value) for name, value in filters.items()}
        self.passing = self._pass_all_but("")

    def facets(self) -> dict[str, tuple[Facet, ...]]:
        """Count each value under all filters but those of its own facet."""
        free = [name for name in FACETS if name not in self._checks]
        counted = self._count(free, self.passing)
        for name in set(FACETS).intersection(self._checks):
            counted |= self._count([name], self._pass_all_but(name))
        return {name: self._shown(name, counted[name]) for name in FACETS}

    def _check(self, name: str, value: str) -> Callable[[Row], bool]:
        """Return whether a row passes a filter."""
        if name == "person":
            return lambda row: row[2] == value
        if name == "origin":
            return lambda row: row[3] == value
        if name == "organisation":
            return lambda row: value in self._spoken_for(row[2], row[1])
        inside = {i for i, session in self._sessions.items() if getattr(session, name) == value}
        return lambda row: row[1] in inside

    def _pass_all_but(self, name: str) -> Sequence[Row]:
        rows = self._rows
        for other, check in self._checks.items():
            if other != name:
                rows = [row for row in rows if check(row)]
        return rows

    def _spoken_for(self, person: str | None, session: str) -> Collection[str]:
        """Return the organisations that a person spoke for in a session."""
        return self._speaks_for.get((person, self._sessions[session].event), ())

    def _count(self, names: Iterable[str], rows: Sequence[Row]) -> dict[str, Counter[str | None]]:
        by_session = Counter(map(_SESSION, rows))
        counted: dict[str, Counter[str | None]] = {}
        for name in names:
            if name in _OWN:
                counted[name] = Counter(map(_OWN[name], rows))
                continue
            counts: Counter[str | None] = Counter()
            counted[name] = counts
            if name == "organisation":
                for (person, session), count in Counter(map(_SPEAKER, rows)).items():
                    for organisation in self._spoken_for(person, session):
                        counts[organisation] += count
            else:
                for session, count in by_session.items():
                    counts[getattr(self._sessions[session], name)] += count
        return counted

    def _shown(self, name: str, counts: Counter[str | None]) -> tuple[Facet, ...]:
        told = [(value, count) for value, count in counts.items() if value is not None and count]
        told.sort(key=lambda one: (-one[1], one[0]))
        most = told[:MOST_VALUES]
        labels: dict[str, str] = {}
        if name in _LABELS:
            among = f"{_LABELS[name]} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
            labels = dict(self._db.execute(among, [json.dumps([value for value, _ in most])]))
        found = (Facet(value, labels.get(value, value), count) for value, count in most)
        return tuple(sorted(found, key=lambda facet: (-facet.count, facet.label)))


def _sessions(db: sqlite3.Connection, ids: set[str]) -> dict[str, _Session]:
    rows = db.execute(
        "SELECT s.id, s.event_id, e.series_id, SUBSTR(COALESCE(s.date, e.date), 1, 4), s.kind, "
        "s.recording_id FROM json_each(?) given CROSS JOIN sessions s ON s.id = given.value "
        "JOIN events e ON e.id = s.event_id",
        [json.dumps(sorted(ids))],
    )
    return {row[0]: _Session(*row[1:]) for row in rows}


def _organisations(
    db: sqlite3.Connection, people: set[str | None]
) -> dict[tuple[str | None, str], tuple[str, ...]]:
    """Return for whom each person spoke at each event."""
    found: dict[tuple[str | None, str], tuple[str, ...]] = {}
    rows = db.execute(
        "SELECT r.person_id, r.event_id, r.organisation_id FROM json_each(?) given "
        "CROSS JOIN roles r INDEXED BY hit_roles ON r.person_id = given.value "
        "WHERE r.organisation_id IS NOT NULL",
        [json.dumps(sorted(people - {None}, key=str))],
    )
    for person, event, organisation in rows:
        known = found.get((person, event), ())
        if organisation not in known:
            found[person, event] = (*known, organisation)
    return found
