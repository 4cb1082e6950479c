"""The results page: a visitor's address to a query, hits by recording, facets to links."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, get_args

from markupsafe import Markup, escape

from archive.search import MARK_END, MARK_START, Hit, Order, Query, Results, search
from archive.site.links import is_elsewhere, seconds
from archive.site.player import sound_beside
from archive.site.reading import Row, Visit, number, row, text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

FACETS = ("event", "person", "organisation", "series", "year", "kind", "origin")
LONGEST_QUERY = 300
LAST_PAGE = 500
MOST_VALUES = 15
"""Values that a facet shows: those with the most hits."""
UNASKED = asdict(Query())
BEFORE_MS = 2_000
"""A hit is heard from a little before its first word, so that its sentence is understood."""
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
        "groups": by_recording(db, visit, found.hits),
        "filters": filters(db, visit, query),
        "facets": facets(visit, query, found),
        "pages": pages(visit, query, found),
        "formats": [
            (name, visit.links.search(f".{name}", **asked(replace(query, page=1))))
            for name in ("atom", "json", "csv")
        ],
        "orders": [
            (order, address(visit, narrowed(query, "order", order))) for order in get_args(Order)
        ],
        "suggestion": found.suggestion
        and address(visit, Query(text=found.suggestion, order=query.order)),
        "kept": {k: v for k, v in asked(query).items() if k not in ("text", "page")},
        "unlisted": True,
    }


def by_recording(db: sqlite3.Connection, visit: Visit, hits: Sequence[Hit]) -> list[Row]:
    """Gather a page's hits under their recording, in the order of each one's first hit."""
    held: dict[str, list[Hit]] = {}
    for hit in hits:
        held.setdefault(hit.recording_id, []).append(hit)
    groups = []
    for recording_id, found in held.items():
        media = row(db, "SELECT media, media_offset_ms FROM recordings WHERE id = ?", recording_id)
        source = text(media["media"]) if media else ""
        heard = "" if is_elsewhere(source) else sound_beside(source) or source
        offset = number(media["media_offset_ms"]) if media else 0
        groups.append(
            {
                "first": found[0],
                "sound": heard and visit.links.media(heard),
                "one_session": len({hit.session_id for hit in found}) == 1,
                "hits": [shown(hit, offset) for hit in found],
            }
        )
    return groups


def shown(hit: Hit, offset_ms: int) -> Row:
    """Return a hit with its marked snippet and the second of the media where hearing starts."""
    begin = max(0, hit.start_ms + offset_ms - BEFORE_MS)
    return {"hit": hit, "snippet": marked(hit.snippet), "from": seconds(begin)}


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
    return {
        name: value
        for name, unasked in UNASKED.items()
        if (value := getattr(query, name)) != unasked
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
    unfiltered = asked(replace(query, page=1))
    return [
        {
            "name": name,
            "values": [
                {
                    "label": visit.texts.named(name, facet.label),
                    "count": facet.count,
                    "href": visit.links.search(**unfiltered, **{name: facet.value}),
                }
                for facet in found.facets.get(name, ())[:MOST_VALUES]
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
