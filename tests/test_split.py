"""Speech, windows and blocks: nothing heard is left out, and cuts change nothing."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import media, split
from pipeline.model import Span, union
from pipeline.split import Hearing

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    """Return 33 s of six sentences by three espeak-ng voices, in three groups."""
    target = tmp_path_factory.mktemp("split") / "s.flac"
    media.extract_sound([DATA / "three_windows.m4a"], target)
    return media.read_sound(target)


def said() -> list[Span]:
    """Where the sentences of the recording lie."""
    lines = json.loads((DATA / "three_windows.json").read_text("utf-8"))
    return [Span(start_ms, end_ms) for start_ms, end_ms, _ in lines]


def test_synthetic_voices_are_heard(sound: NDArray[np.float32]) -> None:
    """Speech is found where it is, to 0.2 s, and nowhere else."""
    heard = split.listen([sound])
    assert heard.duration_ms == len(sound) // 16
    for sentence in said():
        covered = sum(span.overlap_ms(sentence) for span in heard.speech)
        assert covered > 0.85 * sentence.duration_ms
    near = union(Span(max(0, s.start_ms - 200), s.end_ms + 200) for s in said())
    for span in heard.speech:
        assert any(span.overlap_ms(sentence) == span.duration_ms for sentence in near)


def test_what_is_heard_does_not_depend_on_the_chunks(sound: NDArray[np.float32]) -> None:
    """Chunks of any size give the same hearing, to the last level."""
    whole = split.listen([sound])
    for size in (1_600, 7_777, 300_000):
        chunks = (sound[n : n + size] for n in range(0, len(sound), size))
        assert split.listen(chunks) == whole


def test_levels_are_those_of_the_sound() -> None:
    """A full-scale square is 0 dB, a tenth of it -20 dB, nothing is the floor."""
    sound = np.concatenate([np.ones(1_600), np.full(1_600, 0.1), np.zeros(1_700)])
    heard = split.listen([sound.astype(np.float32)])
    assert heard.level_db == (0.0, -20.0, split.FLOOR_DB, split.FLOOR_DB)
    assert heard.duration_ms == 306
    assert heard.speech == ()
    assert split.listen([]) == Hearing(0, (), ())


def test_speech_after_long_noise_is_heard(material: Path, tmp_path: Path) -> None:
    """A phrase said again after 30 s of room noise is heard as the first time."""
    capture = material / "whisper-outputs-fr" / "audio" / "bonjour_vous_allez_bien.mp3"
    media.extract_sound([capture], tmp_path / "s.flac")
    heard = split.listen(media.stream_sound(tmp_path / "s.flac"))
    assert any(span.overlap_ms(Span(33_000, 33_500)) for span in heard.speech)
    assert any(span.overlap_ms(Span(34_500, 35_500)) > 800 for span in heard.speech)


def test_a_recording_of_three_groups_has_three_windows(sound: NDArray[np.float32]) -> None:
    """Long pauses end windows, short ones do not, and voices keep a margin."""
    windows = split.plan(split.listen([sound]))
    assert len(windows) == 3
    for window, (first, last) in zip(
        windows, zip(said()[::2], said()[1::2], strict=True), strict=True
    ):
        assert first.start_ms - 400 < window.start_ms < first.start_ms
        assert last.end_ms - 150 < window.end_ms < last.end_ms + 500


@st.composite
def hearings(draw: st.DrawFn) -> Hearing:
    """Any hearing: runs of speech from a click to minutes, any pauses, any levels."""
    speech: list[Span] = []
    at = draw(st.integers(0, 2_000))
    for _ in range(draw(st.integers(0, 12))):
        end = at + draw(st.one_of(st.integers(100, 5_000), st.integers(100, 100_000)))
        speech.append(Span(at, end))
        at = end + draw(st.one_of(st.integers(40, 900), st.integers(40, 20_000)))
    duration = at + draw(st.integers(0, 500))
    seed = draw(st.integers(0, 9))
    levels = np.random.default_rng(seed).uniform(-60, -10, duration // split.LEVEL_MS + 1)
    return Hearing(duration, tuple(speech), tuple(levels))


@given(hearings())
@settings(max_examples=200, deadline=None)
def test_windows_hold_all_speech_and_none_twice(heard: Hearing) -> None:
    """Windows are sorted, disjoint, at most 30 s, inside the recording, and hold all speech."""
    windows = split.plan(heard)
    assert all(0 < window.duration_ms <= split.WINDOW_MS for window in windows)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(windows))
    assert not windows or (windows[0].start_ms >= 0 and windows[-1].end_ms <= heard.duration_ms)
    for span in heard.speech:
        assert sum(window.overlap_ms(span) for window in windows) == span.duration_ms


@given(hearings(), st.integers(0, 60_000), st.integers(1, 200_000))
@settings(max_examples=50, deadline=None)
def test_windows_of_a_session_stay_inside_it(heard: Hearing, start: int, length: int) -> None:
    """Within a part of the recording, that part's speech and no more is in windows."""
    part = Span(start, start + length)
    windows = split.plan(heard, within=part)
    assert all(window.clip(part) == window for window in windows)
    for span in heard.speech:
        held = sum(window.overlap_ms(span) for window in windows)
        assert held == span.overlap_ms(part)


@given(hearings(), st.integers(60_000, 600_000))
@settings(max_examples=50, deadline=None)
def test_blocks_are_whole_windows_in_order(heard: Hearing, length_ms: int) -> None:
    """Blocks joined are the windows; a block is no longer than asked, or one window."""
    windows = split.plan(heard)
    made = split.blocks(windows, length_ms=length_ms)
    assert tuple(window for block in made for window in block) == windows
    for block in made:
        assert len(block) == 1 or block[-1].end_ms - block[0].start_ms <= length_ms


def test_a_long_run_is_cut_where_it_is_quietest() -> None:
    """Without a pause, a window ends in the quietest tenth of a second it may end in."""
    levels = [-20.0] * 500
    levels[222], levels[100] = -40.0, -90.0
    windows = split.plan(Hearing(50_000, (Span(0, 50_000),), tuple(levels)))
    assert windows == (Span(0, 22_250), Span(22_250, 50_000))
