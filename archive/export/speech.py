"""When who speaks: turns without their long pauses and without overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.export.transcript import Transcript, Turn

SILENCE_MS = 1_000
"""A pause this long inside a turn is left out: applause between two sentences is nobody's."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one turn, in ms of the recording, half-open, never empty."""

    start_ms: int
    end_ms: int
    turn: Turn


def stretches(transcript: Transcript) -> Iterator[Stretch]:
    """Yield, in order, the stretches in which somebody speaks.

    One that starts before the last one ended starts at that end, and leaves if nothing of it
    remains: each moment is one voice's at most.
    """
    free = 0
    for turn in transcript.turns:
        for begins, end in _spoken(turn):
            start = max(begins, free)
            if start < end:
                yield Stretch(start, end, turn)
                free = end


def _spoken(turn: Turn) -> Iterator[tuple[int, int]]:
    """Yield start and end of the turn's stretches, in ms; a passage without words counts whole."""
    heard = [one for passage in turn.passages for one in passage.words or (passage,)]
    if not heard:
        return
    start, end = heard[0].start_ms, heard[0].end_ms
    for one in heard[1:]:
        if one.start_ms - end >= SILENCE_MS:
            yield start, end
            start = one.start_ms
        end = max(end, one.end_ms)
    yield start, end
