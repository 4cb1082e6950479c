"""A recording's language is decided once, by several windows, or not at all."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from noises import DATA
from sqlite_utils import Database

from archive.errors import CaptureFault
from pipeline import listening, media, split
from pipeline.language_vote import VOTERS, spoken, vote, voters
from pipeline.ledger import Done, Ledger, Step
from pipeline.model import Recognised, Span

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from pipeline.executors import Task

# What medium and tiny gave for real clips, the three likeliest languages of each: speech on the
# phone, a greeting, the same greeting after noise (which tiny took for Russian).
SPEECH = [
    {"fr": 0.997, "en": 0.001, "it": 0.001},
    {"fr": 0.405, "pt": 0.333, "ru": 0.104},
    {"ru": 0.514, "pt": 0.203, "pl": 0.106},
    {"fr": 0.754, "nn": 0.071, "en": 0.061},
]
LAUGHTER = [
    {"en": 0.456, "es": 0.073, "pt": 0.06},
    {"en": 0.230, "ko": 0.061, "sv": 0.058},
    {"en": 0.473, "nn": 0.213, "ko": 0.081},
]


def test_the_majority_outvotes_a_window_at_a_loss() -> None:
    """Four windows, one of them sure of Russian: French, with its mean as its share."""
    language, share = vote(SPEECH)
    assert language == "fr"
    assert share == pytest.approx((0.997 + 0.405 + 0.754) / 4)


@pytest.mark.parametrize("told", [LAUGHTER, [], [{"fr": 0.5, "en": 0.5}, {"de": 0.9}]])
def test_a_vote_below_half_is_refused(told: list[dict[str, float]]) -> None:
    """Laughter, no speech, two halves: what to write is said, and the likeliest are named."""
    with pytest.raises(CaptureFault, match="set language:"):
        vote(told)


def test_recorded_distributions(material: Path) -> None:
    """All that the material holds: French clips are French, German German, English English."""
    outputs = material / "whisper-outputs-fr" / "outputs"

    def told(*clips: str) -> list[dict[str, float]]:
        paths = [outputs / run / f"{c}.words.json" for c in clips for run in RUNS]
        return [json.loads(path.read_text("utf-8"))["language_probs"] for path in paths]

    assert vote(told("smartphone.mp3", "bonjour.wav", "bonjour_vous_allez_bien.mp3"))[0] == "fr"
    assert vote(told("gaenswein15.mp3"))[0] == "de"
    assert vote(told("gloria.mp3"))[0] == "en"
    with pytest.raises(CaptureFault):
        vote(told("empty.mp3", "laugh1.mp3"))


RUNS = ("medium_auto", "tiny_auto")


def test_voters_are_spread_and_long() -> None:
    """Seven of many, from the first to the last; short windows only where long ones are few."""
    long = [Span(at * 60_000, at * 60_000 + 20_000) for at in range(40)]
    short = [Span(at * 60_000 + 30_000, at * 60_000 + 32_000) for at in range(40)]
    chosen = voters(sorted([*long, *short]))
    assert len(chosen) == VOTERS
    assert set(chosen) <= set(long)
    assert (chosen[0], chosen[-1]) == (long[0], long[-1])
    assert voters(short[:3]) == tuple(short[:3])
    assert voters([]) == ()


@dataclass
class _Polled:
    """An executor whose model answers with recorded distributions."""

    told: list[dict[str, float]]
    workers: int = 1
    ahead: int = 0
    asked: list[Task] = field(default_factory=list)

    def warm(self) -> None:
        return

    def submit(self, task: Task) -> Future[Recognised]:
        answer = self.told[len(self.asked) % len(self.told)]
        self.asked.append(task)
        future: Future[Recognised] = Future()
        future.set_result(Recognised((), languages=(tuple(answer.items()),)))
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return


def test_a_recording_is_asked_once(tmp_path: Path) -> None:
    """The model is polled about windows of speech; the next run finds the answer recorded."""
    path = tmp_path / "s.flac"
    media.extract_sound([DATA / "three_windows.m4a"], path)
    done = Done(Step("sound", 1, {}), None, "1" * 64, "")
    source = listening.Sound(path, "1" * 64, (), 33_000, (), (), done)
    speech = tuple(Span(at, at + 4_000) for at in range(0, 30_000, 10_000))
    heard = split.Hearing(33_000, speech, tuple(np.full(330, -20.0)))
    ledger = Ledger(Database(tmp_path / "work.db"), tmp_path)
    executor = _Polled([SPEECH[0], *SPEECH[2:]])
    assert spoken(ledger, source, heard, "0" * 64, executor)[0] == "fr"
    count = len(executor.asked)
    assert 1 < count <= VOTERS
    assert {task.recognition.language for task in executor.asked} == {"auto"}
    assert spoken(ledger, source, heard, "0" * 64, executor)[0] == "fr"
    assert len(executor.asked) == count
