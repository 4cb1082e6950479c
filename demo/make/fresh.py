"""Fresh recordings of the demo's kind, with their truth.

    python -m demo.make.fresh OUT [--seed 7] [--recordings 40] [--sentences 200]

writes OUT/<number>.wav, .txt (the exact words), .rttm (who spoke when) and .json (the time of each
word). Sentences and voice settings are those that training never uses.
"""

from __future__ import annotations

import argparse
import json
import random
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.make import grammar, sounds
from demo.make.bank import through_aac
from demo.make.speech import RATE, Samples, Utterance, draw_voice, say

LEVEL = 0.6
"""Peak of each sentence."""


@dataclass(frozen=True)
class Placed:
    """A sentence in a recording: who says it, and when it starts, in seconds."""

    who: str
    said: Utterance
    start: float

    @property
    def end(self) -> float:
        """When it ends, in seconds."""
        return self.start + self.said.seconds


@dataclass(frozen=True)
class Recording:
    """Sound at RATE, and what is said in it."""

    samples: Samples
    placed: tuple[Placed, ...]

    def text(self) -> str:
        """All that is said."""
        return " ".join(line.said.text for line in self.placed)


def at_level(said: Utterance) -> Samples:
    """The sound of a sentence with its peak at LEVEL."""
    peak = float(np.abs(said.samples).max())
    return (said.samples * (LEVEL / peak)).astype(np.float32)


def recording(count: int, dice: random.Random) -> Recording:
    """`count` sentences by one to three voices, 0.02 to 1.5 s apart, through AAC."""
    noise = np.random.default_rng(dice.randrange(2**32))
    voices = [draw_voice(dice, kept=True) for _ in range(dice.randint(1, 3))]
    placed: list[Placed] = []
    at = dice.uniform(0.3, 1.5)
    for _ in range(count):
        who = dice.randrange(len(voices))
        placed.append(Placed(f"voice-{who + 1}", say(sentence_of(dice), voices[who]), at))
        at = placed[-1].end + dice.choice((dice.uniform(0.02, 0.1), dice.uniform(0.1, 1.5)))
    sound = np.zeros(int((at + 1.0) * RATE), np.float32)
    for line in placed:
        start = round(line.start * RATE)
        sound[start : start + len(line.said.samples)] += at_level(line.said)
    sound += sounds.pink(len(sound), noise) * np.float32(10 ** dice.uniform(-4.0, -2.7))
    return Recording(through_aac(sound, "64k"), tuple(placed))


def sentence_of(dice: random.Random) -> str:
    """A sentence that training never uses."""
    return grammar.kept_sentence(dice)


def recordings(seed: int, count: int, sentences: int) -> list[Recording]:
    """`sentences` in `count` recordings, always the same for one seed."""
    dice = random.Random(seed)
    shares = [sentences // count + (number < sentences % count) for number in range(count)]
    return [recording(share, dice) for share in shares]


def rttm(name: str, turns: list[tuple[str, float, float]]) -> str:
    """RTTM lines: (who, start, end) in seconds, in order and without overlaps."""
    return "".join(
        f"SPEAKER {name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {who} <NA> <NA>\n"
        for who, start, end in turns
    )


def turns(placed: tuple[Placed, ...], joined: float = 2.0) -> list[tuple[str, float, float]]:
    """Lines of one speaker with less than `joined` seconds between them, as one turn."""
    made: list[tuple[str, float, float]] = []
    for line in placed:
        if made and made[-1][0] == line.who and line.start - made[-1][2] < joined:
            made[-1] = (line.who, made[-1][1], line.end)
        else:
            made.append((line.who, line.start, line.end))
    return made


def write_wave(path: Path, samples: Samples, rate: int = RATE) -> None:
    """16-bit mono WAVE."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.round(samples.clip(-1, 1) * 32767).astype("<i2").tobytes())


def write(folder: Path, name: str, made: Recording) -> None:
    """The recording and its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    write_wave(folder / f"{name}.wav", made.samples)
    (folder / f"{name}.txt").write_text(made.text() + "\n")
    (folder / f"{name}.rttm").write_text(rttm(name, turns(made.placed)))
    words = [
        {
            "who": line.who,
            "text": word.text,
            "start": round(line.start + word.start, 3),
            "end": round(line.start + word.end, 3),
        }
        for line in made.placed
        for word in line.said.words
    ]
    (folder / f"{name}.json").write_text(json.dumps(words, ensure_ascii=False, indent=1) + "\n")


def main() -> None:
    """Read the command line and write the recordings."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--sentences", type=int, default=200)
    given = parser.parse_args()
    made = recordings(given.seed, given.recordings, given.sentences)
    for number, each in enumerate(made, 1):
        write(given.out, f"{number:03}", each)
    seconds = sum(len(each.samples) for each in made) / RATE
    print(f"{given.out}: {len(made)} recordings, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
