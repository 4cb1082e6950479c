"""A visitor's words, a safe and ranked FTS5 query, hits with marked snippets and facets."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from archive.question import expression, read_question, suggest
from archive.snippet import MARK_END, MARK_START, snippet

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["MARK_END", "MARK_START", "Facet", "Hit", "Order", "Query", "Results", "search"]

Order = Literal["relevance", "date"]

MANY = 50_000
"""Past so many hits they are not ranked and not counted further: ranking costs 1 to 2 µs each."""

FACETS = ("person", "organisation", "event", "series", "year", "kind", "origin")
_LONGEST_PAGE, _LAST_PAGE = 200, 1_000_000


@dataclass(frozen=True, slots=True)
class Query:
    """What the visitor asks: `text` as typed, and filters by id or value; None leaves all.

    `kind` is a session's kind, `origin` that of the speaker's name, `year` four digits;
    pages count from 1.
    """

    text: str = ""
    person: str | None = None
    organisation: str | None = None
    event: str | None = None
    series: str | None = None
    year: str | None = None
    kind: str | None = None
    origin: str | None = None
    recording: str | None = None
    order: Order = "relevance"
    page: int = 1
    size: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage that answers; `start_ms` is the time of its first matched word."""

    passage_id: int
    recording_id: str
    session_id: str
    session_title: str
    event_id: str
    event_title: str
    date: str
    start_ms: int
    end_ms: int
    snippet: str
    person_id: str | None
    person_name: str | None
    role: str | None
    organisation: str | None
    origin: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that would narrow the results, and how many would stay."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits, most relevant or newest first.

    `total` counts all hits; with `more_than` there are more than that and `order` is
    "date" whatever was asked. `note` is "", "stop-words" (only words too common to
    search), "no-text" (nothing was asked) or "many" (order gave way to the number of
    hits). `facets` has the keys person, organisation, event, series, year, kind, origin.
    `suggestion` is a whole query in the archive's own words, where a word had no hit.
    """

    query: Query
    hits: tuple[Hit, ...] = ()
    total: int = 0
    more_than: bool = False
    order: Order = "relevance"
    note: str = ""
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """What of a session the filters and facets look at."""

    id: str
    event: str
    series: str | None
    year: str
    kind: str | None
    recording: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    """Hits that no filter tells apart; `organisations` are the speaker's at that event."""

    session: _Session
    person: str | None
    organisations: frozenset[str]
    origin: str
    count: int

    def values(self, facet: str) -> Iterable[str | None]:
        """Return what the group has under a facet, or under `recording`."""
        if facet == "organisation":
            return self.organisations
        if facet in ("person", "origin"):
            return (getattr(self, facet),)
        return (getattr(self.session, facet),)


def search(db: sqlite3.Connection, query: Query) -> Results:
    """Answer a visitor's query from a published file; whatever is typed, it never raises.

    Without text but with a filter, every passage that passes is a hit, newest first.
    """
    question = read_question(query.text)
    filters = {
        name: _storable(value)
        for name in (*FACETS, "recording")
        if (value := getattr(query, name)) is not None
    }
    if not question.terms:
        if question.stop_words:
            return Results(query, order=query.order, note="stop-words")
        if not filters:
            return Results(query, order=query.order, note="no-text")
    match = expression(db, question.terms) if question.terms else None
    groups, many = _groups(db, match)
    total = sum(g.count for g in groups if _passes(g, filters))
    order: Order = "date" if many or match is None else query.order
    return Results(
        query,
        _hits(db, match, filters, query, order),
        total,
        many,
        order,
        "many" if many and order != query.order else "",
        _facets(db, groups, filters),
        suggest(db, question) if question.terms and not groups else None,
    )


