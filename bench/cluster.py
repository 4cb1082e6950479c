"""Recognition by Dask's workers beside local ones and bare processes: speed-up and overhead.

    python -m bench.cluster [--blocks 8] [--windows 2] [--rounds 5]
    python -m bench.cluster --carry 20

The model has whisper-small's shape and random weights (bench/small_model.py), in int8, one thread
for each worker, tokens capped, no second look. Every side does the same blocks with one worker
and with two, models loaded and warm; sides take turns, round after round. Bare processes are a
`ProcessPoolExecutor` that recognises and nothing else. Prints for each side the median wall and
processor seconds (of its workers and of what stands between), and, as medians over the rounds:
Dask's speed-up as a share of that of the bare processes, and its time beside the local executor.

With `--carry N` nothing is recognised: N blocks of four minutes of speech-like sound go out and a
word for each window comes back, by the local executor and by Dask, and what a block costs is told.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import socket
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil
from distributed import Client

from bench.length import RATE, speech
from bench.small_model import write_small
from bench.throughput import ROOT, TERMS, Capped
from pipeline.config import Run
from pipeline.executors import Engine, Task, recognise
from pipeline.executors.cluster import lead
from pipeline.executors.dask import Dask
from pipeline.executors.local import Local
from pipeline.executors.orphans import die_with_parent
from pipeline.executors.station import Post, serve
from pipeline.model import Recognised, Segment, Span, Window, Word
from pipeline.progress import Progress
from pipeline.transcribe import Recogniser, Recognition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    Submit = Callable[[Task], Future[Recognised]]

IDENTITY = "bench"
WINDOW_MS = 28_000


@dataclass(frozen=True)
class Side:
    """A way to have blocks recognised by so many workers, and the processes that it consists of."""

    submit: Submit
    pids: Sequence[int]

    def cpu_s(self) -> float:
        """Return the processor seconds that its processes took so far."""
        times = (psutil.Process(pid).cpu_times() for pid in self.pids)
        return float(sum(t.user + t.system for t in times))

    def do(self, tasks: Sequence[Task]) -> tuple[float, float]:
        """Return the wall and processor seconds of all tasks, this process's work included."""
        used, began = self.cpu_s() + time.process_time(), time.monotonic()
        for future in [self.submit(task) for task in tasks]:
            future.result()
        return time.monotonic() - began, self.cpu_s() + time.process_time() - used


_loaded: list[Recogniser] = []


def _load(engine: Engine) -> None:
    _loaded.append(engine.load())


def _bare(task: Task) -> Recognised:
    return recognise(_loaded[0], task)


def _below(before: set[int]) -> list[int]:
    return [p.pid for p in psutil.Process().children(recursive=True) if p.pid not in before]


@contextmanager
def bare(engine: Engine, workers: int) -> Iterator[Submit]:
    """Give processes that recognise and nothing else."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _load, (engine,)) as pool:
        yield lambda task: pool.submit(_bare, task)


@contextmanager
def local(engine: Engine, workers: int) -> Iterator[Submit]:
    """Give the local executor."""
    with Local(engine, workers) as executor:
        yield executor.submit


@contextmanager
def dask(engine: Engine, workers: int) -> Iterator[Submit]:
    """Give Dask's executor, a scheduler and stations of one worker, as on machines of one core."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    spawn = multiprocessing.get_context("spawn")
    posts = [
        Post(f"station-{n}", address, None, engine, IDENTITY, workers=1) for n in range(workers)
    ]
    with ExitStack() as ends:
        processes = [spawn.Process(target=_lead, args=(address,))]
        processes += [spawn.Process(target=_serve, args=(post,)) for post in posts]
        for process in processes:
            process.start()
            ends.callback(process.kill)
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
        progress = Progress(StringIO())
        with Dask(Run(scheduler=address), IDENTITY, progress, print) as executor:
            yield executor.submit


def _lead(address: str) -> None:
    die_with_parent()
    lead(address, None, (), _silent, dashboard=0)


def _serve(post: Post) -> None:
    die_with_parent()
    serve(post, _silent)


def _silent(_sentence: str) -> None:
    return


