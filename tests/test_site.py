"""The public site: what its pages say, and what they never say."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from archive_fixture import DAY, EVENING, PRIVATE, public
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from site_client import SITE, Client, client

from archive import matching, search
from archive.site import links
from archive.site.home import figures
from archive.site.pages import render
from archive.site.settings import SiteSettings
from archive.site.transcript import lane_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["client", "public"]


RECORDING = f"/recordings/{DAY}/matin"
DOUBT = "(nom attribué automatiquement)"
PAGES = (
    "/",
    "/search?q=cooperation",
    "/search",
    "/events",
    "/people",
    "/about",
    f"/events/{DAY}",
    f"/events/{EVENING}",
    RECORDING,
    f"/recordings/{EVENING}/soiree",
    "/people/bo-exemple",
    "/people/ana-exemple",
    "/organisations/RTD",
    "/series/journees",
    "/data",
    "/nothing-here",
)

FOR_MACHINES = (
    *("/search?q=script", "/search.json?q=script", "/search.csv?q=script", "/search.atom?q=script"),
    *("/feed.atom", "/sitemap.xml", f"/embed/{DAY}/matin?t=30.2,33", f"/embed/{EVENING}/soiree"),
    f"/oembed?url=https://archive.example.org{RECORDING}",
    *(f"{RECORDING}.{ending}" for ending in ("vtt", "srt", "txt", "tei", "json", "csv")),
)


def open_file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def internal_links(page: html.HtmlElement, at: str) -> Iterator[str]:
    for element, attribute, link, _ in page.iterlinks():
        if attribute in ("href", "src", "action", "poster") and element.tag != "base":
            address = urlsplit(urljoin(f"http://site{at}", link))
            if address.netloc == "site":
                yield address.path + (f"?{address.query}" if address.query else "")


def test_every_link_of_every_page_leads_somewhere(client: Client) -> None:
    """A crawl from the home page, raw tables aside, finds no dead link and no private word."""
    seen, waiting = set[str](), ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("/archive", "/media/")):
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not [word for word in PRIVATE if word in answer.text], path
        if answer.headers["content-type"].startswith("text/html"):
            waiting += internal_links(html.fromstring(answer.content), path)
    assert {f"/events/{DAY}", RECORDING, f"{RECORDING}.vtt", "/people/bo-exemple"} <= {
        path.partition("?")[0] for path in seen
    }


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_are_whole_in_both_languages(
    public: Path,
    path: str,
    language: str,
) -> None:
    """A page needs only the public file and a connection, names its language and one h1."""
    site = SiteSettings("Essai", language, SITE.url, SITE.contact)
    query = dict([path.partition("?")[2].split("=")]) if "?" in path else {}
    with open_file(public) as db:
        page = render(db, site, path.partition("?")[0], query)
    tree = html.fromstring(page.body)
    assert tree.get("lang") == language
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//main")
    assert tree.xpath("//a[@class='skip']")
    assert not tree.xpath("//@style | //script[not(@src)][@type!='application/ld+json'] | //style")
    assert not [a for a in tree.xpath("//@*") if a.attrname.startswith("on")]
    assert not tree.xpath("//a[starts-with(@href, '/')]") or page.status == 404
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", [*PAGES, "/archive", "/static/site.css", "/-/settings"])
def test_every_answer_is_guarded_and_sets_no_cookie(client: Client, path: str) -> None:
    """Own pages allow no inline script and no other host; no answer sets a cookie."""
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert "set-cookie" not in headers
    if path in PAGES:
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


def test_another_hosts_media_is_named_and_not_asked_for(client: Client) -> None:
    """Media elsewhere are a link that names the host, which alone the policy allows."""
    answer = client.get(f"/recordings/{EVENING}/soiree?t=20")
    page = html.fromstring(answer.content)
    assert not page.xpath("//video | //img[starts-with(@src, 'http')]")
    assert "media.example.org" in page.text_content()
    assert page.xpath("//*[@data-elsewhere]/@data-elsewhere") == [
        "https://media.example.org/soiree.mp4#t=7.6"
    ]
    assert (
        "media-src 'self' https://media.example.org;" in answer.headers["content-security-policy"]
    )


@pytest.mark.parametrize(
    "address",
    ["https://x;script-src *", "https://x y/", "https://u:p@x/", "https://", "https://[a"],
)
def test_a_strange_host_reaches_no_header(public: Path, tmp_path: Path, address: str) -> None:
    """A media address whose host is no plain name or port is not played at all."""
    copy = tmp_path / "copy.db"
    shutil.copyfile(public, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE recordings SET media = ?", (address,))
        page = render(db, SITE, RECORDING, {})
    db.close()
    assert (page.status, page.media_host) == (200, "")
    assert "n’est pas publié" in page.body


def test_results_mark_hits_and_lead_to_the_second(client: Client) -> None:
    """Accents may be left out; a hit is marked, named with its doubt, and links to its second."""
    page = client.page("/search?q=cooperations+territoriales")
    assert page.xpath("//input[@name='q']/@value")[0] == "cooperations territoriales"
    hit = page.xpath("//div[@class='hit']")[0]
    assert "coopérations" in hit.xpath(".//mark/text()")
    assert "Ana Exemple" in hit.text_content()
    assert "nom confirmé" in hit.text_content()
    assert re.search(
        rf"recordings/{DAY}/matin\?t=\d+(\.\d+)?#now$", hit.xpath(".//a[@class='listen']/@href")[0]
    )


def test_an_unfinished_search_does_not_say_that_nothing_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where time ended before a first hit the page tells so, and not that there is none."""
    for limit in ("COUNTING_S", "ENOUGH_S"):
        monkeypatch.setattr(search, limit, 0)
    for step, width in (("_FIRST_STRETCH", 1), ("_WIDEN", 1), ("FEW", 0)):
        monkeypatch.setattr(matching, step, width)
    page = client.page("/search?q=coop*+bonjour+maire").text_content()
    assert page.count("une partie de l’archive n’a pas été regardée") == 1
    assert "plus de 0" not in page
    assert "Aucun passage" not in page


