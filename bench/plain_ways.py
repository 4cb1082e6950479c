"""Plain ways of naming speakers, each without a part of ours: what the parts are worth.

Each takes a case of attribution.py and returns turns with a confidence, as ours does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import Turn
from pipeline.speakers.beliefs import problem
from pipeline.speakers.chain import find_voices
from pipeline.speakers.identities import identify
from pipeline.speakers.pointing import Run, Scene
from pipeline.speakers.stretches import PAUSE_MS, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.attribution import Case

EVEN_CHANGE = 0.1
"""The chance of a change before each stretch, where no cue is read for it."""
PAUSE_OF_CHANGE_MS = 500


def _turns(
    case: Case, edges: Sequence[int], named: Sequence[tuple[str | None, float]]
) -> list[Turn]:
    """One turn between each two edges (indices of stretches)."""
    grouped = groups(case.words)
    return [
        Turn(tuple(w for g in grouped[a:b] for w in g), f"voice-{n}", who, sure if who else 0.0)
        for n, ((a, b), (who, sure)) in enumerate(zip(pairwise(edges), named, strict=True))
    ]


def first_cue(case: Case) -> list[Turn]:
    """Voices as ours finds them without cues; each has the name that first points to it."""
    rows = np.asarray(case.vectors, np.float64)
    posterior = find_voices(case.spans, rows, np.full(len(rows), EVEN_CHANGE)).posterior
    best = posterior.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    runs = [Run(int(best[a]), a, b) for a, b in pairwise(edges)]
    scene = Scene(case.spans, runs, posterior.shape[1], case.cues, case.cast)
    name: dict[int, tuple[str | None, float]] = {}
    for vote in sorted(scene.votes, key=lambda v: v.cue.at_ms):
        weight = vote.weight * vote.cue.strength
        if vote.cue.person is not None and weight >= 0.3:
            name.setdefault(scene.runs[vote.run].voice, (vote.cue.person, weight))
    leader = int(scene.leading.argmax())
    if case.cast.chair and scene.leading[leader] > 0:
        name[leader] = (case.cast.chair[0].id, 0.9)
    return _turns(case, edges, [name.get(run.voice, (None, 0.0)) for run in runs])


def cues_alone(case: Case) -> list[Turn]:
    """Who was given the floor speaks until the chair's next formula, whatever it sounds like."""
    starts = [s.start_ms for s in case.spans]
    marks: dict[int, tuple[str | None, float]] = {0: (None, 0.0)}
    chair = case.cast.chair[0].id if case.cast.chair else None
    for cue in case.cues:
        first = max(0, int(np.searchsorted(starts, cue.span.start_ms, side="right")) - 1)
        after = int(np.searchsorted(starts, cue.span.end_ms))
        if cue.kind in {"chair", "hand-over"}:
            marks[first] = (chair, 0.9)
        if cue.kind == "hand-over" and after < len(starts):
            marks[after] = (cue.person, cue.strength)
        elif cue.kind == "introduction":
            marks[first] = (cue.person, cue.strength)
    edges = [*sorted(marks), len(starts)]
    return _turns(case, edges, [marks[edge] for edge in edges[:-1]])


def order_alone(case: Case) -> list[Turn]:
    """The programme's people in their order, each for an equal share of the words."""
    people: list[str | None] = [m.id for m in case.cast.speakers]
    people = people or [None]
    edges = np.linspace(0, len(case.spans), len(people) + 1).astype(int).tolist()
    return _turns(case, edges, [(who, 0.9) for who in people])


def pauses_alone(case: Case) -> list[Turn]:
    """Cut at every pause of half a second and nowhere else; names by cues and order, as ours."""
    long = max(PAUSE_MS, PAUSE_OF_CHANGE_MS)
    cuts = [
        t
        for t in range(1, len(case.spans))
        if case.spans[t].start_ms - case.spans[t - 1].end_ms >= long
    ]
    edges = [0, *cuts, len(case.spans)]
    runs = [Run(k, a, b) for k, (a, b) in enumerate(pairwise(edges))]
    posterior = np.zeros((len(case.spans), len(runs)))
    for run in runs:
        posterior[run.start : run.end, run.voice] = 1
    scene = Scene(case.spans, runs, len(runs), case.cues, case.cast)
    known = identify(problem(scene, posterior, np.asarray(case.vectors, np.float64)))
    named: list[tuple[str | None, float]] = []
    for run in runs:
        best = int(known[run.voice, :-1].argmax())
        named.append((case.cast.people[best].id, float(known[run.voice, best])))
    return _turns(case, edges, named)


WAYS: Mapping[str, Callable[[Case], list[Turn]]] = {
    "voices with the first cue only": first_cue,
    "cues without voices": cues_alone,
    "order without either": order_alone,
    "cutting at pauses alone": pauses_alone,
}
