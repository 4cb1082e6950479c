"""attribute.py on small cases made by hand: words, voices drawn from a seed, fictional names."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.attribute import attribute
from pipeline.known import known_cues
from pipeline.model import Cast, CastMember, Known, Segment, Span, Turn, Word
from pipeline.names import find_cues, find_labels
from pipeline.speakers.chain import smooth
from pipeline.speakers.identities import JUMPS, ORDERED, Factor, Problem, identify
from pipeline.speakers.stretches import groups, stretches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Line = tuple[str, str]
"""A voice and what it says."""

SPEECH = (
    "Nous avons commencé il y a six ans avec dix bénévoles. "
    "Aujourd'hui nous sommes quarante associations dans la commune. "
    "Le budget est de douze mille euros par an et il faut du temps. "
    "Il faut soutenir les communs avec les citoyens."
)
SHORT = 40
"""Dimensions of the drawn voices."""


def member(name: str, *roles: str) -> CastMember:
    return CastMember(name.lower().replace(" ", "-"), name, (name,), roles)


CAST = Cast(
    (member("Hugues Lambert"),),
    (member("Claire Morel"), member("Denis Fournier"), member("Odile Garnier")),
)


def scene(
    lines: Sequence[Line], gap_ms: int = 50, start_ms: int = 0, seed: int = 0
) -> tuple[tuple[Word, ...], list[str], NDArray[np.float32]]:
    """Words of 300 ms, the voice of each, and one vector per stretch near its voice's centre."""
    words: list[Word] = []
    who: list[str] = []
    at = start_ms
    for voice, text in lines:
        for word in text.split():
            words.append(Word(at, at + 280, word))
            who.append(voice)
            at += 300
        at += gap_ms
    dice = np.random.default_rng(seed)
    names = sorted(set(who))
    centres = {name: dice.standard_normal(SHORT) * 0.75 for name in names}
    speaks = dict(zip(words, who, strict=True))
    rows = []
    for group in groups(words):
        middle = group[len(group) // 2]
        rows.append(centres[speaks[middle]] + 0.6 * dice.standard_normal(SHORT))
    table = np.array(rows) if rows else np.zeros((0, SHORT))
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    return tuple(words), who, table.astype(np.float32)


def decide(
    lines: Sequence[Line], cast: Cast = CAST, min_confidence: float = 0.8, **how: int
) -> tuple[Turn, ...]:
    words, _, vectors = scene(lines, **how)
    cues = find_cues(words, cast, "fr")
    spans = stretches(words)
    return attribute(words, cast, cues, spans, vectors, min_confidence=min_confidence)


def labelled(
    lines: Sequence[Line], labels: Sequence[str | None], min_confidence: float = 0.8
) -> list[set[str | None]]:
    """For each line, the names it stands under where a transcript labels it so."""
    words, _, vectors = scene(lines)
    segments, at = [], 0
    for (_, text), label in zip(lines, labels, strict=True):
        segments.append(Segment(words[at : at + len(text.split())], label=label))
        at += len(text.split())
    cues = [*find_cues(words, CAST, "fr"), *find_labels(segments, CAST, "fr")]
    turns = attribute(words, CAST, cues, stretches(words), vectors, min_confidence=min_confidence)
    person = {word: turn.person for turn in turns for word in turn.words}
    return [{person[word] for word in segment.words} for segment in segments]


def names(lines: Sequence[Line], cast: Cast = CAST, **how: int) -> list[set[str | None]]:
    """For each line, the names under which its words stand."""
    turns = decide(lines, cast, **how)
    person = {word: turn.person for turn in turns for word in turn.words}
    words, _, _ = scene(lines, **how)
    found: list[set[str | None]] = []
    at = 0
    for _, text in lines:
        count = len(text.split())
        found.append({person[w] for w in words[at : at + count]})
        at += count
    return found


OPENING = ("h", "Bonjour à tous. La séance est ouverte. La parole est à Claire Morel.")


def test_hand_over_names_the_next_voice() -> None:
    """Who was given the floor speaks next; who gives it is the chair; a gap is not needed."""
    lines = [
        OPENING,
        ("c", SPEECH),
        ("h", "Merci Claire Morel. Je donne la parole à Denis Fournier."),
        ("d", SPEECH),
        ("h", "Merci Denis Fournier. La séance est levée, bonne soirée."),
    ]
    expected = ["hugues-lambert", "claire-morel", "hugues-lambert", "denis-fournier"]
    assert names(lines, gap_ms=0) == [{who} for who in [*expected, "hugues-lambert"]]


def test_question_from_the_floor_stays_unnamed() -> None:
    """An unlisted voice gets no name because an announced person did not come."""
    lines = [
        OPENING,
        ("c", SPEECH),
        ("h", "Merci Claire Morel. Denis Fournier n'a pas pu venir. Y a-t-il une question ?"),
        ("x", "J'ai une question sur les monnaies locales. Comment les évaluer dans la commune ?"),
        ("c", "Les collectivités peuvent soutenir les circuits courts dans les quartiers."),
        ("h", "Nous faisons une pause de dix minutes. La séance est levée."),
    ]
    found = names(lines)
    assert found[3] == {None}
    assert found[1] == found[4] == {"claire-morel"}


TALKS: Sequence[Line] = [
    ("h", "Bonjour à tous. Nous commençons tout de suite."),
    ("c", SPEECH),
    ("d", SPEECH.replace("six", "neuf")),
    ("c", "Les collectivités peuvent soutenir les circuits courts dans les quartiers."),
]


def test_a_label_alone_is_no_truth() -> None:
    """What a transcript calls a voice names it only under a threshold lower than the usual."""
    labels = ["SPEAKER_00", "Claire Morel", "DENIS FOURNIER", "Claire Morel"]
    assert labelled(TALKS, labels) == [{None}] * 4
    low = labelled(TALKS, labels, min_confidence=0.3)
    assert low == [{None}, {"claire-morel"}, {"denis-fournier"}, {"claire-morel"}]
    assert labelled(TALKS, ["Voice"] * 4, min_confidence=0.0)


def test_a_label_yields_to_what_was_said() -> None:
    """Where the chair and the transcript disagree, the chair is right or nobody is."""
    lines = [
        OPENING,
        ("c", SPEECH),
        ("h", "Merci Claire Morel. Je donne la parole à Denis Fournier."),
        ("d", SPEECH.replace("six", "neuf")),
        ("h", "Merci Denis Fournier. La séance est levée, bonne soirée."),
    ]
    found = labelled(lines, ["Hugues Lambert", "Odile Garnier", None, "Claire Morel", None])
    assert found[0] == found[2] == {"hugues-lambert"}
    assert found[1] <= {"claire-morel", None}
    assert found[3] <= {"denis-fournier", None}


def test_nobody_is_named_by_elimination() -> None:
    """One announced speaker is left and one voice is left: that alone names nobody."""
    lines = [
        OPENING,
        ("c", SPEECH),
        ("h", "Merci Claire Morel. Nous continuons sur un autre sujet maintenant."),
        ("x", SPEECH),
        ("h", "La séance est levée."),
    ]
    cast = Cast(CAST.chair, CAST.speakers[:2])
    assert names(lines, cast)[3] == {None}


def test_introduction_without_announcement() -> None:
    """Who says her name is named, and a voice keeps its name in a later turn."""
    lines = [
        ("h", "La séance est ouverte, nous allons parler des lieux partagés."),
        ("o", "Bonjour à tous, je suis Odile Garnier. " + SPEECH),
        ("h", "La parole est à Claire Morel."),
        ("c", SPEECH),
        ("o", "Il faut trois ans pour développer le budget participatif dans la commune."),
    ]
    found = names(lines)
    assert found[1] == found[4] == {"odile-garnier"}
    assert found[3] == {"claire-morel"}


def test_mention_names_nobody() -> None:
    """What X said, as quoted by others, gives X no floor."""
    lines = [
        ("h", "La séance est ouverte. Comme disait Odile Garnier, il faut agir."),
        ("x", SPEECH),
    ]
    assert names(lines)[1] == {None}


def test_stranger_who_is_announced_stays_unnamed() -> None:
    """A floor given to somebody who is not of the cast names nobody of the cast."""
    lines = [("h", "La séance est ouverte. La parole est à M. Paul Vasseur."), ("x", SPEECH)]
    assert names(lines)[1] == {None}


def test_interruption_does_not_break_a_speaker() -> None:
    """After a shout the speaker is the same person, and who shouted has no name."""
    lines = [
        OPENING,
        ("c", SPEECH),
        ("x", "Très bien ! Très bien ! Voilà !"),
        ("c", SPEECH),
        ("h", "Merci Claire Morel. La séance est levée."),
    ]
    found = names(lines)
    assert found[1] == found[3] == {"claire-morel"}
    assert "claire-morel" not in found[2]


def test_pause_alone_is_no_change() -> None:
    """A voice that pauses for a second is one turn."""
    turns = decide([("h", "Nous avons commencé il y a six ans"), ("h", SPEECH)], gap_ms=1000)
    assert len(turns) == 1


def test_evidence_is_kept() -> None:
    """A named turn says which phrase named it, or whose voice it shares."""
    turns = decide([OPENING, ("c", SPEECH), ("h", "Une pause, merci."), ("c", SPEECH)])
    first, again = [t for t in turns if t.person == "claire-morel"]
    assert first.evidence[0].kind == "hand-over"
    assert "Claire Morel" in first.evidence[0].quote
    voice = next(e for e in again.evidence if e.kind == "voice")
    assert voice.likeness is not None
    assert voice.likeness > 0.5
    assert voice.start_ms == first.span.start_ms


def test_threshold_takes_the_name_not_the_voice() -> None:
    """Under min_confidence a turn keeps its voice and loses its name."""
    lines = [OPENING, ("c", SPEECH), ("h", "Merci Claire Morel.")]
    sure = decide(lines, min_confidence=1.01)
    assert all(t.person is None and t.confidence == 0 for t in sure)
    assert [t.voice for t in sure] == ["voice-1", "voice-2", "voice-1"]


def test_chair_who_also_speaks_and_person_listed_twice() -> None:
    """One human under two parts is one person."""
    chair = CAST.chair[0]
    cast = Cast((chair,), (chair, *CAST.speakers, CAST.speakers[0]))
    lines = [OPENING, ("c", SPEECH), ("h", "Merci Claire Morel. " + SPEECH)]
    assert names(lines, cast) == [{"hugues-lambert"}, {"claire-morel"}, {"hugues-lambert"}]


def test_two_people_with_one_name_are_nobody() -> None:
    """A name that two people bear points to neither."""
    cast = Cast(CAST.chair, (CastMember("one", "Claire Morel"), CastMember("two", "Claire Morel")))
    assert names([OPENING, ("c", SPEECH), ("h", "Merci Claire Morel.")], cast)[1] == {None}


def test_programme_of_another_recording_names_nobody() -> None:
    """Where the floor goes to strangers alone, not even the chair has a name."""
    lines = [
        ("h", "La séance est ouverte. La parole est à Gaston Meurisse."),
        ("x", SPEECH),
        ("h", "La parole est à Lucile Tornier."),
        ("y", SPEECH),
    ]
    assert names(lines) == [{None}] * 4


def test_spans_must_be_those_of_the_words() -> None:
    """Vectors of other words are refused."""
    words, _, vectors = scene([("a", SPEECH)])
    with pytest.raises(ValueError, match="stretches"):
        attribute(words, CAST, (), stretches(words)[1:], vectors[1:], min_confidence=0.8)


def test_no_words() -> None:
    """Silence has no turns."""
    assert attribute((), CAST, (), (), np.zeros((0, 8), np.float32), min_confidence=0.8) == ()


SAID = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(
            [
                SPEECH,
                "Merci Claire Morel.",
                "La parole est à Denis Fournier.",
                "Bonjour, je suis Odile Garnier, de la mairie.",
                "La séance est levée.",
            ]
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(SAID, st.integers(0, 1200), st.integers(0, 9_999_999))
def test_turns_hold_each_word_once(lines: list[Line], gap_ms: int, shift_ms: int) -> None:
    """Turns are sorted, hold each word once, name only the cast, and move with all times."""
    turns = decide(lines, gap_ms=gap_ms)
    words, _, _ = scene(lines, gap_ms=gap_ms)
    assert [w for t in turns for w in t.words] == list(words)
    for one, two in pairwise(turns):
        assert one.span.end_ms <= two.span.start_ms
    assert {t.person for t in turns} <= {m.id for m in CAST.people} | {None}
    moved = decide(lines, gap_ms=gap_ms, start_ms=shift_ms)
    assert [(t.person, t.voice, t.span.shift(shift_ms)) for t in turns] == [
        (t.person, t.voice, t.span) for t in moved
    ]
    assert all(t.person is None for t in decide(lines, Cast(), gap_ms=gap_ms))


@settings(max_examples=15, deadline=None)
@given(SAID)
def test_renaming_people_renames_answers(lines: list[Line]) -> None:
    """Ids are only passed on: the same people under other ids give the same turns."""
    other = {m.id: f"id-{place}" for place, m in enumerate(CAST.people)}
    renamed = Cast(
        tuple(replace(m, id=other[m.id]) for m in CAST.chair),
        tuple(replace(m, id=other[m.id]) for m in CAST.speakers),
    )
    one, two = decide(lines), decide(lines, renamed)
    assert [(t.words, t.confidence) for t in one] == [(t.words, t.confidence) for t in two]
    assert [other.get(t.person or "") for t in one] == [t.person for t in two]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999))
