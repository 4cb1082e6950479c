"""Runs of `plenary` in which the Nth durable operation fails, or is the last.

A process that has imported everything once is forked for each run (`Runner`), so that a run
costs its work and nothing else. A library preloaded into it and into ffmpeg (faults.c) counts
the operations on the data folder below Python, meddles with one, and logs what each did.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
_SHARED = struct.Struct("=5Q")
_RECORD = struct.Struct("=Qq4I8s")
# A run of 20 s of sound takes about a second.
_LIMIT_S = 120


class Kind(IntEnum):
    """What happens at the marked operation; the numbers are those of faults.c."""

    COUNT = 0
    KILL = 1
    EIO = 2
    ENOSPC = 3


@dataclass(frozen=True)
class Operation:
    """One durable operation that was done: `path` and `other` are below the data folder.

    A rename goes from `path` to `other`; a symlink stands at `other` and leads to `path`.
    """

    number: int
    name: str
    path: str
    other: str
    data: bytes
    offset: int
    flags: int


@dataclass(frozen=True)
class Run:
    """How one run ended, and the durable operations that it asked for."""

    code: int
    words: str
    operations: int


def needed() -> None:
    """Skip where faults cannot be counted below Python, and say so; fail where CI is set."""
    for there, missing in (
        (sys.platform == "linux", "a library is preloaded as Linux does it"),
        (shutil.which("cc"), "no C compiler on the PATH"),
        (shutil.which("ffmpeg"), "no ffmpeg on the PATH; the packaged one cannot be preloaded"),
    ):
        if not there:
            sentence = f"not killed anywhere: {missing}"
            if os.environ.get("CI"):
                pytest.fail(sentence)
            pytest.skip(sentence)


class Runner:
    """The process that is forked for each run; a context manager.

    `folder` holds what it needs: the compiled library, counters, logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        library = folder / "faults.so"
        source = Path(__file__).with_name("faults.c")
        command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe(self._server.stdin).close()
        self._server.wait(timeout=_LIMIT_S)

    def run(
        self,
        archive: Path,
        *,
        at: int = 0,
        kind: Kind = Kind.COUNT,
        moment: str = "2020-01-01T00:00:00+00:00",
        log: Path | None = None,
        words: Sequence[str] = ("run",),
    ) -> Run:
        """Run `plenary WORDS` on archive/config.yaml; `at` 0 lets every operation be.

        `moment` is what the ledger takes for now. `log` is written anew.
        """
        self._number += 1
        shared = self._folder / "shared"
        shared.write_bytes(_SHARED.pack(0, at, kind, 0, 0))
        if log is not None:
            log.write_bytes(b"")
        said = self._folder / "said"
        request = {
            "words": ["--config", str(archive / "config.yaml"), *words],
            "root": str(archive / "data"),
            "shared": str(shared),
            "log": None if log is None else str(log),
            "moment": moment,
            "said": str(said),
        }
        pipe = self._pipe(self._server.stdin)
        pipe.write(json.dumps(request) + "\n")
        pipe.flush()
        code = int(self._pipe(self._server.stdout).readline())
        count = _SHARED.unpack(shared.read_bytes())[0]
        return Run(code, said.read_text("utf-8"), count)

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def operations(log: Path, data: Path) -> tuple[Operation, ...]:
    """Read a log, in the order of the operations."""
    return tuple(sorted(_read(log.read_bytes(), f"{data}/"), key=lambda o: o.number))


def _read(text: bytes, root: str) -> Iterator[Operation]:
    at = 0
    while at < len(text):
        number, offset, *sizes, flags, name = _RECORD.unpack_from(text, at)
        at += _RECORD.size
        parts = []
        for size in sizes:
            parts.append(text[at : at + size])
            at += size
        path, other = (os.fsdecode(part).removeprefix(root) for part in parts[:2])
        yield Operation(number, name.rstrip(b"\0").decode(), path, other, parts[2], offset, flags)


def _serve() -> None:
    """Fork for each request and answer with how it ended."""
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "tests"]
    _import_everything()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _live(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _import_everything() -> None:
    import faster_whisper  # noqa: F401, PLC0415
    import simplemma  # noqa: PLC0415

    import pipeline.check  # noqa: PLC0415
    import pipeline.cli  # noqa: PLC0415
    import pipeline.media  # noqa: PLC0415
    import pipeline.night  # noqa: PLC0415
    import pipeline.sidecar  # noqa: PLC0415
    import pipeline.speakers.stretches  # noqa: PLC0415
    import pipeline.split  # noqa: PLC0415
    import pipeline.transcribe  # noqa: F401, PLC0415

    simplemma.lemmatize("journée", lang="fr")  # reads its dictionary


def _live(request: dict[str, str]) -> None:
    """Be one run, from the process number in the counter to its exit code."""
    import ctypes  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from archive import values  # noqa: PLC0415
    from pipeline.cli import main  # noqa: PLC0415

    signal.alarm(_LIMIT_S)
    with Path(request["shared"]).open("r+b") as shared:
        shared.seek(24)
        shared.write(struct.pack("=Q", os.getpid()))
    said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    values.now = lambda: request["moment"]
    os.environ |= {"FAULTS_ROOT": request["root"], "FAULTS_SHARED": request["shared"]}
    if request["log"] is not None:
        os.environ["FAULTS_LOG"] = request["log"]
    ctypes.CDLL(None).faults_begin()
    code: object = 1
    with suppress(SystemExit):
        try:
            main(request["words"])
        except SystemExit as end:
            code = end.code
        except BaseException:  # noqa: BLE001 (what a shell would show)
            import traceback  # noqa: PLC0415

            traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    _serve()
