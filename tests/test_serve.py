"""Serving: media by range and nothing beside them, core pages, a new file taken up."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from archive_fixture import DAY, EVENING, public
from site_client import SITE, Client

from archive.errors import ArchiveFault
from archive.site import media
from archive.site.kept import MOST_BYTES, Answer, Kept
from archive.site.pages import render
from archive.site.serve import make_app

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["public"]


@pytest.fixture(scope="module")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("held") / "media"
    (folder / DAY).mkdir(parents=True)
    (folder / DAY / "matin.mp4").write_bytes(bytes(range(256)) * 4_000)
    (folder / DAY / "page.html").write_text("<script>alert(1)</script>")
    (folder / ".hidden").write_text("secret")
    (folder.parent / "outside.txt").write_text("secret")
    (folder / "way-out").symlink_to(folder.parent / "outside.txt")
    return folder


@pytest.fixture(scope="module")
def client(public: Path, media_folder: Path) -> Client:
    return Client(make_app(public, media_folder, SITE))


def test_core_pages_stay_and_what_they_could_leak_is_closed(client: Client) -> None:
    """Tables and JSON are there; SQL, downloads, streaming and the machine's pages are not."""
    assert client.get("/archive/passages").status_code == 200
    assert client.get("/archive/passages.json").json()["rows"]
    assert client.get("/archive?sql=select+1").status_code == 403
    assert client.get("/archive.json?sql=select+1").status_code == 403
    assert client.get("/archive/passages.json?_where=1").status_code in (400, 403)
    assert client.get("/archive.db").status_code == 403
    assert client.get("/archive/passages.csv?_stream=1").status_code == 400
    for page in ("databases", "databases.json", "metadata.json", "plugins", "versions", "actor"):
        assert client.get(f"/-/{page}").status_code == 404


def test_the_archivist_may_open_the_data(public: Path, media_folder: Path) -> None:
    """With `open_data`, visitors' SQL is answered and the file can be taken, as it stands."""
    client = Client(make_app(public, media_folder, replace(SITE, open_data=True)))
    answer = client.get("/archive.json?sql=select+count(*)+as+n+from+events&_shape=array")
    assert answer.json() == [{"n": 2}]
    assert client.get("/archive.db").content == public.read_bytes()
    assert client.page("/data").xpath("//a[@download]/@href") == ["./archive.db"]
    assert "insert" not in client.get("/archive.json?sql=delete+from+events").text.lower()
    assert client.get("/archive.json?sql=delete+from+events").status_code == 400


