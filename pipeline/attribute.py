"""Who speaks: one decision from voices, spoken names and the programme's order.

1. Voices (chain.py). A hidden Markov chain over short stretches of speech says with which
   probability γ_tk stretch t is spoken by voice k: staying is likely, a change is likelier
   where a sentence ends and where the floor was given, and each voice is learnt from the
   stretches it holds.
2. Identities (identities.py). Each voice is a person of the cast or nobody listed; cues, the
   chair's part and the order give M_kp, the probability that voice k is person p.
3. Once more. What cues say about the voice at their own place goes back into the chain as log
   odds; turns that were announced as two persons' are offered two voices. Then 2 again.
4. Turns. P(person p speaks at t) = Σ_k γ_tk M_kp. Words of one voice without another's between
   are a turn; its name is the likeliest person's, its confidence the mean of that probability
   over the turn. Under `min_confidence` a turn has no name.

A person is found by what was said about her; her voice carries the name to her other turns.
Nobody is named by elimination: what order and the absence of others can add is less than the
odds that a voice is nobody's of the programme. Constants without a measurement beside them are
chosen by hand and held by the cases in tests/test_attribute.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import Evidence, Turn
from pipeline.sentences import ends_sentence
from pipeline.speakers.chain import find_voices, learn
from pipeline.speakers.identities import Factor, Problem, identify
from pipeline.speakers.pointing import SLACK_MS, Run, Scene
from pipeline.speakers.stretches import PAUSE_MS, groups, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model import Cast, EvidenceKind, Span, Word
    from pipeline.names import Cue

    Array = NDArray[np.float64]

INSIDE, AT_PAUSE, AT_END = 0.015, 0.04, 0.12
"""c_t, the chance of a change before a stretch: within a phrase, after a pause, a sentence."""
AFTER_HAND_OVER, AT_INTRODUCTION = 0.7, 0.4
"""The same where the floor was just given, where "I am X" begins."""
ANYONE_SAYS = 0.2
"""Odds that a floor is given, or oneself introduced, by a voice heard nowhere else."""
SURE = 0.5
"""Weight of a cue from which a turn counts as announced."""
UNLISTED_SHORT, UNLISTED_LONG, TALKER_MS = 0.96, 0.2, 5_000
"""Odds that a voice is nobody's of the programme, and the speech between the two."""
SELF = np.log(0.05)
"""Who names X in the third person, thanks X or gives X the floor is not X."""
NOT_CHAIR, SOMEBODY_LEADS = np.log(0.05), np.log(0.02)
"""What a floor given or a formula of the chair leaves to those who do not lead (measured on 20
cases of the bench: 176 of 179 are the chair's), and what many of them leave to the chance that
somebody unlisted leads in the chair's place."""
FEW_MS = 2_000
"""So much speech makes a voice of its own worth trying."""
A_FORMULA_MS = 30_000
"""A voice that speaks so long for each formula is as likely near one by mistake."""
GONE = np.log(0.03)
"""What "X could not come" leaves to X."""
TWICE, BOTH_LEAD = -3.5, 2.5
"""Log odds that two voices that sound unlike are one person; what it adds that both lead."""

TOLD: Mapping[str, EvidenceKind] = {
    "hand-over": "hand-over",
    "thanks": "thanks",
    "introduction": "introduction",
    "question": "question",
    "address": "hint",
}
"""How a cue is called in a turn's evidence: to be spoken to is a hint."""


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
    ours = {m.id for m in cast.people}
    cues = [c for c in cues if c.person is None or c.person in ours]
    rows = np.asarray(vectors, np.float64)
    change = _changes(grouped, spans, cues)
    found = find_voices(spans, rows, change).posterior
    posterior, runs = _runs(found)
    scene = Scene(spans, runs, posterior.shape[1], cues, cast)
    known = identify(_problem(scene, posterior, rows))
    found = _births(scene, found)
    bias = _bias(scene, known, found.shape[1] - 1)
    posterior, runs = _runs(learn(spans, rows, change, found, bias).posterior)
    scene = Scene(spans, runs, posterior.shape[1], cues, cast)
    people = posterior @ identify(_problem(scene, posterior, rows))
    return tuple(_turns(scene, grouped, people, rows, min_confidence))


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


def _births(scene: Scene, found: Array) -> Array:
    """Offer voices of their own where cues say that two were taken for one.

    Who goes on after the floor was given, as if nobody took it; and the turns of one voice
    that were announced as another person's. Where it was one voice, the chain joins it again.
    """
    born = [*_going_on(scene), *_torn(scene), *_opened(scene)]
    if not born:
        return found
    fresh = np.zeros((len(found), len(born)))
    for column, stretches in enumerate(born):
        fresh[stretches, column] = 0.9
    fresh /= np.maximum(fresh.sum(axis=1, keepdims=True) / 0.9, 1)
    old = found * (1 - fresh.sum(axis=1, keepdims=True))
    return np.column_stack([old[:, :-1], fresh, old[:, -1]])


