"""When copies are made and taken away: the sound first, then the picture, only what is public."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from contextlib import closing
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from clips import ffmpeg
from conftest import ROOT, Archive, archive_of
from small_archive import EVENT, edit, programme_of

from archive.errors import CaptureFault, Stopped
from pipeline import media
from pipeline.night import Request, due_in, run_archive
from pipeline.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.model import Span

PROGRAMME = """\
event:
  id: 2020-01-01-essai
  title: "Essai"
  date: 2020-01-01
people: {}
recordings:
  - id: matin
    captures: [matin.mp4]
  - id: soir
    captures: [soir.wav]
sessions:
  - id: une
    title: "La première"
    recording: matin
    transcripts: [matin.srt]
  - id: deux
    title: "La seconde"
    recording: soir
    transcripts: [matin.srt]
"""
CUE = "1\n00:00:00,100 --> 00:00:01,000\nBonjour.\n"


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a film and a sound of 2 s."""
    folder = tmp_path_factory.mktemp("captures")
    sound = ("-f", "lavfi", "-i", "sine=d=2")
    h264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=2", *sound, *h264, folder / "matin.mp4")
    ffmpeg(*sound, folder / "soir.wav")
    return folder


@pytest.fixture
def archive(tmp_path: Path, captures: Path) -> Archive:
    """An archive of a film and a sound, whose transcripts need no model."""
    event = tmp_path / "events" / EVENT
    event.mkdir(parents=True)
    event.joinpath("programme.yaml").write_text(PROGRAMME, "utf-8")
    event.joinpath("matin.srt").write_text(CUE, "utf-8")
    for capture in captures.iterdir():
        (event / capture.name).symlink_to(capture)
    made = archive_of(tmp_path, tmp_path / "events")
    edit(made.config, str(ROOT / "demo" / "model"), str(tmp_path / "no-model"))
    return made


def _run(archive: Archive) -> list[str]:
    """Run, and return the recordings whose copies were made."""
    outcome = run_archive(Request(archive.config), Progress(StringIO()))
    assert not outcome.failed, outcome.failed
    return [name.removeprefix(f"{EVENT}/") for name in outcome.pictured]


def _played(archive: Archive) -> dict[str, str | None]:
    """Return what the public file plays, by recording, without the folder."""
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        rows = db.execute("SELECT id, media FROM recordings").fetchall()
    return {i.removeprefix(f"{EVENT}/"): m and m.removeprefix(f"media/{EVENT}/") for i, m in rows}


def _statuses(archive: Archive) -> set[str]:
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        return {status for (status,) in db.execute("SELECT status FROM recordings")}


def _copies(archive: Archive) -> set[str]:
    folder = archive.data / "media" / EVENT
    return {file.name for file in folder.iterdir()} if folder.exists() else set()