def test_facets_narrow_and_filters_lift(client: Client) -> None:
    """A facet's link narrows the results, and the filter it sets can be lifted again."""
    page = client.page("/search?q=cooperation")
    narrower = page.xpath("//aside//a[contains(@href, 'person=bo-exemple')]/@href")[0]
    narrowed = client.page(urljoin("/search", narrower))
    people = narrowed.xpath("//div[@class='hit']//h3/a/text()")
    assert people
    assert set(people) == {"Bo Modèle"}
    lifted = narrowed.xpath("//ul[contains(@class, 'filters')]//a/@href")[0]
    assert "person=" not in lifted
    assert narrowed.xpath("//form//input[@name='person']/@value")[0] == "bo-exemple"


SPEAKER_PAGES = (
    "/",
    "/search?q=communes",
    "/people",
    RECORDING,
    f"{RECORDING}?t=30.2,33",
    "/people/ana-exemple",
    "/series/journees",
    "/organisations/PHARES",
    f"/recordings/{EVENING}/soiree",
)


@pytest.mark.parametrize("path", SPEAKER_PAGES)
def test_an_unconfirmed_name_carries_its_doubt(client: Client, path: str) -> None:
    """Wherever an unconfirmed name stands for who spoke, its doubt stands beside it in words.

    A programme and a list of roles say who was announced, and have none to carry.
    """
    page = client.page(path)
    announced = "ancestor::section[@aria-labelledby='programme' or @aria-labelledby='people']"
    names = page.xpath(
        "//*[not(*)][normalize-space()='Bo Modèle' and not(self::title)]"
        f"[not({announced} and not(ancestor::ul[@class='people']))]"
        "[not(ancestor::aside)]"  # the facets say it once, over their list
    ) + page.xpath("//nav[@aria-labelledby='chapters']//a[contains(., 'Bo Modèle')]")
    assert names or path == "/organisations/PHARES"
    for name in names:
        around = name.xpath("ancestor-or-self::*[self::li or self::h3 or self::h4 or self::a][1]")
        text = " ".join(" ".join(one.text_content() for one in around).split())
        parent = " ".join(name.getparent().text_content().split())
        assert "automati" in text + parent, (path, text)


@pytest.mark.parametrize("ending", ["vtt", "srt", "txt", "tei", "json", "csv"])
def test_no_export_leaves_a_name_without_its_doubt(client: Client, ending: str) -> None:
    """Captions and texts say it in words, TEI by its certainty, data by origin and confidence."""
    told = client.get(f"{RECORDING}.{ending}").text
    assert {
        "tei": 'cert="0.930"',
        "json": '"origin": "automatic"',
        "csv": "0.930,automatic",
    }.get(ending, f"Bo Modèle {DOUBT}") in told


