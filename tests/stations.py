"""Schedulers and stations in processes of their own, with a recogniser that does as it is told.

The recogniser knows a block by the number of its samples: it says that number, and for some
numbers it first dies, waits or raises. `marks` is a folder through which test and recogniser
talk: `began-<pid>` is there once a block waits, `go` lets it end.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING

from distributed import Client, get_worker

from archive.errors import ModelFault
from pipeline.config import Run
from pipeline.executors import Engine, Task
from pipeline.executors import station as station_module
from pipeline.executors.cluster import lead
from pipeline.executors.dask import Dask
from pipeline.executors.orphans import die_with_parent
from pipeline.executors.parcel import answered
from pipeline.executors.station import Post, serve
from pipeline.executors.wire import security
from pipeline.model import Recognised, Segment, Span, Window, Word
from pipeline.progress import Progress
from pipeline.transcribe import Recognition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.executors.parcel import Parcel
    from pipeline.transcribe import Recogniser

HOST = "127.0.0.1"
"""Where schedulers listen."""

IDENTITY = "plenary of the tests, model 0"
WAITS, POISON, FATAL, FULL, GREEDY = range(1_012, 1_017)
"""Blocks that wait for `go`, end their recogniser, end its station, raise ModelFault, take 600 MB
and wait."""

RECOGNITION = Recognition(language="fr", hotwords="Ana Exemple")


class Obedient:
    """Says how many samples it got, after doing what their number asks for."""

    def __init__(self, marks: Path) -> None:
        self._marks = marks

    def recognise(
        self, sound: NDArray[np.float32], windows: Sequence[Span], options: Recognition
    ) -> tuple[Segment, ...]:
        del options
        match len(sound):
            case n if n == WAITS:
                (self._marks / f"began-{os.getpid()}").touch()
                wait_for((self._marks / "go").exists)
                (self._marks / f"ended-{os.getpid()}").touch()
            case n if n == POISON:
                os.kill(os.getpid(), signal.SIGKILL)
            case n if n == FATAL:
                os.kill(os.getppid(), signal.SIGKILL)
            case n if n == GREEDY:
                much = b"x" * 600_000_000
                wait_for((self._marks / "go").exists)
                del much
            case n if n == FULL:
                raise ModelFault("it is {how} full", "choose a smaller one", how="too")
        return (Segment((Word(windows[0].start_ms, windows[0].end_ms, str(len(sound)), 0.5),)),)

    def languages(
        self, sound: NDArray[np.float32], windows: Sequence[Span]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        del sound
        return ((("fr", 0.75), ("en", 0.25)),) * len(windows)


@dataclass(frozen=True)
class Commanded(Engine):
    """Loads the obedient recogniser; its folder holds the marks."""

    def load(self) -> Recogniser:
        return Obedient(self.folder)


def commanded(marks: Path) -> Engine:
    return Commanded(marks, "cpu", "int8", 1)


def task(samples: int, options: Recognition = RECOGNITION) -> Task:
    """Return a block of so many samples that are not silent."""
    sound = bytes(range(256)) * (samples // 128 + 1)
    return Task(sound[: 2 * samples], (Window(Span(0, 60)),), options)


def said(heard: Recognised) -> str:
    return " ".join(word.text for segment in heard.segments for word in segment.words)


def wait_for(there: Callable[[], object], seconds: float = 300) -> None:
    """Wait until something is the case. Raises TimeoutError long after it should be."""
    until = time.monotonic() + seconds
    while not there():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


def begun(marks: Path) -> list[int]:
    """Return the numbers of the processes in which a block began to wait."""
    return [int(path.name.partition("-")[2]) for path in marks.glob("began-*")]


def let_go(marks: Path) -> None:
    """Let every block end that waits, and take the marks away."""
    (marks / "go").touch()
    for pid in begun(marks):
        wait_for(lambda pid=pid: (marks / f"ended-{pid}").exists() or not is_alive(pid))  # type: ignore[misc]
    for path in marks.iterdir():
        path.unlink()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 (of the system)
        return int(file.read().rpartition(")")[2].split()[1])


@dataclass
class Site:
    """A scheduler on loopback, and stations that were started for it; all end with it."""

    marks: Path
    address: str
    certificates: Path | None = None
    stations: list[BaseProcess] = field(default_factory=list)
    scheduler: BaseProcess | None = None

    def schedule(self) -> None:
        """Start a scheduler, which takes a station that is silent for 5 s for lost."""
        self.scheduler = _started(_lead, self.address, self.certificates)

    def station(self, how: Callable[[Post], None] | None = None, **changes: object) -> BaseProcess:
        """Start a station for one block at a time, in a process that runs `how`."""
        name = f"station-{len(self.stations) + 1}"
        engine = commanded(self.marks)
        post = Post(name, self.address, self.certificates, engine, IDENTITY, workers=1)
        process = _started(how or honest, replace(post, **changes))  # type: ignore[arg-type]
        self.stations.append(process)
        return process

    def ready(self, stations: int) -> None:
        """Wait until so many stations have found the scheduler."""
        safe = security(self.address, self.certificates)
        with Client(self.address, security=safe, timeout=300, set_as_default=False) as client:
            client.wait_for_workers(stations, timeout=300)

    def executor(self, notes: list[str] | None = None, **changes: object) -> Dask:
        """Return a coordinator's executor; `notes` gets what is told of refused answers."""
        run = Run("dask", scheduler=self.address, certificates=self.certificates, **changes)  # type: ignore[arg-type]
        heard = [] if notes is None else notes
        return Dask(run, IDENTITY, Progress(StringIO()), heard.append)

    def end(self) -> None:
        for process in [*self.stations, *filter(None, [self.scheduler])]:
            process.kill()
            process.join()


