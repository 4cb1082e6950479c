"""The results page: a visitor's address to a query, hits to marked snippets, facets to links."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, get_args

from markupsafe import Markup, escape

from archive.search import MARK_END, MARK_START, Order, Query, Results, search
from archive.site.reading import Row, Visit, row

if TYPE_CHECKING:
    import sqlite3

FACETS = ("event", "person", "organisation", "series", "year", "kind", "origin")
LONGEST_QUERY = 300
LAST_PAGE = 500
NAMED_BY = {
    "person": "SELECT name AS label FROM people WHERE id = ?",
    "organisation": "SELECT name AS label FROM organisations WHERE id = ?",
    "event": "SELECT title AS label FROM events WHERE id = ?",
    "series": "SELECT title AS label FROM series WHERE id = ?",
    "recording": "SELECT COALESCE(sessions.title, events.title) AS label FROM recordings"
    " JOIN events ON events.id = recordings.event_id"
    " LEFT JOIN sessions ON sessions.recording_id = recordings.id"
    " WHERE recordings.id = ? ORDER BY sessions.position LIMIT 1",
}


def results(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return what the results page shows for the address's query."""
    query = query_of(visit.query)
    found = search(db, query)
    return {
        "query": query,
        "results": found,
        "hits": [{"hit": hit, "snippet": marked(hit.snippet)} for hit in found.hits],
        "filters": filters(db, visit, query),
        "facets": facets(visit, query, found),
        "pages": pages(visit, query, found),
        "orders": [
            (order, address(visit, narrowed(query, "order", order))) for order in get_args(Order)
        ],
        "suggestion": found.suggestion
        and address(visit, Query(text=found.suggestion, order=query.order)),
        "kept": {k: v for k, v in asked(query).items() if k not in ("text", "page")},
        "unlisted": True,
    }


def query_of(given: dict[str, str]) -> Query:
    """Read an address's query; what makes no sense counts as not asked."""
    values: dict[str, Any] = {name: given.get(name) or None for name in (*FACETS, "recording")}
    page = given.get("page", "1")
    return Query(
        text=given.get("q", "")[:LONGEST_QUERY],
        **values,
        order="date" if given.get("order") == "date" else "relevance",
        page=min(int(page), LAST_PAGE) if page.isascii() and page.isdigit() and int(page) else 1,
    )


def asked(query: Query) -> dict[str, object]:
    """Return what of a query differs from an empty one, as an address carries it."""
    empty = asdict(Query())
    return {
        field.name: value
        for field in fields(Query)
        if (value := getattr(query, field.name)) != empty[field.name]
    }


def address(visit: Visit, query: Query) -> str:
    """Return the address of a query's results."""
    return visit.links.search(**asked(query))


def narrowed(query: Query, name: str, value: str | None) -> Query:
    """Return the first page of a query with one filter set, or lifted."""
    changes: dict[str, Any] = {name: value, "page": 1}
    return replace(query, **changes)


def marked(snippet: str) -> Markup:
    """Return a snippet as markup: everything escaped first, then the matches marked."""
    safe = str(escape(snippet)).replace(MARK_START, "<mark>").replace(MARK_END, "</mark>")
    return Markup(safe)  # noqa: S704 — escaped above


def filters(db: sqlite3.Connection, visit: Visit, query: Query) -> list[Row]:
    """Return the filters in force, each in words and with the address that lifts it."""
    found = []
    for name in (*FACETS, "recording"):
        value = getattr(query, name)
        if value is None:
            continue
        named = row(db, NAMED_BY[name], value) if name in NAMED_BY else None
        label = named["label"] if named else visit.texts.named(name, value)
        without = address(visit, narrowed(query, name, None))
        found.append({"name": name, "label": label, "href": without})
    return found


def facets(visit: Visit, query: Query, found: Results) -> list[Row]:
    """Return the facets that would still narrow the results, each value with its address."""
    return [
        {
            "name": name,
            "values": [
                {
                    "label": visit.texts.named(name, facet.label),
                    "count": facet.count,
                    "href": address(visit, narrowed(query, name, facet.value)),
                }
                for facet in found.facets.get(name, ())
            ],
        }
        for name in FACETS
        if getattr(query, name) is None and len(found.facets.get(name, ())) > 1
    ]


def pages(visit: Visit, query: Query, found: Results) -> Row:
    """Return the addresses of the pages before and after, and how many there are."""
    last = min(LAST_PAGE, max(1, -(-found.total // query.size)))
    go = {
        name: address(visit, replace(query, page=page)) if 1 <= page <= last else None
        for name, page in (("before", query.page - 1), ("after", query.page + 1))
    }
    return {**go, "page": query.page, "last": last}