def blocks(count: int, windows: int) -> list[Task]:
    """Return blocks of so many full windows of speech-like sound."""
    minutes = count * windows * WINDOW_MS // 60_000 + 1
    raw = b"".join(speech(minutes, random.Random(1), pauses=(0.3, 0.5, 0.8)))
    size = windows * WINDOW_MS * RATE // 1000 * 2
    spans = [Span(n * WINDOW_MS, (n + 1) * WINDOW_MS) for n in range(windows)]
    options = Recognition("fr", ", ".join(TERMS))
    return [
        Task(raw[n * size : (n + 1) * size], tuple(Window(s, (s,)) for s in spans), options)
        for n in range(count)
    ]


class Deaf:
    """Hears nothing: one word for each window."""

    def recognise(
        self, sound: NDArray[np.float32], windows: Sequence[Span], options: Recognition
    ) -> tuple[Segment, ...]:
        """Return a word for each window."""
        del sound, options
        return tuple(Segment((Word(w.start_ms, w.end_ms, "mot"),)) for w in windows)

    def languages(
        self, sound: NDArray[np.float32], windows: Sequence[Span]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Return nothing for each window."""
        del sound
        return ((),) * len(windows)


class Unheard(Engine):
    """Loads a recogniser that hears nothing."""

    def load(self) -> Recogniser:
        """Load nothing."""
        return Deaf()


def carry(count: int) -> None:
    """Measure what it costs to send blocks out and take words back, and print."""
    tasks = blocks(count, 8)
    for make in (local, dask):
        before = set(_below(set()))
        with make(Unheard(ROOT, "cpu", "int8", 1), 1) as submit:
            submit(tasks[0]).result()
            side = Side(submit, _below(before))
            wall_s, cpu_s = (spent / count for spent in side.do(tasks))
        print(f"{make.__name__}: {wall_s:.3f} s, {cpu_s:.3f} s of processor time for a block")


def measure(engine: Engine, tasks: Sequence[Task], rounds: int) -> None:
    """Measure all sides and print."""
    with ExitStack() as all_sides:
        sides = {}
        for make in (bare, local, dask):
            for workers in (1, 2):
                before = set(_below(set()))
                submit = all_sides.enter_context(make(engine, workers))
                for future in [submit(tasks[0]) for _ in range(workers)]:
                    future.result()
                sides[f"{make.__name__} {workers}"] = Side(submit, _below(before))
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for number in range(rounds):
            for name, side in sides.items():
                took[name].append(side.do(tasks))
            shown = {name: [round(s, 1) for s in took[name][-1]] for name in sides}
            print(
                f"round {number + 1}, load {os.getloadavg()[0]:.1f}: {json.dumps(shown)}",
                flush=True,
            )
    _tell(took)


def _tell(took: dict[str, list[tuple[float, float]]]) -> None:
    for name, rows in took.items():
        wall, cpu = (round(median(column), 2) for column in zip(*rows, strict=True))
        print(f"{name}: {wall} s, {cpu} s of processor time")
    for who in ("dask", "local"):
        gained = _ratios(took, 0, f"{who} 1", f"{who} 2")
        theirs = _ratios(took, 0, "bare 1", "bare 2")
        shares = [a / b for a, b in zip(gained, theirs, strict=True)]
        print(f"speed-up of {who} / of bare processes: {median(shares):.3f}")
    for workers in (1, 2):
        for column, what in enumerate(("wall", "processor")):
            found = _ratios(took, column, f"dask {workers}", f"local {workers}")
            print(f"{what} time of dask / of local, {workers}: {median(found):.3f}")


def _ratios(
    took: dict[str, list[tuple[float, float]]], column: int, one: str, other: str
) -> list[float]:
    """Return, round by round, one side's time divided by another's."""
    return [a[column] / b[column] for a, b in zip(took[one], took[other], strict=True)]


def main() -> None:
    """Make the model and the blocks, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--carry", type=int, default=0)
    given = parser.parse_args()
    if given.carry:
        carry(given.carry)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "model"
        write_small(folder, ROOT / "demo" / "model")
        measure(Capped(folder, "cpu", "int8", 1), blocks(given.blocks, given.windows), given.rounds)


if __name__ == "__main__":
    main()
