"""Pages for everyone: axe-core finds nothing in either theme; zoom, paper, the page read aloud."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, EVENING
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from site_browser import RECORDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Every kind of page, and those kinds twice that look unlike each other.
KINDS = (
    "",
    "search?q=cooperation",
    "search?q=nothinglikethis",
    "search",
    "events",
    "people",
    "about",
    "data",
    f"events/{DAY}",
    "series/journees",
    "people/bo-exemple",
    "organisations/RTD",
    RECORDING,
    f"{RECORDING}?t=30.2,33",
    f"recordings/{EVENING}/soiree",
    f"embed/{DAY}/matin?t=30.2,33",
    "nothing-here",
)
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
READ_ALOUD = Path(__file__).parent / "data" / "recording_read_aloud.yaml"


def violations(page: Page, rules: object = WCAG_22_AA) -> list[str]:
    """Return what axe-core finds on a page, each with the elements that show it."""
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    return [
        f"{one['id']} ({one['help']}): " + "; ".join(node["html"][:120] for node in one["nodes"])
        for one in found
    ]


@pytest.mark.parametrize(("theme", "rules"), [("light", WCAG_22_AA), ("dark", COLOURS)])
def test_axe_finds_nothing(open_page: Callable[..., Page], theme: str, rules: object) -> None:
    """WCAG 2.2 AA and good practice on every kind of page; in the dark, what colours can break."""
    page = open_page(color_scheme=theme, may_miss=True)
    base = page.url
    found = {}
    for path in KINDS:
        page.goto(base + path)
        if wrong := violations(page, rules):
            found[path] = wrong
    assert not found


def test_axe_finds_nothing_on_a_phone(open_page: Callable[..., Page]) -> None:
    """The narrow layout of the pages that change most, and everything that scripts open."""
    page = open_page(viewport={"width": 375, "height": 700})
    base = page.url
    for path in ("", "search?q=cooperation", RECORDING):
        page.goto(base + path)
        assert not violations(page), path
    for details in page.locator("details").all():
        details.evaluate("d => d.open = true")
    page.locator('.passage[data-start="30000"] .said').click(click_count=3)
    expect(page.locator("[data-quote]")).to_be_visible()
    assert not violations(page)


def test_the_recording_is_read_well_aloud(open_page: Callable[..., Page]) -> None:
    """What a screen reader meets on the recording's page, in order, is what was read and agreed.

    Written anew with PLENARY_READ_ALOUD=1: then read it.
    """
    page = open_page(RECORDING)
    read = page.locator("body").aria_snapshot() + "\n"
    if os.environ.get("PLENARY_READ_ALOUD"):
        READ_ALOUD.write_text(read, "utf-8")
    assert read == READ_ALOUD.read_text("utf-8")


def test_headings_descend_by_one(open_page: Callable[..., Page]) -> None:
    """On every kind of page there is one h1, first, and no level is jumped over."""
    page = open_page(may_miss=True)
    base = page.url
    for path in KINDS:
        page.goto(base + path)
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4,[role=heading]')]"
            ".map(h => Number(h.ariaLevel ?? h.tagName[1]))"
        )
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        steps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
        assert not steps, path


def test_nothing_is_lost_at_double_size(open_page: Callable[..., Page]) -> None:
    """At 200 % zoom and with text twice as large, no page scrolls sideways."""
    page = open_page(viewport={"width": 640, "height": 450}, device_scale_factor=2, may_miss=True)
    base = page.url
    for path in KINDS:
        page.goto(base + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path


def test_paper_holds_the_words_and_their_doubt(open_page: Callable[..., Page]) -> None:
    """Printed, a recording is its heading, its speakers with doubt, its words; no buttons."""
    page = open_page(RECORDING)
    page.emulate_media(media="print")
    for gone in (".watch", ".search", ".strip", ".chapters", ".takeaway", ".banner"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".passage").first).to_be_visible()
    expect(page.locator(".speaker .doubt").first).to_be_visible()
