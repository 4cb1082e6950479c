"""One clock for a capture whose time stamps start late, leap, run backwards or are garbled.

A capture's packets of sound are told as runs: stretches in which each time stamp follows the
one before. `place` then says where each run lies from the capture's start. Nothing here reads
a file.

- Stamps that leap ahead mean lost sound: what follows keeps its time, and there is a gap.
- Stamps that go back mean that the clock was set anew (two files joined into one, a recorder
  begun again): what follows stands directly after, for none of it may be lost.
- Stamps that leap ahead where nothing was lost mean the same; who knows, says so (`lasting`).
- A short run between two that fit together has garbled stamps: it stands after the first. So
  does one at the very beginning that the next one goes back from: it stands at the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SLIP_S = 0.1
"""Stamps that go back by less are jitter."""

LEAP_S = 0.5
"""Stamps that leap ahead by less are looked at frame by frame, where sound is decoded."""

STRAY_S = 2.0
"""Garbled stamps hold for less: one packet of a transport stream carries less sound."""

LONGEST_LOSS_S = 12 * 3600.0
"""More than this was never lost in one piece: no day of filming is longer."""


class Stamp(NamedTuple):
    """One packet of sound: its start and end in seconds by the capture's clock, its byte.

    `at` is its position in the file, or that of the last packet before it that tells one.
    """

    start_s: float
    end_s: float
    at: int


@dataclass(frozen=True, slots=True)
class Run:
    """Packets whose stamps follow each other; `first` is the number of the first one.

    `at` and `last_at` are the byte positions of the first and the last packet.
    """

    first: int
    at: int
    last_at: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Placed:
    """From packet `first`, at byte `at`, on: what to add to a time stamp, in seconds.

    `anew` where the clock was set anew.
    """

    first: int
    at: int
    add_s: float
    anew: bool = False


def runs_of(stamps: Iterable[Stamp]) -> list[Run]:
    """Return the runs of a capture's packets, in their order."""
    runs: list[Run] = []
    end_s, last_at = float("-inf"), 0
    for number, stamp in enumerate(stamps):
        if not -SLIP_S < stamp.start_s - end_s < LEAP_S:
            if runs:
                runs[-1] = replace(runs[-1], last_at=last_at, end_s=end_s)
            runs.append(Run(number, stamp.at, stamp.at, stamp.start_s, stamp.end_s))
            end_s = stamp.end_s
        end_s, last_at = max(end_s, stamp.end_s), stamp.at
    if runs:
        runs[-1] = replace(runs[-1], last_at=last_at, end_s=end_s)
    return runs


def first_sound(runs: Sequence[Run]) -> Run:
    """Return the first run whose stamps are to be believed; see `place`."""
    first, *later = runs
    garbled = later and first.end_s - first.start_s < STRAY_S and _goes_back(first, later[0])
    return later[0] if garbled else first


def _goes_back(before: Run, run: Run) -> bool:
    return run.start_s <= before.end_s - SLIP_S


def place(
    runs: Sequence[Run], origin_s: float, lasting: Callable[[Run, Run], bool]
) -> tuple[list[Placed], float]:
    """Return where the runs lie, and where the last sound ends, in seconds from the start.

    The capture starts at `origin_s` by its own clock.
    `lasting(before, run)` tells of stamps that leap ahead whether that time really passed.
    """
    placed: list[Placed] = []
    end_s, add_s = 0.0, -origin_s
    before: Run | None = None
    beginning = first_sound(runs)
    for number, run in enumerate(runs):
        if run is beginning:
            placed.append(Placed(run.first, run.at, add_s))
        elif before is None or _is_stray(before, run, runs[number + 1 :]):
            placed.append(Placed(run.first, run.at, end_s - run.start_s))
            end_s += run.end_s - run.start_s
            continue
        else:
            step_s = run.start_s - before.end_s
            anew = not (-SLIP_S < step_s <= LONGEST_LOSS_S and lasting(before, run))
            if anew:
                add_s = end_s - run.start_s
            placed.append(Placed(run.first, run.at, add_s, anew))
        before = run
        end_s = max(end_s, run.end_s + add_s)
    return placed, end_s


def _is_stray(before: Run, run: Run, later: Sequence[Run]) -> bool:
    """Tell whether a run lies out of order between `before` and one that goes on from it."""
    length_s = run.end_s - run.start_s
    for after in later:
        if length_s >= STRAY_S:
            return False
        if -SLIP_S < after.start_s - before.end_s < length_s + STRAY_S:
            between = before.end_s - SLIP_S < run.start_s and run.end_s < after.start_s + SLIP_S
            return not between
        length_s += after.end_s - after.start_s
    return False
