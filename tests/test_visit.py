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
from urllib.parse import parse_qs, urlparse

import pytest
from conftest import PLENARY
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Archive
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TIME = "document.querySelector('video').currentTime"


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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("PLENARY_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_visitor_hears_what_she_looked_for(page: Page, address: str) -> None:
    """A word without accents, the marked hit with its speaker, and the video at that second."""
    page.goto(address)
    page.get_by_role("searchbox").first.fill("economie solidaire")
    page.keyboard.press("Enter")
    hit = page.locator(".hit").first
    expect(hit.locator("mark").first).to_have_text("économie")
    expect(hit).to_contain_text("Claire Morel")
    expect(hit).to_contain_text("nom attribué automatiquement")
    hit.get_by_role("link", name="Lire à cet endroit").click()
    page.wait_for_url("**/recordings/**")
    (moment,) = parse_qs(urlparse(page.url).query)["t"]
    for _ in range(600):
        if abs(page.evaluate(TIME) - float(moment)) <= 0.3:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(TIME) == pytest.approx(float(moment), abs=0.3)
    expect(page.locator("main")).to_contain_text("économie solidaire")
    _picture(page, "recording")


def test_the_break_is_on_no_page(page: Page, address: str) -> None:
    """What was said in the break is on no page, and search does not know it."""
    page.goto(f"{address}search?q=parapluie")
    assert not page.locator("mark").count()
