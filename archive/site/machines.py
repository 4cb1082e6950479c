"""Pages for machines: the feed, the site map, the note for robots.

They name nobody, so no unconfirmed name leaves through them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.corrections.model import NOBODY_NAMED
from archive.site.home import NEWEST_EVENTS
from archive.site.links import Links, is_elsewhere
from archive.site.player import sound_beside
from archive.site.reading import Row, Visit, events, number, row, rows, text

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
    addresses = [far.home(), *map(far.page, ("events", "about", "data"))]
    addresses += [far.event(text(e["id"])) for e in events(db)]
    addresses += [far.series(text(s["id"])) for s in rows(db, "SELECT id FROM series ORDER BY id")]
    addresses += [
        far.person(text(p["person_id"]))
        for p in rows(
            db,
            "SELECT DISTINCT person_id FROM turns WHERE person_id <> ?"
            " AND origin IN ('confirmed', 'corrected') ORDER BY person_id",
            NOBODY_NAMED[0],
        )
    ]
    return {"addresses": addresses, "recordings": films(db), "far": far}


def films(db: sqlite3.Connection) -> list[Row]:
    """Return every recording; `film` where it is a film of ours with a picture to show it by.

    https://developers.google.com/search/docs/crawling-indexing/sitemaps/video-sitemaps
    """
    found = rows(
        db,
        "SELECT recordings.id, media, poster, duration_ms, events.title AS event, events.place,"
        " COALESCE(MIN(sessions.date), events.date) AS date, CASE COUNT(sessions.id)"
        " WHEN 1 THEN MIN(sessions.title) ELSE events.title END AS title"
        " FROM recordings JOIN events ON events.id = recordings.event_id"
        " JOIN sessions ON sessions.recording_id = recordings.id"
        " WHERE status IN ('ok', 'partial') GROUP BY recordings.id ORDER BY recordings.id",
    )
    for one in found:
        poster = text(one["poster"])
        one["film"] = bool(sound_beside(text(one["media"])) and poster and not is_elsewhere(poster))
        one["seconds"] = max(1, round(number(one["duration_ms"]) / 1000))
    return found


def robots(_db: sqlite3.Connection, visit: Visit) -> str:
    """Return robots.txt: own pages yes, searches and raw tables no."""
    site_map = (
        f"Sitemap: {Links.from_afar(visit.site.url).page('sitemap.xml')}\n"
        if visit.site.url
        else ""
    )
    return f"User-agent: *\nDisallow: /search\nDisallow: /archive\nDisallow: /-/\n{site_map}"
