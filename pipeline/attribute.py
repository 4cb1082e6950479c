"""Who speaks: one decision from voices, spoken names and the programme's order.

1. Voices (chain.py). A hidden Markov chain over short stretches of speech says with which
   probability γ_tk stretch t is spoken by voice k: staying is likely, a change is likelier
   where a sentence ends, each voice is learnt from the stretches it holds.
2. Identities (identities.py). Each voice is a person of the cast or nobody listed; cues,
   the chair's part and the order give M_kp, the probability that voice k is person p.
3. Turns. P(person p speaks at t) = Σ_k γ_tk M_kp. Words of one voice without another's
   between are a turn; its name is the likeliest person's, and its confidence the mean of
   that probability over the turn. Under `min_confidence` a turn has no name.

A person is found by what was said about her; her voice carries the name to her other turns.
Nobody is named by elimination: what order and absence of others can add is less than the odds
that a voice is nobody's of the programme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.chain import find_voices, learn
from pipeline.identities import Factor, Problem, identify
from pipeline.model import Evidence, Span, Turn
from pipeline.stretches import PAUSE_MS, groups, is_end, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.model import Cast, EvidenceKind, Word
    from pipeline.names import Cue

    Array = NDArray[np.float64]

INSIDE, AT_PAUSE, AT_END = 0.015, 0.04, 0.12
"""c_t, the chance of a change before a stretch: within a phrase, after a pause, a sentence."""
AFTER_HAND_OVER, AT_INTRODUCTION = 0.7, 0.4
"""The same where the floor was just given, where "I am X" begins."""
ANYONE_SAYS = 0.2
"""Odds that a floor is given, or oneself introduced, by a voice heard nowhere else."""
SLACK_MS = 150
"""Word times are uncertain by a tenth of a second."""
FEW_WORDS_MS, NEAR_END_MS = 8_000, 4_000
"""A turn in which a name alone may give the floor, and how near its end (measured: the next
speaker is who was named in 15 of 18 such turns of the chair)."""
GOES_ON_MS = 4_000
"""So much speech by the voice that gave the floor is odd enough to look twice."""
SURE = 0.5
"""Weight of a cue from which a turn counts as announced."""
REACH_MS = 45_000
"""How far from a cue the person it names may start or stop speaking."""
REACH = 4
"""Turns of other voices that a cue may point to; each next one takes PASSED of what is left."""
PASSED = 0.7
BRIEF_MS = 3_000
"""A turn this long is half as likely to be meant by a cue as a long one."""
UNLISTED_SHORT, UNLISTED_LONG, TALKER_MS = 0.92, 0.3, 8_000
"""Odds that a voice is nobody's of the programme, and the speech between the two."""
SELF = np.log(0.05)
"""Who names X in the third person, thanks X or gives X the floor is not X."""
NOT_CHAIR = np.log(0.15)
"""What a formula of the chair leaves to those who do not lead."""
GONE = np.log(0.03)
"""What "X could not come" leaves to X."""
TWICE, BOTH_LEAD = -3.5, 2.5
"""Log odds that two voices that sound unlike are one person; what it adds that both lead."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Stretches [start, end) of one voice."""

    voice: int
    start: int
    end: int


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
    rows = np.asarray(vectors, np.float64)
    change = _changes(grouped, spans, cues)
    found = find_voices(spans, rows, change).posterior
    for last in (False, True):
        posterior, runs = _runs(found)
        factors, votes = _factors(cues, cast, runs, spans)
        problem = Problem(
            _prior(cues, cast, runs, spans, posterior),
            factors,
            _together(posterior, rows, _leading(cues, runs, spans, posterior.shape[1])),
            _positions(cast),
            _arrival(runs, spans),
        )
        known = identify(problem)
        if not last:
            found = _births(cues, runs, spans, votes, found)
            bias = _bias(cues, cast, runs, spans, known, found.shape[1] - 1)
            found = learn(spans, rows, change, found, bias).posterior
    people = posterior @ known
    return tuple(_turns(grouped, runs, people, cast, votes, spans, vectors, min_confidence))


def _changes(
    grouped: Sequence[Sequence[Word]], spans: Sequence[Span], cues: Sequence[Cue]
) -> Array:
    """c_t [stretches]: the chance that another voice begins with each stretch."""
    chance = np.full(len(spans), INSIDE)
    for t in range(1, len(spans)):
        if is_end(grouped[t - 1][-1].text):
            chance[t] = AT_END
        elif spans[t].start_ms - spans[t - 1].end_ms >= PAUSE_MS:
            chance[t] = AT_PAUSE
    starts = np.array([s.start_ms for s in spans])
    for cue in cues:
        if cue.kind == "hand-over":
            after = np.flatnonzero((starts >= cue.span.end_ms - SLACK_MS) & (chance >= AT_PAUSE))
            chance[after[:1]] = AFTER_HAND_OVER
        elif cue.kind == "introduction":
            before = np.flatnonzero((starts <= cue.span.start_ms) & (chance >= AT_PAUSE))
            chance[before[-2:]] = np.maximum(chance[before[-2:]], AT_INTRODUCTION)
    return chance


