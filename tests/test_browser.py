"""A visit in a real browser: search, follow a hit, hear it at its second, quote it.

Drives the system's Chromium through Playwright (the fixture `browser`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, make_public
from playwright.sync_api import Browser, Page, Route, expect
from site_browser import (
    PAUSED,
    RECORDING,
    TIME,
    make_copies,
    served,
    stands_at,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_a_word_without_accents_to_its_second(open_page: Callable[..., Page]) -> None:
    """Type a word unaccented, see it marked with its speaker, follow it: the video is there."""
    page = open_page()
    page.get_by_role("searchbox").fill("economie sociale")
    page.keyboard.press("Enter")
    hit = page.locator(".hit").first
    expect(hit.locator("mark").first).to_have_text("économie")
    expect(hit).to_contain_text("Bo Modèle (nom attribué automatiquement)")
    hit.get_by_role("link", name="Lire à cet endroit").click()
    wanted = float(page.url.partition("t=")[2].partition("#")[0])
    assert wanted > 30
    stands_at(page, wanted)
    assert page.evaluate(PAUSED)
    expect(page.locator("#now")).to_be_in_viewport()


def test_a_moment_in_the_address_seeks(open_page: Callable[..., Page]) -> None:
    """`?t=12.3` puts the video at 12.3 s."""
    page = open_page(f"{RECORDING}?t=12.3")
    stands_at(page, 12.3)


def test_without_scripts_the_moment_seeks_as_well(browser: Browser, address: str) -> None:
    """With JavaScript off the address still seeks, and every passage has its link."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{RECORDING}?t=30.2#now")
    assert page.locator("video").get_attribute("src").endswith("matin.mp4#t=30.2")  # type: ignore[union-attr]
    expect(page.locator("#now")).to_be_in_viewport()
    expect(page.locator("#now")).to_contain_text("Merci Ana")
    page.locator(".passage a.time").first.click()
    assert page.url.endswith("?t=10#now")
    context.close()


def test_the_copy_of_a_card_plays(open_page: Callable[..., Page]) -> None:
    """MPEG-2 and AC-3 from a card: the copy shows its picture, runs, and seeks either way."""
    page = open_page(RECORDING)
    until(page, "document.querySelector('video').readyState >= 1")
    size = (
        "[document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]"
    )
    assert page.evaluate(size) == [256, 144]
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(60, abs=0.1)
    page.evaluate("document.querySelector('video').play()")
    until(page, f"{TIME} > 0.5")
    for seconds in (48.5, 7.25):
        page.evaluate(f"document.querySelector('video').currentTime = {seconds}")
        until(page, f"{TIME} > {seconds} && {TIME} < {seconds} + 5")
    assert page.evaluate("document.querySelector('video').error") is None


def test_the_sound_alone_plays_from_the_same_moment(open_page: Callable[..., Page]) -> None:
    """A press changes to the sound copy and back, and the words are followed all the while."""
    page = open_page(f"{RECORDING}?t=31.5")
    stands_at(page, 31.5)
    page.evaluate("document.querySelector('video').play()")
    page.get_by_role("link", name="Le son seul").click()
    until(page, f"{TIME} > 31.6 && !{PAUSED}")
    assert "matin.m4a" in page.evaluate("document.querySelector('video').currentSrc")
    assert page.evaluate("document.querySelector('video').videoWidth") == 0
    expect(page.locator(".passage.current")).to_have_attribute("data-start", "30000")
    page.evaluate("document.querySelector('video').pause()")
    page.get_by_role("link", name="L’image").click()
    until(page, "document.querySelector('video').videoWidth > 0")
    until(page, f"{TIME} > 31.6")