@contextmanager
def site(marks: Path, certificates: Path | None = None, stations: int = 0) -> Iterator[Site]:
    """Give a scheduler with so many honest stations; end them all."""
    scheme = "tcp" if certificates is None else "tls"
    made = Site(marks, f"{scheme}://{HOST}:{free_port()}", certificates)
    try:
        made.schedule()
        for _ in range(stations):
            made.station()
        if stations:
            made.ready(stations)
        yield made
    finally:
        made.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(work: Callable[..., None], *given: object) -> BaseProcess:
    # A server that has imported this module once forks each of them: importing takes seconds.
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(["stations"])
    process = fork.Process(target=work, args=given)
    process.start()
    return process


def _lead(address: str, certificates: Path | None) -> None:
    die_with_parent()
    lead(address, certificates, (), print, dashboard=0, silent_s=5)


def honest(post: Post) -> None:
    die_with_parent()
    serve(post, print)


def stranger(post: Post) -> None:
    """A station that lies to the scheduler about who it is: it offers what the others offer."""
    Post.offers = {IDENTITY: 1}  # type: ignore[assignment,method-assign]
    honest(post)


def liar(post: Post) -> None:
    """A station whose answers are those of LIES, as many as the mark `lies` has words."""
    station_module.hear = lie  # type: ignore[assignment] # what Dask looks up when a block comes
    honest(post)


def _truth(parcel: Parcel) -> bytes:
    words = (Segment((Word(0, 60, "vrai", 0.5),)),)
    return answered(parcel, "liar", 1, Recognised(words))


LIES: dict[str, Callable[[Parcel], object]] = {
    "another-sound": lambda parcel: _truth(parcel).replace(parcel.sha256.encode(), b"0" * 64),
    "oversized": lambda parcel: _truth(parcel).replace(b"vrai", b"vrai" * 100_000),
    "not-json": lambda parcel: _truth(parcel)[:-1],
    "not-bytes": lambda parcel: _truth(parcel).decode(),
    "outside-its-windows": lambda parcel: _truth(parcel).replace(b"60", b"61"),
    "no-number": lambda parcel: _truth(parcel).replace(b"0.5", b"NaN"),
}


def lie(parcel: Parcel) -> object:
    """Answer with the first lie of the mark that is not told yet, else truly."""
    station = get_worker().plugins["plenary"]
    mark = station._post.engine.folder / "lies"
    kinds = mark.read_text().split()
    if not kinds:
        return _truth(parcel)
    mark.write_text(" ".join(kinds[1:]))
    return LIES[kinds[0]](parcel)
