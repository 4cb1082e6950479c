"""The short stretches of speech that get a voice: whole words, cut where a change may fall.

A stretch ends where a sentence ends, where a pause is long enough, or when it is long enough;
so that a change of speaker, which falls between words and mostly after a sentence, falls
between stretches too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.model import Word

LONGEST_MS = 1_300
"""A stretch ends with the word that makes it this long."""
SHORTEST_MS = 400
"""A sentence's end ends no shorter stretch: its vector would say nothing."""
PAUSE_MS = 300
"""A pause this long ends a stretch; word times are uncertain by a tenth of a second."""
ENDS = (".", "!", "?", "…")


def groups(words: Sequence[Word]) -> tuple[tuple[Word, ...], ...]:
    """Return the words, each in one group, in order of time."""
    made: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.start_ms, w.end_ms)):
        if not made or _ends(made[-1], word):
            made.append([])
        made[-1].append(word)
    return tuple(tuple(group) for group in made)


def _ends(group: Sequence[Word], coming: Word) -> bool:
    start, end = group[0].start_ms, max(w.end_ms for w in group)
    if coming.start_ms - end >= PAUSE_MS or end - start >= LONGEST_MS:
        return True
    return is_end(group[-1].text) and end - start >= SHORTEST_MS


def is_end(text: str) -> bool:
    """Whether a sentence ends with this word; "M." ends none."""
    bare = text.rstrip("»\"') ")
    return bare.endswith(ENDS) and bare.lower() not in {"m.", "mr.", "mrs.", "ms.", "dr.", "st."}


def stretches(words: Sequence[Word]) -> tuple[Span, ...]:
    """Return the spans to compute a vector for; `attribute` wants them in this order."""
    return spans_of(groups(words))


def spans_of(grouped: Iterable[Sequence[Word]]) -> tuple[Span, ...]:
    """From each group's first word to its last word's end."""
    return tuple(Span(g[0].start_ms, max(w.end_ms for w in g)) for g in grouped)