def test_a_recording_without_picture_is_heard(browser: Browser, tmp_path: Path) -> None:
    """Where there is sound alone, or alone as yet, it plays from the moment asked for."""
    pointer = make_public(tmp_path)
    with sqlite3.connect(pointer.resolve()) as db:
        db.execute("UPDATE recordings SET media = replace(media, 'matin.mp4', 'matin.m4a')")
    make_copies(tmp_path, tmp_path / "media" / DAY / "matin.mp4")
    with served(pointer, tmp_path / "media") as found, closing(browser.new_page()) as page:
        page.goto(f"{found}{RECORDING}?t=31.5")
        sound = "document.querySelector('audio')"
        until(page, f"{sound}.currentTime === 31.5")
        page.evaluate(f"{sound}.play()")
        until(page, f"{sound}.currentTime > 32")
        expect(page.locator(".passage.current")).to_have_attribute("data-start", "30000")
        assert page.locator("video").count() == 0


def test_a_stretch_stops_at_its_end(open_page: Callable[..., Page]) -> None:
    """`?t=20,21` plays from 20 s and stops at 21 s."""
    page = open_page(f"{RECORDING}?t=20,21")
    stands_at(page, 20)
    page.evaluate("document.querySelector('video').play()")
    until(page, f"{PAUSED} && {TIME} > 20.8")
    stands_at(page, 21.15)


def test_a_click_on_a_word_plays_from_it(open_page: Callable[..., Page]) -> None:
    """A word plays from its own time and the passage being spoken is marked."""
    page = open_page(RECORDING)
    until(page, "document.querySelector('video').readyState >= 1")
    place = page.evaluate(
        """() => {
          const text = document.querySelector('.passage[data-start="30000"] .said').firstChild;
          const range = new Range();
          const at = text.data.indexOf('économie');
          range.setStart(text, at + 2); range.setEnd(text, at + 4);
          text.parentElement.scrollIntoView({ behavior: 'instant', block: 'center' });
          const box = range.getBoundingClientRect();
          return [box.x + 2, box.y + box.height / 2];
        }"""
    )
    page.mouse.click(*place)
    until(page, f"{TIME} >= 31.5 && !{PAUSED}")
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator(".passage.current")).to_have_attribute("data-start", "30000")
    assert page.evaluate("CSS.highlights.get('spoken').size") == 1


def test_selected_words_become_a_quote(open_page: Callable[..., Page]) -> None:
    """A selection gives a quote with its speaker, her doubt, and a link to just that."""
    page = open_page(RECORDING)
    said = page.locator('.passage[data-start="30000"] .said')
    said.scroll_into_view_if_needed()
    said.click(click_count=3)
    quote = page.locator("[data-quote]")
    expect(quote).to_be_visible()
    expect(quote).to_contain_text("« Merci Ana. La coopération")
    expect(quote).to_contain_text("Bo Modèle (nom attribué automatiquement)")
    expect(quote).to_contain_text("28 mars 2017")
    assert quote.get_by_role("link").get_attribute("href") == "?t=30,36"
    page.keyboard.press("Escape")
    expect(quote).to_be_hidden()


def test_words_selected_while_the_page_loads_become_a_quote(browser: Browser, address: str) -> None:
    """On a slow line a visitor selects before the scripts are there; she gets her quote."""
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    with closing(browser.new_page()) as page:
        page.route("**/quote.js*", hold)
        page.goto(address + RECORDING, wait_until="commit")
        said = page.locator('.passage[data-start="30000"] .said')
        said.evaluate("said => getSelection().selectAllChildren(said)")
        page.wait_for_timeout(500)  # longer than a selection is waited for
        for route in late:
            route.continue_()
        expect(page.locator("[data-quote] blockquote")).to_contain_text("Merci Ana")


@pytest.mark.parametrize("path", ["", "search?q=cooperation", "events", RECORDING, "people"])
def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Page], path: str) -> None:
    """From 320 pixels on, no page scrolls sideways."""
    page = open_page(path)
    for width in (320, 375, 768, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_alone_finds_its_way(open_page: Callable[..., Page]) -> None:
    """The first Tab shows the way to the content; Enter goes there; focus is visible."""
    page = open_page(RECORDING)
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