def _storable(text: str) -> str:
    """Return `text` without what SQLite cannot take: half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _groups(db: sqlite3.Connection, match: str | None) -> tuple[list[_Group], bool]:
    """Count the hits by session, speaker and origin, MANY of them at most."""
    found = (
        "SELECT rowid AS id FROM passages_fts WHERE passages_fts MATCH :match"
        if match is not None
        else "SELECT id FROM passages"
    )
    rows = db.execute(
        f"SELECT t.session_id, t.person_id, t.origin, COUNT(*) FROM ({found} LIMIT :limit) f "  # noqa: S608 - one of the two above
        "JOIN passages p ON p.id = f.id JOIN turns t ON t.id = p.turn_id GROUP BY 1, 2, 3",
        {"match": match, "limit": MANY + 1},
    ).fetchall()
    sessions = {
        row[0]: _Session(*row)
        for row in db.execute(
            "SELECT s.id, s.event_id, e.series_id, SUBSTR(COALESCE(s.date, e.date), 1, 4), "
            "s.kind, s.recording_id FROM sessions s JOIN events e ON e.id = s.event_id"
        )
    }
    speaks_for = defaultdict(set)
    for person, event, organisation in db.execute(
        "SELECT person_id, event_id, organisation_id FROM roles WHERE organisation_id IS NOT NULL"
    ):
        speaks_for[person, event].add(organisation)
    groups = [
        _Group(
            sessions[session],
            person,
            frozenset(speaks_for.get((person, sessions[session].event), ())),
            origin,
            count,
        )
        for session, person, origin, count in rows
    ]
    return groups, sum(g.count for g in groups) > MANY


def _passes(group: _Group, filters: Mapping[str, str], but: str = "") -> bool:
    return all(value in group.values(name) for name, value in filters.items() if name != but)


def _facets(
    db: sqlite3.Connection, groups: Sequence[_Group], filters: Mapping[str, str]
) -> dict[str, tuple[Facet, ...]]:
    """Count each value under all filters but those of its own facet."""
    labels = {
        "person": "SELECT id, name FROM people",
        "organisation": "SELECT id, name FROM organisations",
        "event": "SELECT id, title FROM events",
        "series": "SELECT id, title FROM series",
    }
    facets = {}
    for name in FACETS:
        counts: Counter[str] = Counter()
        for group in groups:
            if _passes(group, filters, but=name):
                for value in group.values(name):
                    if value is not None:
                        counts[value] += group.count
        shown = dict(db.execute(labels[name]).fetchall()) if name in labels and counts else {}
        found = (Facet(v, shown.get(v, v), count) for v, count in counts.items())
        facets[name] = tuple(sorted(found, key=lambda f: (-f.count, f.label)))
    return facets


_WHERE = {
    "person": "t.person_id = :person",
    "organisation": (
        "EXISTS (SELECT 1 FROM roles r WHERE r.person_id = t.person_id "
        "AND r.event_id = s.event_id AND r.organisation_id = :organisation)"
    ),
    "event": "s.event_id = :event",
    "series": "e.series_id = :series",
    "year": "SUBSTR(COALESCE(s.date, e.date), 1, 4) = :year",
    "kind": "s.kind = :kind",
    "origin": "t.origin = :origin",
    "recording": "s.recording_id = :recording",
}

_JOINS = (
    "JOIN turns t ON t.id = p.turn_id JOIN sessions s ON s.id = t.session_id "
    "JOIN events e ON e.id = s.event_id"
)


def _hits(
    db: sqlite3.Connection,
    match: str | None,
    filters: Mapping[str, str],
    query: Query,
    order: Order,
) -> tuple[Hit, ...]:
    """Find the page's passages first, and only then what stands around them."""
    size = min(max(query.size, 1), _LONGEST_PAGE)
    page = min(max(query.page, 1), _LAST_PAGE)
    source = "passages p" if match is None else "passages_fts f JOIN passages p ON p.id = f.rowid"
    where = [_WHERE[name] for name in filters]
    if match is not None:
        where.insert(0, "passages_fts MATCH :match")
    # Passages are numbered newest first, so that their number is the order by date.
    by = "f.rank, p.id" if order == "relevance" else "p.id"
    rows = db.execute(
        f"SELECT p.id FROM {source} {_JOINS} "  # noqa: S608 - our own strings only
        f"WHERE {' AND '.join(where) or 'TRUE'} ORDER BY {by} LIMIT :size OFFSET :offset",
        {**filters, "match": match, "size": size, "offset": (page - 1) * size},
    ).fetchall()
    return tuple(_hit(db, match, row[0]) for row in rows)


def _hit(db: sqlite3.Connection, match: str | None, passage: int) -> Hit:
    row = db.execute(
        "SELECT p.text, p.words, p.start_ms, p.end_ms, "  # noqa: S608 - our own strings only
        "s.recording_id, s.id, s.title, e.id, e.title, COALESCE(s.date, e.date), "
        "t.person_id, people.name, t.origin, t.confidence "
        f"FROM passages p {_JOINS} LEFT JOIN people ON people.id = t.person_id WHERE p.id = ?",
        [passage],
    ).fetchone()
    (text, words, start, end, recording, session, title, event, event_title, date) = row[:10]
    person, name, origin, confidence = row[10:]
    marked = text
    if match is not None:
        marked = db.execute(
            "SELECT highlight(passages_fts, 0, ?, ?) FROM passages_fts "
            "WHERE passages_fts MATCH ? AND rowid = ?",
            [MARK_START, MARK_END, match, passage],
        ).fetchone()[0]
    role, organisation = db.execute(
        "SELECT r.role, COALESCE(o.name, r.organisation_id) FROM roles r "
        "LEFT JOIN organisations o ON o.id = r.organisation_id "
        "WHERE r.person_id = ? AND r.event_id = ? ORDER BY r.rowid LIMIT 1",
        [person, event],
    ).fetchone() or (None, None)
    return Hit(
        passage,
        recording,
        session,
        title,
        event,
        event_title,
        date,
        _start_of_match(marked, words, start),
        end,
        snippet(marked),
        person,
        name,
        role,
        organisation,
        origin,
        confidence,
    )


def _start_of_match(marked: str, words: str | None, start_ms: int) -> int:
    """Return the start of the word that holds the first mark; the passage's where none does."""
    times: list[Any] = json.loads(words or "[]")
    before, mark, _ = marked.partition(MARK_START)
    position = before.count(" ")
    return int(times[position][0]) if mark and position < len(times) else start_ms
