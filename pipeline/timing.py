"""Word times made usable: in order, inside their stretch, none empty, none overlapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model import Span, Word

SHORTEST_MS = 20
"""The least that a word lasts: one step of Whisper's own alignment."""


def straighten(words: Sequence[Word], within: Span) -> tuple[Word, ...]:
    """Repair the times of words that stand in reading order; their texts stay as they are.

    A start is believed before an end: a word ends at the latest where the next one starts. A
    word without length gets SHORTEST_MS, and what follows makes room. What would leave
    `within` is moved inside. Words in good order are returned unchanged.
    Raises ValueError when `within` has less than a millisecond for each word.
    """
    if len(words) > within.duration_ms:
        message = f"{len(words)} words do not fit into {within.duration_ms} ms"
        raise ValueError(message)
    shortest = max(1, min(SHORTEST_MS, within.duration_ms // max(1, len(words))))
    spans: list[tuple[int, int]] = []
    free = within.start_ms
    for place, word in enumerate(words):
        start = max(word.start_ms, free)
        end = word.end_ms
        if place + 1 < len(words):
            end = min(end, words[place + 1].start_ms)
        free = max(end, start + shortest)
        spans.append((start, free))
    limit = within.end_ms
    for place in reversed(range(len(spans))):
        start, end = spans[place]
        end = min(end, limit)
        limit = min(start, end - shortest)
        spans[place] = (limit, end)
    return tuple(
        replace(word, start_ms=start, end_ms=end)
        for word, (start, end) in zip(words, spans, strict=True)
    )
