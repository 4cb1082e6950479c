"""`plenary check` tries the model before it says how many nights the rest takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT, Archive, archive_of
from small_archive import edit, programme_of, small_archive, write_hum

from pipeline.check import check
from pipeline.config import load_settings
from pipeline.container import capture_sound, read_sound
from pipeline.estimate import Estimate
from pipeline.model import Span
from pipeline.trial import STRETCH_MS, Trial, try_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_the_demo_is_tried(tmp_path: Path) -> None:
    """A minute of its own speech is recognised; nothing is written, not even a lock."""
    archive = archive_of(tmp_path, ROOT / "demo" / "events")
    done = archive.plenary("check", "--night", "0.001")
    assert done.returncode == 0, done.stderr
    assert f"tried on {STRETCH_MS // 1000} s of rivemont.mp4" in done.stdout
    assert "night" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def _unheard(tmp_path: Path) -> Archive:
    """A hum that a model has to hear: no speech is in it."""
    archive = small_archive(tmp_path)
    edit(archive.config, str(tmp_path / "no-model"), str(ROOT / "demo" / "model"))
    edit(programme_of(archive), "    transcripts: [matin.srt]\n    glossary", "    glossary")
    return archive


def test_without_speech_it_says_so(tmp_path: Path) -> None:
    """Nothing is guessed where nothing could be tried."""
    archive = _unheard(tmp_path)
    tried = try_model(load_settings(archive.config), check(archive.config).events)
    assert "no speech was found" in tried.why_not
    said = tried.told(Estimate(1, 1, 1, 1, 1, 1), 8)
    assert "is not known" in said
    assert "night" not in said


def test_transcripts_need_no_trial(tmp_path: Path) -> None:
    """An archive that no model hears is not kept waiting for one."""
    done = small_archive(tmp_path).plenary("check")
    assert (done.returncode, "tried" in done.stdout) == (0, False)


@pytest.mark.parametrize(
    ("left", "night", "said"),
    [
        (20, 8, "about 10.0 h, in nights of 8 h: 2"),
        (1, 8, "about 30 min, in nights of 8 h: 1"),
        (0, 8, "nothing"),
    ],
)
def test_nights_follow_from_the_trial(left: float, night: float, said: str) -> None:
    """A minute in a minute, two workers: twice real time; begun nights count whole."""
    trial = Trial(60_000, 60, 2, "film.mp4")
    told = trial.told(Estimate(40, left, 40, left, 1, 1), night)
    assert said in told
    assert "the whole archive anew: about 20.0 h" in told


def test_a_stretch_is_heard_where_it_is(tmp_path: Path) -> None:
    """Of a capture in any form: mono, 16 kHz, as long as asked for, from about that place."""
    path = tmp_path / "hum.wav"
    write_hum(path)
    whole = read_sound(path)
    part = capture_sound(path, Span(2_000, 4_000))
    assert len(part) == 2 * 16_000
    assert np.array_equal(part[:3_200], whole[:3_200])
    assert len(capture_sound(path, Span(5_000, 9_000))) <= 2 * 16_000
