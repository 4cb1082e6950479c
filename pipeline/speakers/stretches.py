"""The short stretches of speech that get a voice: whole words, cut where a change may fall.

A stretch ends where a sentence ends, where a pause is long enough, or when it is long enough;
so that a change of speaker, which falls between words and mostly after a sentence, falls
between stretches too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Span
from pipeline.sentences import ends_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.model import Word

LONGEST_MS = 1_300
"""A longer phrase is cut into equal parts no longer than about this."""
PAUSE_MS = 300
"""A pause this long ends a phrase; word times are uncertain by a tenth of a second."""


def groups(words: Sequence[Word]) -> tuple[tuple[Word, ...], ...]:
    """Return the words, each in one group, in order of time."""
    phrases: list[list[Word]] = []
    end = 0
    for word in sorted(words, key=lambda w: (w.start_ms, w.end_ms)):
        over = not phrases or ends_sentence(phrases[-1][-1].text) or word.start_ms - end >= PAUSE_MS
        if over:
            phrases.append([])
        phrases[-1].append(word)
        end = word.end_ms if over else max(end, word.end_ms)
    return tuple(part for phrase in phrases for part in _parts(phrase))


def _parts(phrase: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    start = phrase[0].start_ms
    length = max(w.end_ms for w in phrase) - start
    count = -(-length // LONGEST_MS)
    shares = [(w.start_ms + w.end_ms - 2 * start) * count // (2 * length + 1) for w in phrase]
    for share in sorted(set(shares)):
        yield tuple(w for w, mine in zip(phrase, shares, strict=True) if mine == share)


def stretches(words: Sequence[Word]) -> tuple[Span, ...]:
    """Return the spans to compute a vector for; `attribute` wants them in this order."""
    return spans_of(groups(words))


def spans_of(grouped: Iterable[Sequence[Word]]) -> tuple[Span, ...]:
    """From each group's first word to its last word's end."""
    return tuple(Span(g[0].start_ms, max(w.end_ms for w in g)) for g in grouped)
