"""Whatever is asked of any address, the site never fails, and never runs a visitor's SQL."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import httpx
from archive_fixture import DAY, EVENING, public
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from site_client import client
from test_addresses import PINNED

if TYPE_CHECKING:
    from pathlib import Path

    from site_client import Client

__all__ = ["client", "public"]

CORE = (
    "/archive",
    "/archive.json",
    "/archive/passages",
    "/archive/passages.json",
    "/archive/passages.csv",
    "/archive/passages/1",
    "/archive/passages/1.json",
    "/archive/passages_fts",
    "/archive/forms.json",
    "/archive/turns",
    "/archive/nothing",
    "/-/actor.json",
    "/-/static/app.css",
    "/-/nothing",
)
NAMES = (
    *("q", "t", "part", "page", "person", "organisation", "event", "series", "year", "kind"),
    *("origin", "order", "recording", "url", "format", "maxwidth", "maxheight", "sql", "_search"),
    *("_where", "_sort", "_size", "_next", "_facet", "_shape", "_stream", "_col", "_nocol"),
)
NASTY = (
    *("", "0", "-1", "1e9", "9" * 40, "null", "true", "٣", "\ud800", "\x00", "\n\r", "é" * 300),
    *("../../etc/passwd", "%2e%2e%2f", "<script>alert(1)</script>", "'\"`;--", "{{7*7}}", "${7*7}"),
    *('" OR 1=1 --', "NEAR(a b)", "text:*", '"', "*", "AND", "a* b* c*", "(" * 50, "[]", "a&b=c"),
    f"https://archive.example.org/recordings/{DAY}/matin?t=1,2",
)
HOSTILE_PATHS = (
    *("/%00", "/%", "/%zz", "/%ff%fe", "/..%2f..%2fetc%2fpasswd", "/events/..%2f..%2fx", "//"),
    *("/search/", "/recordings/", f"/recordings/{EVENING}/", "/recordings/a/b/c", "/embed/"),
    *("/static/..%2fsite.css", "/static/nothing", "/media/..%2f..%2fx", "/" + "a/" * 300, "/;a=b"),
)


async def statuses(client: Client, paths: list[str]) -> dict[str, int]:
    """Ask for every path; return each one's status. The app's own failures are raised."""
    transport = httpx.ASGITransport(app=client.app)
    found = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as visitor:
        for path in paths:
            answer = await visitor.get(path)
            found[path] = answer.status_code
            assert "sqlite3." not in answer.text, path
            assert "Traceback" not in answer.text, path
    return found


def test_no_route_fails(client: Client) -> None:
    """Every route with every parameter at a nasty value answers below 500."""
    routes = [path.partition("?")[0] for path in PINNED] + list(CORE)
    asked = [
        f"{route}?{urlencode({name: NASTY[(number + turn) % len(NASTY)]}, errors='surrogatepass')}"
        for number, route in enumerate(dict.fromkeys(routes))
        for turn, name in enumerate(NAMES)
    ]
    found = asyncio.run(statuses(client, [*asked, *HOSTILE_PATHS]))
    assert not {path: status for path, status in found.items() if status >= 500}


def test_no_id_in_a_path_fails(client: Client) -> None:
    """Any text where an id stands is answered: not found, a wrong address, or led elsewhere."""
    forms = ("/events/{}", "/people/{}", "/series/{}", "/organisations/{}", "/recordings/{}/x",
             "/recordings/x/{}.vtt", "/embed/x/{}", "/archive/passages/{}")  # fmt: skip
    texts = [quote(text, safe="", errors="surrogatepass") for text in NASTY if text]
    found = asyncio.run(statuses(client, [form.format(text) for form in forms for text in texts]))
    assert not {
        path: status for path, status in found.items() if status not in (200, 302, 400, 404)
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30), max_size=4))
def test_no_query_fails(client: Client, query: dict[str, str]) -> None:
    """Whatever is typed into any parameters together, search and recordings answer."""
    told = urlencode(query, errors="surrogatepass")
    routes = ("/search", "/search.json", "/search.csv", "/search.atom", f"/recordings/{DAY}/matin")
    found = asyncio.run(statuses(client, [f"{route}?{told}" for route in routes]))
    assert set(found.values()) == {200}


def test_no_visitor_runs_sql(client: Client, public: Path) -> None:
    """A visitor's SQL is refused wherever Datasette takes some, and the file stays as it is."""
    before = public.read_bytes()
    for path in (
        "/archive?sql=select+1",
        "/archive.json?sql=select+1",
        "/archive.csv?sql=select+1",
        "/archive/passages.json?_where=1=1",
        "/archive/passages?_where=1=1",
        "/archive/-/query?sql=select+1",
    ):
        assert client.get(path).status_code in (400, 403, 404), path
    assert client.get("/archive?sql=delete+from+events", "POST").status_code in (403, 404, 405)
    assert public.read_bytes() == before
    with sqlite3.connect(f"file:{public}?mode=ro", uri=True) as db:
        assert db.execute("SELECT COUNT(*) FROM events").fetchone() == (2,)
    db.close()


def test_ranges_are_bounded(client: Client, public: Path) -> None:
    """A thousand ranges, a huge number or an endless header ask for one reading of one file."""
    film = public.parent / "film.mp4"
    film.write_bytes(bytes(10_000))
    for wanted in (
        "bytes=" + ",".join("0-" for _ in range(1_000)),
        "bytes=" + "9" * 4_000 + "-",
        "bytes=0-" + "9" * 18,
        "bytes=-" + "9" * 18,
        "bytes=0-0," * 500,
    ):
        answer = client.get("/media/film.mp4", range=wanted)
        assert answer.status_code in (200, 206, 416), wanted[:40]
        assert len(answer.content) <= 10_000
    film.unlink()