def _births(
    cues: Sequence[Cue],
    runs: Sequence[_Run],
    spans: Sequence[Span],
    votes: Sequence[tuple[Cue, int, float]],
    found: Array,
) -> Array:
    """Offer voices of their own where cues say that two were taken for one.

    Who goes on after the floor was given, as if nobody took it; and the turns of one voice
    that were announced as another person's. Where it was one voice, the chain joins it again.
    """
    born = [*_going_on(cues, runs, spans), *_torn(runs, votes)]
    if not born:
        return found
    fresh = np.zeros((len(spans), len(born)))
    for column, stretches in enumerate(born):
        fresh[stretches, column] = 0.9
    fresh /= np.maximum(fresh.sum(axis=1, keepdims=True) / 0.9, 1)
    old = found * (1 - fresh.sum(axis=1, keepdims=True))
    return np.column_stack([old[:, :-1], fresh, old[:, -1]])


def _going_on(
    cues: Sequence[Cue], runs: Sequence[_Run], spans: Sequence[Span]
) -> Iterator[list[int]]:
    formulas = [c for c in cues if c.kind in {"chair", "hand-over"}]
    for cue in formulas:
        run = runs[_place(cue, runs, spans)]
        later = [c.span.start_ms for c in formulas if c.span.start_ms >= cue.span.end_ms]
        until = min(later, default=spans[-1].end_ms)
        on = [
            t
            for t in range(run.start, run.end)
            if cue.span.end_ms - SLACK_MS <= spans[t].start_ms < until
        ]
        if cue.kind == "hand-over" and sum(spans[t].duration_ms for t in on) > GOES_ON_MS:
            yield on


def _torn(
    runs: Sequence[_Run], votes: Sequence[tuple[Cue, int, float]]
) -> Iterator[list[int]]:
    called: dict[int, dict[str, set[int]]] = {}
    for cue, run, weight in votes:
        if cue.person is not None and weight * cue.strength >= SURE:
            called.setdefault(runs[run].voice, {}).setdefault(cue.person, set()).add(run)
    for people in called.values():
        for person in sorted(people, key=lambda p: (-len(people[p]), p))[1:]:
            yield [t for run in people[person] for t in range(runs[run].start, runs[run].end)]


def _leading(
    cues: Sequence[Cue], runs: Sequence[_Run], spans: Sequence[Span], voices: int
) -> Array:
    """How often each voice leads: formulas of the chair and floors given [voices]."""
    counted = np.zeros(voices)
    for cue in cues:
        if cue.kind in {"chair", "hand-over"}:
            counted[runs[_place(cue, runs, spans)].voice] += cue.strength
    return counted


def _bias(
    cues: Sequence[Cue],
    cast: Cast,
    runs: Sequence[_Run],
    spans: Sequence[Span],
    known: Array,
    voices: int,
) -> Array:
    """What cues say about the voice at their own place: log odds [stretches, voices + 1].

    A floor is given by whoever leads; "I am X" is said by whoever X was found to be.
    `known` [runs' voices, P + 1] are identities so far; a voice just offered has none.
    """
    index = {m.id: place for place, m in enumerate(cast.people)}
    counted = _leading(cues, runs, spans, len(known))
    chairs = known[:, [index[m.id] for m in cast.chair]].sum(axis=1)
    leads = np.maximum(chairs, counted / (counted.sum() + 1))
    bias = np.zeros((len(spans), voices + 1))
    starts = np.array([s.start_ms for s in spans])
    for cue in cues:
        if cue.kind in {"chair", "hand-over"}:
            held = leads
        elif cue.kind == "introduction" and cue.person in index:
            held = known[:, index[cue.person]]
        else:
            continue
        odds = np.zeros(voices + 1)
        odds[: min(voices, len(held))] = held[:voices]
        odds[-1] = ANYONE_SAYS
        first = max(0, int(np.searchsorted(starts, cue.span.start_ms, side="right")) - 1)
        for t in range(first, int(np.searchsorted(starts, cue.span.end_ms))):
            if spans[t].overlap_ms(cue.span) * 2 >= spans[t].duration_ms:
                bias[t] += cue.strength * np.log((0.1 + odds) / 1.1)
    return bias


