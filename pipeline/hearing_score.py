"""How well words were heard: rate of errors, names, words over nothing, speech without words.

    word error rate    (substitutions + deletions + insertions) / words of the reference,
                       by jiwer, both sides normalised by `normalise`
    name recall        of the programme's names and terms that the reference says, those that
                       stand in the transcript, spelled as the programme spells them
    insertions         words per hour of what the reference's RTTM leaves empty
    missed speech      of the reference's speech, what no word covers

Word times are uncertain: a word is held against nothing, and covers speech, to SLACK_MS of it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import jiwer

from archive.wording import Text
from pipeline.model import Span, complement, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SLACK_MS = 300
"""What the gate lets a word stand beside speech."""

NORMALISATION = Text("lower case, one kind of apostrophe, no punctuation; accents count")
"""What `normalise` does, for whoever reads the figures."""


def normalise(text: str) -> str:
    """Lower case, one kind of apostrophe, no punctuation, single spaces; accents stay."""
    lowered = text.lower().replace("’", "'")
    return " ".join(re.sub(r"[^\w'\- ]|(?<!\w)[-']|[-'](?!\w)", " ", lowered).split())


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return (words of the reference, errors)."""
    expected = normalise(reference)
    if not expected:
        return 0, len(normalise(heard).split())
    found = jiwer.process_words(expected, normalise(heard))
    errors = found.substitutions + found.deletions + found.insertions
    return len(expected.split()), errors


def names_heard(reference: str, heard: str, names: Iterable[str]) -> tuple[int, int]:
    """Return (names that the reference says, those of them that were heard as spelled)."""
    known = sorted({tuple(normalise(n).split()) for n in names} - {()}, key=lambda n: (-len(n), n))
    said, found = _counted(reference, known), _counted(heard, known)
    return said.total(), (said & found).total()


def _counted(text: str, known: Sequence[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """Count names in a text, the longest first; an elided word before one is no part of it."""
    words = re.sub(r"(?<!\w)\w{1,2}'", " ", normalise(text)).split()
    counts: Counter[tuple[str, ...]] = Counter()
    place = 0
    while place < len(words):
        name = next((n for n in known if tuple(words[place : place + len(n)]) == n), None)
        counts.update(() if name is None else [name])
        place += 1 if name is None else len(name)
    return counts


def over_nothing(
    words: Sequence[Span], speech: Iterable[Span], within: Span
) -> tuple[int, int, int, int]:
    """Return (words where nobody speaks, ms where nobody does, ms of speech, ms not covered)."""
    spoken = union(cut for span in speech if (cut := span.clip(within)) is not None)
    wide = union(_wide(span) for span in spoken)
    invented = sum(not any(word.overlap_ms(span) for span in wide) for word in words)
    covered = union(_wide(word) for word in words)
    missed = sum(hole.duration_ms for span in spoken for hole in complement(covered, span))
    spoken_ms = sum(span.duration_ms for span in spoken)
    return invented, within.duration_ms - spoken_ms, spoken_ms, missed


def _wide(span: Span) -> Span:
    return Span(max(0, span.start_ms - SLACK_MS), span.end_ms + SLACK_MS)
