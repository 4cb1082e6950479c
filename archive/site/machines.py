"""Pages for machines: the feed, the site map, the note for robots.

They name nobody, so no unconfirmed name leaves through them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.site.home import NEWEST_EVENTS
from archive.site.links import Links
from archive.site.reading import Row, Visit, events, row, rows

if TYPE_CHECKING:
    import sqlite3

FEED_EVENTS = 4 * NEWEST_EVENTS


def feed(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return the latest events for the Atom feed (RFC 4287)."""
    made = row(db, "SELECT MAX(made_at) AS at FROM provenance")
    held = events(db)[:FEED_EVENTS]
    latest = str(held[0]["date"]) + "T00:00:00Z" if held else "1970-01-01T00:00:00Z"
    return {
        "events": held,
        "updated": (made and made["at"]) or latest,
        "far": Links.from_afar(visit.site.url),
    }


def sitemap(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return the addresses that search engines may list: people only once confirmed."""
    far = Links.from_afar(visit.site.url)
    addresses = [far.home(), far.page("events"), far.page("about")]
    addresses += [far.event(str(e["id"])) for e in events(db)]
    addresses += [
        far.recording(str(r["id"]))
        for r in rows(db, "SELECT id FROM recordings WHERE status IN ('ok', 'partial') ORDER BY id")
    ]
    addresses += [
        far.person(str(p["person_id"]))
        for p in rows(
            db,
            "SELECT DISTINCT person_id FROM turns WHERE person_id IS NOT NULL"
            " AND origin IN ('confirmed', 'corrected') ORDER BY person_id",
        )
    ]
    return {"addresses": addresses}


def robots(_db: sqlite3.Connection, visit: Visit) -> str:
    """Return robots.txt: own pages yes, searches and raw tables no."""
    site_map = (
        f"Sitemap: {Links.from_afar(visit.site.url).page('sitemap.xml')}\n"
        if visit.site.url
        else ""
    )
    return f"User-agent: *\nDisallow: /search\nDisallow: /archive\nDisallow: /-/\n{site_map}"
