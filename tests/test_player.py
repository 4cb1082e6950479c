"""Hearing in a real browser: hits where they stand, stretches, what is withdrawn, embeds."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, EVENING, make_public
from conftest import CHROMIUM_FLAGS
from playwright.sync_api import Browser, Page, expect
from site_browser import PAUSED, RECORDING, TIME, served, stands_at, until

from bench.long_speech import make_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEARD = "document.querySelector('.listening audio')"
DOUBT = "(nom attribué automatiquement)"


def test_a_hit_is_heard_where_it_stands(open_page: Callable[..., Page]) -> None:
    """Pressed, a hit plays from two seconds before, in the results, and says who speaks."""
    page = open_page("search?q=economie+sociale")
    before = page.url
    listen = page.locator(".hit").first.get_by_role("link", name="Écouter")
    hit = float(str(listen.get_attribute("href")).partition("t=")[2].partition("#")[0])
    listen.click()
    until(page, f"{HEARD}.currentTime > 0 && !{HEARD}.paused")
    assert hit - 2.3 <= page.evaluate(f"{HEARD}.currentTime") <= hit + 2
    asked = page.evaluate(f"{HEARD}.currentSrc")
    assert "matin.m4a" in asked
    assert float(asked.partition("#t=")[2]) == pytest.approx(hit - 2)
    bar = page.get_by_role("region", name="Écoute")
    expect(bar).to_contain_text(f"Bo Modèle {DOUBT}")
    expect(bar.get_by_role("link")).to_have_attribute("href", str(listen.get_attribute("href")))
    listen.click()
    until(page, f"{HEARD}.paused")
    bar.get_by_role("button").click()
    expect(bar).to_be_hidden()
    assert page.url == before


def test_without_scripts_a_hit_leads_to_its_second(browser: Browser, address: str) -> None:
    """Without scripts "listen" is the link to the recording, and no dead button is shown."""
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{address}search?q=economie+sociale")
    expect(page.get_by_role("link", name="Lire à cet endroit")).to_have_count(0)
    page.locator(".hit").first.get_by_role("link", name="Écouter").click()
    expect(page.locator("#now")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Copier")).to_have_count(0)
    context.close()


def test_a_quoted_stretch_plays_by_itself(open_page: Callable[..., Page]) -> None:
    """Where the browser allows it, `?t=from,to` plays at once and stops at its end."""
    page = open_page(f"{RECORDING}?t=20,20.6")
    until(page, f"{PAUSED} && {TIME} > 20.4")
    stands_at(page, 20.7)


def test_where_a_press_is_wanted_the_stretch_stands_ready(browser: Browser, address: str) -> None:
    """A browser that plays nothing unasked stands at the stretch; one press plays just that."""
    flags = [f for f in CHROMIUM_FLAGS if "autoplay" not in f]
    flags.append("--autoplay-policy=document-user-activation-required")

    shy = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags)
    page = shy.new_page(locale="fr-FR")
    page.goto(f"{address}{RECORDING}?t=20,20.6")
    stands_at(page, 20)
    assert page.evaluate(PAUSED)
    page.get_by_role("button", name="Le passage cité").click()
    until(page, f"{PAUSED} && {TIME} > 20.4")
    stands_at(page, 20.7)
    shy.close()


def test_a_small_screen_hears_first(open_page: Callable[..., Page]) -> None:
    """On a phone the sound alone is loaded; the picture is one press away; both stay in sight."""
    page = open_page(f"{RECORDING}?t=31", viewport={"width": 375, "height": 700})
    stands_at(page, 31)
    assert "matin.m4a" in page.evaluate("document.querySelector('video').currentSrc")
    page.get_by_role("link", name="L’image").click()
    until(page, "document.querySelector('video').videoWidth > 0")
    stands_at(page, 31)
    page.evaluate("scrollTo(0, 1200)")
    expect(page.locator("video")).to_be_in_viewport()


@pytest.fixture(scope="module")
def withdrawn(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a public file in which a stretch of each recording was withdrawn."""
    del address
    folder = tmp_path_factory.mktemp("withdrawn")
    public = make_public(folder)
    with sqlite3.connect(public.resolve()) as db:
        for recording in (f"{DAY}/matin", f"{EVENING}/soiree"):
            stretch = (recording, 20_000, 30_000, "withdrawn", "2026-01-05")
            db.execute("INSERT INTO notices VALUES (?, ?, ?, ?, ?)", stretch)
    db.close()
    return public