def test_sampling_agrees_with_all_assignments(seed: int) -> None:
    """Identities sampled in turn come near what adding up every assignment gives."""
    dice = np.random.default_rng(seed)
    people, voices = 3, 3
    problem = Problem(
        prior=dice.normal(0, 1, (voices, people + 1)),
        factors=tuple(
            Factor(int(dice.integers(people)), (0, int(dice.integers(1, voices))), (0.3, 0.2), 0.3)
            for _ in range(2)
        ),
        together=np.where(np.eye(voices), 0.0, -1.0),
        positions=np.arange(people),
        arrival=tuple(range(voices)),
    )
    total = np.zeros((voices, people + 1))
    for given_to in np.ndindex(*[people + 1] * voices):
        total[np.arange(voices), given_to] += _weight(problem, np.array(given_to))
    total /= total.sum(axis=1, keepdims=True)
    assert np.abs(identify(problem) - total).max() < 0.08


def _weight(problem: Problem, identity: NDArray[np.int64]) -> float:
    """What the docstring of identities.py says of one assignment, term by term."""
    voices, size = problem.prior.shape
    log = sum(problem.prior[k, identity[k]] for k in range(voices))
    for factor in problem.factors:
        pairs = zip(factor.voices, factor.weights, strict=True)
        log += np.log(
            factor.leak / size + sum(w for v, w in pairs if identity[v] == factor.identity)
        )
    for k in range(voices):
        for other in range(k):
            if identity[k] == identity[other] < size - 1:
                log += problem.together[k, other]
    kept, last = 0.0, -1
    count = int((problem.positions >= 0).sum())
    for voice in problem.arrival:
        if identity[voice] < size - 1 and problem.positions[identity[voice]] >= 0:
            step = int(problem.positions[identity[voice]]) - last
            rest = (1 - sum(JUMPS.values())) / count
            share = (
                1 / count if step == 0 else JUMPS.get(step, rest) if abs(step) <= count else rest
            )
            kept += np.log(share * count)
            last = int(problem.positions[identity[voice]])
    return float(np.exp(log) * (ORDERED * np.exp(kept) + 1 - ORDERED))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(1, 6), st.integers(1, 3))
