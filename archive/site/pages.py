"""Which address is which page, and a page's text: a pure function of the public file.

`render(db, site, path, query)` needs no server, so the same pages can be written to disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from archive.site import (
    data,
    described,
    downloads,
    embed,
    event,
    home,
    machines,
    people,
    recording,
    results,
    searches,
)
from archive.site.links import Links
from archive.site.reading import Row, Visit
from archive.site.texts import Texts, clock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from archive.site.settings import SiteSettings

Gathered = Row | str | tuple[str, str] | None

HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
CSV = "text/csv; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """What one address answers; `framed`: other sites may show it in a frame."""

    body: str
    status: int = 200
    content_type: str = HTML
    media_host: str = ""
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """An address, what gathers its facts, and the template that shows them.

    `gather(db, visit, **parts of the address)` returns the facts; where there is no
    template, a finished text, or that and its media type; None when the address names nothing.
    """

    pattern: re.Pattern[str]
    gather: Callable[..., Gathered]
    template: str = ""
    content_type: str = HTML


def _route(pattern: str, gather: Callable[..., Gathered], *shown: str) -> Route:
    return Route(re.compile(pattern + r"\Z"), gather, *shown)


# What XML 1.0 cannot hold (section 2.2), wherever it came from.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EMBEDS, SEARCHES = "/embed/", "/search"
RECORDING = "(?P<recording_id>[^/]+/[^/]+)"
FORMATS = "|".join(downloads.EXPORTS)
# Addresses are for ever: tests/test_addresses.py pins them.
ROUTES = (
    _route("/", home.home, "home.html"),
    _route(SEARCHES, results.results, "results.html"),
    _route(rf"{SEARCHES}\.json", searches.as_json, "", JSON),
    _route(rf"{SEARCHES}\.csv", searches.as_csv, "", CSV),
    _route(rf"{SEARCHES}\.atom", searches.feed, "search_feed.xml", ATOM),
    _route("/events", home.event_list, "events.html"),
    _route("/people", home.people_list, "people.html"),
    _route("/about", home.about, "about.html"),
    _route("/data", data.data, "data.html"),
    _route(
        r"/events/(?P<event_id>[^/]+)\.(?P<table>speaking-time|originals)\.csv",
        downloads.event_table,
    ),
    _route("/events/(?P<event_id>[^/]+)", event.event, "event.html"),
    _route("/people/(?P<person_id>[^/]+)", people.person, "person.html"),
    _route("/organisations/(?P<organisation_id>[^/]+)", people.organisation, "organisation.html"),
    _route("/series/(?P<series_id>[^/]+)", event.series, "series.html"),
    _route(rf"/recordings/{RECORDING}\.words\.json", downloads.words, "", JSON),
    _route(rf"/recordings/{RECORDING}\.(?P<format_>{FORMATS})", downloads.exported),
    _route(f"/recordings/{RECORDING}", recording.recording, "recording.html"),
    _route(f"{EMBEDS}{RECORDING}", embed.embed, "embed.html"),
    _route("/oembed", embed.oembed, "", JSON),
    _route("/feed.atom", machines.feed, "feed.xml", ATOM),
    _route("/sitemap.xml", machines.sitemap, "sitemap.xml", XML),
    _route("/robots.txt", machines.robots, "", TEXT),
)


@cache
def templates() -> Environment:
    """Return the template environment: everything escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters["clock"] = clock
    environment.filters["web"] = web_address
    environment.filters["licence"] = described.licence_address
    environment.filters["frame"] = embed.frame_code
    return environment


def web_address(value: object) -> str:
    """Return an address that a page may link to: https, http or mailto; else ""."""
    address = str(value or "")
    return address if address.lower().startswith(("https://", "http://", "mailto:")) else ""


def render(db: sqlite3.Connection, site: SiteSettings, path: str, query: Mapping[str, str]) -> Page:
    """Return the page at `path` (percent-encoded, from the site's root) for `query`."""
    texts = Texts(site.language)
    for route in ROUTES:
        match = route.pattern.match(path)
        if match is None:
            continue
        visit = Visit(site, texts, Links.seen_from(path), dict(query))
        parts = {name: unquote(value) for name, value in match.groupdict().items()}
        gathered = route.gather(db, visit, **parts)
        if isinstance(gathered, tuple):
            return Page(gathered[0], content_type=gathered[1])
        if isinstance(gathered, str):
            return Page(gathered, content_type=route.content_type)
        if gathered is not None:
            body = _show(route.template, visit, gathered, path)
            player = gathered.get("player")
            host = str(player["host"] or "") if isinstance(player, dict) else ""
            framed = path.startswith(EMBEDS)
            return Page(body, 200, route.content_type, host, framed)
        break
    return missing(site, query)


def missing(site: SiteSettings, query: Mapping[str, str], status: int = 404) -> Page:
    """Return the page for an address that names nothing, or whose making failed (500).

    Its links start at the site's root, since it may stand at any depth.
    """
    visit = Visit(site, Texts(site.language), Links("/"), dict(query))
    shown = _show("missing.html", visit, {"status": status, "unlisted": True}, "")
    return Page(shown, status=status)


def _show(template: str, visit: Visit, gathered: Row, path: str) -> str:
    """Fill a template with what was gathered and what every page knows."""
    everywhere = {
        "site": visit.site,
        "t": visit.texts,
        "links": visit.links,
        "asked": visit.query.get("q", ""),
        "path": path,
        "unlisted": False,
    }
    shown = templates().get_template(template).render(everywhere | gathered)
    return NOT_XML.sub("", shown) if template.endswith(".xml") else shown
