"""A visitor's words, a safe and ranked FTS5 query, hits with marked snippets and facets."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from archive.columns import FACETS, columns_of
from archive.facets import Facet, count_facets
from archive.matching import Deadline, Found, find, first_said, gather
from archive.question import look_up, read_question, together
from archive.ranking import best
from archive.snippet import MARK_END, MARK_START, highlighted, snippet
from archive.suggestion import suggest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from archive.columns import Mask, Numbers


__all__ = [
    "FACETS",
    "MARK_END",
    "MARK_START",
    "Facet",
    "Hit",
    "Order",
    "Query",
    "Results",
    "search",
]

Order = Literal["relevance", "date"]

COUNTING_S, ENOUGH_S = 0.05, 0.2
"""Counting ends after so long, and so does putting the best first: a visitor waits no longer."""
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
class Results:
    """A page of hits, most relevant or newest first.

    `total` counts all hits; with `more_than` there are more than that: counts and facets
    tell of the newest, and `order` is "date" whatever was asked. `note` is "",
    "stop-words" (only words too common to search), "no-text" (nothing was asked),
    "many" (order gave way to the number of hits) or "unfinished" (no hit so far, and the
    rest of the archive was not looked at). `facets` has the keys of FACETS.
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


def search(
    db: sqlite3.Connection, query: Query, *, clock: Callable[[], float] = time.monotonic
) -> Results:
    """Answer a visitor's query from a published file; whatever is typed, it never raises.

    Without text but with a filter, every passage that passes is a hit, newest first.
    `clock` counts seconds.
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
    columns = columns_of(db)
    sought = [look_up(db, term) for term in question.terms]
    match = together(sought) if sought else None
    began = clock()
    counting, enough = Deadline(began + COUNTING_S, clock), Deadline(began + ENOUGH_S, clock)
    firsts = first_said(db, [one.match for one in sought], columns.last, counting)
    missing = [term for term, at in zip(question.terms, firsts, strict=True) if at is None]
    passing = columns.passing(filters)
    found = _found(db, match, firsts, passing, counting)
    hits = found.passages[passing[found.passages]]
    wanted = _page(query)
    ranked = None
    if query.order == "relevance" and match and found.then is None:
        ranked = best(db, columns, sought, hits, wanted.stop, enough)
    listed = ranked
    if listed is None:
        listed = _newest(db, match, hits, found.then, passing, wanted.stop, enough)
    order: Order = "date" if ranked is None else "relevance"
    more_than = found.then is not None
    return Results(
        query,
        _hits(db, match, listed[wanted].tolist()),
        len(hits),
        more_than,
        order,
        _note(more_than and not len(listed), match is not None and order != query.order),
        count_facets(columns, found.passages, hits, filters),
        suggest(db, question.text, missing, enough) if missing else None,
    )


def _found(
    db: sqlite3.Connection,
    match: str | None,
    firsts: Sequence[int | None],
    passing: Mask,
    deadline: Deadline,
) -> Found:
    """Return the hits, those that do not pass among them; without `match` every passage is one."""
    if match is None:
        return Found(np.arange(1, len(passing)), None)
    said = [at for at in firsts if at is not None]
    if len(said) < len(firsts):
        return Found(np.zeros(0, np.int64), None)
    return gather(db, match, passing, deadline, max(said))


def _newest(
    db: sqlite3.Connection,
    match: str | None,
    hits: Numbers,
    then: int | None,
    passing: Mask,
    wanted: int,
    deadline: Deadline,
) -> Numbers:
    """Return the hits, newest first, and further ones from `then` on where a page wants them."""
    lacking = wanted - len(hits)
    if match is None or then is None or lacking <= 0 or deadline.over():
        return hits
    last = len(passing) - 1
    further = find(db, match, then, last, deadline, passing=passing, most=lacking)
    return np.concatenate([hits, further.passages])


def _note(unfinished: bool, reordered: bool) -> str:
    """Say what gave way to the time: the rest of the archive, or the order."""
    if unfinished:
        return "unfinished"
    return "many" if reordered else ""


def _storable(text: str) -> str:
    """Return `text` without what SQLite cannot take: half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _page(query: Query) -> slice:
    """Return where the asked page stands among all hits."""
    size = min(max(query.size, 1), _LONGEST_PAGE)
    page = min(max(query.page, 1), _LAST_PAGE)
    return slice((page - 1) * size, page * size)


def _hits(db: sqlite3.Connection, match: str | None, ids: Sequence[int]) -> tuple[Hit, ...]:
    """Return what stands around the page's passages, in their order."""
    rows = db.execute(
        "SELECT p.id, p.text, p.words, p.start_ms, p.end_ms, "
        "s.recording_id, s.id, s.title, e.id, e.title, COALESCE(s.date, e.date), "
        "t.person_id, people.name, t.origin, t.confidence "
        "FROM json_each(?) given CROSS JOIN passages p ON p.id = given.value "
        "JOIN turns t ON t.id = p.turn_id JOIN sessions s ON s.id = t.session_id "
        "JOIN events e ON e.id = s.event_id LEFT JOIN people ON people.id = t.person_id "
        "ORDER BY given.key",
        [json.dumps(ids)],
    ).fetchall()
    texts = [row[1] for row in rows]
    marked = texts if match is None else highlighted(texts, match)
    return tuple(_hit(db, row, text) for row, text in zip(rows, marked, strict=True))


def _hit(db: sqlite3.Connection, row: Sequence[Any], marked: str) -> Hit:
    passage, _, words, start, end, recording, session, title, event, event_title, date = row[:11]
    person, name, origin, confidence = row[11:]
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
