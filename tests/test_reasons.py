"""`plenary run --dry-run` says what is due and why."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from small_archive import EVENT, edit, programme_of, small_archive, write_hum
from sqlite_utils import Database

from archive.errors import CaptureFault
from pipeline.event import Recording
from pipeline.ledger import Due, Ledger, Step
from pipeline.night import Request, due_in, run_archive
from pipeline.progress import Progress
from pipeline.reasons import why

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Archive

NAME = f"{EVENT}/matin"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A small archive after its first run."""
    made = small_archive(tmp_path)
    _run(made)
    return made


def _run(archive: Archive) -> None:
    run_archive(Request(archive.config), Progress(StringIO()))


def _due(archive: Archive) -> str:
    """Return what is due for the one recording, and why."""
    found = due_in(Request(archive.config))
    return "" if not found else str(found[NAME])


def _beside(archive: Archive, name: str) -> Path:
    return programme_of(archive).with_name(name)


def _add_confidence(archive: Archive) -> None:
    with archive.config.open("a") as file:
        file.write("attribution: {min_confidence: 0.9}\n")


def _add_capture(archive: Archive) -> None:
    write_hum(_beside(archive, "soir.wav"), 7)
    edit(programme_of(archive), "[matin.wav]", "[matin.wav, soir.wav]")


CHANGES: dict[str, tuple[Callable[[Archive], object], str]] = {
    "capture": (
        lambda a: write_hum(_beside(a, "matin.wav"), 7),
        "sound: capture changed: matin.wav",
    ),
    "another capture": (
        _add_capture,
        "sound: new capture: soir.wav",
    ),
    "channel": (
        lambda a: edit(programme_of(a), "[matin.wav]\n", "[matin.wav]\n    sound: {channel: 1}\n"),
        "sound: option sound.channel changed from None to 1",
    ),
    "transcript": (
        lambda a: edit(_beside(a, "matin.srt"), "Bonjour", "Bonsoir"),
        "sidecar: transcript changed: matin.srt",
    ),
    "times": (
        lambda a: edit(programme_of(a), '"00:06"', '"00:05"'),
        "gate: the session's times changed",
    ),
    "people": (
        lambda a: edit(programme_of(a), "Zoé Exemple", "Zoé Autre"),
        "turns: the programme's people changed",
    ),
    "option": (
        _add_confidence,
        "turns: option attribution.min_confidence changed from 0.8 to 0.9",
    ),
    "kept sound": (
        lambda a: next((a.data / "kept").glob("*.flac")).unlink(),
        "",
    ),
    "copy": (
        lambda a: (a.data / "media" / EVENT / "matin.m4a").unlink(),
        "sound copy: its result is missing",
    ),
    "what is public": (
        lambda a: edit(programme_of(a), '"La seconde"', '"x"\n    access: closed'),
        "sound copy: what is public of it changed",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(archive: Archive, change: str) -> None:
    """The first step that is due, and what differs from the last time; then nothing is due."""
    make, told = CHANGES[change]
    assert _due(archive) == ""
    make(archive)
    assert _due(archive) == told
    _run(archive)
    assert _due(archive) == ""


def test_a_new_recording_is_called_new(tmp_path: Path) -> None:
    """Before any run, and as one recording more."""
    archive = small_archive(tmp_path)
    assert _due(archive) == "sound: a new recording"
    _run(archive)
    write_hum(_beside(archive, "soir.wav"), 7)
    with programme_of(archive).open("a") as file:
        file.write("  - {id: soir, title: Soir, captures: [soir.wav], transcripts: [matin.srt]}\n")
    assert str(due_in(Request(archive.config))[f"{EVENT}/soir"]) == "sound: new capture: soir.wav"


def test_what_failed_before_is_told(tmp_path: Path) -> None:
    """With its sentence, every night until it works; an absent capture as what it is."""
    archive = small_archive(tmp_path)
    capture = _beside(archive, "matin.wav")
    capture.write_text("this is no sound\n" * 200)
    _run(archive)
    assert "failed before: " in _due(archive)
    capture.unlink()
    edit(programme_of(archive), "[matin.wav]", "[absent.wav]")
    assert _due(archive).startswith("sound: ")
    assert "absent.wav: cannot be read" in _due(archive)


def _why(ledger: Ledger, step: Step) -> str:
    return why(ledger, "e/r", Recording("r", ()), Due(step)).reason


def test_recognition_says_whether_model_words_or_version_changed(tmp_path: Path) -> None:
    """Against the nearest of a recording's blocks, whose windows differ anyhow."""
    ledger = Ledger(Database(tmp_path / "work.db"), tmp_path).about("e/r", "s")
    options = {"windows": [[0, 9]], "hotwords": "Ana", "beam_size": 5, "faster-whisper": "1.1"}
    first = Step("words", 3, {"sound": "aa", "model": "m"}, options)
    second = Step("words", 3, first.inputs, {**options, "windows": [[9, 20]]})
    assert _why(ledger, first) == "a new recording"
    ledger.plan([(first, 9), (second, 11)])
    ledger.record(first, [])
    assert _why(ledger, second) == "begun and not finished"
    ledger.record(second, [])
    other = Step("words", 3, {"sound": "aa", "model": "n"}, second.options)
    assert _why(ledger, other) == "the model changed"
    named = Step("words", 3, first.inputs, {**options, "hotwords": "Bo"})
    assert _why(ledger, named) == "the programme's names or terms changed"
    newer = Step("words", 4, first.inputs, {**options, "faster-whisper": "1.2"})
    assert _why(ledger, newer) == (
        "this version makes it otherwise (words 3 → 4),"
        " option faster-whisper changed from 1.1 to 1.2"
    )
    ledger.fail("e/r", CaptureFault("the recogniser ended twice", "report it"))
    assert _why(ledger, other) == ("the model changed; failed before: the recogniser ended twice")
