"""The whole visit on the bundled event: from a word without accents to its second.

With PLENARY_SCREENSHOTS=docs/images the pictures of the documentation are made anew.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import parse_qs, urljoin, urlparse

import pytest
from conftest import PLENARY
from playwright.sync_api import expect
from site_browser import PAUSED, TIME, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Archive
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(demo: Archive) -> Iterator[str]:
    """Serve the demo's archive with `plenary serve`, as a person would; return its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(PLENARY), "--config", str(demo.config), "serve", "--port", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    home = f"http://127.0.0.1:{port}/"
    for _ in range(600):
        try:
            urllib.request.urlopen(home, timeout=10).close()
            break
        except URLError:
            assert server.poll() is None, "plenary serve ended"
            time.sleep(0.1)
    yield home
    server.send_signal(signal.SIGINT)
    server.wait(timeout=20)


DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 780}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("PLENARY_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(800)  # the player's own buttons have faded
        page.screenshot(path=Path(folder) / f"{name}.png")


def _stands_at(page: Page, seconds: float) -> None:
    for _ in range(600):
        if abs(page.evaluate(TIME) - seconds) <= 0.3:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(TIME) == pytest.approx(seconds, abs=0.3)


def _search(page: Page, address: str, words: str) -> Locator:
    """Go home, look for something as a visitor does, and return the first hit."""
    page.goto(address)
    page.get_by_role("searchbox").first.fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    return page.locator(".hit").first


def test_a_visitor_hears_what_she_looked_for(page: Page, address: str) -> None:
    """A word without accents, the marked hit with its speaker, and the video at that second."""
    hit = _search(page, address, "economie solidaire")
    expect(hit.locator("mark").first).to_have_text("économie")
    expect(hit).to_contain_text("Claire Morel")
    expect(hit).to_contain_text("nom attribué automatiquement")
    hit.get_by_role("link", name="Lire à cet endroit").click()
    page.wait_for_url("**/recordings/**")
    (moment,) = parse_qs(urlparse(page.url).query)["t"]
    _stands_at(page, float(moment))
    expect(page.locator("main")).to_contain_text("économie solidaire")
    _picture(page, "recording")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_home_to_a_quote_in_a_fresh_tab(
    browser: Browser, address: str, size: ViewportSize
) -> None:
    """Search, hear the hit in the results, read it, quote words; the link plays just those."""
    context = browser.new_context(
        locale="fr-FR", viewport=size, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.goto(address)
    hit = _search(page, address, "monnaies locales")
    hit.get_by_role("link", name="Écouter").click()
    expect(page.get_by_role("region", name="Écoute")).to_be_visible()
    if size is DESKTOP:
        _picture(page, "results")
    hit.get_by_role("link", name="Lire à cet endroit").click()
    said = page.locator(".cited .said")
    said.evaluate("said => getSelection().selectAllChildren(said)")
    quote = page.locator("[data-quote]")
    expect(quote.locator("blockquote")).to_have_text(f"« {said.text_content()} »")
    if size is PHONE:
        _picture(page, "quote-phone")
    quote.get_by_role("button", name="Copier la citation").click()
    link = page.evaluate("navigator.clipboard.readText()").split("\n")[2]
    start, end = map(float, parse_qs(urlparse(link).query)["t"][0].split(","))
    fresh = context.new_page()
    fresh.goto(link)
    expect(fresh.locator(".cited").first).to_be_in_viewport()
    assert start < end
    until(fresh, f"{PAUSED} && {TIME} > {start + 0.5}")
    _stands_at(fresh, end)
    context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_visit_without_scripts(browser: Browser, address: str, size: ViewportSize) -> None:
    """Search, follow the hit, take a passage's own address: in a fresh tab it is marked."""
    context = browser.new_context(locale="fr-FR", viewport=size, java_script_enabled=False)
    page = context.new_page()
    hit = _search(page, address, "monnaies locales")
    hit.get_by_role("link", name="Écouter").click()
    expect(page.locator("#now")).to_be_in_viewport()
    link = page.locator("#now a.time").get_attribute("href")
    fresh = context.new_page()
    fresh.goto(urljoin(page.url, link))
    expect(fresh.locator(".cited .said")).to_contain_text("monnaies locales")
    assert "#t=" in str(fresh.locator("video").get_attribute("src"))
    context.close()


def test_the_keyboard_alone_makes_the_visit(page: Page, address: str) -> None:
    """Tab and Enter are enough to search, to hear a hit, and to reach its words."""
    page.goto(address)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "search":
            break
    page.keyboard.type("monnaies locales")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    for name in ("Écouter", "Lire"):
        for _ in range(60):
            page.keyboard.press("Tab")
            if str(page.evaluate("document.activeElement.textContent")).startswith(name):
                break
        page.keyboard.press("Enter")
    page.wait_for_url("**/recordings/**")
    expect(page.locator("#now")).to_be_in_viewport()


def test_the_break_is_on_no_page(page: Page, address: str) -> None:
    """What was said in the break is on no page, and search does not know it."""
    page.goto(f"{address}search?q=parapluie")
    assert not page.locator("mark").count()
