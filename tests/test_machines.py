"""What machines read of the site: data about recordings, cards, feeds, embeds, searches."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

from archive_fixture import DAY, EVENING, make_public, public
from lxml import etree, html
from site_client import SITE, Client, client

from archive.site.pages import render
from archive.site.settings import SiteSettings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["client", "public"]

RECORDING = f"/recordings/{DAY}/matin"
FAR = f"https://archive.example.org/recordings/{DAY}/matin"
DOUBT = "(nom attribué automatiquement)"
ATOM = "{http://www.w3.org/2005/Atom}"
VIDEO = "{http://www.google.com/schemas/sitemap-video/1.1}"


def described(client: Client, path: str) -> dict[str, Any]:
    (script,) = client.page(path).xpath("//script[@type='application/ld+json']")
    found: dict[str, Any] = json.loads(script.text)
    return found


def test_a_recording_is_described_for_search_engines(client: Client) -> None:
    """schema.org: what it is, how long, where to play and frame it, its clips and its words."""
    told = described(client, RECORDING)
    assert told["@type"] == "VideoObject"
    assert told["duration"] == "PT520S"
    assert told["contentUrl"] == f"https://archive.example.org/media/{DAY}/matin.mp4"
    assert told["embedUrl"] == f"https://archive.example.org/embed/{DAY}/matin"
    assert told["caption"]["contentUrl"] == f"{FAR}.vtt"
    assert told["license"] == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert "coopérations territoriales" in told["transcript"]
    clips = {clip["name"]: clip for clip in told["hasPart"]}
    assert clips["Ouverture"]["startOffset"] == 10
    assert clips["Ana Exemple"]["url"].startswith(f"{FAR}?t=10,")


def test_cards_and_data_name_nobody_unconfirmed(client: Client) -> None:
    """No doubt can stand in JSON-LD, Dublin Core, OpenGraph or the site map: no such name does."""
    page = client.page(RECORDING)
    head = " ".join(page.xpath("//meta/@content | //title/text()"))
    assert json.dumps(described(client, RECORDING), ensure_ascii=False).count("Ana Exemple") == 1
    for text in (
        json.dumps({k: v for k, v in described(client, RECORDING).items() if k != "transcript"}),
        head,
        client.get("/sitemap.xml").text,
        client.get("/feed.atom").text,
        client.get(f"/oembed?url={FAR}").text,
    ):
        assert "Bo Mod" not in text
        assert "bo-exemple" not in text


def test_a_recording_has_its_card_and_catalogue_entry(client: Client) -> None:
    """OpenGraph with the poster, Dublin Core, one canonical address, oEmbed to be found."""
    page = client.page(f"{RECORDING}?t=30")
    meta = {m.get("property") or m.get("name"): m.get("content") for m in page.xpath("//meta")}
    assert meta["og:image"] == f"https://archive.example.org/media/{DAY}/matin.jpg"
    assert meta["og:url"] == FAR
    assert meta["DC.date"] == "2017-03-28"
    assert meta["DC.rights"] == "CC-BY-SA-4.0"
    assert meta["DC.publisher"] == "Réseau des territoires de démonstration"
    assert page.xpath("//link[@rel='canonical']/@href") == [FAR]
    (found,) = page.xpath("//link[@type='application/json+oembed']/@href")
    assert client.get(found.removeprefix("https://archive.example.org")).json()["type"] == "rich"


def test_oembed_frames_the_stretch_and_fits_the_room(client: Client) -> None:
    """https://oembed.com/: the frame leads to the embed of the same stretch, within the size."""
    told = client.get(f"/oembed?url={FAR}%3Ft%3D30.2%2C33&maxwidth=400&maxheight=9999").json()
    (frame,) = html.fromstring(f"<p>{told['html']}</p>").xpath("//iframe")
    assert frame.get("src") == f"https://archive.example.org/embed/{DAY}/matin?t=30.2,33#now"
    assert (told["width"], told["height"]) == (400, 480)
    for wrong in ("url=", "url=https://x/", f"url={FAR}&format=xml", "url=https://[", ""):
        assert client.get(f"/oembed?{wrong}").status_code == 404, wrong


def test_only_embeds_may_be_framed(client: Client) -> None:
    """Another site may frame an embed and no other page; the embed allows no inline script."""
    for path in ("/", RECORDING, "/search?q=eau", "/nothing", "/archive", "/embed/none"):
        assert "frame-ancestors 'none'" in client.get(path).headers["content-security-policy"]
    policy = client.get(f"/embed/{DAY}/matin").headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy


def test_an_embed_says_who_speaks_and_how_sure(client: Client) -> None:
    """The quoted words, their speaker with doubt and role, and the way to the whole."""
    page = client.page(f"/embed/{DAY}/matin?t=30.2,33")
    words = " ".join(page.text_content().split())
    assert "Merci Ana. La coopération" in words
    assert f"Bo Modèle {DOUBT}, directeur, Le Phares" in words
    assert page.xpath("//video/@src") == [f"../../media/{DAY}/matin.mp4#t=30.2,33"]
    assert not client.page(f"/embed/{DAY}/matin").xpath("//blockquote")
    elsewhere = client.page(f"/embed/{EVENING}/soiree")
    assert not elsewhere.xpath("//video | //audio")


