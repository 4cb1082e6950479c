"""Who speaks: one decision from voices, spoken names and the programme's order.

1. Voices (chain.py). A hidden Markov chain over short stretches of speech says with which
   probability γ_tk stretch t is spoken by voice k: staying is likely, a change is likelier
   where a sentence ends and where the floor was given, and each voice is learnt from the
   stretches it holds.
2. Identities (identities.py). Each voice is a person of the cast or nobody listed; cues, the
   chair's part and the order give M_kp, the probability that voice k is person p.
3. Once more. What cues say about the voice at their own place goes back into the chain as log
   odds (beliefs.py); where they say that two people were taken for one voice, two are offered
   (births.py). Then 2 again.
4. Turns. P(person p speaks at t) = Σ_k γ_tk M_kp. Words of one voice without another's between
   are a turn, and its name is the likeliest person's. How far to believe it is learnt: that
   probability weighed with signs that can be seen on the turn (trust.py). Under
   `min_confidence` a turn has no name.

A person is found by what was said about her; her voice carries the name to her other turns.
Order and elimination weigh with the rest and seldom reach the threshold alone. A programme of
which nobody is called while strangers are, names nobody: it is another recording's. Constants
without a measurement beside them are chosen by hand and held by the cases in the tests.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import Cast
from pipeline.sentences import ends_sentence
from pipeline.speakers.beliefs import bias_of, problem
from pipeline.speakers.births import births, offered
from pipeline.speakers.chain import find_voices, learn, narrowed
from pipeline.speakers.identities import identify
from pipeline.speakers.pointing import SLACK_MS, Run, Scene
from pipeline.speakers.stretches import PAUSE_MS, groups, spans_of
from pipeline.speakers.telling import turns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model import Span, Turn, Word
    from pipeline.names import Cue

    Array = NDArray[np.float64]

STRANGERS = 2
"""So many floors given to strangers, and none to anybody of it, make a programme another's."""
INSIDE, AT_PAUSE, AT_END = 0.015, 0.04, 0.25
"""c_t, the chance of a change before a stretch: within a phrase, after a pause, a sentence."""
AFTER_HAND_OVER, AT_INTRODUCTION = 0.7, 0.4
"""The same where the floor was just given, where "I am X" begins."""


def attribute(
    words: Sequence[Word],
    cast: Cast,
    cues: Sequence[Cue],
    spans: Sequence[Span],
    vectors: NDArray[np.float32],
    *,
    min_confidence: float,
) -> tuple[Turn, ...]:
    """Return who speaks when: sorted turns that hold every word once.

    `spans` are `stretches(words)`, `vectors` [len(spans), D] their unit vectors. Raises
    ValueError where they do not belong to the words.
    """
    grouped = groups(words)
    if tuple(spans) != spans_of(grouped) or len(vectors) != len(spans):
        message = "the spans must be those of stretches(words), with one vector each"
        raise ValueError(message)
    if not grouped:
        return ()
    rows = narrowed(np.asarray(vectors, np.float64))
    scene, people = decide(words, cast, cues, spans, rows)
    return tuple(turns_of(scene, grouped, people, rows, min_confidence))


def decide(
    words: Sequence[Word], cast: Cast, cues: Sequence[Cue], spans: Sequence[Span], rows: Array
) -> tuple[Scene, Array]:
    """Return the session as it was understood, and who speaks each stretch [stretches, P + 1].

    `rows` [stretches, D] are `narrowed` vectors.
    """
    grouped = groups(words)
    if not belongs(cues, cast):
        cast = Cast()
    ours = {m.id for m in cast.people}
    cues = [c for c in cues if c.person is None or c.person in ours]
    change = _changes(grouped, spans, cues)
    found = find_voices(spans, rows, change).posterior
    posterior, runs = _runs(found)
    scene = Scene(spans, runs, posterior.shape[1], cues, cast)
    known = identify(problem(scene, posterior, rows))
    born = births(scene)
    bias = bias_of(scene, known, found.shape[1] - 1 + len(born))
    posterior, runs = _runs(learn(spans, rows, change, offered(found, born), bias).posterior)
    scene = Scene(spans, runs, posterior.shape[1], cues, cast)
    return scene, posterior @ identify(problem(scene, posterior, rows))


def belongs(cues: Sequence[Cue], cast: Cast) -> bool:
    """Tell whether the programme may be this recording's.

    It is not where the floor is given to several people whom it does not name and nobody of it
    is called, thanked or introduced. How a chair is addressed tells nothing: "Monsieur le
    président" is anybody.
    """
    leaders = {m.id for m in cast.chair}
    strangers = sum(c.kind == "hand-over" and c.person is None for c in cues)
    telling = {"hand-over", "thanks", "introduction", "address", "label", "known"}
    ours = any(c.kind in telling and c.person is not None and c.person not in leaders for c in cues)
    return ours or strangers < STRANGERS


def _changes(
    grouped: Sequence[Sequence[Word]], spans: Sequence[Span], cues: Sequence[Cue]
) -> Array:
    """c_t [stretches]: the chance that another voice begins with each stretch."""
    chance = np.full(len(spans), INSIDE)
    for t in range(1, len(spans)):
        if ends_sentence(grouped[t - 1][-1].text):
            chance[t] = AT_END
        elif spans[t].start_ms - spans[t - 1].end_ms >= PAUSE_MS:
            chance[t] = AT_PAUSE
    edges: list[int] = np.flatnonzero(chance >= AT_PAUSE).tolist()
    starts = np.array([spans[t].start_ms for t in edges])
    for cue in cues:
        if cue.kind == "hand-over":
            after = int(np.searchsorted(starts, cue.span.end_ms - SLACK_MS))
            chance[edges[after : after + 1]] = AFTER_HAND_OVER
        elif cue.kind == "introduction":
            before = int(np.searchsorted(starts, cue.span.start_ms, side="right"))
            near = edges[max(0, before - 2) : before]
            chance[near] = np.maximum(chance[near], AT_INTRODUCTION)
    return chance


def _runs(posterior: Array) -> tuple[Array, tuple[Run, ...]]:
    """Return runs of the likeliest voice; each run that is anyone's becomes a voice of its own."""
    best = posterior.argmax(axis=1)
    anyone = posterior.shape[1] - 1
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    columns = [posterior[:, :anyone]]
    runs: list[Run] = []
    count = anyone
    for start, end in pairwise(edges):
        voice = int(best[start])
        if voice == anyone:
            own = np.zeros((len(best), 1))
            own[start:end, 0] = posterior[start:end, anyone]
            columns.append(own)
            voice, count = count, count + 1
        runs.append(Run(voice, start, end))
    return np.concatenate(columns, axis=1), tuple(runs)
