"""Turns into passages: about a paragraph each, ended by the end of a sentence.

A passage is what search finds and what a visitor reads at one go. It never crosses a
turn, and its words are the turn's words, untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sentences import ends_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model import Turn, Word

# A paragraph of speech: half a minute at the 150 words a minute of a plenary.
PARAGRAPH_WORDS = 75
# A silence this long after a sentence starts a new paragraph, whatever its length.
PARAGRAPH_PAUSE_MS = 2_000
# Recognisers can forget punctuation for minutes; a passage ends here all the same.
LONGEST_WORDS = 200


def passages(turn: Turn) -> tuple[tuple[Word, ...], ...]:
    """Cut a turn's words into passages, in order, none empty."""
    found: list[tuple[Word, ...]] = []
    current: list[Word] = []
    for word, following in zip(turn.words, (*turn.words[1:], None), strict=True):
        current.append(word)
        if following is None or _ends_passage(current, following):
            found.append(tuple(current))
            current = []
    return tuple(found)


def _ends_passage(current: Sequence[Word], following: Word) -> bool:
    if len(current) >= LONGEST_WORDS:
        return True
    if not ends_sentence(current[-1].text):
        return False
    pause = following.start_ms - current[-1].end_ms
    return len(current) >= PARAGRAPH_WORDS or pause >= PARAGRAPH_PAUSE_MS
