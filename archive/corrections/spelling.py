"""One spelling for another, wherever it stands: "pétécé" becomes "PTCE", its signs stay."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.french import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from archive.corrections.overlay import Said

_BEFORE = re.compile(
    r"^[^\w]*(?:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ])?", re.IGNORECASE
)
_AFTER = re.compile(r"[^\w]*$")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Words [first, last) that are what is sought, but for what stands before and after."""

    first: int
    last: int
    before: str
    after: str


def occurrences(said: Sequence[Said], wrong: str, turns: Collection[int]) -> Iterator[Occurrence]:
    """Yield where `wrong` is said in the given turns, whatever its accents and capitals."""
    sought = [fold(word) for word in wrong.split()]
    place = 0
    while sought and place < len(said):
        run = said[place : place + len(sought)]
        signs = _signs(run, sought) if run[0].turn in turns else None
        if signs is None or len({w.passage for w in run}) > 1:
            place += 1
            continue
        yield Occurrence(place, place + len(sought), *signs)
        place += len(sought)


def mended(
    said: Sequence[Said], wrong: str, right: str, turns: Collection[int]
) -> tuple[list[Said], list[tuple[int, int]]]:
    """Return the words with each `wrong` in the given turns written `right`, and when it is said.

    The times are those of its words, start and end in ms. What was heard is kept beside what is
    written now.
    """
    made: list[Said] = []
    times = []
    end = 0
    for found in occurrences(said, wrong, turns):
        made += said[end : found.first]
        run = said[found.first : found.last]
        made += _written(run, f"{found.before}{right}{found.after}".split())
        times.append((run[0].start_ms, max(word.end_ms for word in run)))
        end = found.last
    return [*made, *said[end:]], times


def _signs(run: Sequence[Said], sought: Sequence[str]) -> tuple[str, str] | None:
    """Return what stands before and after the words sought; None where others stand there."""
    if len(run) < len(sought):
        return None
    first, last = run[0].text, run[-1].text
    for before in _openings(first):
        after = _AFTER.search(last[len(before) :] if len(run) == 1 else last)
        end = "" if after is None else after.group()
        words = [w.text for w in run]
        words[0] = words[0][len(before) :]
        words[-1] = words[-1].removesuffix(end)
        if [fold(word) for word in words] == list(sought):
            return before, end
    return None


def _openings(word: str) -> Iterator[str]:
    """Yield what may stand before the word itself: nothing, signs, signs and an elision."""
    yield ""
    opening = _BEFORE.match(word)
    if opening is not None and opening.group():
        yield opening.group()


def _written(run: Sequence[Said], words: Sequence[str]) -> Iterator[Said]:
    """Give new words the time of the run: word for word, or each its share of it."""
    if len(run) == len(words):
        for word, text in zip(run, words, strict=True):
            heard = word.heard or word.text
            same = text == word.text
            yield word if same else replace(word, text=text, heard=heard, origin="corrected")
        return
    start, end = run[0].start_ms, max(w.end_ms for w in run)
    heard_whole = " ".join(w.heard or w.text for w in run)
    for n, text in enumerate(words):
        yield replace(
            run[0],
            start_ms=start + (end - start) * n // len(words),
            end_ms=start + (end - start) * (n + 1) // len(words),
            text=text,
            heard=heard_whole if n == 0 else None,
            origin="corrected",
        )
