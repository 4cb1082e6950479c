"""Persistent addresses: what was once cited answers for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from archive_fixture import DAY, EVENING, TODAY, day_recording, make_public, public, turn
from lxml import html
from site_client import SITE, Client

from archive.publish import publish
from archive.site import downloads
from archive.site.serve import make_app
from archive.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["public"]

PINNED = {
    "/": "text/html",
    "/search?q=cooperation": "text/html",
    "/search.json?q=cooperation": "application/json",
    "/search.csv?q=cooperation": "text/csv",
    "/search.atom?q=cooperation": "application/atom+xml",
    "/events": "text/html",
    "/people": "text/html",
    "/about": "text/html",
    "/data": "text/html",
    f"/events/{DAY}": "text/html",
    f"/events/{DAY}.speaking-time.csv": "text/csv",
    f"/events/{DAY}.originals.csv": "text/csv",
    "/series/journees": "text/html",
    "/people/bo-exemple": "text/html",
    "/organisations/RTD": "text/html",
    f"/recordings/{DAY}/matin": "text/html",
    f"/recordings/{DAY}/matin?t=30.2,33": "text/html",
    f"/recordings/{DAY}/matin?part=1": "text/html",
    f"/recordings/{DAY}/matin.words.json": "application/json",
    f"/recordings/{DAY}/matin.csv": "text/csv",
    f"/recordings/{DAY}/matin.json": "application/json",
    f"/recordings/{DAY}/matin.rttm": "text/plain",
    f"/recordings/{DAY}/matin.srt": "application/x-subrip",
    f"/recordings/{DAY}/matin.tei": "application/tei+xml",
    f"/recordings/{DAY}/matin.txt": "text/plain",
    f"/recordings/{DAY}/matin.vtt": "text/vtt",
    f"/embed/{DAY}/matin?t=30.2,33": "text/html",
    f"/oembed?url=https://archive.example.org/recordings/{DAY}/matin": "application/json",
    "/feed.atom": "application/atom+xml",
    "/sitemap.xml": "application/xml",
    "/robots.txt": "text/plain",
}


@pytest.mark.parametrize("path", PINNED)
def test_a_persistent_address_answers(public: Path, path: str) -> None:
    """Addresses on this list were given out: they may gain brothers, and never change."""
    answer = Client(make_app(public, public.parent, SITE)).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == PINNED[path]


def test_every_export_has_a_pinned_address() -> None:
    """A new export format is added to the list above."""
    pinned = {path.rpartition(".")[2] for path in PINNED if path.startswith("/recordings/")}
    assert set(downloads.EXPORTS) <= pinned


def addresses_of(client: Client) -> set[str]:
    """Return every address that a crawl from the home page finds, raw tables and media aside."""
    seen, waiting = set[str](), ["/", *PINNED]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("/archive", "/media/", "/static/")):
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            for _, attribute, link, _ in html.fromstring(answer.content).iterlinks():
                found = urlsplit(urljoin(f"http://site{path}", link))
                if attribute in ("href", "src") and found.netloc == "site":
                    waiting.append(found.path + (f"?{found.query}" if found.query else ""))
    return seen


@pytest.mark.slow
def test_addresses_outlive_another_transcription(tmp_path: Path) -> None:
    """Heard again by another model, cut and named otherwise: every address still answers.

    What was cited is then the passages that stand at its time now.
    """
    public = make_public(tmp_path)
    client = Client(make_app(public, public.parent, SITE))
    before = addresses_of(client)
    assert any("?t=" in path for path in before)
    recording, tables = day_recording()
    table = f"{DAY}/table-ronde"
    heard_again = [
        turn(f"{DAY}/ouverture", 12_000, "Bonjour à tous.", voice="voice-9"),
        turn(f"{DAY}/ouverture", 29_500, "Merci à Ana, parlons d'économie.", person="bo-exemple",
             origin="corrected", voice="voice-1"),
        turn(table, 161_000, "La construction avec les communes demande du temps."),
    ]  # fmt: skip
    with open_store(tmp_path / "work.db") as store:
        store.put_recording(recording, {**tables, "turns": heard_again})
    publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    answers = {path: client.get(path).status_code for path in before}
    assert not {path: status for path, status in answers.items() if status != 200}
    page = client.page(f"/recordings/{DAY}/matin?t=30.2,33")
    cited = page.xpath("//p[contains(@class, 'cited')]//span[@class='said']")
    assert [said.text_content() for said in cited] == ["Merci à Ana, parlons d'économie."]


def test_an_unknown_thing_of_a_known_kind_helps(public: Path) -> None:
    """A recording, person, export or embed that is not there is a 404 with a search box."""
    client = Client(make_app(public, public.parent, SITE))
    for path in (
        f"/recordings/{DAY}/none",
        f"/recordings/{DAY}/matin.exe",
        f"/recordings/{EVENING}",
        "/people/none",
        "/organisations/none",
        "/series/none",
        f"/embed/{DAY}/none",
        "/oembed?url=https://elsewhere.example.org/recordings/a/b",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert html.fromstring(answer.content).xpath("//form[@role='search']"), path
