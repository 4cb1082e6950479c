"""Sounds without speech: silence, noises, applause, hum, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, sosfilt

from demo.make.speech import RATE, Samples

if TYPE_CHECKING:
    from collections.abc import Callable

Dice = np.random.Generator


def coloured(count: int, slope: float, dice: Dice) -> Samples:
    """Noise whose power falls as frequency to the power -`slope`: 0 white, 1 pink, 2 brown."""
    length = next_fast_len(count, real=True)
    spectrum = rfft(dice.standard_normal(length, np.float32))
    places = np.arange(len(spectrum), dtype=np.float32) + 1
    return level(irfft(spectrum * places ** np.float32(-slope / 2), length)[:count])


def level(samples: np.ndarray) -> Samples:
    """The sound brought to a root mean square of 1."""
    power = float(np.sqrt(np.mean(samples**2))) or 1.0
    return (samples / power).astype(np.float32)


def applause(count: int, dice: Dice) -> Samples:
    """Many claps: short bursts of noise at random times, in the band of hands (0.5 to 5 kHz)."""
    claps = np.zeros(count)
    length = min(RATE // 40, count)
    decay = np.exp(-np.arange(length) / (RATE * 0.004))
    for place in dice.integers(0, max(count - length, 1), max(int(count / RATE * 150), 1)):
        burst = dice.standard_normal(length) * decay * dice.uniform(0.2, 1.0)
        claps[place : place + length] += burst
    band = butter(2, (500, 5000), btype="band", fs=RATE, output="sos")
    return level(sosfilt(band, claps + 0.1 * dice.standard_normal(count)))


def hum(count: int, dice: Dice) -> Samples:
    """Mains hum at 50 or 60 Hz with its harmonics, and a little noise."""
    times = np.arange(count) / RATE
    base = dice.choice([50.0, 60.0])
    waves = sum(
        np.sin(2 * np.pi * base * number * times + dice.uniform(0, 6.3)) * dice.uniform(0, 1)
        for number in range(1, 8)
    )
    return level(waves + 0.05 * dice.standard_normal(count))


def notes(count: int, dice: Dice) -> Samples:
    """Something like music: chords of decaying tones, a few per second."""
    sound = np.zeros(count)
    place = 0
    while place < count:
        length = min(int(RATE * dice.uniform(0.15, 0.8)), count - place)
        times = np.arange(length) / RATE
        for _ in range(dice.integers(1, 4)):
            pitch = 110 * 2 ** (dice.integers(0, 36) / 12)
            for harmonic in range(1, 5):
                wave = np.sin(2 * np.pi * pitch * harmonic * times) / harmonic
                sound[place : place + length] += wave * np.exp(-times * dice.uniform(1, 6))
        place += length
    return level(sound + 1e-4)


def silence(count: int, dice: Dice) -> Samples:
    """Digital silence, or nearly."""
    return (dice.standard_normal(count) * dice.choice([0.0, 1e-4, 1e-3])).astype(np.float32)


def white(count: int, dice: Dice) -> Samples:
    """White noise."""
    return coloured(count, 0, dice)


def pink(count: int, dice: Dice) -> Samples:
    """Pink noise."""
    return coloured(count, 1, dice)


def brown(count: int, dice: Dice) -> Samples:
    """Brown noise."""
    return coloured(count, 2, dice)


KINDS: dict[str, Callable[[int, Dice], Samples]] = {
    "silence": silence,
    "white": white,
    "pink": pink,
    "brown": brown,
    "applause": applause,
    "hum": hum,
    "notes": notes,
}


def draw(count: int, dice: Dice) -> Samples:
    """Any of these, at a root mean square between -54 and -14 dB."""
    kind = dice.choice(list(KINDS))
    return KINDS[str(kind)](count, dice) * np.float32(10 ** dice.uniform(-2.7, -0.7))
