"""The careful path: windows whose words do not account for their speech are decoded again.

A recogniser can skip a sentence, or say one thing over and over, without a sign of it in its
scores. The sound tells: speech that the VAD heard is either under a credible word, taken at no
more than a word's length, or untold. Credible is what the gate would let pass: a loop, an
impossible rate, another language tell nothing. A window with too much untold speech is decoded
again, in other ways, until its words account for its speech; of all versions the first is kept
that no later one betters clearly. Scores of the model have no say.

There is no sampling at a temperature: CTranslate2 draws from a generator that each of its
threads seeds once, so that the words would depend on what was decoded before (ADR 7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.gate import credible
from pipeline.model import Look, Recognised, Span, Version, Window, complement, union

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.model import Segment, Word
    from pipeline.transcribe import Recognition

    Recognise = Callable[[Sequence[Span], Recognition], Sequence[Segment]]

BATCHED, PIECES, BARE = "batched", "pieces", "bare pieces"
"""The ways: the whole window among others; the window cut at its pauses; and those pieces that
are still untold once more, without hotwords, which a model at a loss repeats, and without any
run of NO_REPEAT tokens twice."""

# Longer than the phrases that people say twice within ten seconds, shorter than most loops.
NO_REPEAT = 6
# What a word of n letters tells at most, in ms: n times the second, and the first. Slow speech
# has seven letters a second; what a word's times cover beyond is not told by it.
WORD_MS, LETTER_MS = 300, 100
# Word times are uncertain by this much on either side.
SLACK_MS = 200
# Untold speech from which a window is looked at again: a word or two.
UNTOLD_MS = 500
# How much less a later version must leave untold to be kept.
CLEARLY_LESS_MS = 300


def look_twice(recognise: Recognise, windows: Sequence[Window], options: Recognition) -> Recognised:
    """Recognise windows, the doubtful ones again in each way; keep the best of each.

    `recognise` gives the segments of spans, each inside its span, in their order.
    """
    languages = (options.language, *options.also_spoken)
    tried = [_Tried(window, languages) for window in windows]
    _decode(recognise, options, BATCHED, tried)
    cut = [(one, _parts(one, languages)) for one in tried if one.untold_ms >= UNTOLD_MS]
    in_pieces = [part for _, parts in cut if len(parts) > 1 for part in parts]
    _decode(recognise, options, PIECES, in_pieces)
    for one, parts in cut:
        if len(parts) > 1:
            one.add(PIECES, [s for part in parts for s in part.best.segments])
    bare = replace(options, hotwords="", no_repeat=NO_REPEAT)
    left = [(one, parts) for one, parts in cut if one.untold_ms >= UNTOLD_MS]
    short = [part for _, parts in left for part in parts if part.untold_ms >= CLEARLY_LESS_MS]
    _decode(recognise, bare, BARE, short)
    for one, parts in left:
        one.add(BARE, [s for part in parts for s in part.best.segments])
    return Recognised(
        tuple(segment for one in tried for segment in one.best.segments),
        tuple(
            Look(one.window.span, one.best.way, tuple(one.versions))
            for one in tried
            if len(one.versions) > 1
        ),
    )


class _Tried:
    """A window, or a piece of one, and what it was heard to say so far."""

    def __init__(self, window: Window, languages: Sequence[str]) -> None:
        self.window = window
        self.versions: list[Version] = []
        self._languages = languages

    def add(self, way: str, segments: Sequence[Segment]) -> None:
        window = self.window
        own = tuple(segment for segment in segments if segment.span.overlap_ms(window.span))
        told = credible(own, window.speech, self._languages)
        self.versions.append(Version(way, untold_ms(window, told), own))

    @property
    def best(self) -> Version:
        return best(self.versions)

    @property
    def untold_ms(self) -> int:
        return self.best.untold_ms


def _decode(recognise: Recognise, options: Recognition, way: str, asked: Sequence[_Tried]) -> None:
    found = recognise([one.window.span for one in asked], options) if asked else ()
    for one in asked:
        one.add(way, found)


def _parts(one: _Tried, languages: Sequence[str]) -> list[_Tried]:
    """Return the pieces of a window; where it has but one, the window as it was decoded."""
    window = one.window
    if len(window.pieces) > 1:
        return [
            _Tried(
                Window(piece, tuple(filter(None, (s.clip(piece) for s in window.speech)))),
                languages,
            )
            for piece in window.pieces
        ]
    same = _Tried(window, languages)
    same.add(BATCHED, one.best.segments)
    return [same]


def best(versions: Sequence[Version]) -> Version:
    """Return the version to keep: the first that no later one betters clearly."""
    kept = versions[0]
    for version in versions[1:]:
        if version.untold_ms + CLEARLY_LESS_MS <= kept.untold_ms:
            kept = version
    return kept


def untold_ms(window: Window, segments: Sequence[Segment]) -> int:
    """Return how much of the speech heard in a window lies under none of these words."""
    told = union(_told(word) for segment in segments for word in segment.words)
    return sum(hole.duration_ms for part in window.speech for hole in complement(told, part))


def _told(word: Word) -> Span:
    longest_ms = WORD_MS + LETTER_MS * len(word.text)
    end_ms = min(word.end_ms, word.start_ms + longest_ms)
    return Span(max(0, word.start_ms - SLACK_MS), end_ms + SLACK_MS)
