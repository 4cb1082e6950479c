"""Times for words that a person wrote: those of the words they stand for."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from archive.corrections.ground import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.corrections.model import SpokenWord


def retimed(old: Sequence[SpokenWord], new: Sequence[str]) -> Iterator[SpokenWord]:
    """Yield the new words, each with the time of the old one that it is; in ms.

    Words that are other than before share the time of those that stood there, by their
    letters; words between two that stay share the pause, or else the time of the one before.
    `old` is not empty.
    """
    matcher = SequenceMatcher(None, [plain(w) for *_, w in old], [plain(w) for w in new], False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            for (start, end, _), word in zip(old[a:b], new[c:d], strict=True):
                yield start, end, word
        elif kind != "delete":
            yield from _shared(*_room(old, a, b), new[c:d])


def _room(old: Sequence[SpokenWord], first: int, last: int) -> tuple[int, int]:
    """Return the time of the words [first, last), or of the pause where there are none."""
    if first < last:
        return old[first][0], max(end for _, end, _ in old[first:last])
    before = old[first - 1][1] if first else old[0][0]
    after = old[first][0] if first < len(old) else old[-1][1]
    return min(before, after), max(before, after)


def _shared(start_ms: int, end_ms: int, words: Sequence[str]) -> Iterator[SpokenWord]:
    """Share a stretch among words by their letters."""
    total = sum(len(word) for word in words)
    past = 0
    for word in words:
        begins = start_ms + (end_ms - start_ms) * past // total
        past += len(word)
        yield begins, start_ms + (end_ms - start_ms) * past // total, word