def _runs(posterior: Array) -> tuple[Array, tuple[_Run, ...]]:
    """Return runs of the likeliest voice; each run that is anyone's becomes a voice of its own."""
    best = posterior.argmax(axis=1)
    anyone = posterior.shape[1] - 1
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    columns = [posterior[:, :anyone]]
    runs: list[_Run] = []
    count = anyone
    for start, end in zip(edges, edges[1:], strict=False):
        voice = int(best[start])
        if voice == anyone:
            own = np.zeros((len(best), 1))
            own[start:end, 0] = posterior[start:end, anyone]
            columns.append(own)
            voice, count = count, count + 1
        runs.append(_Run(voice, start, end))
    return np.concatenate(columns, axis=1), tuple(runs)


def _length(run: _Run, spans: Sequence[Span]) -> int:
    return sum(s.duration_ms for s in spans[run.start : run.end])


def _arrival(runs: Sequence[_Run], spans: Sequence[Span]) -> tuple[int, ...]:
    """Voices that speak for more than a few seconds, in the order in which they start."""
    spoken: dict[int, int] = {}
    for run in runs:
        spoken[run.voice] = spoken.get(run.voice, 0) + _length(run, spans)
    return tuple(voice for voice, length in spoken.items() if length >= TALKER_MS)


def _positions(cast: Cast) -> NDArray[np.int64]:
    order = {m.id: place for place, m in enumerate(cast.speakers)}
    return np.array([order.get(m.id, -1) for m in cast.people], np.int64)


def _place(cue: Cue, runs: Sequence[_Run], spans: Sequence[Span]) -> int:
    """Return the index of the run that says the cue."""
    starts = [spans[run.start].start_ms for run in runs]
    return max(0, int(np.searchsorted(starts, cue.at_ms, side="right")) - 1)


def _prior(
    cues: Sequence[Cue],
    cast: Cast,
    runs: Sequence[_Run],
    spans: Sequence[Span],
    posterior: Array,
) -> Array:
    """Log odds [voices, P + 1] before any cue that names: length, own words, chair's formulas."""
    index = {m.id: place for place, m in enumerate(cast.people)}
    chairs = [index[m.id] for m in cast.chair]
    seconds = np.array([s.duration_ms for s in spans]) @ posterior
    unlisted = UNLISTED_LONG + (UNLISTED_SHORT - UNLISTED_LONG) * np.exp(-seconds / TALKER_MS)
    prior = np.empty((posterior.shape[1], len(index) + 1))
    prior[:, :-1] = np.log((1 - unlisted) / max(1, len(index)))[:, None]
    prior[:, -1] = np.log(unlisted)
    for cue in cues:
        voice = runs[_place(cue, runs, spans)].voice
        if cue.kind == "absence" and cue.person in index:
            prior[:, index[cue.person]] += GONE
        elif cue.kind == "hand-over" and _goes_on(cue, runs[_place(cue, runs, spans)], spans):
            continue
        elif cue.kind != "introduction" and cue.person in index:
            prior[voice, index[cue.person]] += SELF * cue.strength
        if cue.kind in {"chair", "hand-over"} and chairs:
            others = [p for p in range(prior.shape[1]) if p not in chairs]
            prior[voice, others] += NOT_CHAIR * cue.strength
    return prior


def _factors(
    cues: Sequence[Cue],
    cast: Cast,
    runs: Sequence[_Run],
    spans: Sequence[Span],
) -> tuple[tuple[Factor, ...], tuple[tuple[Cue, int, float], ...]]:
    """Return the cues that name or announce somebody, and for each run it may point to, the cue."""
    index = {m.id: place for place, m in enumerate(cast.people)}
    factors: list[Factor] = []
    votes: list[tuple[Cue, int, float]] = []
    for cue in cues:
        if cue.kind in {"absence", "chair"}:
            continue
        here = _place(cue, runs, spans)
        aims: dict[int, float] = {}
        for run, weight in _aims(cue, here, runs, spans):
            aims[runs[run].voice] = aims.get(runs[run].voice, 0.0) + weight * cue.strength
            votes.append((cue, run, weight))
        identity = len(index) if cue.person is None else index.get(cue.person, -1)
        if aims and identity >= 0:
            factors.append(Factor(identity, tuple(aims), tuple(aims.values())))
    return tuple(factors), tuple(votes)


