"""A second look: the sound, not the model's score, says whether words are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.model import Segment, Span, Version, Window, Word
from pipeline.second_look import BARE, BATCHED, PIECES, UNTOLD_MS, best, look_twice, untold_ms
from pipeline.transcribe import Recognition

if TYPE_CHECKING:
    from collections.abc import Sequence

CUT = (Span(0, 5_200), Span(5_200, 10_000))
WINDOW = Window(Span(0, 20_000), (Span(0, 10_000),), CUT)
FRENCH = Recognition("fr", "Claire Morel")


def _cut(until_ms: int) -> tuple[Segment, ...]:
    """Steady words in a segment for each piece, as recognition gives them."""
    return _steady(min(until_ms, 5_200)) + _steady(until_ms, 5_200)


def _said(*places: tuple[int, int]) -> tuple[Segment, ...]:
    return (Segment(tuple(Word(a, b, "mot") for a, b in places)),)


def _steady(until_ms: int, since_ms: int = 0) -> tuple[Segment, ...]:
    places = range(since_ms, until_ms, 400)
    return (Segment(tuple(Word(a, a + 400, f"mot{a // 400}") for a in places)),)


def test_speech_under_words_is_told() -> None:
    """Words from end to end leave nothing untold, and silence needs none."""
    assert untold_ms(WINDOW, _steady(10_000)) == 0
    assert untold_ms(Window(Span(0, 20_000)), ()) == 0


def test_a_stretched_word_tells_only_a_word() -> None:
    """A word of three letters covers 0.6 s of speech and its slack, not the skipped sentence."""
    places = [(at, at + 400) for at in range(0, 6_000, 400)]
    assert untold_ms(WINDOW, _said(*places, (6_000, 10_000))) == 10_000 - 6_800


class Ear:
    """Answers each asking with the next of its answers, and remembers what it was asked."""

    def __init__(self, *answers: tuple[Segment, ...]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Sequence[Span], Recognition]] = []

    def __call__(self, spans: Sequence[Span], options: Recognition) -> tuple[Segment, ...]:
        self.asked.append((spans, options))
        return self.answers.pop(0)


def test_what_accounts_for_its_speech_is_decoded_once() -> None:
    """No second look, and no record of one, where every stretch of speech has its words."""
    ear = Ear(_steady(10_000))
    heard = look_twice(ear, [WINDOW], FRENCH)
    assert (heard.segments, heard.looks) == (_steady(10_000), ())
    assert ear.asked == [([WINDOW.span], FRENCH)]


def test_only_doubtful_windows_are_looked_at_again() -> None:
    """A window that lost a sentence is decoded in its pieces; its neighbours are left alone."""
    good = Window(Span(20_000, 30_000), (Span(20_000, 30_000),), (Span(20_000, 25_000),))
    ear = Ear(_steady(3_000) + _steady(30_000, 20_000), _cut(10_000))
    heard = look_twice(ear, [WINDOW, good], FRENCH)
    assert [spans for spans, _ in ear.asked] == [[WINDOW.span, good.span], list(CUT)]
    assert heard.segments == _cut(10_000) + _steady(30_000, 20_000)
    [look] = heard.looks
    assert (look.window, look.kept) == (WINDOW.span, PIECES)
    assert [(v.way, v.segments) for v in look.versions] == [
        (BATCHED, _steady(3_000)),
        (PIECES, _cut(10_000)),
    ]


def test_the_last_way_has_no_hotwords_and_no_repetition() -> None:
    """A piece that is still untold is decoded bare, the others stay; all versions are kept."""
    ear = Ear(_steady(3_000), _steady(5_200), _steady(9_600, 5_200))
    heard = look_twice(ear, [WINDOW], FRENCH)
    assert ear.asked[2][0] == [CUT[1]]
    assert ear.asked[2][1].hotwords == ""
    assert ear.asked[2][1].no_repeat > 0
    assert heard.segments == _cut(9_600)
    assert [v.way for v in heard.looks[0].versions] == [BATCHED, PIECES, BARE]


def test_a_window_without_pieces_is_decoded_bare_at_once() -> None:
    """What cannot be cut smaller would only be decoded the same way again."""
    whole = Window(Span(0, 20_000), (Span(0, UNTOLD_MS),), (Span(0, UNTOLD_MS),))
    ear = Ear((), ())
    heard = look_twice(ear, [whole], FRENCH)
    assert heard.segments == ()
    assert [spans for spans, _ in ear.asked] == [[whole.span], [whole.span]]
    assert [v.way for v in heard.looks[0].versions] == [BATCHED, BARE]


@pytest.mark.parametrize(
    "wrong",
    [
        "très " * 25,
        "I said she could stay with us tomorrow because she feels better than that here.",
        "Sous-titres réalisés par la communauté d'Amara.org",
    ],
)
def test_words_that_are_not_credible_tell_nothing(wrong: str) -> None:
    """A loop, another language, a known invention cover speech without accounting for it."""
    texts = wrong.split()
    pace = 10_000 // len(texts)
    words = [Word(n * pace, (n + 1) * pace, text, 1.0) for n, text in enumerate(texts)]
    ear = Ear((Segment(tuple(words), -0.01),), _cut(10_000))
    assert look_twice(ear, [WINDOW], FRENCH).looks[0].kept == PIECES


def test_another_version_must_be_clearly_better() -> None:
    """0.3 s less untold, whatever the model's own scores say; of equals the first stays."""
    first, little = Version(BATCHED, 1_000, ()), Version(PIECES, 701, ())
    assert best([first, little]) is first
    assert best([first, little, Version(BARE, 700, ())]).way == BARE
