"""The one wrapper round every process that this project starts.

Lists of arguments and never a shell, no standard input, a cap on what the process may say,
limits on standing still and on time, a process group of its own that dies with this process.
What a process is started for, and what its failure means, its caller knows.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault, CaptureFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

STALL_S = 300
"""Seconds without progress after which a process is taken for hung; moving the index of a large
MP4 to its front copies the whole file in silence."""

WORDS_KEPT = 4_000
"""Bytes of a process's last words that an error may quote from."""

PR_SET_PDEATHSIG = 1
"""From Linux's <sys/prctl.h>."""

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def run_process(
    command: Sequence[str], subject: Path, alive: Callable[[str], bool], wall_s: float
) -> None:
    """Run one process to its end; `alive` gets its lines and says which of them mean progress.

    Raises CaptureFault about `subject` when it fails, stands still for STALL_S or takes longer
    than `wall_s`; ArchiveFault when the disk is full. Nothing of it outlives this call.
    """
    process = _start(command, subprocess.PIPE)
    try:
        words = _listen(process, alive, time.monotonic() + wall_s)
        code = process.wait(timeout=STALL_S)
    except TimeoutError as error:
        raise CaptureFault(
            "reading it came to a standstill", "play it to see whether it is whole", path=subject
        ) from error
    finally:
        _end(process)
    if code == 0:
        return
    if "No space left on device" in words:
        raise ArchiveFault("the disk is full", "make room, then run again")
    raise CaptureFault(
        "it could not be used: {words}",
        "play it to see whether it is whole, or copy it again from the card",
        path=subject,
        words=words.strip().rpartition("\n")[2] or f"it ended with code {code}",
    )


@contextmanager
def beside(command: Sequence[str]) -> Iterator[None]:
    """Keep one process, unheard, while the block lasts; that it ends by itself is no error."""
    process = _start(command, subprocess.DEVNULL)
    try:
        yield
    finally:
        _end(process)


def _start(command: Sequence[str], output: int) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        process_group=0,
        # The child calls prctl and getppid only: nothing that another thread may have locked.
        preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _listen(process: subprocess.Popen[bytes], alive: Callable[[str], bool], end: float) -> str:
    """Read both outputs until they close; return the last words of standard error."""
    words, rest = b"", b""
    moved = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        selector.register(process.stderr, selectors.EVENT_READ)  # type: ignore[arg-type]
        while selector.get_map():
            for key, _ in selector.select(timeout=1):
                data = os.read(key.fd, 65_536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    words = (words + data)[-WORDS_KEPT:]
                else:
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        if alive(line.decode(errors="replace").strip()):
                            moved = time.monotonic()
            now = time.monotonic()
            if now > end or now - moved > STALL_S:
                raise TimeoutError
    return words.decode(errors="replace")


def _die_with(parent: int) -> None:
    """Run in the child before ffmpeg: the kernel kills it when its parent ends (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
