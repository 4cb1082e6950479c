"""A recording or a quote on other sites: the page they may frame, and oEmbed.

https://oembed.com/ ; only JSON is offered, "rich" with an iframe.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from markupsafe import escape

from archive.site.heading import heading
from archive.site.links import Links, is_elsewhere
from archive.site.player import Moment, moment, player
from archive.site.reading import Row, Visit, number, roles_at, text
from archive.site.transcript import cite, passages_of, turns_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

WIDTH, HEIGHT = 640, 480
SMALLEST = 200
MOST_QUOTED = 12
"""Passages that an embed shows; a longer stretch is heard, and read on its own page."""


def embed(db: sqlite3.Connection, visit: Visit, recording_id: str) -> Row | None:
    """Return what the framed player shows: the film, and the words of a cited stretch."""
    about = heading(db, recording_id)
    if about is None:
        return None
    cited = moment(visit.query.get("t", ""))
    quoted: list[Row] = []
    if cited and cited[1] is not None:
        turns = turns_of(db, visit, recording_id, roles_at(db, text(about.event["id"])))
        cite(turns, *cited)
        quoted = list(quote_of(turns))
    return {
        **about.shown(),
        "player": player(db, about.recording, visit, cited),
        "cited": cited,
        "quoted": quoted if sum(len(passages_of(t)) for t in quoted) <= MOST_QUOTED else [],
        "language": about.event["language"] or visit.site.language,
        "unlisted": True,
    }


def quote_of(turns: list[Row]) -> Iterator[Row]:
    """Yield the turns of a cited stretch, each with its cited passages alone."""
    for turn in turns:
        cited = [passage for passage in passages_of(turn) if passage["cited"]]
        if cited:
            yield {**turn, "passages": cited}


def oembed(db: sqlite3.Connection, visit: Visit) -> str | None:
    """Answer an oEmbed request as JSON; None where its address is no recording of ours."""
    place = recording_at(visit.query.get("url", ""), visit.site.url)
    about = place and heading(db, place[0])
    if not place or not about or visit.query.get("format", "json") != "json":
        return None
    recording_id, cited = place
    far = Links.from_afar(visit.site.url)
    width, height = size_asked(visit.query)
    frame = far.embed(recording_id, *(cited or ()))
    title = about.title
    told: Row = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": visit.site.title or visit.texts("site.untitled"),
        "provider_url": far.home(),
        "html": frame_code(frame, title, width, height),
        "width": width,
        "height": height,
    }
    poster = text(about.recording["poster"])
    if poster and not is_elsewhere(poster):
        told |= {
            "thumbnail_url": far.media(poster),
            "thumbnail_width": 640,
            "thumbnail_height": 360,
        }
    return json.dumps(told, ensure_ascii=False)


def frame_code(address: str, title: object, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return the markup that shows an embed on another site."""
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width}"'
        f' height="{height}" loading="lazy" allow="autoplay; fullscreen"'
        ' style="border:0;max-width:100%"></iframe>'
    )


def recording_at(address: str, site: str) -> tuple[str, Moment | None] | None:
    """Return the recording and moment of a full address of this site; None of any other."""
    home = Links.from_afar(site).page("recordings/")
    if not site or not address.startswith(home):
        return None
    try:
        parts = urlsplit(address.removeprefix(home))
    except ValueError:
        return None
    asked = parse_qs(parts.query, max_num_fields=50) if parts.query.count("&") < 50 else {}
    return unquote(parts.path), moment(asked.get("t", [""])[0])


def size_asked(query: dict[str, str]) -> tuple[int, int]:
    """Return width and height within what the other site has room for."""
    widest, highest = (
        int(given) if (given := query.get(name, ""))[:4].isdigit() and given.isascii() else usual
        for name, usual in (("maxwidth", WIDTH), ("maxheight", HEIGHT))
    )
    return max(SMALLEST, min(WIDTH, number(widest))), max(SMALLEST, min(HEIGHT, number(highest)))