def test_smoothing_agrees_with_all_paths(seed: int, length: int, states: int) -> None:
    """Forward and backward give what adding up every path gives."""
    dice = np.random.default_rng(seed)
    scores = dice.standard_normal((length, states))
    change = dice.uniform(0.01, 0.9, length)
    weights = dice.dirichlet(np.ones(states))
    total = np.zeros((length, states))
    for path in np.ndindex(*[states] * length):
        chance = weights[path[0]] * np.exp(scores[0, path[0]])
        for t in range(1, length):
            stay = (1 - change[t]) * (path[t] == path[t - 1])
            chance *= (stay + change[t] * weights[path[t]]) * np.exp(scores[t, path[t]])
        total[np.arange(length), path] += chance
    total /= total.sum(axis=1, keepdims=True)
    assert np.allclose(smooth(scores, change, weights), total)


def heard_out(lines: Sequence[Line], known: Mapping[int, str | None]) -> list[set[str | None]]:
    """For each line, the names of its words, where people who listened said who speaks."""
    words, _, vectors = scene(lines)
    at, spans = 0, []
    for _, text in lines:
        part = words[at : at + len(text.split())]
        spans.append(Span(part[0].start_ms, part[-1].end_ms))
        at += len(text.split())
    told = [Known(spans[line], person) for line, person in known.items()]
    cues = [*find_cues(words, CAST, "fr"), *known_cues(told, words)]
    turns = attribute(words, CAST, cues, stretches(words), vectors, min_confidence=0.8)
    person = {word: turn.person for turn in turns for word in turn.words}
    return [{person[w] for w in words if s.start_ms <= w.start_ms < s.end_ms} for s in spans]


ROUND = [
    ("c", SPEECH),
    ("d", SPEECH),
    ("c", f"Pour ma part, je dirais ceci. {SPEECH}"),
    ("d", f"Et moi cela. {SPEECH}"),
]


def test_a_confirmed_name_is_evidence_for_the_same_voice() -> None:
    """Nobody is called by name: one turn that somebody listened to names the voice's others."""
    assert heard_out(ROUND, {}) == [{None}] * 4
    named = heard_out(ROUND, {0: "claire-morel"})
    assert named[0] == named[2] == {"claire-morel"}
    assert "claire-morel" not in named[1] | named[3]


def test_a_voice_of_nobody_listed_gets_no_name() -> None:
    """Who was said to be nobody of the programme stays unknown, whatever else points to her."""
    lines = [OPENING, ("c", SPEECH), ("h", "Merci Claire Morel."), ("c", SPEECH)]
    assert "claire-morel" in set().union(*heard_out(lines, {}))
    assert heard_out(lines, {1: None})[1] == {None}
