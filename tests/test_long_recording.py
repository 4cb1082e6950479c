"""Three hours of speech: light at once, whole without scripts, and every part at its address."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from lxml import html
from site_client import SITE

from archive.site.pages import render
from archive.site.transcript import MOST_CHAPTERS, joined
from bench.long_speech import TERM, make_archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 200_000
HOURS_3 = 3 * 3_600_000


@pytest.fixture(scope="module", params=[40, 2], ids=["lecture", "debate"])
def long_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a public file of one recording of three hours, by few voices or by many."""
    folder = tmp_path_factory.mktemp("long")
    return make_archive(folder, recordings=1, passages=450, longest=request.param)


@pytest.fixture
def db(long_file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{long_file}?mode=ro", uri=True)) as opened:
        yield opened


def recording_of(db: sqlite3.Connection) -> str:
    return str(db.execute("SELECT id FROM recordings").fetchone()[0])


def page_of(db: sqlite3.Connection, **query: str) -> html.HtmlElement:
    page = render(db, SITE, f"/recordings/{recording_of(db)}", query)
    assert len(page.body.encode()) < MOST_BYTES
    return html.fromstring(page.body)


def starts(page: html.HtmlElement) -> list[int]:
    return [int(p.get("data-start")) for p in page.xpath("//p[contains(@class, 'passage')]")]


def test_the_parts_hold_every_passage_once_and_are_light(db: sqlite3.Connection) -> None:
    """Following the links without scripts reads the whole, each page under 200 kB."""
    first = page_of(db)
    links = first.xpath("//nav[@class='parts'][1]//a/@href")
    assert len(links) > 3
    read: list[int] = []
    for link in links:
        part = link.removeprefix("?part=").removesuffix("#transcript")
        page = page_of(db, part=part)
        assert page.xpath("//nav[@class='parts'][1]//a[@aria-current]/@data-part") == [part]
        read += starts(page)
    known = db.execute("SELECT start_ms FROM passages ORDER BY start_ms").fetchall()
    assert read == [start for (start,) in known]


def test_a_moment_opens_its_part(db: sqlite3.Connection) -> None:
    """A cited moment is in the page that its address opens, wherever it lies."""
    for t in (0, HOURS_3 // 2, HOURS_3 - 30_000):
        page = page_of(db, t=f"{t / 1000}")
        (cited,) = page.xpath("//p[contains(@class, 'cited')]")
        assert int(cited.get("data-start")) <= t < int(cited.get("data-end"))
        assert cited.get("id") == "now"
    for strange in ("0", "99999999999", "x", "-1", "٣", ""):
        assert starts(page_of(db, part=strange))[0] == 0


def test_chapters_and_strip_stay_readable(db: sqlite3.Connection) -> None:
    """Chapters are the longest turns in order; each leads to its second."""
    chapters = page_of(db).xpath("//nav[@aria-labelledby='chapters']//a/@href")
    moments = [float(link.partition("t=")[2].partition("#")[0]) for link in chapters]
    assert 0 < len(moments) <= MOST_CHAPTERS
    assert moments == sorted(moments)


def test_a_term_is_explained_where_it_is_first_said(db: sqlite3.Connection) -> None:
    """In each part a glossary term has its meaning once, and a title wherever it stands."""
    page = page_of(db)
    said = page.xpath(f"//span[@class='said']/abbr[text()='{TERM}']/@title")
    assert len(said) > 1
    assert set(said) == {"pôle territorial de coopération économique"}
    assert [d.text for d in page.xpath("//p[@class='term']/dfn")] == [TERM]


def test_pauses_that_nobody_could_see_join_a_strip() -> None:
    """Stretches closer than a pause are one; the others stay apart."""
    turns: list[dict[str, object]] = [
        {"start_ms": start, "end_ms": end} for start, end in ((0, 10), (12, 20), (40, 50))
    ]
    assert joined(turns, 5) == [(0, 20), (40, 50)]
