"""Evaluation: figures that can be worked out by hand come out as worked out by hand."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.evaluate import (
    Score,
    Scores,
    as_json,
    best_assignment,
    calibration_error,
    reliability,
    score_confidence,
    score_places,
    score_turns,
    score_words,
    table,
)
from pipeline.hearing_score import normalise
from pipeline.model import Span


def test_words_are_compared_without_case_and_punctuation() -> None:
    """Accents count; capitals, apostrophes of either kind and punctuation do not."""
    assert normalise("L’économie, « sociale » ?") == normalise("l'économie sociale")
    assert normalise("économie") != normalise("economie")
    assert normalise("peut-être - non") == "peut-être non"


def test_word_errors_are_counted() -> None:
    """One substitution and one insertion over four words."""
    score = score_words("je donne la parole", "je donne le la mot")
    assert (score.words, score.word_errors) == (4, 2)


def test_words_over_nothing_are_errors() -> None:
    """A reference without words makes every heard word an insertion."""
    assert score_words("", "deux mots").word_errors == 2


def test_names_that_were_said_are_looked_for() -> None:
    """The whole name counts before its parts, elided or not, as often as it is said."""
    names = ["Ana Exemple", "Exemple", "RTES"]
    score = score_words(
        "Merci d'Ana Exemple. Ana Exemple, du RTES, l'Exemple.",
        "merci d'ana exemple, ana exampel du rtes, RTES, RTES. Exemple",
        names,
    )
    assert (score.names_said, score.names_right) == (4, 3)
    assert score.rates()["name_recall"] == 0.75


def test_words_over_nothing_and_speech_without_words() -> None:
    """An hour with ten minutes of speech: two words where nobody speaks, half of it uncovered."""
    speech = [(0, 600_000, "ana")]
    words = [Span(at, at + 400) for at in range(0, 300_000, 800)]
    lies = [Span(600_100, 600_400), Span(700_000, 700_300), Span(800_000, 800_300)]
    rates = score_places(speech, [*words, *lies], Span(0, 3_600_000)).rates()
    assert rates["insertions_per_hour"] == 2.4
    assert rates["missed_speech"] == pytest.approx(0.499, abs=0.002)


def test_names_are_scored_outside_the_collar() -> None:
    """Ten seconds each: one named rightly, one wrongly, one left to its voice."""
    reference = [(0, 10_000, "ana"), (10_000, 20_000, "bo"), (20_000, 30_000, "unlisted-1")]
    heard = [(0, 10_000, "ana"), (10_000, 20_000, "ana"), (20_000, 30_000, "voice-2")]
    score = score_turns(reference, heard, {"ana", "bo"})
    assert score.right_ms == 9_500
    assert score.named_ms == 19_000
    assert score.listed_ms == 19_000
    assert score.confused_ms == 9_500
    assert score.missed_ms == score.false_ms == 0
    assert score.rates()["named_precision"] == 0.5


def test_wrong_names_are_counted_per_hour() -> None:
    """Nine and a half seconds under a wrong name in 28.5 s of speech are 1 200 s per hour."""
    reference = [(0, 10_000, "ana"), (10_000, 20_000, "bo"), (20_000, 30_000, "unlisted-1")]
    heard = [(0, 10_000, "ana"), (10_000, 20_000, "ana"), (40_000, 50_000, "ana")]
    score = score_turns(reference, heard, {"ana", "bo"})
    assert score.wrong_ms == 9_500
    assert score.rates()["wrong_s_per_h"] == 1_200.0


def test_confidence_is_held_against_who_spoke_most() -> None:
    """Four turns: three said to be sure at 0.9 of which two are right, one at 0.2 that is wrong."""
    reference = [(0, 10_000, "ana"), (10_000, 20_000, "bo")]
    turns = [
        (0, 9_000, "ana", 0.9),
        (9_500, 12_000, "bo", 0.9),
        (12_000, 13_000, "ana", 0.9),
        (30_000, 31_000, "bo", 0.2),
    ]
    score = score_confidence(reference, turns)
    assert [right for _, right in score.sure] == [True, True, False, False]
    assert calibration_error(score.sure) == pytest.approx((3 * (0.9 - 2 / 3) + 0.2) / 4, abs=1e-4)
    shown = reliability(score.sure)
    assert shown.splitlines()[1].split() == ["1", "0.20", "0.00"]
    assert shown.splitlines()[2].split() == ["3", "0.90", "0.67"]
    sessions = {"event/session": score + Score(words=1)}
    assert shown in table(Scores(sessions, {"event/session": "event/day"}))


def test_recordings_add_up_their_sessions() -> None:
    """Two sessions of one recording and one of another: per session, per recording, in all."""
    sessions = {f"event/{n}": Score(words=100, word_errors=n) for n in (1, 2, 6)}
    held = {"event/1": "event/day", "event/2": "event/day", "event/6": "event/night"}
    told = json.loads(as_json(Scores(sessions, held)))
    assert told["event/6"]["word_error_rate"] == 0.06
    assert told["recordings"]["event/day"]["word_error_rate"] == 0.015
    assert told["recordings"]["event/night"]["word_error_rate"] == 0.06
    assert told["all"]["word_error_rate"] == 0.03
    unfilmed = Scores({"event/1": sessions["event/1"]}, {"event/1": None})
    assert unfilmed.recordings == {}
    assert "event/1" in table(unfilmed)


def test_scores_add_up() -> None:
    """The total is the sum of counts, not the mean of rates."""
    total = Score(words=90, word_errors=9) + Score(words=10, word_errors=6)
    assert total.rates()["word_error_rate"] == 0.15


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 5)),
        elements=st.integers(0, 50).map(float),
    )
)
def test_the_best_assignment_is_the_best(gains: np.ndarray) -> None:
    """The fast method agrees with trying everything."""
    wide = gains if gains.shape[0] <= gains.shape[1] else gains.T
    tried = (
        sum(wide[row, column] for row, column in enumerate(columns))
        for columns in itertools.permutations(range(wide.shape[1]), wide.shape[0])
    )
    assert best_assignment(gains) == pytest.approx(max(tried))
