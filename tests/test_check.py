"""`check`: everything wrong at once, with the line that names it, and nothing written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from archive.errors import ArchiveFault, CaptureFault, FileFault, ModelFault
from pipeline.check import Checked, check
from pipeline.media import ffmpeg_path

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMME = """\
event: {id: jour, title: "Jour", date: 2020-01-01}
people: {ana: {name: "Ana Exemple"}}
sessions:
  - id: matin
    title: "Matin"
    captures: [captures/matin.mp4]
    transcripts: [matin.json]
    to: "00:02"
"""


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two seconds of picture and sound."""
    path = tmp_path_factory.mktemp("video") / "matin.mp4"
    _ffmpeg("testsrc=s=64x48:r=5:d=2", "-f", "lavfi", "-i", "sine=d=2", path)
    return path


def _ffmpeg(picture: str, *rest: str | Path) -> None:
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, *rest]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture
def archive(tmp_path: Path, root: Path, video: Path) -> Path:
    """Make an archive in which nothing is wrong; returns its config.yaml."""
    event = tmp_path / "events" / "jour"
    (event / "captures").mkdir(parents=True)
    shutil.copy(video, event / "captures" / "matin.mp4")
    segment = {"id": 0, "start": 0.0, "end": 1.0, "text": " Bonjour."}
    (event / "matin.json").write_text(json.dumps({"segments": [segment], "language": "fr"}))
    (event / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(f"data: ./data\ntranscription:\n  model: {root}/demo/model\n")
    return config


def told(found: Checked) -> str:
    return "\n".join(map(str, (*found.faults, *found.capture_faults)))


def rewrite(archive: Path, old: str, new: str) -> None:
    path = archive.parent / "events" / "jour" / "programme.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    found = {str(p): p.stat() for p in (folder, *folder.rglob("*"))}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in found.items()}


def test_an_archive_in_order_passes_and_nothing_is_written(archive: Path) -> None:
    """The tree is as it was, times included; hours and gigabytes are estimated."""
    before = snapshot(archive.parent)
    found = check(archive)
    assert told(found) == ""
    assert snapshot(archive.parent) == before
    assert found.settings is not None
    assert [event.id for event in found.events] == ["jour"]
    assert found.estimate is not None
    assert found.estimate.hours_of_sound == pytest.approx(2 / 3600, rel=0.1)
    assert found.estimate.hours_left == found.estimate.hours_of_sound
    assert found.estimate.hours_recognised == 0, "its words come from a transcript"


def test_the_disk_asked_for_is_what_the_settings_can_take(archive: Path) -> None:
    """Kept sound, and copies by their kind and quality: the ceilings that the encoder keeps."""
    kbps = {"": 256 + 2 * 54 + 2000, "media: {height: 360, quality: low}": 256 + 2 * 54 + 350}
    kbps |= {"media: {web_copy: false}": 256}
    text = archive.read_text("utf-8")
    for media, most in kbps.items():
        archive.write_text(f"{text}{media}\n", "utf-8")
        found = check(archive).estimate
        assert found is not None
        assert found.gigabytes == pytest.approx(2 * most / 8 / 1e6, rel=0.1)
    rewrite(archive, "captures/matin.mp4", "captures/matin.wav")
    captures = archive.parent / "events" / "jour" / "captures"
    _ffmpeg("sine=d=2", captures / "matin.wav")
    archive.write_text(text, "utf-8")
    found = check(archive).estimate
    assert found is not None
    assert found.gigabytes == pytest.approx(2 * (256 + 54) / 8 / 1e6, rel=0.1), "no picture"


def test_the_bundled_demo_passes(root: Path) -> None:
    """The root config.yaml works as it is; all of its sound is for the model."""
    found = check(root / "config.yaml")
    assert told(found) == ""
    assert found.estimate is not None
    assert 0 < found.estimate.hours_recognised == found.estimate.hours_of_sound


def test_the_seeds_whole_day_passes(tmp_path: Path, root: Path) -> None:
    """An event of which nothing is filmed needs neither captures nor a model."""
    config = tmp_path / "config.yaml"
    config.write_text(f"events: {root}/tests/fixtures/seed/events\n")
    found = check(config)
    assert told(found) == ""
    assert [len(event.sessions) for event in found.events] == [0, 12]


def test_a_bad_capture_is_told_with_its_line_and_stops_nothing_else(archive: Path) -> None:
    """Missing, unreadable, silent: faults of their recordings, not of the files."""
    captures = archive.parent / "events" / "jour" / "captures"
    (captures / "text.mp4").write_text("no video at all\n")
    _ffmpeg("testsrc=s=64x48:r=5:d=1", captures / "silent.mp4")
    rewrite(
        archive,
        "    to:",
        "  - {id: a, title: A, captures: [captures/absent.mp4]}\n"
        "  - {id: b, title: B, captures: [captures/text.mp4]}\n"
        "  - {id: c, title: C, captures: [captures/silent.mp4]}\n"
        "  - id: d\n    title: D\n    captures: [captures/matin2.mp4]\n    to:",
    )
    shutil.copy(captures / "matin.mp4", captures / "matin2.mp4")
    found = check(archive)
    assert found.faults == ()
    assert [fault.line for fault in found.capture_faults] == [8, 9, 10]
    assert all(isinstance(fault, CaptureFault) for fault in found.capture_faults)
    for name in ("absent.mp4", "text.mp4", "silent.mp4"):
        assert name in told(found)


def test_a_session_past_the_end_of_its_recording_is_told(archive: Path) -> None:
    """At the line of `to:`."""
    rewrite(archive, "00:02", "01:00:00")
    (fault,) = check(archive).capture_faults
    assert fault.line == 8
    assert "ends at 1:00:00, and its recording lasts 0:02" in str(fault)


def test_a_transcript_of_another_sound_is_told(archive: Path) -> None:
    """Absent, no transcript, or far too long: at the line of `transcripts:`."""
    transcript = archive.parent / "events" / "jour" / "matin.json"
    late = {"segments": [{"id": 0, "start": 900.0, "end": 901.0, "text": " Tard."}]}
    for text in (json.dumps(late), "{", None):
        if text is None:
            transcript.unlink()
        else:
            transcript.write_text(text)
        (fault,) = check(archive).capture_faults
        assert isinstance(fault, FileFault)
        assert fault.line == 7
        assert "matin.json" in str(fault)


@pytest.mark.parametrize("model", ["large-v9", "./no-such-folder"])
def test_an_unknown_model_is_told_when_something_is_to_be_heard(archive: Path, model: str) -> None:
    """At its line in config.yaml; an archive that needs no model is not bothered."""
    archive.write_text(f"data: ./data\ntranscription:\n  model: {model}\n")
    assert told(check(archive)) == ""
    rewrite(archive, "    transcripts: [matin.json]\n", "")
    (fault,) = check(archive).faults
    assert isinstance(fault, ModelFault)
    assert (fault.path, fault.line) == (archive, 3)
    assert model.removeprefix(".") in str(fault)


def test_a_data_folder_that_cannot_be_written_is_told(archive: Path) -> None:
    """Here a file is in its way: at the line of `data:`."""
    archive.write_text("data: ./config.yaml/data\n")
    (fault,) = check(archive).faults
    assert isinstance(fault, ArchiveFault)
    assert fault.line == 1
    assert "cannot be written" in str(fault)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_without_the_right_to_write_is_told(archive: Path) -> None:
    """Found out without writing."""
    locked = archive.parent / "locked"
    locked.mkdir(mode=0o500)
    archive.write_text("data: ./locked/data\n")
    assert "cannot be written" in told(check(archive))


def test_a_disk_too_small_is_told(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still to be made must fit; what lies there already counts."""
    monkeypatch.setattr("pipeline.estimate.KEPT_SOUND_KBPS", 10**15)
    (fault,) = check(archive).faults
    assert isinstance(fault, ArchiveFault)
    assert "GB more" in str(fault)
    assert fault.line == 1


def test_only_what_is_to_be_worked_on_is_opened(archive: Path) -> None:
    """A night with one new recording asks neither the disks of the others nor room for them."""
    rewrite(archive, "captures/matin.mp4", "captures/absent.mp4")
    assert check(archive).capture_faults
    found = check(archive, only={})
    assert found.capture_faults == ()
    assert found.estimate is not None
    assert (found.estimate.hours_of_sound, found.estimate.gigabytes_left) == (0, 0)


def test_all_files_and_captures_are_told_in_one_look(archive: Path) -> None:
    """A wrong programme does not hide a missing capture, nor another event's mistakes."""
    rewrite(archive, "captures/matin.mp4", "captures/absent.mp4")
    rewrite(archive, "    title:", "    titre:")
    other = archive.parent / "events" / "other"
    other.mkdir()
    (other / "programme.yaml").write_text("event: {id: other, title: O, date: demain}\n")
    archive.write_text("events: ./events\ndata: ./config.yaml/data\n")
    found = check(archive)
    lines = [(fault.path and fault.path.parent.name, fault.line) for fault in found.faults]
    assert lines[:3] == [("jour", 4), ("jour", 5), ("other", 1)]
    assert "data" in str(found.faults[3])
    assert [fault.line for fault in found.capture_faults] == [6]


def test_a_wrong_config_is_all_that_can_be_told(archive: Path) -> None:
    """Without settings there are no events to look at."""
    archive.write_text("datta: ./data\n")
    found = check(archive)
    assert found.settings is None
    assert "did you mean `data`?" in told(found)


def test_an_absent_events_folder_is_the_configs_mistake(archive: Path) -> None:
    """At the line of `events:`."""
    archive.write_text("data: ./data\nevents: ./nowhere\n")
    (fault,) = check(archive).faults
    assert (fault.path, fault.line) == (archive, 2)
    assert "nowhere" in str(fault)


def test_what_is_made_anew_needs_its_room_again(archive: Path) -> None:
    """A copy that stands takes none, unless its step is due: then the new one is made beside it."""
    copies = archive.parent / "data" / "media" / "jour"
    copies.mkdir(parents=True)
    whole = check(archive).estimate
    assert whole is not None
    (recording,) = [f"jour/{r.id}" for e in check(archive).events for r in e.recordings]
    (copies / f"{recording.partition('/')[2]}.mp4").touch()
    left = {
        step: found.gigabytes_left
        for step in ("gate", "pictures")
        if (found := check(archive, {recording: step}).estimate)
    }
    assert left["gate"] < left["pictures"] == pytest.approx(whole.gigabytes)
    small = check(archive).estimate
    assert small is not None
    assert small.gigabytes_left == whole.gigabytes_left, "what stands may be of another quality"
