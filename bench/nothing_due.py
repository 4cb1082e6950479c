"""Processor time of `plenary run` where nothing is due, in an archive of many recordings.

    python -m bench.nothing_due [--recordings 1000] [--per-event 10]

Every recording is a second of sound with its transcript, truly run once (published at the end
only); then the installed command runs three times more and finds nothing due. Prints the
processor seconds of each, and the bytes that the last one read of captures (Linux only).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

PLENARY = Path(sys.executable).with_name("plenary")

CONFIG = """\
data: ./data
events: ./events
media:
  web_copy: false
"""

HEAD = """\
event:
  id: {event}
  title: "Essai {event}"
  date: 2020-01-01
people:
  ana:
    name: "Ana Exemple"
sessions:
"""

SESSION = """\
  - id: s{number}
    title: "Séance {number}"
    captures: [r{number}.wav]
    transcripts: [r{number}.srt]
    speakers: [ana]
"""

CUE = "1\n00:00:00,100 --> 00:00:00,900\nBonjour à tous.\n"

# The first run, published at its beginning and its end: what is measured comes after it.
FIRST = """\
from pipeline import cli, publication
publication.Publisher.now_and_then = lambda publisher: None
cli.main()
"""


def make(folder: Path, recordings: int, per_event: int) -> None:
    """Write the archive's events and captures, each its own."""
    dice = np.random.default_rng(7)
    for first in range(0, recordings, per_event):
        event = folder / "events" / f"e{first:05}"
        event.mkdir(parents=True)
        programme = HEAD.format(event=event.name)
        for number in range(first, min(recordings, first + per_event)):
            programme += SESSION.format(number=number)
            with wave.open(str(event / f"r{number}.wav"), "wb") as sound:
                sound.setparams((1, 2, 16_000, 0, "NONE", ""))
                sound.writeframes(dice.integers(-2000, 2000, 16_000).astype("<i2").tobytes())
            (event / f"r{number}.srt").write_text(CUE, "utf-8")
        (event / "programme.yaml").write_text(programme, "utf-8")
    (folder / "config.yaml").write_text(CONFIG, "utf-8")


def timed(command: list[str]) -> float:
    """Run a command and return the processor seconds that it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--per-event", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make(folder, given.recordings, given.per_event)
        config = ["--config", str(folder / "config.yaml"), "run"]
        print(f"first run: {timed([sys.executable, '-c', FIRST, *config]):.1f} s of processor time")
        for _ in range(3):
            print(f"nothing due: {timed([str(PLENARY), *config]):.2f} s of processor time")
            time.sleep(3)
        trace = folder / "trace.txt"
        seen = ["strace", "-f", "-e", "trace=openat", "-o", str(trace)]
        timed([*seen, str(PLENARY), *config])
        opened = sum(line.count(".wav") for line in trace.read_text().splitlines())
        print(f"captures opened: {opened} of {given.recordings}; {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
