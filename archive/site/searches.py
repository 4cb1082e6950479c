"""A search as a program takes it: JSON, CSV, an Atom feed. Every name with its origin."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.export.csv_ import safe
from archive.search import MARK_END, MARK_START, Hit, Results, search
from archive.site.links import Links, seconds
from archive.site.reading import Row, Visit
from archive.site.results import LAST_PAGE, asked, query_of

if TYPE_CHECKING:
    import sqlite3

MOST_HITS = 200
"""Hits of one answer; `page` gives the next ones."""
FEED_HITS = 50
COLUMNS = (
    *("event", "date", "session", "recording", "start_s", "person", "name", "role"),
    *("organisation", "origin", "confidence", "text", "address"),
)
UNMARKED = {ord(MARK_START): None, ord(MARK_END): None}


def as_json(db: sqlite3.Connection, visit: Visit) -> str:
    """Return a page of hits as JSON: total, hits, and where the next ones are."""
    found = answered(db, visit, MOST_HITS)
    far = Links.from_afar(visit.site.url)
    page = found.query.page
    more = page < LAST_PAGE and page * MOST_HITS < found.total
    told = {
        "total": found.total,
        "more_than": found.more_than,
        "order": found.order,
        "note": found.note,
        "next": far.search(".json", **asked(replace(found.query, size=20, page=page + 1)))
        if more
        else None,
        "hits": [line(hit, far) for hit in found.hits],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def as_csv(db: sqlite3.Connection, visit: Visit) -> str:
    """Return a page of hits as CSV, safe to open in a spreadsheet."""
    far = Links.from_afar(visit.site.url)
    target = io.StringIO()
    lines = csv.writer(target, lineterminator="\n")
    lines.writerow(COLUMNS)
    for hit in answered(db, visit, MOST_HITS).hits:
        told = line(hit, far)
        lines.writerow([safe("" if told[name] is None else str(told[name])) for name in COLUMNS])
    return target.getvalue()


def feed(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return the newest hits for the search's Atom feed."""
    by_date = Visit(visit.site, visit.texts, visit.links, {**visit.query, "order": "date"})
    found = answered(db, by_date, FEED_HITS)
    far = Links.from_afar(visit.site.url)
    return {
        "hits": [line(hit, far) for hit in found.hits],
        "updated": max((hit.date for hit in found.hits), default="1970-01-01"),
        "address": far.search(**asked(replace(found.query, size=20, order="relevance", page=1))),
        "self": far.search(".atom", **asked(replace(found.query, size=20, page=1))),
        "words": found.query.text,
    }


def answered(db: sqlite3.Connection, visit: Visit, size: int) -> Results:
    """Search for what the address asks, `size` hits a page."""
    return search(db, replace(query_of(visit.query), size=size))


def line(hit: Hit, far: Links) -> Row:
    """Return a hit as a program reads it; `text` is the snippet without its marks."""
    return {
        "event": hit.event_id,
        "event_title": hit.event_title,
        "date": hit.date,
        "session": hit.session_id,
        "session_title": hit.session_title,
        "recording": hit.recording_id,
        "start_s": seconds(hit.start_ms),
        "end_s": seconds(hit.end_ms),
        "person": hit.person_id,
        "name": hit.person_name,
        "role": hit.role,
        "organisation": hit.organisation,
        "origin": hit.origin,
        "confidence": hit.confidence,
        "text": hit.snippet.translate(UNMARKED),
        "address": far.recording(hit.recording_id, hit.start_ms),
    }