def test_a_person_is_unlisted_until_confirmed(client: Client) -> None:
    """Search engines stay away from a person until one of her turns was confirmed."""
    robots = "//meta[@name='robots']/@content"
    assert client.page("/people/bo-exemple").xpath(robots) == ["noindex"]
    assert client.page("/people/ana-exemple").xpath(robots) == []
    site_map = client.get("/sitemap.xml").text
    assert "people/ana-exemple" in site_map
    assert "people/bo-exemple" not in site_map


def test_the_recording_shows_voices_notes_and_the_cited_passage(client: Client) -> None:
    """`t=` marks the passage and seeks without scripts; what is missing or withheld is said."""
    page = client.page(f"{RECORDING}?t=30.2,33")
    words = page.text_content()
    assert "Voix 5 (inconnue)" in words
    assert "Il manque 2\u00a0s de son" in words
    assert "Mots non retenus de 1:30 à 1:32" in words
    assert "la parole à Bo Modèle" in words
    assert page.xpath("//video/@src") == [f"../../media/{DAY}/matin.mp4#t=30.2,33"]
    cited = page.xpath("//p[contains(@class, 'cited')]")
    assert [p.get("data-start") for p in cited] == ["30000"]
    assert cited[0].get("id") == "now"
    assert [h.text_content().split()[-1] for h in page.xpath("//h3[@class='session-title']")]


@pytest.mark.parametrize("moment", ["", "x", "-1", "1e9", "9" * 40, "5,3", "1,2,3", "nan", "٣"])
def test_a_malformed_moment_is_no_error(client: Client, moment: str) -> None:
    """A `t=` that is no time is left aside."""
    assert client.get(f"{RECORDING}?t={moment}").status_code == 200


def test_captions_are_cut_for_reading_and_doubt_names(client: Client) -> None:
    """Captions hold two short lines at most, in order, escaped, with the doubt of the name."""
    answer = client.get(f"{RECORDING}.vtt")
    assert answer.headers["content-type"].startswith("text/vtt")
    blocks = answer.text.strip().split("\n\n")
    assert blocks[0] == "WEBVTT"
    cues = [block for block in blocks[1:] if not block.startswith("NOTE")]
    assert cues
    for block in cues:
        times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        assert start < end
        assert len(lines) <= 2
    assert f"<v Bo Modèle {DOUBT}>" in answer.text
    evening = client.get(f"/recordings/{EVENING}/soiree.vtt").text
    assert "&lt;b&gt;Attention&lt;/b&gt;" in evening


def test_word_times_fit_the_words(client: Client) -> None:
    """Each passage's word times come one per word of its text."""
    times = json.loads(client.get(f"{RECORDING}.words.json").text)
    for passage in client.page(RECORDING).xpath("//p[contains(@class, 'passage')]"):
        said = passage.xpath(".//span[@class='said']")[0].text_content()
        assert len(times[passage.get("data-start")]) == len(said.split())


