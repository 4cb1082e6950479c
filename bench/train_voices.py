"""Train pipeline/voices_embedded.npz: the projection that keeps what tells speakers apart.

    python bench/train_voices.py --material ../shared/material/voices [--out FILE.npz]

Learns from voices/train alone: 179 speakers of LibriSpeech train-clean-100, one clip of about
12 s each (V. Panayotov, G. Chen, D. Povey, S. Khudanpur: "Librispeech: an ASR corpus based on
public domain audio books", ICASSP 2015; CC BY 4.0). Each clip is cut into stretches of 1 to
3 s, as recorded, in one simulated room, in noise, and through a telephone's band: within one
recording all voices pass the same channel, so a clip's stretches are centred per channel and
only the voice is left to differ. Then prints the equal error rate on voices/dev and
voices/tune, 3 s against 3 s, clean and through a room and a microphone that training did not
hear, beside plain cepstral statistics.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.model import Span
from pipeline.voices import CEPSTRA, EMBEDDED, RATE, Embedder, statistics

Sound = NDArray[np.float32]
Table = NDArray[np.float64]

DIMENSIONS = 40
LENGTHS = (1.0, 1.5, 2.0, 3.0)
"""Seconds; the stretches of attribute.py are as long."""
SHRINKAGE = 0.02
"""Share of the mean variance added to the within-speaker covariance."""


def load(path: Path) -> Sound:
    """Read a mono file at RATE."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    whole = np.concatenate(frames).astype(np.float32)
    return np.asarray(0.7 * whole / (np.abs(whole).max() + 1e-9), np.float32)


def room(sound: Sound, seed: int, reverberation: float = 0.05, level: float = 0.03) -> Sound:
    """The sound in a room and through a microphone, both drawn from `seed`."""
    dice = np.random.default_rng(seed)
    length = int(0.3 * RATE)
    tail = np.exp(-np.arange(length) / (reverberation * RATE))
    tail = tail * dice.standard_normal(length) * level
    tail[0] = 1.0
    microphone = dice.standard_normal(65) * np.hanning(65) * 0.05
    microphone[32] += 1.0
    size = len(sound) + length + 64
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(tail, size) * np.fft.rfft(microphone, size)
    return np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)


def noisy(sound: Sound, seed: int, decibels: float) -> Sound:
    """The sound in white noise."""
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    level = np.sqrt(np.mean(sound**2) / 10 ** (decibels / 10))
    return np.asarray(sound + level * noise, np.float32)


def narrow(sound: Sound) -> Sound:
    """The sound through a band of 200 to 4 000 Hz."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = 1 / (1 + (hertz / 4000) ** 8) * (1 / (1 + (200 / np.maximum(hertz, 1)) ** 4))
    return np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32)


def stretches(sound: Sound, seconds: float, step: float) -> list[Sound]:
    """Cut stretches of `seconds`, one every `step` seconds."""
    length = int(seconds * RATE)
    starts = range(0, len(sound) - length + 1, int(step * RATE))
    return [sound[start : start + length] for start in starts]


def table(folder: Path) -> tuple[Table, NDArray[np.int64]]:
    """Statistics of all training stretches, centred per channel, and their speakers."""
    rows: list[Table] = []
    who: list[int] = []
    sounds = [load(path) for path in sorted(folder.glob("*.flac"))]
    channels = (
        lambda sound, _: sound,
        lambda sound, seed: noisy(sound, seed, 20),
        lambda sound, seed: noisy(room(sound, 1), seed, 30),
        lambda sound, seed: noisy(narrow(sound), seed, 30),
    )
    for channel in channels:
        made: list[Table] = []
        for speaker, sound in enumerate(sounds):
            heard = channel(sound, speaker)
            for seconds in LENGTHS:
                for piece in stretches(heard, seconds, 1.0):
                    made.append(statistics(piece))
                    who.append(speaker)
        block = np.array(made)
        rows.append(block - block.mean(axis=0) + (rows[0].mean(axis=0) if rows else 0))
        if not rows[1:]:
            rows[0] = block
    return np.concatenate(rows), np.array(who)


def discriminant(rows: Table, who: NDArray[np.int64]) -> tuple[Table, Table]:
    """Fisher's discriminant: (mean, matrix [DIMENSIONS, n]); one voice's covariance becomes I."""
    mean = rows.mean(axis=0)
    centres = np.array([rows[who == speaker].mean(axis=0) for speaker in np.unique(who)])
    within = np.cov((rows - centres[who]).T)
    scale = np.sqrt(np.diag(within))
    within = within / np.outer(scale, scale)
    within += SHRINKAGE * np.eye(len(scale))
    between = np.cov(((centres - mean) / scale).T)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors @ np.diag(values**-0.5) @ vectors.T
    spread, directions = np.linalg.eigh(whiten @ between @ whiten)
    best = directions[:, np.argsort(spread)[::-1][:DIMENSIONS]]
    return mean, (best.T @ whiten) / scale


def equal_error_rate(vectors: Table, who: NDArray[np.int64]) -> float:
    """Where as many strangers are taken for one voice as one voice is taken for two."""
    likeness = vectors @ vectors.T
    pairs = np.triu_indices(len(vectors), 1)
    same = who[pairs[0]] == who[pairs[1]]
    order = np.argsort(-likeness[pairs])
    hits = np.cumsum(same[order]) / same.sum()
    alarms = np.cumsum(~same[order]) / (~same).sum()
    return float(alarms[np.argmin(np.abs(1 - hits - alarms))])


def report(material: Path, embedder: Embedder) -> None:
    """Print equal error rates beside those of plain cepstral means and spreads."""
    clips = [[path] for path in sorted((material / "tune").glob("*.flac"))]
    clips += [sorted(f.glob("*.flac")) for f in sorted((material / "dev").iterdir())]
    for channel in ("as recorded", "room"):
        for seconds in (3.0, 1.5, 1.0):
            vectors, plain, who = [], [], []
            for speaker, paths in enumerate(clips):
                sound = np.concatenate([load(path) for path in paths])[: 24 * RATE]
                heard = room(sound, 20260101) if channel == "room" else sound
                for piece in stretches(heard, seconds, seconds):
                    span = Span(0, len(piece) * 1000 // RATE)
                    vectors.append(embedder.embed(piece, [span])[0])
                    plain.append(statistics(piece)[: 2 * CEPSTRA])
                    who.append(speaker)
            table = np.array(plain)
            table = (table - table.mean(axis=0)) / table.std(axis=0)
            table /= np.linalg.norm(table, axis=1, keepdims=True)
            ours = np.array(vectors, np.float64)
            print(
                f"{channel:12s} {seconds:.1f} s: equal error rate"
                f" {equal_error_rate(ours, np.array(who)):.3f},"
                f" plain statistics {equal_error_rate(table, np.array(who)):.3f}"
            )


def main() -> None:
    """Train, write, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=EMBEDDED)
    given = parser.parse_args()
    rows, who = table(given.material / "train")
    mean, matrix = discriminant(rows, who)
    np.savez_compressed(given.out, mean=mean.astype(np.float32), matrix=matrix.astype(np.float32))
    print(f"{len(rows)} stretches of {who.max() + 1} speakers → {given.out}")
    report(given.material, Embedder.embedded() if given.out == EMBEDDED else Embedder(mean, matrix))


if __name__ == "__main__":
    main()
