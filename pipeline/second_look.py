"""Windows whose words do not account for the speech in them are decoded again, in pieces.

A recogniser can skip a sentence without a sign of it in its scores: its words are then
fewer than the speech, and the word beside the hole is stretched over it. The sound tells:
speech that the VAD heard is either under a word, taken at no more than a word's length, or
untold. A window with too much untold speech is decoded once more, cut at its pauses into
short pieces, and the second version is kept where it leaves clearly less untold. Scores of
the model have no say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Span, complement, union

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.model import Segment, Window, Word

# What a word of n letters tells at most, in ms: n times the second, and the first. Slow speech
# has seven letters a second; what a word's times cover beyond is not told by it.
WORD_MS, LETTER_MS = 300, 100
# Word times are uncertain by this much on either side.
SLACK_MS = 200
# Untold speech from which a window is looked at again: a word or two.
UNTOLD_MS = 500
# How much less the second version must leave untold to be kept.
CLEARLY_LESS_MS = 300


def look_twice(
    recognise: Callable[[Sequence[Span]], Sequence[Segment]], windows: Sequence[Window]
) -> tuple[Segment, ...]:
    """Recognise windows, the doubtful ones a second time in pieces; keep the better of each.

    `recognise` gives the segments of windows, each inside its window, in their order.
    """
    first = recognise([window.span for window in windows])
    again = [w for w in windows if len(w.pieces) > 1 and _doubtful(w, _in(w, first))]
    second = recognise([piece for window in again for piece in window.pieces]) if again else ()
    return tuple(
        segment
        for window in windows
        for segment in better(window, _in(window, first), _in(window, second))
    )


def untold_ms(window: Window, segments: Sequence[Segment]) -> int:
    """Return how much of the speech heard in a window lies under none of its words."""
    told = union(_told(word) for segment in segments for word in segment.words)
    return sum(hole.duration_ms for part in window.speech for hole in complement(told, part))


def _told(word: Word) -> Span:
    longest_ms = WORD_MS + LETTER_MS * len(word.text)
    end_ms = min(word.end_ms, word.start_ms + longest_ms)
    return Span(max(0, word.start_ms - SLACK_MS), end_ms + SLACK_MS)


def better(
    window: Window, first: Sequence[Segment], second: Sequence[Segment]
) -> Sequence[Segment]:
    """Return the version of a window's words to keep: the second where it tells clearly more."""
    clearly = untold_ms(window, second) + CLEARLY_LESS_MS <= untold_ms(window, first)
    return second if clearly else first


def _doubtful(window: Window, segments: Sequence[Segment]) -> bool:
    return untold_ms(window, segments) >= UNTOLD_MS


def _in(window: Window, segments: Sequence[Segment]) -> list[Segment]:
    return [segment for segment in segments if segment.span.overlap_ms(window.span)]
