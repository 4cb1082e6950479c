"""Where recognition runs: in this process, in supervised ones beside it, or on other machines.

A task goes out as plain bytes and options and comes back as words. A worker never sees
a database, a programme or a capture, so it may run anywhere and die at any time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from archive.errors import CaptureFault
from pipeline.languages import AUTO
from pipeline.model import Recognised
from pipeline.second_look import look_twice

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from pipeline.model import Window
    from pipeline.transcribe import Recogniser, Recognition


WORK_BYTES, COPIES = 1_250_000_000, 2
"""What a worker needs beside its weights, and times its weights. Measured: 1.7 GB at the most
with whisper-small's shape in int8 (0.25 GB of weights), eight windows at once."""

LIVES = 2
"""Workers that a block may cost: after as many it is set aside."""


@dataclass(frozen=True)
class Engine:
    """What a worker loads, once: a model's folder and how to run it."""

    folder: Path
    device: str
    compute_type: str
    threads: int

    def load(self) -> Recogniser:
        """Load the model. Raises ModelFault."""
        from pipeline.transcribe import FasterWhisper  # noqa: PLC0415 (slow: only where it works)

        return FasterWhisper(self.folder, self.device, self.compute_type, self.threads)


@dataclass(frozen=True)
class Task:
    """One block: its sound (16 kHz mono, 16-bit little-endian PCM) and its windows.

    Windows are milliseconds from the start of this sound.
    """

    sound: bytes
    windows: tuple[Window, ...]
    recognition: Recognition


class Executor(Protocol):
    """Runs tasks; a context manager that leaves no process behind."""

    @property
    def workers(self) -> int:
        """How many tasks may be under way, so that nobody waits for work."""

    @property
    def ahead(self) -> int:
        """How many tasks of the next session may be given while this process does other work.

        None where the workers share this machine: what they would gain they take from that work.
        """

    def warm(self) -> None:
        """Get ready beside other work: tasks will come."""

    def submit(self, task: Task) -> Future[Recognised]:
        """Promise the words of a task. The future raises PlenaryError when they cannot be had."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(self, *exc: object) -> None:
        """End every worker."""


def set_aside(task: Task, reason: str) -> CaptureFault:
    """Return what is said of a task that cost all its lives, with what is known of the last."""
    return CaptureFault(
        "the recogniser ended {lives} times on the block of {seconds:.0f} s of sound: {reason}",
        "check the memory that is free, choose a smaller model, or report this recording",
        lives=LIVES,
        seconds=len(task.sound) / 32000,
        reason=reason,
    )


def cores_here() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usual_workers(folder: Path, device: str, cores: int) -> int:
    """Return how many workers of one thread or more recognise fastest here.

    Two of one thread need 0.7 to 0.85 of the time of one of two threads (bench/throughput.py).
    Each holds the model and its work in memory, and half of the memory is left to others. A GPU
    takes one.
    """
    from ctranslate2 import get_cuda_device_count  # noqa: PLC0415 (slow, and seldom needed)

    if device != "cpu" and get_cuda_device_count() > 0:
        return 1
    weights = folder / "model.bin"
    each = WORK_BYTES + (COPIES * weights.stat().st_size if weights.exists() else 0)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(cores, memory // 2 // each))


def recognise(recogniser: Recogniser, task: Task) -> Recognised:
    """Do a task with a loaded model: words, or with the language `auto` only what is spoken."""
    import numpy as np  # noqa: PLC0415 (workers only)

    sound = np.frombuffer(task.sound, dtype="<i2").astype(np.float32) / np.float32(32768)
    if task.recognition.language == AUTO:
        return Recognised((), languages=recogniser.languages(sound, [w.span for w in task.windows]))
    return look_twice(
        lambda spans, options: recogniser.recognise(sound, spans, options),
        task.windows,
        task.recognition,
    )
