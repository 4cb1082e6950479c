"""Wall time of `plenary run` beside bare faster-whisper and whisper-ctranslate2, on one recording.

    python -m bench.throughput [--minutes 10] [--rounds 5] [--other PATH/whisper-ctranslate2]

The model has whisper-small's shape and random weights (bench/small_model.py), in int8. All sides
are batched by 8, with word times, a beam of 5, the same hotwords and the same cap on the tokens
of a window; each loads the model within its time. The second look, the voices and the web copy
are off on our side, since the others have none; their cost is measured by bench/length.py. Sides
take turns, round after round; each is tried with both splits of two cores where it has a choice
(two workers of one thread, one of two), and its best counts. Prints medians and ratios.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.length import RATE, speech
from bench.small_model import write_small
from pipeline.executors import Engine
from pipeline.media import ffmpeg_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.transcribe import Recogniser

ROOT = Path(__file__).resolve().parent.parent
TERMS = ("Ana Exemple", "Bo Exemple", "monnaies locales", "tiers-lieu")

PROGRAMME = """\
event:
  id: bench
  title: "Dix minutes"
  date: 2025-03-14
people: {{}}
sessions:
  - id: seance
    title: "La séance"
    captures: [{capture}]
glossary: [{terms}]
"""

CONFIG = """\
data: ./data
events: ./events
transcription:
  model: ./model
media:
  web_copy: false
run:
  workers: {workers}
"""

CAPPED = """\
import sys
sys.path.insert(0, {root!r})
from bench.capped import cap
cap()
"""

BARE = """\
from faster_whisper import BatchedInferencePipeline, WhisperModel
model = WhisperModel({model!r}, device="cpu", compute_type="int8", cpu_threads={threads})
parts, _ = BatchedInferencePipeline(model).transcribe(
    {sound!r}, language="fr", beam_size=5, hotwords={hotwords!r}, word_timestamps=True, batch_size=8
)
print(sum(len(part.words) for part in parts), "words")
"""

OURS = """\
from bench.throughput import Capped
from pipeline import attribute, night, steps, cli
from pipeline.model import Turn
night.Engine = Capped
steps._attribute = lambda said, *more: (Turn(tuple(said), "voice-1"),) if said else ()
cli.main()
"""


class Capped(Engine):
    """Our engine, its tokens capped and the second look off, in whatever process it loads."""

    def load(self) -> Recogniser:
        """Load as ever, with the cap in force."""
        from bench.capped import cap  # noqa: PLC0415 (workers only)
        from pipeline import second_look  # noqa: PLC0415

        cap()
        second_look.UNTOLD_MS = sys.maxsize
        return super().load()


@dataclass(frozen=True)
class Bench:
    """The folder of an archive with one recording, and the model beside it."""

    folder: Path

    @property
    def sound(self) -> Path:
        """The recording."""
        return self.folder / "events" / "bench" / "sound.m4a"

    def ours(self, workers: int) -> None:
        """Run our command on a fresh archive."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        (self.folder / "config.yaml").write_text(CONFIG.format(workers=workers), "utf-8")
        self._python(OURS, "--config", str(self.folder / "config.yaml"), "run")

    def bare(self, threads: int) -> None:
        """Run faster-whisper's batched pipeline on the whole file."""
        given = {"model": str(self.folder / "model"), "sound": str(self.sound)}
        self._python(BARE.format(**given, threads=threads, hotwords=", ".join(TERMS)))

    def other(self, command: Path, threads: int) -> None:
        """Run whisper-ctranslate2 on the whole file."""
        arguments = [
            *("--model_directory", str(self.folder / "model"), "--language", "fr"),
            *("--batched", "True", "--batch_size", "8", "--beam_size", "5"),
            *("--word_timestamps", "True", "--hotwords", ", ".join(TERMS)),
            *("--compute_type", "int8", "--device", "cpu", "--threads", str(threads)),
            *("--output_format", "json", "--output_dir", str(self.folder / "other")),
        ]
        script = (
            f"import runpy, sys; sys.argv[0] = {str(command)!r}\n"
            f"runpy.run_path({str(command)!r}, run_name='__main__')"
        )
        self._python(script, *arguments, str(self.sound), python=command.with_name("python"))

    def _python(self, script: str, *arguments: str, python: Path | str = sys.executable) -> None:
        whole = CAPPED.format(root=str(ROOT)) + script
        done = subprocess.run(
            [python, "-c", whole, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)


def prepare(folder: Path, minutes: int) -> Bench:
    """Make the recording, its programme and the model."""
    bench = Bench(folder)
    bench.sound.parent.mkdir(parents=True)
    raw = b"".join(speech(minutes, random.Random(1), pauses=(0.3, 0.5, 0.8)))
    encode = [ffmpeg_path(), "-loglevel", "error", "-f", "s16le", "-ar", str(RATE), "-ac", "1"]
    to = ["-i", "pipe:0", "-ar", "48000", "-ac", "2", "-c:a", "aac", str(bench.sound)]
    subprocess.run([*encode, *to], input=raw, check=True)
    programme = PROGRAMME.format(capture=bench.sound.name, terms=", ".join(TERMS))
    (bench.sound.parent / "programme.yaml").write_text(programme, "utf-8")
    write_small(folder / "model", ROOT / "demo" / "model")
    return bench


def timed(work: Callable[[], None]) -> float:
    """Wall seconds of one run."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    """Measure; print every figure, medians of the best split, and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--other", type=Path, help="the whisper-ctranslate2 command, if installed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        bench = prepare(Path(made) / "bench", given.minutes)
        sides: dict[str, Callable[[], None]] = {
            "ours, 2 workers of 1 thread": lambda: bench.ours(2),
            "ours, 1 worker of 2 threads": lambda: bench.ours(1),
            "bare, 2 threads": lambda: bench.bare(2),
        }
        if given.other:
            sides["other, 2 threads"] = lambda: bench.other(given.other, 2)
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(given.rounds):
            for name, work in sides.items():
                seconds[name].append(round(timed(work), 2))
                print(f"{name}: {seconds[name][-1]} s", flush=True)
    medians = {name: median(took) for name, took in seconds.items()}
    best = min(took for name, took in medians.items() if name.startswith("ours"))
    print(json.dumps(seconds), json.dumps(medians))
    for name, took in medians.items():
        if not name.startswith("ours"):
            print(f"ours / {name}: {best / took:.3f}")


if __name__ == "__main__":
    main()
