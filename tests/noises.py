"""Sound without speech, made at test time, and real speech from tests/data set between it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import media
from pipeline.model import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

DATA = Path(__file__).parent / "data"
RATE = 16_000


def loud(samples: NDArray[np.float64], db: float) -> Samples:
    """Bring sound to a root mean square of `db` below full scale."""
    power = float(np.sqrt(np.mean(samples**2))) or 1.0
    return np.clip(samples * (10 ** (db / 20) / power), -1, 1).astype(np.float32)


def silence(count: int, dice: np.random.Generator) -> Samples:
    """The last bits of a recorder that hears nothing."""
    return (dice.standard_normal(count) * 2e-5).astype(np.float32)


def room(count: int, dice: np.random.Generator) -> Samples:
    """A room without anybody: noise whose power falls with frequency (pink)."""
    spectrum = np.fft.rfft(dice.standard_normal(count))
    return loud(np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), count), -45)


def applause(count: int, dice: np.random.Generator) -> Samples:
    """Many claps at random times: bursts of noise of a few milliseconds."""
    claps = np.zeros(count)
    decay = np.exp(-np.arange(RATE // 40) / (RATE * 0.004))
    for place in dice.integers(0, count - len(decay), count // RATE * 150):
        burst = dice.standard_normal(len(decay)) * decay
        claps[place : place + len(decay)] += burst * dice.uniform(0.2, 1)
    return loud(np.diff(claps, prepend=0.0), -25)


def hum(count: int, dice: np.random.Generator) -> Samples:
    """Mains hum with its harmonics."""
    times = np.arange(count) / RATE
    waves = sum(np.sin(2 * np.pi * 50 * n * times) * dice.uniform(0, 1) for n in range(1, 8))
    return loud(waves + 0.05 * dice.standard_normal(count), -35)


def music(count: int, dice: np.random.Generator) -> Samples:
    """Chords of decaying tones, two a second."""
    sound = np.zeros(count)
    for place in range(0, count - RATE // 2, RATE // 2):
        times = np.arange(RATE // 2) / RATE
        for _ in range(3):
            pitch = 110 * 2 ** (dice.integers(0, 36) / 12)
            for harmonic in range(1, 5):
                wave = np.sin(2 * np.pi * pitch * harmonic * times) / harmonic
                sound[place : place + len(times)] += wave * np.exp(-times * 3)
    return loud(sound, -25)


KINDS: tuple[Callable[[int, np.random.Generator], Samples], ...] = (
    silence,
    room,
    applause,
    music,
    hum,
)


@dataclass(frozen=True)
class Hall:
    """A recording, the sentences said in it with their places, and where nobody speaks."""

    samples: Samples
    said: tuple[tuple[Span, str], ...]
    empty: tuple[Span, ...]


def hall(folder: Path, minutes: int, *, every: int = 0, seed: int = 4) -> Hall:
    """Return `minutes` of noises of each kind in turn, one sentence of speech after each.

    Of `every` so many sentences one is played backwards: a voice that says no words.
    """
    media.extract_sound([DATA / "three_windows.m4a"], folder / "speech.flac")
    speech = media.read_sound(folder / "speech.flac")
    lines = json.loads((DATA / "three_windows.json").read_text("utf-8"))
    dice = np.random.default_rng(seed)
    parts: list[Samples] = []
    said: list[tuple[Span, str]] = []
    empty: list[Span] = []
    at_ms = turn = 0
    while at_ms < minutes * 60_000:
        length_ms = int(dice.integers(12_000, 40_000))
        parts.append(KINDS[turn % len(KINDS)](length_ms * 16, dice))
        empty.append(Span(at_ms, at_ms + length_ms))
        start_ms, end_ms, text = lines[turn % len(lines)]
        voice = speech[start_ms * 16 : end_ms * 16]
        parts.append(voice[::-1] if every and turn % every == 0 else voice)
        begin = at_ms + length_ms
        said.append((Span(begin, begin + end_ms - start_ms), text))
        at_ms = said[-1][0].end_ms
        turn += 1
    return Hall(np.concatenate(parts), tuple(said), tuple(empty))
