"""Measure what hotwords and the careful path bring, and what the careful path costs.

    python -m bench.words [SOUND …] [--fresh 20]

For each SOUND (any capture) the share of windows that took the careful path, and the time that
either path took. With --fresh so many fresh recordings of the demo's kind are made (that wants
what demo/README.md names) and name recall is told with the hotwords of a session and without.
Prints the peak memory of the process after each path.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import media, split
from pipeline.hearing_score import names_heard, word_errors
from pipeline.second_look import look_twice
from pipeline.transcribe import FasterWhisper, Recognition

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model import Segment, Span

MODEL = Path("demo/model")


class Timed:
    """A recogniser that keeps apart the time of the first asking and of all later ones."""

    def __init__(self, model: FasterWhisper, sound: NDArray[np.float32]) -> None:
        self.model, self.sound = model, sound
        self.seconds: list[float] = []
        self.peaks: list[int] = []

    def __call__(self, spans: Sequence[Span], options: Recognition) -> tuple[Segment, ...]:
        """Recognise, and note seconds and peak memory in MB."""
        began = time.perf_counter()
        found = self.model.recognise(self.sound, spans, options)
        self.seconds.append(time.perf_counter() - began)
        self.peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return found


def paths(model: FasterWhisper, capture: Path) -> str:
    """Take a capture through both paths; return a line of figures."""
    with tempfile.TemporaryDirectory() as folder:
        media.extract_sound([capture], Path(folder) / "s.flac")
        sound = media.read_sound(Path(folder) / "s.flac")
    hearing = split.listen([sound])
    windows = [split.closer(hearing, span) for span in split.plan(hearing)]
    ear = Timed(model, sound)
    heard = look_twice(ear, windows, Recognition("fr"))
    kept = [look.kept for look in heard.looks]
    return (
        f"{capture.name}: {len(windows)} windows, {len(kept)} looked at again, kept: {kept};"
        f" {ear.seconds[0]:.1f} s, then {sum(ear.seconds[1:]):.1f} s;"
        f" peak {ear.peaks[0]} MB, then {ear.peaks[-1]} MB"
    )


def hotwords(model: FasterWhisper, count: int) -> str:
    """Return name recall and word error rate on fresh recordings, with hotwords and without."""
    # By name: they want scipy and espeak-ng, which nothing else here does.
    prompts, fresh, measure = (
        importlib.import_module(f"demo.make.{name}") for name in ("prompts", "fresh", "measure")
    )
    dice = random.Random(5)
    lines = {"without": [0, 0, 0, 0], "with": [0, 0, 0, 0]}
    for made in fresh.recordings(23, count, count * 5):
        hearing = split.listen([made.samples])
        windows = [split.closer(hearing, span) for span in split.plan(hearing)]
        names = prompts.NAMES.findall(made.text())
        asked = {"without": "", "with": measure.session_hotwords(made.text(), dice)}
        for way, words in asked.items():
            ear = Timed(model, made.samples)
            heard = look_twice(ear, windows, Recognition("fr", words)).segments
            text = " ".join(segment.text for segment in heard)
            found = (*names_heard(made.text(), text, names), *word_errors(made.text(), text))
            lines[way] = [a + b for a, b in zip(lines[way], found, strict=True)]
    return "\n".join(
        f"{way} hotwords: {right} of {said} names ({right / said:.3f}), word error rate"
        f" {errors / words:.3f} over {words} words"
        for way, (said, right, words, errors) in lines.items()
    )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sounds", type=Path, nargs="*")
    parser.add_argument("--fresh", type=int, default=0)
    given = parser.parse_args()
    model = FasterWhisper(MODEL, "cpu", threads=1)
    for capture in given.sounds:
        sys.stdout.write(paths(model, capture) + "\n")
    if given.fresh:
        sys.stdout.write(hotwords(model, given.fresh) + "\n")


if __name__ == "__main__":
    main()