def test_the_site_map_tells_of_films(client: Client) -> None:
    """Each recording is listed; a film of ours with its picture, length, and where it plays."""
    tree = etree.fromstring(client.get("/sitemap.xml").content)
    films = tree.findall(f".//{VIDEO}video")
    assert len(films) == 1
    told = {child.tag.removeprefix(VIDEO): child.text for child in films[0]}
    assert told["thumbnail_loc"] == f"https://archive.example.org/media/{DAY}/matin.jpg"
    assert told["player_loc"] == f"https://archive.example.org/embed/{DAY}/matin"
    assert told["duration"] == "520"
    places = [e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"https://archive.example.org/recordings/{EVENING}/soiree" in places
    assert "https://archive.example.org/series/journees" in places


def test_a_search_can_be_followed(client: Client) -> None:
    """The feed of a search: newest first, each name with its doubt, each entry at its second."""
    page = client.page("/search?q=communes&kind=plenary")
    links = page.xpath("//link[@type='application/atom+xml']/@href")
    assert "./search.atom?q=communes&kind=plenary" in links
    feed = etree.fromstring(client.get("/search.atom?q=communes").content)
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        f"Cléo Essai {DOUBT} – Soirée des communes",
        f"Bo Modèle {DOUBT} – PTCE et citoyenneté",
    ]
    assert re.fullmatch(
        rf"https://archive\.example\.org/recordings/{EVENING}/soiree\?t=[\d.]+#now",
        str(entries[0].findtext(f"{ATOM}id")),
    )
    assert "\x02" not in str(entries[0].findtext(f"{ATOM}summary"))


def test_a_search_is_data(client: Client) -> None:
    """JSON and CSV of a search hold the same hits, each with its name's origin and confidence."""
    told = client.get("/search.json?q=cooperation").json()
    assert told["total"] == len(told["hits"]) > 2
    assert told["next"] is None
    assert {hit["origin"] for hit in told["hits"]} >= {"automatic", "confirmed"}
    assert all(isinstance(hit["confidence"], float) for hit in told["hits"] if hit["name"])
    lines = list(csv.DictReader(io.StringIO(client.get("/search.csv?q=cooperation").text)))
    assert [line["address"] for line in lines] == [hit["address"] for hit in told["hits"]]
    assert [line["origin"] for line in lines] == [hit["origin"] for hit in told["hits"]]
    answer = client.get("/search.json?q=cooperation")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/search?q=cooperation").headers


def test_a_spreadsheet_takes_no_hit_for_a_formula(public: Path, tmp_path: Path) -> None:
    """A passage that begins like a formula is text in the CSV of a search."""
    copy = tmp_path / "copy.db"
    shutil.copyfile(public, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE passages SET text = '=HYPERLINK(\"x\") coop' WHERE id = 1")
        db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
        body = render(db, SITE, "/search.csv", {"q": "hyperlink"}).body
    db.close()
    assert [line["text"][:2] for line in csv.DictReader(io.StringIO(body))] == ["'="]


def test_every_export_is_at_the_recording(client: Client) -> None:
    """The page links every format, and each answers."""
    links = client.page(RECORDING).xpath("//section[@aria-labelledby='takeaway']//a/@href")
    assert len([link for link in links if link.startswith("../../recordings/")]) >= 7
    assert DOUBT.strip("()") in client.get(f"{RECORDING}.txt").text
    assert 'cert="0.930"' in client.get(f"{RECORDING}.tei").text


def test_without_a_public_address_nothing_far_is_told(public: Path) -> None:
    """A site that does not know its own address offers no embed, canonical or oEmbed."""
    with sqlite3.connect(f"file:{public}?mode=ro", uri=True) as db:
        page = render(db, SiteSettings("Essai"), RECORDING, {}).body
        assert render(db, SiteSettings("Essai"), "/oembed", {"url": FAR}).status == 404
    assert "canonical" not in page
    assert "oembed" not in page
    assert "<iframe" not in page


def test_the_hash_of_the_file_is_told(client: Client, public: Path) -> None:
    """The data page names the SHA-256 of the very file that answers."""
    assert public.resolve().stem.removeprefix("archive-") in client.get("/data").text


def test_accuracy_is_told_where_it_was_measured(tmp_path: Path) -> None:
    """`accuracy.json` beside the public file is told on the page "about", else nothing."""
    public = make_public(tmp_path)
    measured = public.resolve().with_name("accuracy.json")

    def about() -> str:
        with sqlite3.connect(f"file:{public.resolve()}?mode=ro", uri=True) as db:
            return render(db, SITE, "/about", {}).body

    assert "justesse" not in about()
    measured.write_text(json.dumps({"all": {"word_error_rate": 0.0217, "der": None}}))
    assert "2,2\u202f%" in about()
    share = {"right": 28, "judged": 30, "interval": [0.786, 0.982]}
    measured.write_text(json.dumps({"name": share, "text": {"right": 0, "judged": 0}}))
    assert "28 sur 30 (pour toute l’archive, entre 78,6\u202f% et 98,2\u202f%, à 95 %)" in about()
    for wrong in ("", "[]", '{"all": 3}', '{"name": {"judged": 1}}', "{}"):
        measured.write_text(wrong)
        assert "justesse" not in about(), wrong