def _aims(
    cue: Cue, here: int, runs: Sequence[_Run], spans: Sequence[Span]
) -> Iterator[tuple[int, float]]:
    """Runs that a cue may point to, with weights that sum to at most 1."""
    if cue.kind == "introduction":
        yield here, 1.0
        return
    if cue.kind in {"mention", "address"}:
        # A name said at the end of a few words is a hand-over in short; inside a speech it is not.
        near = spans[runs[here].end - 1].end_ms - cue.span.end_ms < NEAR_END_MS
        if _length(runs[here], spans) > FEW_WORDS_MS or not near:
            return
        shares: tuple[tuple[int, float], ...] = ((1, 0.8), (-1, 0.1))
    else:
        shares = ((-1, 0.9),) if cue.kind == "thanks" else ((1, 1.0),)
    if shares[0][0] > 0 and _goes_on(cue, runs[here], spans):
        # Either nobody took the floor, or the change of voice was not heard.
        yield here, 0.4
        shares = ((1, 0.4),)
    for step, share in shares:
        left, run = share, here + step
        for _ in range(REACH):
            while 0 <= run < len(runs) and runs[run].voice == runs[here].voice:
                run += step
            if not 0 <= run < len(runs):
                break
            other = runs[run]
            edge = spans[other.start].start_ms if step > 0 else spans[other.end - 1].end_ms
            if abs(edge - cue.at_ms) > REACH_MS:
                break
            length = _length(other, spans)
            taken = left * PASSED * length / (length + BRIEF_MS) * 1.3
            taken = min(taken, left)
            yield run, taken
            left -= taken
            run += step


def _goes_on(cue: Cue, run: _Run, spans: Sequence[Span]) -> bool:
    """Whether the voice that says the cue speaks on for long."""
    after = (s for s in spans[run.start : run.end] if s.start_ms >= cue.span.end_ms - SLACK_MS)
    return sum(s.duration_ms for s in after) > GOES_ON_MS


def _together(posterior: Array, vectors: Array, leading: Array) -> Array:
    """Log odds [voices, voices] that two voices are one person: they sound alike, both lead."""
    centres = posterior.T @ vectors
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    odds = np.clip(TWICE + 6.0 * np.clip(centres @ centres.T, 0, None) ** 2, TWICE, 0.5)
    share = leading / (leading + 1)
    odds += BOTH_LEAD * np.outer(share, share)
    np.fill_diagonal(odds, 0.0)
    return odds


def _turns(
    grouped: Sequence[Sequence[Word]],
    runs: Sequence[_Run],
    people: Array,
    cast: Cast,
    votes: Sequence[tuple[Cue, int, float]],
    spans: Sequence[Span],
    vectors: NDArray[np.float32],
    min_confidence: float,
) -> Iterator[Turn]:
    labels: dict[str | int, str] = {}
    for place, run in enumerate(runs):
        chances = people[run.start : run.end].mean(axis=0)
        best = int(chances[:-1].argmax()) if len(cast.people) else -1
        named = best >= 0 and chances[best] >= min_confidence
        person = cast.people[best].id if named else None
        label = labels.setdefault(person or run.voice, f"voice-{len(labels) + 1}")
        words = tuple(w for group in grouped[run.start : run.end] for w in group)
        if person is None:
            yield Turn(words, label)
        else:
            evidence = _evidence(person, place, runs, votes, spans, vectors)
            yield Turn(words, label, person, float(chances[best]), evidence)


def _evidence(
    person: str,
    place: int,
    runs: Sequence[_Run],
    votes: Sequence[tuple[Cue, int, float]],
    spans: Sequence[Span],
    vectors: NDArray[np.float32],
) -> tuple[Evidence, ...]:
    """Cues that point to this very run; else the strongest one elsewhere, and the likeness."""
    mine = [(cue, run) for cue, run, _ in votes if cue.person == person]
    here = sorted(
        {
            (c.at_ms, c.kind, c.quote)
            for c, run, weight in votes
            if c.person == person and run == place and weight * c.strength >= SURE
        }
    )
    if here:
        return tuple(Evidence(_told(kind), at, quote) for at, kind, quote in here[:3])
    same = [(c, run) for c, run in mine if runs[run].voice == runs[place].voice]
    if not same:
        return (Evidence("order", spans[runs[place].start].start_ms),)
    cue, run = max(same, key=lambda pair: (pair[0].strength, -pair[0].at_ms))
    one, other = (_direction(runs[r], vectors) for r in (place, run))
    voice = Evidence("voice", spans[runs[run].start].start_ms, likeness=float(one @ other))
    return (Evidence(_told(cue.kind), cue.at_ms, cue.quote), voice)


def _told(kind: str) -> EvidenceKind:
    """How a cue is called in a turn's evidence: to be addressed is a hint."""
    kinds: dict[str, EvidenceKind] = {
        "hand-over": "hand-over",
        "thanks": "thanks",
        "introduction": "introduction",
        "question": "question",
        "address": "hint",
        "mention": "hint",
    }
    return kinds[kind]


def _direction(run: _Run, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = vectors[run.start : run.end].mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)
