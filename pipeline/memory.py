"""Memory that the C library keeps after use is given back to the system.

glibc holds on to what was freed, in case it is asked for again: each process then stays as large
as its largest step made it (bench/length.py measures all of them together).
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def give_back() -> None:
    """Return freed memory to the system, where the C library can (glibc's `malloc_trim`)."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # musl, macOS; Windows has no CDLL(None)
        return lambda _: None
    return trim
