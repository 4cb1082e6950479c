"""What a long recording costs beside a short one: peak memory, and processor time by kind.

    python -m bench.length [--minutes 30 480] [--keep FOLDER]

Each recording is made of espeak-ng's French (no sentence twice in an hour), several voices,
silences of up to two minutes and two stretches of lost packets, as a transport stream; then
`plenary run` takes it to the public file with the bundled model, web copy off. Memory is the
peak of all the run's processes together and of each by itself, as /proc tells (Linux only).
Processor time outside the models is that of the coordinator and of the decoder, less the voice
vectors and faster-whisper's detector of speech.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from demo.make import grammar
from pipeline.media import ffmpeg_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
RATE = 22_050
"""Samples a second that espeak-ng gives."""

VOICES = ("fr+m1", "fr+m3", "fr+m5", "fr+f1", "fr+f2", "fr+f4", "fr+Annie")

LOST = (0.31, 0.74)
"""Where packets are lost: shares of the file."""

LOST_SHARE = 0.002
"""How much is lost at each place."""

PROGRAMME = """\
event:
  id: long
  title: "Une longue journée"
  date: 2025-03-14
people:
  ana:
    name: "Ana Exemple"
  bo:
    name: "Bo Exemple"
sessions:
  - id: journee
    title: "La journée"
    captures: [long.ts]
    chair: [ana]
    speakers: [bo]
"""

CONFIG = """\
data: ./data
events: ./events
transcription:
  model: "{model}"
media:
  web_copy: false
"""

# Runs the command with the processor time of two models told at the end: the voices' and
# faster-whisper's own detector of speech.
DRIVER = """\
import sys, time
from faster_whisper.vad import get_vad_model
from pipeline import cli, voices
spent = {}
def timed(name, function):
    def call(*given):
        began = time.process_time()
        try:
            return function(*given)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - began
    return call
voices.Embedder.embed = timed("vectors", voices.Embedder.embed)
session = get_vad_model().session
session.run = timed("detector", session.run)
try:
    cli.main()
finally:
    print("SPENT", spent.get("vectors", 0.0), spent.get("detector", 0.0))