def test_what_is_withdrawn_is_never_played(
    browser: Browser, withdrawn: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Asked for by its time, or reached while playing, a withdrawn stretch is left out."""
    films = next(path for path in tmp_path_factory.getbasetemp().glob("browser*/media"))
    with served(withdrawn, films) as found, closing(browser.new_page(locale="fr-FR")) as page:
        page.goto(f"{found}{RECORDING}?t=22")
        stands_at(page, 30)
        expect(page.locator("[data-note=withdrawn]")).to_have_text(
            "Passage retiré à la demande d’une personne, de 0:20 à 0:30. 5 janvier 2026"
        )
        page.evaluate(
            "window.heard = []; const v = document.querySelector('video');"
            "v.addEventListener('timeupdate', () => heard.push(v.currentTime));"
            "v.currentTime = 19.2; v.play()"
        )
        until(page, f"{TIME} > 30.2")
        assert not [t for t in page.evaluate("window.heard") if 20.0 < t < 29.9]


def test_media_elsewhere_skip_what_is_withdrawn(browser: Browser, withdrawn: Path) -> None:
    """Held elsewhere, the film still holds the stretch: without scripts it is not offered."""
    with served(withdrawn, withdrawn.parent) as found:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{found}recordings/{EVENING}/soiree")
        assert page.locator("a[href^='https://media.example.org']").count() == 0
        expect(page.locator(".elsewhere")).to_contain_text("retiré à la demande")
        context.close()
        with closing(browser.new_page()) as page:
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{found}recordings/{EVENING}/soiree?t=22")
            assert not [url for url in asked if "media.example.org" in url]
            page.get_by_role("button", name="Lire la vidéo").click()
            until(page, "document.querySelector('video') !== null")
            page.wait_for_timeout(200)
            assert page.evaluate("document.querySelector('[data-recording]').dataset.withdrawn")
            assert [url for url in asked if "media.example.org" in url]


def test_an_embed_can_be_framed_and_a_page_cannot(browser: Browser, address: str) -> None:
    """On another site the embed shows and plays its stretch; any other page stays shut."""
    frames = (
        f"<iframe name=ours src='{address}embed/{DAY}/matin?t=30.2,33' width=640 height=480>"
        f"</iframe><iframe name=whole src='{address}{RECORDING}'></iframe>"
    )
    with another_site(frames) as blog, closing(browser.new_page()) as page:
        page.goto(blog)
        ours, whole = page.frame("ours"), page.frame("whole")
        assert ours is not None
        assert whole is not None
        expect(ours.locator("figcaption")).to_have_text(f"Bo Modèle {DOUBT}, directeur, Le Phares")
        ours.evaluate("document.querySelector('video').play()")
        until(ours, f"{PAUSED} && {TIME} > 32.8")
        assert not whole.get_by_role("heading", name="PTCE et citoyenneté").count()


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """Serve one page from another origin of this machine; return its address."""

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Blog) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_a_quote_says_what_was_checked_and_can_be_embedded(browser: Browser, address: str) -> None:
    """The copied quote tells whether name and words were confirmed; its frame plays just that."""
    context = browser.new_context(locale="fr-FR", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + RECORDING)
    quote = page.locator("[data-quote]")
    for start, name in ((10_000, "Ana Exemple (nom confirmé)"), (280_000, "Voix 5 (inconnue)")):
        said = page.locator(f'.passage[data-start="{start}"] .said')
        said.evaluate("said => getSelection().selectAllChildren(said)")
        expect(quote.locator("blockquote")).to_have_text(f"« {said.text_content()} »")
        expect(quote).to_contain_text(name)
        expect(quote).to_contain_text("texte transcrit automatiquement")
    quote.get_by_role("button", name="Copier la citation").click()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied[0].startswith("« Bonjour, une question")
    assert copied[2] == f"{address}{RECORDING}?t=280,283.6"
    quote.get_by_role("button", name="Copier le code").click()
    frame = page.evaluate("navigator.clipboard.readText()")
    assert f'src="https://archive.example.org/embed/{DAY}/matin?t=280,283.6"' in frame
    fresh = context.new_page()
    fresh.goto(copied[2])
    expect(fresh.locator(".cited .said")).to_have_text(
        "Bonjour, une question de la salle sur les PTCE."
    )
    context.close()


def test_the_strip_and_the_chapters_play(open_page: Callable[..., Page]) -> None:
    """A press on a stretch of the strip, or on a chapter, plays from there."""
    page = open_page(RECORDING)
    until(page, "document.querySelector('video').readyState >= 1")
    page.locator(".lane a").nth(1).click()
    until(page, f"{TIME} >= 30 && !{PAUSED}")
    page.locator(".chapters summary").first.click()
    page.locator(".chapters details a").first.click()
    until(page, f"{TIME} >= 10 && {TIME} < 12")
    expect(page.locator(".chapters [aria-current]")).to_contain_text("0:10")


def test_a_long_transcript_comes_as_it_is_read(browser: Browser, tmp_path: Path) -> None:
    """All of three hours arrives by itself; opened in the middle, nothing on the screen moves."""
    public = make_archive(tmp_path, recordings=1, passages=450, longest=3)
    with served(public, tmp_path) as found, closing(browser.new_page()) as page:
        with sqlite3.connect(f"file:{public.resolve()}?mode=ro", uri=True) as db:
            (recording,) = db.execute("SELECT id FROM recordings").fetchone()
        db.close()
        page.goto(f"{found}recordings/{recording}?t=5400#now")
        place = page.locator("#now").bounding_box()
        until(page, "document.querySelectorAll('.passage').length === 450")
        starts = page.evaluate(
            "[...document.querySelectorAll('.passage')].map(p => Number(p.dataset.start))"
        )
        assert starts == sorted(starts)
        after = page.locator("#now").bounding_box()
        assert place is not None
        assert after is not None
        assert abs(place["y"] - after["y"]) < 2
        page.locator(".parts a").last.click()
        expect(page.locator(".piece").last).to_be_in_viewport()
