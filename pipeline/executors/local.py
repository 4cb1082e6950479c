"""Recognition in supervised processes of this machine.

Each worker is a spawned process that loads the model once and answers tasks over a
pipe; a thread of the coordinator watches it. A worker that dies or overruns its
deadline costs only its task, which is given to a fresh worker once more; a task that
ends two workers is set aside, with what is known of it.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from archive.errors import PlenaryError, Stopped
from pipeline.executors import LIVES, Engine, Task, recognise, set_aside
from pipeline.executors.orphans import die_with_parent
from pipeline.memory import give_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from pipeline.model import Recognised

# Loading a large model from a slow disk takes minutes; hanging takes for ever.
_LOADING_S = 600
# The slowest machine that one would use needs about 10 s for a second of speech.
_SECONDS_PER_SECOND = 30
# A worker that is at work computes; one that waits this long for something waits for ever.
_STILL_S = 120
# How often a worker is looked at.
_LOOK_S = 0.25
# What an idle worker needs to leave by itself once its pipe is closed.
_LEAVING_S = 1


class Local:
    """`workers` processes, each with the engine's threads.

    One that takes more than `memory` bytes is ended as if it had died.
    """

    ahead = 0

    def __init__(self, engine: Engine, workers: int, memory: float = inf) -> None:
        self.workers = workers
        self._engine = engine
        self._memory = memory
        self._orders: queue.Queue[Callable[[_Worker], None] | None] = queue.Queue()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name=f"worker-{n + 1}") for n in range(workers)
        ]

    def warm(self) -> None:
        """Start every worker, so that models are loaded beside other work."""
        for _ in self._threads:
            self._orders.put(_Worker.warm)

    def submit(self, task: Task) -> Future[Recognised]:
        """Queue the task for the next free worker."""
        future: Future[Recognised] = Future()
        self._orders.put(partial(_settle, task=task, future=future))
        return future

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        worker = _Worker(self._engine, self._memory, self._closing)
        try:
            while (order := self._orders.get()) is not None:
                order(worker)
        finally:
            worker.end()


def _settle(worker: _Worker, task: Task, future: Future[Recognised]) -> None:
    """Give the task to the worker, a second time to a fresh one if it dies of it."""
    if worker.closing.is_set():
        future.cancel()
    if not future.set_running_or_notify_cancel():
        return
    for life in range(1, LIVES + 1):
        try:
            future.set_result(worker.do(task))
        except _WorkerLostError as lost:
            worker.end()
            if worker.closing.is_set():
                future.set_exception(Stopped("the run was interrupted", "run it again"))
                return
            if life == LIVES:
                future.set_exception(set_aside(task, str(lost)))
                return
        except Exception as error:  # noqa: BLE001 (the future carries it to whoever asks)
            future.set_exception(error)
            return
        else:
            return


class _WorkerLostError(Exception):
    """The process ended or hung before it answered."""


class _Worker:
    """One process and its pipe; started when first needed, and again after a loss."""

    def __init__(self, engine: Engine, memory: float, closing: threading.Event) -> None:
        self._engine = engine
        self._memory = memory
        self.closing = closing
        self._process: BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None

    def warm(self) -> None:
        """Load the model now. What goes wrong is told by the first task."""
        with suppress(_WorkerLostError, PlenaryError, OSError, EOFError):
            if self._pipe is None:
                self._start()
                return
        self.end()

    def do(self, task: Task) -> Recognised:
        """Return the task's words. Raises _WorkerLostError, and what the worker raised."""
        pipe = self._start() if self._pipe is None else self._pipe
        try:
            pipe.send(task)
            limit_s = _SECONDS_PER_SECOND * len(task.sound) / 32000 + 60
            answer = self._wait(pipe, limit_s, still_s=_STILL_S)
        except (EOFError, OSError) as error:
            raise _WorkerLostError(self._end_told()) from error
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def _start(self) -> Connection[Any, Any]:
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._engine), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = pipe
        ready = self._wait(pipe, _LOADING_S)
        if isinstance(ready, Exception):
            raise ready
        return pipe

    def _wait(self, pipe: Connection[Any, Any], limit_s: float, still_s: float = inf) -> Any:
        """Return the next answer.

        Raises _WorkerLostError after `limit_s`, when the process computed nothing for
        `still_s`, or when it took too much memory; EOFError when it ended.
        """
        began = moved = time.monotonic()
        spent = None
        while not pipe.poll(_LOOK_S):
            now = time.monotonic()
            if self.closing.is_set():
                raise _WorkerLostError("the run was interrupted")
            if (latest := self._spent()) != spent:
                spent, moved = latest, now
            if now - began > limit_s:
                raise _WorkerLostError(f"no answer after {limit_s:.0f} s")
            if spent is not None and now - moved > still_s:
                raise _WorkerLostError(f"it stood still for {still_s:.0f} s")
            if self._resident() > self._memory:
                raise _WorkerLostError(f"it took more than {self._memory / 1e9:.1f} GB of memory")
        return pipe.recv()

    def _spent(self) -> str | None:
        """Return the processor time that the process took so far, as the kernel writes it.

        None where the system does not tell (it is Linux's proc(5)).
        """
        stat = self._told_by_system("stat")
        return stat and " ".join(stat.rpartition(")")[2].split()[11:13])

    def _resident(self) -> int:
        """Return the bytes of memory that the process holds; 0 where the system does not tell."""
        statm = self._told_by_system("statm")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm else 0

    def _told_by_system(self, what: str) -> str | None:
        assert self._process is not None
        try:
            return Path(f"/proc/{self._process.pid}/{what}").read_text("ascii", "replace")
        except OSError:
            return None

    def _end_told(self) -> str:
        """Say how the process ended."""
        if self._process is None:
            return "the process ended"
        self._process.join(_LEAVING_S)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"the system ended the process (signal {-code})"
        return f"the process ended (code {code})"

    def end(self) -> None:
        """End the process: an idle one goes when its pipe closes, any other is killed."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join(_LEAVING_S)
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


def _serve(pipe: Connection[Any, Any], engine: Engine) -> None:
    """Live as a worker: load, say so, answer tasks until the pipe closes."""
    with suppress(BrokenPipeError):  # nobody waits for what is said any more
        _live(pipe, engine)


def _live(pipe: Connection[Any, Any], engine: Engine) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the coordinator, which ends us
    die_with_parent()
    try:
        recogniser = engine.load()
    except PlenaryError as error:
        pipe.send(error)
        return
    pipe.send("ready")
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(recognise(recogniser, task))
            give_back()
        except Exception as error:  # noqa: BLE001 (the coordinator decides what it means)
            pipe.send(error)
