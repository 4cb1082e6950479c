"""A real French recording goes from capture to page, with our model and with real words."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from conftest import Archive, archive_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PROGRAMME = """\
event:
  id: 2020-01-01-telephone
  title: "Un enregistrement de téléphone"
  date: 2020-01-01
sessions:
  - id: appel
    title: "L'appel"
    captures: [smartphone.mp3]
"""


def _event(folder: Path, clip: Path, *lines: str) -> Archive:
    event = folder / "events" / "2020-01-01-telephone"
    event.mkdir(parents=True)
    shutil.copy(clip, event)
    event.joinpath("programme.yaml").write_text(PROGRAMME + "".join(lines), "utf-8")
    return archive_of(folder, folder / "events")


@pytest.fixture
def clip(material: Path) -> Path:
    return material / "whisper-outputs-fr" / "audio" / "smartphone.mp3"


def test_a_real_recording_goes_through(clip: Path, tmp_path: Path) -> None:
    """Whatever the small model makes of it, the whole path ends well and names no one."""
    archive = _event(tmp_path, clip)
    done = archive.plenary("run")
    assert done.returncode == 0, done.stdout + done.stderr
    with closing(sqlite3.connect((archive.data / "public" / "archive.db").resolve())) as db:
        assert db.execute("SELECT status FROM recordings").fetchone()[0] in {"ok", "partial"}
        assert not db.execute("SELECT 1 FROM turns WHERE person_id IS NOT NULL").fetchone()


def test_its_real_words_are_found(clip: Path, material: Path, tmp_path: Path) -> None:
    """With Whisper's own output as a sidecar, words said in the room are found by search."""
    outputs = material / "whisper-outputs-fr" / "outputs" / "medium_fr"
    transcript = outputs / "smartphone.mp3.words.json"
    archive = _event(tmp_path, clip, "    transcripts: [words.json]\n")
    shutil.copy(transcript, tmp_path / "events" / "2020-01-01-telephone" / "words.json")
    done = archive.plenary("run")
    assert done.returncode == 0, done.stdout + done.stderr
    text = json.loads(transcript.read_text("utf-8"))["text"]
    longest = sorted({w.strip(".,!?") for w in text.split()}, key=len)[-5:]
    for word in longest:
        bare = word.lower().rpartition("'")[2]
        assert f"[{bare}" in archive.plenary("search", word).stdout.lower(), word
