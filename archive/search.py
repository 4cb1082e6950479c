"""A visitor's words, a safe and ranked FTS5 query, hits with marked snippets and facets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Order = Literal["relevance", "date"]

MARK_START, MARK_END = "\x02", "\x03"
"""Around each matched word of a snippet; escape the snippet first, then turn them to markup."""


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
