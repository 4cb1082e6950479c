"""A vector per stretch of speech: near for one voice, far for two.

A voice shows in the shape of the throat and in how fast its cords beat. The first is read
from the spectrum as the ear spaces it (mel-frequency cepstra, after Davis and Mermelstein
1980), the second from the sound's likeness with itself a few milliseconds later
(autocorrelation). What is said moves both; so a stretch is summed up by statistics over its
frames, and a linear projection keeps the directions in which speakers differ more than one
speaker's own sentences do (Fisher's discriminant, within-speaker covariance whitened), scaled
to unit length (Garcia-Romero and Espy-Wilson 2011).

Per frame t (25 ms every 10 ms): c_t, CEPSTRA cepstral coefficients without the loudness;
d_t = c_{t+2} - c_{t-2}; p_t, log2 of the pitch, where voiced. Over the frames of a stretch
that are not far below its loudest:

    s = [mean c, std c, std d, median p, spread of p, share voiced, steps of the pitch]
    v = A (s - m) / |A (s - m)|

A and m lie in voices_embedded.npz, made by bench/train_voices.py from 179 speakers of
LibriSpeech train-clean-100 (CC BY 4.0; Panayotov et al. 2015), see voices.md. The vectors
are biometric: they live in memory and are never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model import Span

RATE = 16_000
WINDOW, HOP, SPECTRUM = 400, 160, 512
MELS, CEPSTRA = 40, 23
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
PITCH_WINDOW = 640
"""Samples, 40 ms: two periods of the lowest pitch."""
PITCH_HOP = 320
PITCH_LOW_HZ, PITCH_HIGH_HZ = 60.0, 400.0
VOICED = 0.45
"""Share of a frame's energy that returns one period later, from which it counts as voiced."""
QUIET = 3.5
"""Natural logarithm of power (15 dB) under the stretch's mean from which a frame is left out."""
SHORTEST = 4000
"""Samples, 0.25 s: a shorter stretch is widened around its middle."""
FLOOR = 1e-10
STATISTICS = 3 * CEPSTRA + 4
EMBEDDED = Path(__file__).with_name("voices_embedded.npz")


