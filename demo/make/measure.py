"""Measure a model on fresh recordings: word error rate, word times, words over noise.

    python -m demo.make.measure [MODEL] [--seed 11] [--recordings 40] [--sentences 200]

Three times: without hotwords, with those that a session would send, and with the whole budget of
223 tokens. The recordings are cut as a run cuts them: windows of speech, of at most 30 s.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from demo.make import grammar, prompts, sounds
from demo.make.fresh import Recording, recordings
from demo.make.speech import RATE, Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 29.5
"""Seconds of a window."""

SESSION = 14
"""Names in the hotwords of a session, besides its terms."""


def normal(text: str) -> str:
    """Lower case, no punctuation, straight apostrophes."""
    kept = re.sub(r"[^\w\s'-]", " ", text.lower().replace("’", "'"))
    return " ".join(kept.split())


def speech_windows(samples: Samples) -> list[dict[str, float]]:
    """Stretches of at most LONGEST seconds that begin and end in pauses."""
    options = VadOptions(
        min_silence_duration_ms=600, speech_pad_ms=200, max_speech_duration_s=LONGEST
    )
    made: list[dict[str, float]] = []
    for part in get_speech_timestamps(samples, options):
        start, end = part["start"] / RATE, part["end"] / RATE
        if made and end - made[-1]["start"] <= LONGEST:
            made[-1]["end"] = end
        else:
            made.append({"start": start, "end": end})
    return made


def session_hotwords(text: str, dice: random.Random) -> str:
    """What a programme would give: the names and terms of `text`, and others."""
    names = [*prompts.NAMES.findall(text)]
    names += [grammar.person(dice).name for _ in range(max(SESSION - len(names), 2))]
    terms = [term for term in prompts.TERMS if term in text] + dice.sample(prompts.TERMS, 3)
    entries = list(dict.fromkeys([*names, *terms]))
    dice.shuffle(entries)
    return ", ".join(entries)


def full_hotwords(text: str, dice: random.Random) -> str:
    """The same, and names until the budget is more than full."""
    found = session_hotwords(text, dice)
    while len(prompts.encode(found)) < prompts.BUDGET + 10:
        found += f", {prompts.entry(dice)}"
    return found


@dataclass
class Score:
    """Figures of one way of sending hotwords."""

    spoken: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float | int]:
        """Word error rate, and errors in seconds at the edges of sentences."""
        made: dict[str, float | int] = {"wer": round(jiwer.wer(self.spoken, self.heard), 4)}
        for name, errors in (("start", self.starts), ("end", self.ends)):
            for share in (50, 95):
                made[f"{name}_{share}"] = round(float(np.percentile(errors or [9.0], share)), 3)
        return made | {"edges": len(self.starts) + len(self.ends)}


class Ear:
    """A model, and the way in which a run asks it."""

    def __init__(self, model: Path, threads: int) -> None:
        self.batched = BatchedInferencePipeline(
            WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)
        )

    def words(
        self, samples: Samples, windows: list[dict[str, float]], hotwords: str | None
    ) -> list[Any]:
        """faster-whisper's words over these windows."""
        self.batched.last_speech_timestamp = 0.0
        segments, _ = self.batched.transcribe(
            samples,
            language="fr",
            beam_size=5,
            word_timestamps=True,
            clip_timestamps=windows,
            hotwords=hotwords,
            batch_size=4,
        )
        return [word for segment in segments for word in segment.words or []]


def score(made: Recording, heard: list[Any], into: Score) -> None:
    """Add one recording to a score."""
    into.spoken.append(normal(made.text()))
    into.heard.append(normal("".join(word.word for word in heard)))
    said = [
        (normal(word.text), line.start + word.start, line.start + word.end, place)
        for line in made.placed
        for place, word in edges(line.said.words)
    ]
    found = [(normal(text), start, end) for text, start, end in written(heard)]
    said = [word for word in said if word[0]]
    found = [word for word in found if word[0]]
    pairs = matched([word[0] for word in said], [word[0] for word in found])
    for left, right in pairs:
        if "first" in said[left][3]:
            into.starts.append(abs(found[right][1] - said[left][1]))
        if "last" in said[left][3]:
            into.ends.append(abs(found[right][2] - said[left][2]))


def written(heard: list[Any]) -> list[tuple[str, float, float]]:
    """Words as they are written: faster-whisper gives "J'" and "ai", "dix" and "-sept" apart."""
    made: list[tuple[str, float, float]] = []
    for word in heard:
        if made and not word.word.startswith(" "):
            made[-1] = (made[-1][0] + word.word, made[-1][1], word.end)
        else:
            made.append((word.word, word.start, word.end))
    return made


def edges(words: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Each word of a sentence with what it is: first, last, both or neither.

    A last "?" stands alone in French: the word before it is the last.
    """
    spoken = [word for word in words if normal(word.text)]
    for number, word in enumerate(spoken):
        yield ("first " * (number == 0)) + ("last" * (number == len(spoken) - 1)), word


def matched(said: list[str], heard: list[str]) -> Iterator[tuple[int, int]]:
    """Places of the words that are the same in both, by least editing."""
    if not heard:
        return
    # One written word is one item, though jiwer parts items at spaces.
    sides = [[" ".join(word.replace(" ", "-") for word in side)] for side in (said, heard)]
    aligned = jiwer.process_words(*sides).alignments[0]
    for chunk in aligned:
        if chunk.type == "equal":
            yield from zip(
                range(chunk.ref_start_idx, chunk.ref_end_idx),
                range(chunk.hyp_start_idx, chunk.hyp_end_idx),
                strict=True,
            )


def noise_words(ear: Ear, dice: random.Random) -> dict[str, int]:
    """Words written over windows without speech, by way of sending hotwords."""
    noise = np.random.default_rng(dice.randrange(2**32))
    totals = {"none": 0, "session": 0, "full": 0}
    for kind, make in sounds.KINDS.items():
        for seconds in (3.0, 11.0, 28.0):
            sound = make(int(seconds * RATE), noise) * (1.0 if kind == "silence" else 0.08)
            windows = [{"start": 0.0, "end": seconds}]
            asked = {
                "none": None,
                "session": session_hotwords("", dice),
                "full": full_hotwords("", dice),
            }
            for name, hotwords in asked.items():
                totals[name] += len(ear.words(sound.astype(np.float32), windows, hotwords))
    return totals


def measure(model: Path, seed: int, count: int, sentences: int, threads: int) -> dict[str, Any]:
    """All figures."""
    ear, dice = Ear(model, threads), random.Random(seed)
    scores = {"none": Score(), "session": Score(), "full": Score()}
    for made in recordings(seed, count, sentences):
        windows = speech_windows(made.samples)
        asked = {
            "none": None,
            "session": session_hotwords(made.text(), dice),
            "full": full_hotwords(made.text(), dice),
        }
        for name, hotwords in asked.items():
            score(made, ear.words(made.samples, windows, hotwords), scores[name])
    figures: dict[str, Any] = {name: each.figures() for name, each in scores.items()}
    return figures | {"noise_words": noise_words(ear, dice)}


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, nargs="?", default=Path("demo/model"))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    found = measure(given.model, given.seed, given.recordings, given.sentences, given.threads)
    for name, figures in found.items():
        print(name, json.dumps(figures))


if __name__ == "__main__":
    main()