"""


@dataclass
class Cost:
    """What a run took: peaks in bytes, processor time in seconds, by kind of process."""

    together: int = 0
    peaks: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


PAUSES = (0.4, 0.8, 1.5, 3.0, 6.0, 120.0)
"""Seconds of silence after a turn: one in six is a long one."""


def speech(minutes: int, dice: random.Random, pauses: Sequence[float] = PAUSES) -> Iterator[bytes]:
    """Yield `minutes` of speech and silence: 16-bit mono at RATE."""
    wanted = minutes * 60 * RATE * 2
    made, hour = 0, -1
    said: set[str] = set()
    while made < wanted:
        if made // (3600 * RATE * 2) != hour:
            hour, said = made // (3600 * RATE * 2), set()
        turn: list[str] = []
        while len(turn) < 12:
            sentence = grammar.kept_sentence(dice)
            if sentence not in said:
                said.add(sentence)
                turn.append(sentence)
        voice = ["-v", dice.choice(VOICES), "-s", str(dice.randint(140, 170))]
        wave = subprocess.run(
            ["espeak-ng", *voice, "--stdout", " ".join(turn)], capture_output=True, check=True
        ).stdout[44:]
        piece = wave + bytes(2 * int(dice.choice(pauses) * RATE))
        yield piece[: wanted - made]
        made += len(piece)


def make_capture(target: Path, minutes: int) -> None:
    """Write the recording as a transport stream, then lose some of its packets."""
    encoder = subprocess.Popen(
        [
            *(ffmpeg_path(), "-loglevel", "error", "-f", "s16le", "-ar", str(RATE), "-ac", "1"),
            *("-i", "pipe:0", "-ar", "48000", "-ac", "2", "-c:a", "aac", "-b:a", "128k"),
            *("-f", "mpegts", "-y", str(target)),
        ],
        stdin=subprocess.PIPE,
    )
    assert encoder.stdin is not None
    for piece in speech(minutes, random.Random(minutes)):
        encoder.stdin.write(piece)
    encoder.stdin.close()
    if encoder.wait() != 0:
        raise SystemExit("ffmpeg could not make the capture")
    data = bytearray(target.read_bytes())
    for place in LOST:
        start = int(len(data) * place) // 188 * 188
        del data[start : start + int(len(data) * LOST_SHARE) // 188 * 188]
    target.write_bytes(data)


def run(folder: Path) -> Cost:
    """Run the command on an archive and watch its processes until they end."""
    cost = Cost()
    driver = [sys.executable, "-c", DRIVER, "--config", str(folder / "config.yaml"), "run"]
    with (folder / "said.txt").open("w+") as out:
        process = subprocess.Popen(driver, stdout=out, stderr=out, cwd=ROOT)
        ended: dict[int, tuple[str, float]] = {}
        while process.poll() is None:
            now = 0
            for pid in _family(process.pid):
                seen = _look(pid, "coordinator" if pid == process.pid else None)
                if seen is None:
                    continue
                kind, resident, peak, seconds = seen
                now += resident
                cost.peaks[kind] = max(cost.peaks.get(kind, 0), peak)
                ended[pid] = (kind, seconds)
            cost.together = max(cost.together, now)
            time.sleep(0.1)
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise SystemExit(said)
    for kind, seconds in ended.values():
        cost.seconds[kind] = cost.seconds.get(kind, 0.0) + seconds
    vectors, detector = said.rpartition("SPENT ")[2].split()[:2]
    cost.seconds |= {"vectors": float(vectors), "detector": float(detector)}
    return cost


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _look(pid: int, kind: str | None) -> tuple[str, int, int, float] | None:
    """Return kind, resident and peak bytes, and processor seconds; None when it is gone."""
    try:
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        resident, peak = (int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError):
        return None
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    kind = kind or ("decoder" if b"pipeline.timeline" in command else "worker")
    return kind, resident, peak, seconds


@contextmanager
def _archive(kept: Path | None, minutes: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) if kept is None else kept / str(minutes)
        event = folder / "events" / "long"
        event.mkdir(parents=True, exist_ok=True)
        (event / "programme.yaml").write_text(PROGRAMME, "utf-8")
        (folder / "config.yaml").write_text(CONFIG.format(model=ROOT / "demo" / "model"), "utf-8")
        if not (event / "long.ts").exists():
            make_capture(event / "long.ts", minutes)
        yield folder


def main() -> None:
    """Measure each length; print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, nargs="+", default=[30, 480])
    parser.add_argument("--keep", type=Path, help="keep the recordings and archives here")
    given = parser.parse_args()
    costs: dict[int, Cost] = {}
    for minutes in given.minutes:
        with _archive(given.keep, minutes) as folder:
            costs[minutes] = run(folder)
        cost, hours = costs[minutes], minutes / 60
        kinds = ", ".join(f"{kind} {peak / 1e6:.0f}" for kind, peak in cost.peaks.items())
        outside = cost.seconds["coordinator"] + cost.seconds.get("decoder", 0)
        outside -= cost.seconds["vectors"] + cost.seconds["detector"]
        print(
            f"{minutes} min: peak {cost.together / 1e6:.0f} MB together ({kinds});"
            f" per hour of sound {outside / hours:.1f} s outside the models,"
            f" {cost.seconds['detector'] / hours:.1f} s faster-whisper's detector of speech,"
            f" {cost.seconds['vectors'] / hours:.1f} s vectors,"
            f" {cost.seconds.get('worker', 0) / hours:.1f} s recognition"
        )
        print(json.dumps(cost.seconds))
    first, last = costs[given.minutes[0]], costs[given.minutes[-1]]
    print(f"peak grows by {100 * (last.together / first.together - 1):.1f} %")


if __name__ == "__main__":
    main()