def _going_on(scene: Scene) -> Iterator[list[int]]:
    formulas = [c for c in scene.cues if c.kind in {"chair", "hand-over"}]
    starts = sorted(c.span.start_ms for c in formulas)
    for cue in formulas:
        if cue.kind == "hand-over" and scene.goes_on(cue):
            later = int(np.searchsorted(starts, cue.span.end_ms))
            until = starts[later] if later < len(starts) else scene.spans[-1].end_ms
            yield [t for t in scene.after(cue) if scene.spans[t].start_ms < until]


def _opened(scene: Scene) -> Iterator[list[int]]:
    """Stretches from where the chair is spoken to until a formula of the chair."""
    leading = scene.leading
    formulas = sorted(c.span.start_ms for c in scene.cues if c.kind in {"chair", "hand-over"})
    for cue in scene.cues:
        if cue.kind not in {"address", "thanks"} or cue.person is None:
            continue
        if scene.index[cue.person] not in scene.chairs or leading[scene.speaker(cue)] < 0.9:
            continue
        later = int(np.searchsorted(formulas, cue.span.end_ms))
        until = formulas[later] if later < len(formulas) else scene.spans[-1].end_ms
        run = scene.runs[scene.place(cue)]
        begin = cue.span.start_ms - SLACK_MS
        found = [t for t in range(run.start, run.end) if begin <= scene.spans[t].start_ms < until]
        if sum(scene.spans[t].duration_ms for t in found) > FEW_MS:
            yield found


def _torn(scene: Scene) -> Iterator[list[int]]:
    called: dict[int, dict[str, set[int]]] = {}
    for vote in scene.votes:
        if vote.cue.person is not None and vote.weight * vote.cue.strength >= SURE:
            people = called.setdefault(scene.runs[vote.run].voice, {})
            people.setdefault(vote.cue.person, set()).add(vote.run)
    for people in called.values():
        for person in sorted(people, key=lambda p: (-len(people[p]), p))[1:]:
            runs = [scene.runs[run] for run in sorted(people[person])]
            yield [t for run in runs for t in range(run.start, run.end)]


def _bias(scene: Scene, known: Array, voices: int) -> Array:
    """What cues say about the voice at their own place: log odds [stretches, voices + 1].

    A floor is given by whoever leads; "I am X" is said by whoever X was found to be.
    `known` [scene.voices, P + 1] are identities so far; a voice just offered has none.
    """
    leads = known[:, scene.chairs].sum(axis=1)
    leads = np.maximum(leads, scene.leading / (scene.leading.sum() + 1))
    bias = np.zeros((len(scene.spans), voices + 1))
    starts = np.array([s.start_ms for s in scene.spans])
    for cue in scene.cues:
        if cue.kind in {"chair", "hand-over"}:
            held = leads
        elif cue.kind == "introduction" and cue.person is not None:
            held = known[:, scene.index[cue.person]]
        elif cue.kind in {"address", "thanks"} and cue.person is not None:
            held = 1 - known[:, scene.index[cue.person]]
        else:
            continue
        odds = np.ones(voices + 1) if cue.kind in {"address", "thanks"} else np.zeros(voices + 1)
        odds[: min(voices, len(held))] = held[:voices]
        odds[-1] = 1.0 if cue.kind in {"address", "thanks"} else ANYONE_SAYS
        first = max(0, int(np.searchsorted(starts, cue.span.start_ms, side="right")) - 1)
        for t in range(first, int(np.searchsorted(starts, cue.span.end_ms))):
            if scene.spans[t].overlap_ms(cue.span) * 2 >= scene.spans[t].duration_ms:
                bias[t] += cue.strength * np.log((0.1 + odds) / 1.1)
    return bias


def _problem(scene: Scene, posterior: Array, rows: Array) -> Problem:
    """Put to identities.py what is known of each voice."""
    order = {m.id: place for place, m in enumerate(scene.cast.speakers)}
    spoken: dict[int, int] = {}
    for run in scene.runs:
        spoken[run.voice] = spoken.get(run.voice, 0) + scene.length_ms(run)
    return Problem(
        _prior(scene, posterior),
        _factors(scene),
        _together(posterior, rows, scene.leading),
        np.array([order.get(person, -1) for person in scene.index], np.int64),
        tuple(voice for voice, length in spoken.items() if length >= 4_000),
    )