def test_hostile_text_in_every_field_stays_text(
    public: Path,
    tmp_path: Path,
) -> None:
    """Markup in any text of the file is shown as text, on every kind of page and in feeds."""
    hostile = tmp_path / "hostile.db"
    shutil.copyfile(public, hostile)
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\x02&amp;]]>"
    db = sqlite3.connect(hostile)
    for table, columns in {
        "events": "title label place licence organisers",
        "series": "title",
        "sessions": "title summary room place start",
        "people": "name",
        "organisations": "name url",
        "roles": "role",
        "programme": "part",
        "links": "title url",
        "recordings": "poster",
        "glossary": "term means",
        "passages": "text",
        "turns": "voice",
        "captures": "name sha256",
        "provenance": "step tool version model made_at",
        "gaps": "reason",
        "withheld": "reason",
    }.items():
        for column in columns.split():
            db.execute(f"UPDATE {table} SET {column} = ?", (evil,))
    evidence = json.dumps([{"kind": evil, "start_ms": 1, "quote": evil}])
    db.execute("UPDATE turns SET evidence = ?", (evidence,))
    db.execute("UPDATE organisations SET url = 'javascript:alert(1)'")
    db.execute("DELETE FROM forms")
    db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
    db.commit()
    db.execute("INSERT INTO notices SELECT recording_id, 20, 30, ?, ? FROM gaps", (evil, evil))
    for path in (*PAGES, *FOR_MACHINES):
        query = dict([path.partition("?")[2].split("=")]) if "?" in path else {}
        site = SiteSettings(evil, "fr", SITE.url, "javascript:alert(1)")
        page = render(db, site, path.partition("?")[0], query)
        assert page.status in (200, 404), path
        if page.content_type.startswith("text/html"):
            tree = html.fromstring(page.body)
            inline = tree.xpath("//script[not(@src)]")
            assert not [s for s in inline if s.get("type") != "application/ld+json"], path
            assert all(json.loads(script.text) for script in inline), path
            assert not tree.xpath("//img[@src='x']"), path
            assert not [a for a in tree.xpath("//@*") if a.attrname.startswith("on")], path
            assert not [u for u in tree.xpath("//@href") if u.startswith("javascript:")], path
            assert "49" not in tree.xpath("string(//h1)"), path
        elif "xml" in page.content_type:
            etree.fromstring(page.body.encode())
        elif "json" in page.content_type:
            json.loads(page.body)
        elif "vtt" in page.content_type:
            assert "<script" not in page.body
        else:
            assert page.content_type.startswith(("text/plain", "text/csv", "application/"))
    db.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.text(alphabet="/abz.%20éç<>'\"\\\x00~", max_size=30),
    query=st.dictionaries(
        st.sampled_from(["q", "t", "page", "person", "event", "year", "order", "recording"]),
        st.text(max_size=20),
    ),
)
def test_no_address_breaks_a_page(public: Path, path: str, query: dict[str, str]) -> None:
    """Whatever the address says, the answer is a page or the page that helps, never an error."""
    with open_file(public) as db:
        for address in (f"/{path}", f"/events/{path}", RECORDING, "/search"):
            assert render(db, SITE, address, query).status in (200, 404)


def test_unknown_addresses_help(client: Client) -> None:
    """An unknown address answers 404 with a search box and a way on; the query is kept."""
    for path in ("/nope", "/a/b/c", "/events/none", "/people/%ff", "/-/databases", "/x?q=eau"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert html.fromstring(answer.content).xpath("//form[@role='search']"), path
    assert client.page("/x?q=eau").xpath("//input[@name='q']/@value") == ["eau"]


def test_the_package_carries_its_files() -> None:
    """Templates, styles, scripts and catalogues lie beside the code."""
    names = links.static_files()
    assert {"site.css", "recording.js", "quote.js", "icon.svg"} <= names.keys()
    assert not any(re.search(rb"https?://(?!www\.w3\.org)", body) for body in names.values())
    assert os.fspath(links.STATIC).endswith("static")


def test_people_who_wish_not_to_be_named_keep_their_voices_apart() -> None:
    """Two unnamed people of one recording have a lane each; somebody named has one for all hers."""
    turns: list[dict[str, object]] = [
        {"person_id": "une-personne", "voice": "voice-2"},
        {"person_id": "une-personne", "voice": "voice-3"},
        {"person_id": "ana-exemple", "voice": "voice-1"},
        {"person_id": "ana-exemple", "voice": "voice-4"},
        {"person_id": None, "voice": "voice-5"},
    ]
    lanes = [lane_of(turn) for turn in turns]
    assert lanes == ["voice-2", "voice-3", "ana-exemple", "ana-exemple", "voice-5"]


def test_nobody_is_told_apart_by_the_company_of_the_unnamed(client: Client) -> None:
    """The page of "une personne" says that it is several, and not with whom; it is not listed."""
    page = client.page("/people/une-personne")
    assert "ce n’est pas une seule personne" in page.text_content()
    assert not page.xpath("//*[@id='company']")
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_only_names_count_as_names(public: Path) -> None:
    """Neither whoever is not to be named nor a voice that a person said is nobody's is one."""
    with closing(open_file(public)) as db:
        found = figures(db)
        named = "FROM turns WHERE person_id NOT NULL AND person_id <> 'une-personne'"
        people, spoken = db.execute(
            f"SELECT COUNT(DISTINCT person_id), SUM(end_ms - start_ms) {named}"
        ).fetchone()
    assert (found["people"], found["named_ms"]) == (people, spoken)
