"""voices.py: one voice is near itself and far from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from pipeline.model import Span
from pipeline.voices import EMBEDDED, RATE, Embedder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def buzz(pitch: float, formants: tuple[float, ...], seed: int) -> NDArray[np.float32]:
    """Six seconds of a made-up voice: pulses at a wavering pitch through resonances."""
    dice = np.random.default_rng(seed)
    count = 6 * RATE
    waver = pitch * (1 + 0.05 * np.sin(2 * np.pi * dice.uniform(2, 4) * np.arange(count) / RATE))
    phase = np.cumsum(waver) / RATE
    pulses = (np.diff(np.floor(phase), prepend=0.0) > 0).astype(float)
    pulses += 0.01 * dice.standard_normal(count)
    spectrum, hertz = np.fft.rfft(pulses), np.fft.rfftfreq(count, 1 / RATE)
    gain = sum(1 / (1 + ((hertz - f) / 120) ** 2) for f in formants) + 0.02
    sound = np.fft.irfft(spectrum * gain, count)
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def test_voice_is_near_itself() -> None:
    """Stretches of one voice are nearer to each other than to another's."""
    low, high = buzz(110, (500, 1500, 2500), 1), buzz(210, (700, 1900, 2900), 2)
    spans = [Span(s, s + 1500) for s in (0, 1500, 3000)]
    embedder = Embedder.embedded()
    one, two = embedder.embed(low, spans), embedder.embed(high, spans)
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    assert (one @ one.T).min() > (one @ two.T).max() + 0.2


def test_span_outside_has_no_voice() -> None:
    """A span after the sound's end gives zeros, a very short one is widened, silence is finite."""
    embedder = Embedder.embedded()
    sound = np.zeros(RATE, np.float32)
    vectors = embedder.embed(sound, [Span(5000, 6000), Span(500, 510), Span(0, 1000)])
    assert not vectors[0].any()
    assert np.isfinite(vectors).all()
    assert embedder.embed(sound, []).shape == (0, len(embedder.matrix))


def test_projection_is_small() -> None:
    """The weights that ship with the project stay under 3 MB."""
    assert EMBEDDED.stat().st_size < 3_000_000


@pytest.mark.slow
def test_real_voices(material: Path) -> None:
    """On 36 read voices that training never heard, 3 s against 3 s: errors meet under 5 %."""
    embedder = Embedder.embedded()
    vectors, who = [], []
    for speaker, path in enumerate(sorted((material / "voices" / "tune").glob("*.flac"))):
        with av.open(str(path)) as container:
            frames = [f.to_ndarray().reshape(-1) for f in container.decode(audio=0)]
        sound = np.concatenate(frames).astype(np.float32) / np.float32(32768)
        starts = range(0, len(sound) * 1000 // RATE - 2999, 3000)
        spans = [Span(start, start + 3000) for start in starts]
        vectors.append(embedder.embed(sound, spans))
        who += [speaker] * len(spans)
    likeness = np.concatenate(vectors) @ np.concatenate(vectors).T
    pairs = np.triu_indices(len(who), 1)
    same = np.array(who)[pairs[0]] == np.array(who)[pairs[1]]
    order = np.argsort(-likeness[pairs])
    misses = 1 - np.cumsum(same[order]) / same.sum()
    alarms = np.cumsum(~same[order]) / (~same).sum()
    assert alarms[np.argmin(np.abs(misses - alarms))] < 0.05