def _prior(scene: Scene, posterior: Array) -> Array:
    """Log odds [voices, P + 1] before any cue that names: length, own words, chair's formulas."""
    count = len(scene.index)
    length = np.array([s.duration_ms for s in scene.spans]) @ posterior
    unlisted = UNLISTED_LONG + (UNLISTED_SHORT - UNLISTED_LONG) / (
        1 + np.exp(np.clip((length - TALKER_MS) / 800, -50, 50))
    )
    prior = np.empty((scene.voices, count + 1))
    prior[:, :-1] = np.log((1 - unlisted) / max(1, count))[:, None]
    prior[:, -1] = np.log(unlisted)
    others = [p for p in range(count) if p not in scene.chairs]
    led = np.zeros(scene.voices)
    for cue in scene.cues:
        voice = scene.speaker(cue)
        leads = cue.kind in {"chair", "hand-over"}
        if leads and scene.chairs and not (cue.kind == "hand-over" and scene.goes_on(cue)):
            led[voice] += cue.strength
        if cue.person is None:
            continue
        person = scene.index[cue.person]
        if cue.kind == "absence":
            prior[:, person] += GONE
        elif cue.kind != "introduction" and not (cue.kind == "hand-over" and scene.goes_on(cue)):
            prior[voice, person] += SELF * cue.strength
    led = led**2 / np.maximum(led + length / A_FORMULA_MS, 1e-9)
    prior[:, others] += NOT_CHAIR * led[:, None]
    prior[:, -1] += np.maximum(NOT_CHAIR * led, SOMEBODY_LEADS)
    return prior


def _factors(scene: Scene) -> tuple[Factor, ...]:
    """Return each cue that names or announces somebody, with the voices it may mean."""
    aims: dict[Cue, dict[int, float]] = {}
    for vote in scene.votes:
        voices = aims.setdefault(vote.cue, {})
        voice = scene.runs[vote.run].voice
        voices[voice] = voices.get(voice, 0.0) + vote.weight * vote.cue.strength
    nobody = len(scene.index)
    return tuple(
        Factor(
            nobody if cue.person is None else scene.index[cue.person],
            tuple(voices),
            tuple(voices.values()),
        )
        for cue, voices in aims.items()
    )


def _together(posterior: Array, rows: Array, leading: Array) -> Array:
    """Log odds [voices, voices] that two voices are one person: they sound alike, both lead."""
    centres = posterior.T @ rows
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    odds = np.clip(TWICE + 6.0 * np.clip(centres @ centres.T, 0, None) ** 2, TWICE, 0.5)
    share = leading / (leading + 1)
    odds += BOTH_LEAD * np.outer(share, share)
    np.fill_diagonal(odds, 0.0)
    return np.asarray(odds, np.float64)


def _turns(
    scene: Scene,
    grouped: Sequence[Sequence[Word]],
    people: Array,
    rows: Array,
    min_confidence: float,
) -> Iterator[Turn]:
    labels: dict[str | int, str] = {}
    for place, run in enumerate(scene.runs):
        chances = people[run.start : run.end].mean(axis=0)
        best = int(chances[:-1].argmax()) if scene.index else -1
        person = None
        if best >= 0 and chances[best] >= min_confidence:
            person = scene.cast.people[best].id
        label = labels.setdefault(person or run.voice, f"voice-{len(labels) + 1}")
        words = tuple(w for group in grouped[run.start : run.end] for w in group)
        if person is None:
            yield Turn(words, label)
        else:
            evidence = _evidence(scene, person, place, rows)
            yield Turn(words, label, person, float(chances[best]), evidence)


def _evidence(scene: Scene, person: str, place: int, rows: Array) -> tuple[Evidence, ...]:
    """Cues that point to this very run; else the strongest elsewhere, and how alike the voices."""
    mine = [(v.weight * v.cue.strength, v) for v in scene.votes if v.cue.person == person]
    here = sorted(
        {
            (v.cue.at_ms, v.cue.kind, v.cue.quote)
            for weight, v in mine
            if v.run == place and weight >= SURE
        }
    )
    if here:
        return tuple(Evidence(TOLD[kind], at, quote) for at, kind, quote in here[:3])
    run = scene.runs[place]
    same = [(weight, v) for weight, v in mine if scene.runs[v.run].voice == run.voice]
    if same:
        vote = max(same, key=lambda pair: (pair[0], -pair[1].cue.at_ms))[1]
        other = scene.runs[vote.run]
        voice = Evidence(
            "voice", scene.spans[other.start].start_ms, likeness=_likeness(rows, run, other)
        )
        return (Evidence(TOLD[vote.cue.kind], vote.cue.at_ms, vote.cue.quote), voice)
    formulas = [c for c in scene.cues if c.kind in {"chair", "hand-over"}]
    said = [c for c in formulas if scene.speaker(c) == run.voice]
    if said and scene.index[person] in scene.chairs:
        near = min(said, key=lambda c: abs(c.at_ms - scene.spans[run.start].start_ms))
        return (Evidence("chair", near.at_ms, near.quote),)
    return (Evidence("order", scene.spans[run.start].start_ms),)


def _likeness(rows: Array, one: Run, other: Run) -> float:
    """Cosine of two runs' mean vectors."""
    means = [rows[run.start : run.end].mean(axis=0) for run in (one, other)]
    sizes = [max(float(np.linalg.norm(mean)), 1e-9) for mean in means]
    return float(means[0] @ means[1]) / (sizes[0] * sizes[1])
