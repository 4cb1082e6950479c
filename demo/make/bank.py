"""A bank of spoken sentences for training: `python -m demo.make.bank SEED TAKES OUT`.

A take is one voice setting saying a few sentences. Windows are put together from takes while
training goes on, which costs less than saying everything afresh. Some takes pass through AAC,
as the sound of a video does.
"""

from __future__ import annotations

import argparse
import pickle
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from demo.make import grammar
from demo.make.speech import RATE, Samples, Voice, Word, draw_voice, held_back, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

SENTENCES = 8
"""Per take."""

AAC_SHARE = 0.4
BITRATES = ("32k", "48k", "64k", "96k")


@dataclass(frozen=True)
class Line:
    """A sentence said: 16-bit samples at RATE, and its words with seconds from its start."""

    text: str
    sound: NDArray[np.int16]
    words: tuple[Word, ...]

    def samples(self) -> Samples:
        """The sound from -1 to 1."""
        return self.sound.astype(np.float32) / 32768

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.sound) / RATE


Take = list[Line]

CODED_RATE = 44_100
PRIMING = round(1024 / CODED_RATE * RATE)
"""Samples that ffmpeg's AAC encoder puts before the sound and Matroska does not mark."""


def through_aac(samples: Samples, bitrate: str) -> Samples:
    """The sound after AAC coding and decoding, of the same length."""
    command = ["ffmpeg", "-nostdin", "-v", "error"]
    raw = ["-f", "f32le", "-ar", str(RATE), "-ac", "1"]
    coded = subprocess.run(
        [
            *command,
            *raw,
            "-i",
            "-",
            "-ar",
            str(CODED_RATE),
            "-c:a",
            "aac",
            "-b:a",
            bitrate,
            "-f",
            "matroska",
            "-",
        ],
        input=samples.tobytes(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    back = subprocess.run(
        [*command, "-i", "-", *raw, "-"], input=coded, stdout=subprocess.PIPE, check=True
    ).stdout
    sound = np.frombuffer(back, np.float32)[PRIMING : PRIMING + len(samples)]
    return np.pad(sound, (0, len(samples) - len(sound)))


def take(voice: Voice, dice: random.Random) -> Take:
    """One voice setting saying SENTENCES sentences."""
    if held_back(voice):
        raise ValueError(f"{voice} is held back from training")
    said = [say(grammar.training_sentence(dice), voice) for _ in range(SENTENCES)]
    sounds = [line.samples * (0.7 / float(np.abs(line.samples).max())) for line in said]
    if dice.random() < AAC_SHARE:
        gap = np.zeros(RATE // 4, np.float32)
        joined = np.concatenate([part for sound in sounds for part in (sound, gap)])
        coded = through_aac(joined, dice.choice(BITRATES))
        ends = np.cumsum([len(sound) + len(gap) for sound in sounds])
        sounds = [
            coded[end - len(gap) - len(sound) : end - len(gap)]
            for end, sound in zip(ends, sounds, strict=True)
        ]
    return [
        Line(line.text, np.round(sound.clip(-1, 1) * 32767).astype(np.int16), line.words)
        for line, sound in zip(said, sounds, strict=True)
    ]


def main() -> None:
    """Read the command line and write the bank."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("takes", type=int)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    dice = random.Random(given.seed)
    takes = [take(draw_voice(dice, kept=False), dice) for _ in range(given.takes)]
    partial = given.out.with_suffix(".partial")
    partial.write_bytes(pickle.dumps(takes))
    partial.rename(given.out)
    lines = [line for made in takes for line in made]
    minutes = sum(line.seconds for line in lines) / 60
    print(f"{given.out}: {len(takes)} takes, {len(lines)} sentences, {minutes:.0f} minutes")


if __name__ == "__main__":
    # Through the import, so that what is pickled belongs to demo.make.bank, not to __main__.
    from demo.make.bank import main as run

    run()
