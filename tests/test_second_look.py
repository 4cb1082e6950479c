"""A second look: the sound, not the model's score, says whether words are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Segment, Span, Window, Word
from pipeline.second_look import UNTOLD_MS, better, look_twice, untold_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECES = (Span(0, 5_000), Span(5_000, 10_000))
WINDOW = Window(Span(0, 20_000), (Span(0, 10_000),), PIECES)


def _said(*places: tuple[int, int]) -> tuple[Segment, ...]:
    return (Segment(tuple(Word(a, b, "mot") for a, b in places)),)


def _steady(until_ms: int, since_ms: int = 0) -> tuple[Segment, ...]:
    return _said(*((at, at + 400) for at in range(since_ms, until_ms, 400)))


def test_speech_under_words_is_told() -> None:
    """Words from end to end leave nothing untold, and silence needs none."""
    assert untold_ms(WINDOW, _steady(10_000)) == 0
    assert untold_ms(Window(Span(0, 20_000)), ()) == 0


def test_a_stretched_word_tells_only_a_word() -> None:
    """A word of three letters covers 0.6 s of speech and its slack, not the skipped sentence."""
    places = [(at, at + 400) for at in range(0, 6_000, 400)]
    assert untold_ms(WINDOW, _said(*places, (6_000, 10_000))) == 10_000 - 6_800


def test_the_version_that_tells_clearly_more_is_kept() -> None:
    """The second look replaces the first only where it leaves 0.3 s less untold."""
    first, much = _steady(6_000), _steady(10_000)
    little = _said(*((at, at + 400) for at in range(0, 6_000, 400)), (6_000, 6_200))
    assert better(WINDOW, first, much) == much
    assert better(WINDOW, first, little) == first
    assert better(WINDOW, much, first) == much


def test_only_doubtful_windows_are_looked_at_again() -> None:
    """A window that lost a sentence is decoded in its pieces; its neighbours are left alone."""
    good = Window(Span(20_000, 30_000), (Span(20_000, 30_000),), (Span(20_000, 25_000),))
    asked: list[Sequence[Span]] = []

    def recognise(spans: Sequence[Span]) -> tuple[Segment, ...]:
        asked.append(spans)
        ends = {0: 3_000 if len(asked) == 1 else 5_000}
        return tuple(
            segment
            for span in spans
            for segment in _steady(ends.get(span.start_ms, span.end_ms), span.start_ms)
        )

    kept = look_twice(recognise, [WINDOW, good])
    assert asked == [[WINDOW.span, good.span], list(PIECES)]
    assert [s.span for s in kept] == [Span(0, 5_200), Span(5_000, 10_200), Span(20_000, 30_000)]


def test_a_window_without_pieces_has_no_second_look() -> None:
    """What cannot be cut smaller would only be decoded the same way again."""
    whole = Window(Span(0, 20_000), (Span(0, UNTOLD_MS),), (Span(0, UNTOLD_MS),))
    asked: list[Sequence[Span]] = []

    def hear_nothing(spans: Sequence[Span]) -> tuple[Segment, ...]:
        asked.append(spans)
        return ()

    assert look_twice(hear_nothing, [whole]) == ()
    assert len(asked) == 1
