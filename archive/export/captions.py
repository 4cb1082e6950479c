"""Passages cut into captions that can be read while they are spoken.

Limits after common subtitling practice: two lines of 42 characters, seven seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.export.transcript import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.export.transcript import Passage, Transcript, Turn, Word

LONGEST_CHARACTERS = 84
LONGEST_MS = 7_000
PAUSE_MS = 1_500
_SHORTEST_MS = 100


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption; `opens` tells that its turn begins with it."""

    start_ms: int
    end_ms: int
    text: str
    turn: Turn
    opens: bool


def captions(transcript: Transcript) -> Iterator[Caption]:
    """Yield captions in order; none is empty, none ends before it starts or starts too early."""
    for turn in transcript.turns:
        pieces = [piece for passage in turn.passages for piece in _pieces(passage)]
        for number, (start, end, text) in enumerate(pieces):
            yield Caption(start, max(end, start + _SHORTEST_MS), text, turn, number == 0)


def _pieces(passage: Passage) -> Iterator[tuple[int, int, str]]:
    if not passage.words and one_line(passage.text):
        yield passage.start_ms, passage.end_ms, passage.text
    current: list[Word] = []
    for word in passage.words:
        if not one_line(word.text):
            continue
        if current and _is_full(current, word):
            yield _joined(current)
            current = []
        current.append(word)
    if current:
        yield _joined(current)


def _is_full(current: Sequence[Word], following: Word) -> bool:
    length = sum(len(w.text) + 1 for w in current)
    return (
        length + len(following.text) > LONGEST_CHARACTERS
        or following.end_ms - current[0].start_ms > LONGEST_MS
        or following.start_ms - current[-1].end_ms > PAUSE_MS
        or (current[-1].text.endswith((".", "?", "!", "…")) and length > LONGEST_CHARACTERS // 2)
    )


def _joined(words: Sequence[Word]) -> tuple[int, int, str]:
    return words[0].start_ms, words[-1].end_ms, " ".join(w.text for w in words)
