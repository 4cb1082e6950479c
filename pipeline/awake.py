"""Keep the machine awake while a run works, where the system offers it.

A laptop that falls asleep at midnight does nothing until morning. systemd's inhibitor and
macOS's caffeinate hold sleep off for as long as a process of theirs lives; it dies with ours.
Elsewhere, and where they refuse (no rights, no login manager), nothing is done.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.processes import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

_INHIBIT = (
    "systemd-inhibit",
    "--what=sleep:idle",
    "--who=plenary",
    "--why=recordings are being transcribed",
    "--mode=block",
    "sleep",
    "infinity",
)
_CAFFEINATE = ("caffeinate", "-i")


@contextmanager
def awake() -> Iterator[None]:
    """Hold sleep off while the block lasts."""
    command = _CAFFEINATE if sys.platform == "darwin" else _INHIBIT
    if shutil.which(command[0]) is None:
        yield
        return
    with beside(command):
        yield