def test_pages_are_fresh_by_the_hash_of_their_file(public: Path, tmp_path: Path) -> None:
    """The same file gives the same tag and an empty 304; another file gives another tag."""
    first = edition_of(public, tmp_path / "archive-1.db", "un")
    second = edition_of(public, tmp_path / "archive-2.db", "deux")
    link = tmp_path / "archive.db"
    link.symlink_to(first.name)
    client = Client(make_app(link, tmp_path, SITE))
    path = f"/events/{EVENING}"
    answer = client.get(path)
    tag = answer.headers["etag"]
    assert "max-age" in answer.headers["cache-control"]
    assert client.get(f"{path}?x=1").headers["etag"] == tag
    again = client.get(path, **{"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert "etag" not in client.get("/nothing").headers
    point(link, second)
    changed = client.get(path, **{"if-none-match": tag})
    assert changed.status_code == 200
    assert "Titre-deux" in changed.text


def test_a_page_is_made_once_for_each_file(
    public: Path, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, a page or a search comes from memory; its plain and its zipped form apart."""
    made: list[str] = []

    def counting(*given: Any) -> Any:
        made.append(given[2])
        return render(*given)

    monkeypatch.setattr("archive.site.answers.render", counting)
    client = Client(make_app(public, media_folder, SITE))
    pages = [client.get("/", **{"accept-encoding": "gzip"}).text for _ in range(3)]
    assert made == ["/"]
    assert len(set(pages)) == 1
    client.get("/", **{"accept-encoding": "identity"})
    client.get("/search?q=eau")
    client.get("/search?q=eau")
    client.get("/search?q=air")
    client.get("/search?q=" + "x" * 1_000)
    client.get("/search?q=" + "x" * 1_000)
    assert made == ["/", "/", "/search", "/search", "/search", "/search"]


def test_what_is_kept_is_bounded() -> None:
    """The least recently asked answer goes first; bytes are counted as well as answers."""
    kept = Kept()
    big = Answer(b"x" * (MOST_BYTES // 2), 200, "text/html", "", zipped=False, open=False)
    for path in ("/a", "/b"):
        kept.put(path, big, zipped=False)
    assert kept.get("/a", zipped=False)
    kept.put("/c", big, zipped=False)
    held = [path for path in ("/a", "/b", "/c") if kept.get(path, zipped=False)]
    assert held == ["/a", "/c"]


def test_a_search_cut_short_is_not_kept_for_ever(client: Client) -> None:
    """A busy moment may end a search early: its answer has no tag and is kept for a minute."""
    now = 0.0
    kept = Kept(lambda: now)
    page = Answer(b"more than 3", 200, "text/html", "", zipped=False, open=False)
    kept.put("/search?q=eau", page, zipped=False, lasting=False)
    kept.put("/", page, zipped=False)
    now = 59.0
    assert kept.get("/search?q=eau", zipped=False) == page
    now = 60.0
    assert kept.get("/search?q=eau", zipped=False) is None
    assert kept.get("/", zipped=False) == page
    for path in ("/search?q=eau", "/search.json?q=eau", "/search.csv?q=eau", "/search.atom?q=eau"):
        answer = client.get(path)
        assert "etag" not in answer.headers
        assert "max-age=60" in answer.headers["cache-control"]


def test_media_by_range(client: Client, media_folder: Path) -> None:
    """RFC 9110: whole, a range, an open range, a suffix; 416 past the end; HEAD has no body."""
    path, whole = f"/media/{DAY}/matin.mp4", (media_folder / DAY / "matin.mp4").read_bytes()
    size = len(whole)
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, whole)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "video/mp4"
    for wanted, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-299999", 100, 300_000),
        ("bytes=1000000-", 1_000_000, size),
        ("bytes=-10", size - 10, size),
        (f"bytes={size - 1}-{size * 9}", size - 1, size),
        (f"bytes=-{size * 2}", 0, size),
    ):
        answer = client.get(path, range=wanted)
        assert (answer.status_code, answer.content) == (206, whole[start:stop]), wanted
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.headers["content-length"] == str(stop - start)
    for wanted in (f"bytes={size}-", "bytes=-0"):
        answer = client.get(path, range=wanted)
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{size}"
    for wanted in ("bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=", "bytes=-"):
        assert client.get(path, range=wanted).status_code == 200, wanted
    answer = client.get(path, "HEAD", range="bytes=0-9")
    assert (answer.status_code, answer.content) == (206, b"")
    assert answer.headers["content-length"] == "10"
    assert client.get(path, "POST").status_code == 405


def test_media_conditions(client: Client) -> None:
    """A changed file is sent whole to If-Range, an unchanged one not at all to If-None-Match."""
    path = f"/media/{DAY}/matin.mp4"
    headers = client.get(path, "HEAD").headers
    ask = {"range": "bytes=0-9"}
    for condition, status in (
        (headers["etag"], 206),
        (headers["last-modified"], 206),
        ('"other"', 200),
        ("nonsense", 200),
    ):
        assert client.get(path, **ask, **{"if-range": condition}).status_code == status, condition
    assert client.get(path, **{"if-none-match": headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        f"{DAY}/../../outside.txt",
        "%2e%2e/outside.txt",
        "..%2foutside.txt",
        "..\\outside.txt",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "way-out",
        ".hidden",
        DAY,
        "",
        "x%00y",
        "a/" * 2000,
    ],
)
def test_no_path_leads_out_of_the_media_folder(
    client: Client, media_folder: Path, path: str
) -> None:
    """Up, absolute, through a link, hidden, a folder, a NUL: not found, and never the file."""
    answer = client.get(f"/media/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert media.find(media_folder, path) is None


def test_what_is_no_media_is_never_shown_as_a_page(client: Client) -> None:
    """A file of another kind in the media folder is a download, not a page of this site."""
    answer = client.get(f"/media/{DAY}/page.html")
    assert answer.headers["content-type"] == "application/octet-stream"


def edition_of(source: Path, target: Path, mark: str) -> Path:
    """Copy a public file with `mark` in an event's title and in its session's."""
    shutil.copyfile(source, target)
    with sqlite3.connect(target) as db:
        db.execute("UPDATE events SET title = ? WHERE id = ?", (f"Titre-{mark}", EVENING))
        db.execute("UPDATE sessions SET title = ? WHERE event_id = ?", (f"Titre-{mark}", EVENING))
    db.close()
    return target


def point(link: Path, target: Path) -> None:
    """Move a symlink in one step."""
    beside = link.with_name("new-link")
    beside.symlink_to(target.name)
    beside.replace(link)


def test_a_new_file_is_taken_up_without_mixing_or_losing_a_request(
    public: Path,
    tmp_path: Path,
) -> None:
    """While the symlink moves under load, every answer is whole and of one file only."""
    first = edition_of(public, tmp_path / "archive-1.db", "un")
    second = edition_of(public, tmp_path / "archive-2.db", "deux")
    link = tmp_path / "archive.db"
    link.symlink_to(first.name)
    client = Client(make_app(link, tmp_path, SITE))
    path = f"/events/{EVENING}"

    async def visit() -> list[str]:
        seen = []
        for turn in range(12):
            if turn in (3, 8):
                point(link, second if turn == 3 else first)
            answers = await asyncio.gather(*(client.ask(path) for _ in range(6)))
            assert {a.status_code for a in answers} == {200}
            for answer in answers:
                marks = set(re.findall(r"Titre-(\w+)", answer.text))
                assert len(marks) == 1
                seen.append(marks.pop())
        tables = await client.ask(f"/archive/events.json?id={EVENING}&_shape=array")
        assert tables.json()[0]["title"] == "Titre-un"
        return seen

    seen = asyncio.run(visit())
    assert set(seen[:18]) == {"un"}
    assert set(seen[-6:]) == {"un"}
    assert "deux" in seen
    assert set(seen[30:48]) == {"deux"}


def test_a_file_that_cannot_be_opened_leaves_the_one_before(
    public: Path,
    tmp_path: Path,
) -> None:
    """A symlink that points at nothing does not take the site down."""
    first = edition_of(public, tmp_path / "archive-1.db", "un")
    link = tmp_path / "archive.db"
    link.symlink_to(first.name)
    client = Client(make_app(link, tmp_path, SITE))
    assert client.get(f"/events/{EVENING}").status_code == 200
    point(link, tmp_path / "archive-gone.db")
    assert "Titre-un" in client.get(f"/events/{EVENING}").text
    assert not (tmp_path / "archive-gone.db").exists()


def test_nothing_published_is_said(tmp_path: Path) -> None:
    """Serving before the first publication says what to do."""
    with pytest.raises(ArchiveFault, match="nothing is published yet"):
        make_app(tmp_path / "archive.db", tmp_path, SITE)


def test_long_pages_are_zipped_for_who_asks(client: Client) -> None:
    """The same page, shorter on the wire where the visitor takes gzip, and said to vary."""
    plain = client.get(f"/recordings/{DAY}/matin", **{"accept-encoding": "identity"})
    zipped = client.get(f"/recordings/{DAY}/matin", **{"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in zipped.headers["vary"].lower()
    assert zipped.text == plain.text


def test_media_are_asked_for_again_each_time(client: Client) -> None:
    """What was withdrawn plays from no cache: whoever keeps media asks whether they still stand."""
    answer = client.get(f"/media/{DAY}/matin.mp4")
    assert "no-cache" in answer.headers["cache-control"]
    again = client.get(f"/media/{DAY}/matin.mp4", **{"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
