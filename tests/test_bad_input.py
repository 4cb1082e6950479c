"""Bad input: named, with what to do; nothing is lost and the other recordings go on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT, Archive, archive_of

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMME = """\
event:
  id: 2020-01-01-essai
  title: "Essai"
  date: 2020-01-01
sessions:
  - id: bonne
    title: "La bonne"
    captures: [bonne.flac]
  - id: mauvaise
    title: "La mauvaise"
    captures: [mauvaise.mp4]
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with one good capture (a spoken clip of the demo) and one that is text."""
    event = tmp_path / "events" / "2020-01-01-essai"
    event.mkdir(parents=True)
    event.joinpath("programme.yaml").write_text(PROGRAMME, "utf-8")
    event.joinpath("mauvaise.mp4").write_text("this is no video\n" * 200)
    film = next((ROOT / "demo" / "second" / "events").rglob("*.mp4"))
    shutil.copy(film, event / "bonne.flac")
    return archive_of(tmp_path, tmp_path / "events")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.slow
def test_one_bad_recording_never_stops_the_others(archive: Archive) -> None:
    """`run` ends with 1, says which failed and what to do; the other is published."""
    done = archive.plenary("run")
    assert done.returncode == 1
    assert "mauvaise.mp4" in done.stdout
    assert "→" in done.stdout
    status = archive.plenary("status").stdout
    assert "2020-01-01-essai/mauvaise" in status
    assert "failed" in status
    assert (
        archive.plenary("export", "--format", "txt", "--out", str(archive.data / "x")).returncode
        == 0
    )
    assert (archive.data / "x" / "2020-01-01-essai" / "bonne.txt").exists()


def test_check_names_a_file_that_is_no_video(archive: Archive) -> None:
    """`check` ends with 2 and names the file."""
    done = archive.plenary("check")
    assert done.returncode == 2
    assert "mauvaise.mp4" in done.stderr
    assert not archive.data.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  date: 2020-01-01", "  date: 2020-13-01", "programme.yaml:4"),
        ('    title: "La bonne"', "    title: La bonne : une suite", "programme.yaml:7"),
        ('    title: "La bonne"', '    titel: "La bonne"', "title"),
        ("    captures: [bonne.flac]", "    captures: [bonne.flac]\n    chair: zoe", "zoe"),
        ("    captures: [bonne.flac]", '    captures: [bonne.flac]\n    start: "25:00"', "25:00"),
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_mistake_in_a_programme_stops_before_any_work(
    archive: Archive, tmp_path: Path, old: str, new: str, told: str, command: str
) -> None:
    """Wrong dates, cut titles, unknown keys and people: file, line, what to do, exit 2."""
    _edit(tmp_path / "events" / "2020-01-01-essai" / "programme.yaml", old, new)
    done = archive.plenary(command)
    assert done.returncode == 2
    assert told in done.stderr
    assert "programme.yaml:" in done.stderr
    assert "→" in done.stderr
    assert not archive.data.exists()


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_unknown_model_stops_before_any_work(archive: Archive, command: str) -> None:
    """A misspelt size is answered with the nearest one."""
    _edit(archive.config, str(ROOT / "demo" / "model"), "large-v3-turboo")
    done = archive.plenary(command)
    assert done.returncode == 2
    assert "large-v3-turbo" in done.stderr
    assert not archive.data.exists()


def test_an_unreachable_hub_is_said_and_nothing_hangs(archive: Archive) -> None:
    """`fetch-models` without a network ends within the test's patience, with a sentence."""
    _edit(archive.config, str(ROOT / "demo" / "model"), "tiny")
    done = archive.plenary("fetch-models")
    assert done.returncode == 2
    assert "→" in done.stderr


def test_a_data_folder_that_cannot_be_made(archive: Archive) -> None:
    """A data folder in the place of a file is named before any work."""
    _edit(archive.config, "data: ./data", "data: ./config.yaml")
    for command in ("check", "run"):
        done = archive.plenary(command)
        assert done.returncode == 2, (command, done.stderr)
        assert "config.yaml" in done.stderr


def test_serving_and_searching_before_anything_is_published(archive: Archive) -> None:
    """Each verb that needs the public file says how to make it."""
    for words in (["search", "x"], ["export", "--format", "vtt", "--out", "x"]):
        done = archive.plenary(*words)
        assert done.returncode == 2
        assert "plenary run" in done.stderr
