"""A passage's words with their times, as its row holds them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from archive.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Row = dict[str, Any]
TimedWord: TypeAlias = tuple[int, int, float, str]
"""Start and end in ms of the recording, probability, and the word."""


def timed_words(text: str, words: str | None) -> list[TimedWord] | None:
    """Return each word of a text with its time; None where the times are not those of the text.

    `words` is JSON, [[start_ms, end_ms, probability], …].
    """
    said, times = text.split(" "), json.loads(words or "[]")
    if len(said) != len(times):
        return None
    pairs = zip(said, times, strict=True)
    return [(start, end, probability, word) for word, (start, end, probability) in pairs]


def extent(words: Sequence[TimedWord]) -> tuple[int, int]:
    """Return the start and end in ms of some words, one at least.

    A word without length takes a millisecond, so that its start lies within as well.
    """
    starts = (min(start, end) for start, end, *_ in words)
    return min(starts), max(max(start + 1, end) for start, end, *_ in words)


def apart(passage: Row, at: Collection[int]) -> list[Row]:
    """Return a passage as several: a new one begins with each word whose place is in `at`.

    Its words have their times. Nobody said across a cut what stands on both sides of it.
    """
    words = timed_words(passage["text"], passage["words"]) or []
    edges = [0, *sorted(at), len(words)]
    return [_part(passage, words[first:last]) for first, last in pairwise(edges)]


def only(passage: Row, keep: Callable[[int, int], bool]) -> Row | None:
    """Return a passage with the words that are kept, by start and end in ms; None: no word is.

    Without the times of its words it is kept whole or not at all. What was heard beneath a word
    may be of its neighbours: where a word goes, all of that goes too.
    """
    words = timed_words(passage["text"], passage["words"])
    if words is None:
        whole = keep(passage["start_ms"], passage["end_ms"])
        return {**passage, "words": None, "heard": None} if whole else None
    kept = [word for word in words if keep(word[0], word[1])]
    if not kept or len(kept) == len(words):
        return passage if kept else None
    return _part(passage, kept)


def _part(passage: Row, words: Sequence[TimedWord]) -> Row:
    return {
        **passage,
        "start_ms": words[0][0],
        "end_ms": max(end for _, end, *_ in words),
        "text": " ".join(word for *_, word in words),
        "words": canonical([times for *times, _ in words]),
        "heard": None,
    }
