"""The careful path: windows whose words do not account for their speech are decoded again.

A recogniser can skip a sentence, or say one thing over and over, without a sign of it in its
scores. The sound tells: speech that the VAD heard is either under a credible word, taken at no
more than a word's length, or untold. Credible is what the gate would let pass: a loop, an
impossible rate, another language tell nothing. A window with too much untold speech climbs
WAYS, one after the other, until its words account for its speech; of all versions the first is
kept that no later one betters clearly. Scores of the model have no say.

There is no sampling at a temperature: CTranslate2 draws from a generator that each of its
threads seeds once, so that the words would depend on what was decoded before (ADR 7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.gate import credible
from pipeline.model import Look, Recognised, Span, Version, complement, union

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.model import Segment, Window, Word
    from pipeline.transcribe import Recognition

    Recognise = Callable[[Sequence[Span], Recognition], Sequence[Segment]]

BATCHED, PIECES, BARE = "batched", "pieces", "bare pieces"
WAYS = (PIECES, BARE)
"""What is tried after the batched decoding of the whole window: the window cut at its pauses;
the same without hotwords, which a model at a loss repeats, and without any repetition of
NO_REPEAT tokens."""

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
    first = recognise([window.span for window in windows], options)
    versions = [[_version(BATCHED, window, first, options)] for window in windows]
    for way in WAYS:
        again = [
            n
            for n, window in enumerate(windows)
            if best(versions[n]).untold_ms >= UNTOLD_MS and _spans(way, window)
        ]
        if not again:
            continue
        spans = [span for n in again for span in _spans(way, windows[n])]
        found = recognise(spans, _asked(way, options))
        for n in again:
            versions[n].append(_version(way, windows[n], found, options))
    return Recognised(
        tuple(segment for tried in versions for segment in best(tried).segments),
        tuple(
            Look(window.span, best(tried).way, tuple(tried))
            for window, tried in zip(windows, versions, strict=True)
            if len(tried) > 1
        ),
    )


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


def _version(
    way: str, window: Window, segments: Sequence[Segment], options: Recognition
) -> Version:
    own = tuple(segment for segment in segments if segment.span.overlap_ms(window.span))
    languages = (options.language, *options.also_spoken)
    return Version(way, untold_ms(window, credible(own, window.speech, languages)), own)


def _spans(way: str, window: Window) -> Sequence[Span]:
    """Return what is decoded: nothing where that would only be the same again."""
    if len(window.pieces) > 1:
        return window.pieces
    return () if way == PIECES else (window.span,)


def _asked(way: str, options: Recognition) -> Recognition:
    return options if way == PIECES else replace(options, hotwords="", no_repeat=NO_REPEAT)