@dataclass(frozen=True, slots=True)
class Embedder:
    """The projection: `mean` [STATISTICS], `matrix` [d, STATISTICS]."""

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]

    @classmethod
    def embedded(cls) -> Self:
        """Return the projection that ships with the project."""
        with np.load(EMBEDDED) as kept:
            return cls(kept["mean"].astype(np.float64), kept["matrix"].astype(np.float64))

    def embed(self, sound: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
        """Unit vectors [len(spans), d] for spans of `sound` (mono at RATE, from -1 to 1).

        A span that lies outside the sound gives zeros: no voice, like none.
        """
        vectors = np.zeros((len(spans), len(self.matrix)), np.float32)
        for row, span in enumerate(spans):
            piece = piece_of(sound, span, SHORTEST)
            if len(piece) < SHORTEST:
                continue
            vector = self.matrix @ (statistics(piece) - self.mean)
            vectors[row] = vector / max(float(np.linalg.norm(vector)), FLOOR)
        return vectors


class Voice(Protocol):
    """Whatever makes unit vectors [len(spans), D] of spans of a sound."""

    def embed(self, sound: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
        """Return a vector per span; zeros for a span outside the sound."""


def embedder(name: str, data: Path) -> Voice:
    """Return the voice model called `name`; a neural one must have been fetched into `data`.

    Raises ModelFault.
    """
    if name == "embedded":
        return Embedder.embedded()
    from pipeline.neural import NeuralEmbedder, find_voice_model  # noqa: PLC0415 (an extra)

    return NeuralEmbedder.load(find_voice_model(name, data))


def piece_of(sound: NDArray[np.float32], span: Span, shortest: int) -> NDArray[np.float32]:
    """Return a span's samples, widened around its middle to `shortest` where it has fewer."""
    start, end = span.start_ms * RATE // 1000, span.end_ms * RATE // 1000
    wider = max(0, shortest - (end - start) + 1) // 2
    return sound[max(0, start - wider) : end + wider]


def statistics(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum up a stretch, at least SHORTEST samples, in STATISTICS numbers."""
    mel = np.log(_power(_frames(sound, WINDOW, HOP)) @ _mel_filters() + FLOOR)
    loudness = mel.mean(axis=1)
    kept = loudness > np.logaddexp.reduce(loudness) - np.log(len(loudness)) - QUIET
    cepstra = mel @ _cosines()
    ahead, behind = np.roll(cepstra, -2, axis=0), np.roll(cepstra, 2, axis=0)
    steps = (ahead - behind)[2:-2]
    return np.concatenate(
        [
            cepstra[kept].mean(axis=0),
            np.log(cepstra[kept].std(axis=0) + 0.05),
            np.log(steps.std(axis=0) + 0.05),
            _pitch(sound),
        ]
    )


def _pitch(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Median and spread of log2 pitch, the share of voiced frames, how much the pitch moves."""
    frames = _frames(sound, PITCH_WINDOW, PITCH_HOP)
    frames = frames - frames.mean(axis=1, keepdims=True)
    size = 2 * 1024
    spectrum = np.fft.rfft(frames, size)
    likeness = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[:, : PITCH_WINDOW // 2]
    likeness /= _window_likeness()[: PITCH_WINDOW // 2]
    shortest, longest = int(RATE / PITCH_HIGH_HZ), int(RATE / PITCH_LOW_HZ)
    energy = likeness[:, :1] + FLOOR
    periods = (likeness / energy)[:, shortest:longest]
    # A later multiple of the period is as like as the first: the shorter one is preferred.
    periods = periods - 0.1 * np.linspace(0, 1, periods.shape[1])
    best = periods.argmax(axis=1)
    loud = energy[:, 0] > 0.02 * energy.mean()
    voiced = (periods.max(axis=1) > VOICED) & loud
    if voiced.sum() < 3:
        return np.array([7.2, 0.2, 0.0, 0.1])
    pitch = np.log2(RATE / (best[voiced] + shortest))
    low, middle, high = np.percentile(pitch, (20, 50, 80))
    moves = float(np.median(np.abs(np.diff(pitch))))
    return np.array([middle, high - low, voiced.sum() / max(1, loud.sum()), min(moves, 0.3)])


def _frames(sound: NDArray[np.float32], length: int, hop: int) -> NDArray[np.float64]:
    """Overlapping frames [n, length], tapered."""
    view = np.lib.stride_tricks.sliding_window_view(sound, length)[::hop]
    return np.asarray(view * _taper(length), np.float64)


def _power(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(frames, SPECTRUM)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float64)


@cache
def _taper(length: int) -> NDArray[np.float64]:
    return np.hanning(length)


@cache
def _window_likeness() -> NDArray[np.float64]:
    """How like the taper is to itself, shifted: what autocorrelation is divided by."""
    taper = _taper(PITCH_WINDOW)
    found = np.correlate(taper, taper, "full")[PITCH_WINDOW - 1 :]
    return np.asarray(found / found[0] + 1e-3, np.float64)


@cache
def _mel_filters() -> NDArray[np.float64]:
    """Triangular filters [SPECTRUM / 2 + 1, MELS], evenly spaced in mels."""

    def mels(hertz: float) -> float:
        return 2595.0 * float(np.log10(1 + hertz / 700.0))

    edges = np.linspace(mels(LOWEST_HZ), mels(HIGHEST_HZ), MELS + 2)
    hertz = 700.0 * (10 ** (edges / 2595.0) - 1)
    bins = np.fft.rfftfreq(SPECTRUM, 1 / RATE)[:, None]
    rising = (bins - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    falling = (hertz[2:] - bins) / (hertz[2:] - hertz[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None)


@cache
def _cosines() -> NDArray[np.float64]:
    """The discrete cosine transform [MELS, CEPSTRA] without its first column, the loudness."""
    places = (np.arange(MELS) + 0.5) * np.pi / MELS
    return np.asarray(
        np.sqrt(2 / MELS) * np.cos(np.outer(places, np.arange(1, CEPSTRA + 1))), np.float64
    )