def test_everything_can_be_heard_before_anything_is_seen(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first picture is being made the sound copies of all are published."""
    seen: list[dict[str, str | None]] = []
    make = media.make_web_copy

    def watched(*given: Any, **named: Any) -> media.WebCopy | None:
        seen.append(_played(archive))
        return make(*given, **named)

    monkeypatch.setattr(media, "make_web_copy", watched)
    assert _run(archive) == ["matin", "soir"]
    assert seen[0] == {"matin": "matin.m4a", "soir": "soir.m4a"}
    assert _played(archive) == {"matin": "matin.mp4", "soir": "soir.m4a"}
    assert _copies(archive) == {"matin.m4a", "matin.mp4", "matin.jpg", "soir.m4a"}
    assert _run(archive) == []


def test_a_picture_that_is_still_to_come_is_no_picture(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the two, `status` and `--dry-run` say so and the next run goes on."""

    def stopped(*_: object, **__: object) -> None:
        raise Stopped("it is time to stop, as asked", "what is left is done by the next run")

    with monkeypatch.context() as broken:
        broken.setattr(media, "make_web_copy", stopped)
        outcome = run_archive(Request(archive.config), Progress(StringIO()))
    assert outcome.stopped
    assert _played(archive) == {"matin": "matin.m4a", "soir": "soir.m4a"}
    assert "left: pictures" in archive.plenary("status").stdout
    assert {due.step for due in due_in(Request(archive.config)).values()} == {"pictures"}
    heard = (archive.data / "media" / EVENT / "matin.m4a").stat().st_mtime_ns
    _run(archive)
    assert archive.plenary("status").stdout.count("sound words pictures") == 2
    assert (archive.data / "media" / EVENT / "matin.m4a").stat().st_mtime_ns == heard


def test_words_stand_where_a_picture_fails(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archivist is told and the next run tries again; visitors keep words and sound."""

    def refused(*_: object, **__: object) -> None:
        raise CaptureFault("none of its pictures can be decoded", "copy it again from the card")

    with monkeypatch.context() as broken:
        broken.setattr(media, "make_web_copy", refused)
        for again in (False, True):
            outcome = run_archive(Request(archive.config), Progress(StringIO()))
            assert set(outcome.failed) == {f"{EVENT}/matin", f"{EVENT}/soir"}
            assert outcome.heard == ([] if again else [f"{EVENT}/matin", f"{EVENT}/soir"])
    assert "can be decoded" in archive.plenary("status").stdout
    assert _statuses(archive) == {"ok"}
    assert _played(archive) == {"matin": "matin.m4a", "soir": "soir.m4a"}
    assert _run(archive) == ["matin", "soir"]
    assert "can be decoded" not in archive.plenary("status").stdout


def test_another_size_or_quality_makes_the_picture_anew(archive: Archive) -> None:
    """What the config asks for is part of the key; the sound is not touched."""
    _run(archive)
    folder = archive.data / "media" / EVENT
    heard, seen = ((folder / name).stat().st_mtime_ns for name in ("matin.m4a", "matin.mp4"))
    archive.config.write_text(archive.config.read_text("utf-8") + "media: {quality: high}\n")
    assert "matin" in _run(archive)
    again = (folder / "matin.mp4").stat().st_mtime_ns
    assert again != seen
    assert (folder / "matin.m4a").stat().st_mtime_ns == heard
    edit(archive.config, "quality: high", "quality: high, height: 360")
    assert "matin" in _run(archive)
    assert (folder / "matin.mp4").stat().st_mtime_ns != again
    assert _run(archive) == []


def test_a_session_that_opens_at_midnight_opens_in_both(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What opens between the two copies is in neither that night, and in both the next day."""
    opening = '"La première"\n    access: "public from 2100-01-02"'
    edit(programme_of(archive), '"La première"', opening)
    days = {"make_sound_copy": dt.date(2100, 1, 1), "make_web_copy": dt.date(2100, 1, 2)}
    today = days["make_sound_copy"]

    class Calendar(dt.date):
        @classmethod
        def today(cls) -> dt.date:  # type: ignore[override]
            return today

    for clock in ("pipeline.pictures.date", "pipeline.night.date"):
        monkeypatch.setattr(clock, Calendar)
    heard: list[Sequence[Span]] = []
    for name in days:
        make = getattr(media, name)

        def told(*given: Any, make: Any = make, **named: Any) -> Any:
            nonlocal today
            heard.append(named["public"])
            made = make(*given, **named)
            today = days["make_web_copy"]
            return made

        monkeypatch.setattr(media, name, told)
    edit(
        programme_of(archive),
        "captures: [soir.wav]",
        'captures: [soir.wav]\n    media: {url: "https://example.org/"}',
    )
    _run(archive)
    _run(archive)
    assert [len(public) for public in heard] == [0, 0, 1, 1]


def test_every_copy_goes_with_what_becomes_private(archive: Archive) -> None:
    """Sound, film and poster leave before anything else is done, and so does a half copy."""
    _run(archive)
    (archive.data / "media" / EVENT / ".matin.mp4.part").write_bytes(b"half")
    edit(programme_of(archive), '"La première"', '"La première"\n    access: closed')
    edit(archive.config, "site:", "media: {web_copy: false}\nsite:")
    assert _run(archive) == []
    assert _copies(archive) == {"soir.m4a"}
    assert _played(archive) == {"soir": "soir.m4a"}


def test_nothing_is_made_of_what_is_played_elsewhere(archive: Archive) -> None:
    """`media: {url, offset}` names another host: no copy, its address and offset are public."""
    hosted = '[matin.mp4]\n    media: {url: "https://example.org/film", offset: -12.4}'
    edit(programme_of(archive), "[matin.mp4]", hosted)
    assert _run(archive) == ["soir"]
    assert _copies(archive) == {"soir.m4a"}
    assert _played(archive)["matin"] == "https://example.org/film"


def test_a_film_leaves_where_only_sound_is_left(archive: Archive) -> None:
    """A recording whose captures are exchanged for sound keeps no picture of the old ones."""
    _run(archive)
    sound = programme_of(archive).with_name("matin.wav")
    shutil.copyfile(sound.with_name("soir.wav"), sound)
    edit(programme_of(archive), "captures: [matin.mp4]", "captures: [matin.wav]")
    _run(archive)
    assert _copies(archive) == {"matin.m4a", "soir.m4a"}
    assert _played(archive)["matin"] == "matin.m4a"
    assert _run(archive) == []


def test_the_history_tells_how_a_picture_was_made(archive: Archive) -> None:
    """Copied, or encoded and why: the archivist can find out."""
    _run(archive)
    edit(archive.config, "site:", "media: {height: 360}\nsite:")
    edit(
        programme_of(archive),
        "recording: matin\n",
        'recording: matin\n    from: "00:01"\n    to: "00:02"\n',
    )
    _run(archive)
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        told = db.execute(
            "SELECT detail FROM history WHERE step = 'pictures' AND recording_id LIKE '%/matin'"
        ).fetchall()
    assert told == [("copied",), ("encoded: not all of it is public",)]
