"""From beliefs to turns: the name, how sure it is, and why, in words that can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import Evidence, Turn
from pipeline.speakers.births import SURE
from pipeline.speakers.trust import confidences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model import EvidenceKind, Word
    from pipeline.speakers.pointing import Run, Scene

    Array = NDArray[np.float64]

TOLD: Mapping[str, EvidenceKind] = {
    "hand-over": "hand-over",
    "thanks": "thanks",
    "introduction": "introduction",
    "question": "question",
    "address": "hint",
    "mention": "hint",
    "label": "hint",
    "known": "known",
}
"""How a cue is called in a turn's evidence: to be spoken to, or of, or labelled, is a hint."""


def turns_of(
    scene: Scene,
    grouped: Sequence[Sequence[Word]],
    people: Array,
    rows: Array,
    min_confidence: float,
) -> Iterator[Turn]:
    """Return a turn per run; `people` [stretches, P + 1] are chances, `rows` the vectors."""
    labels: dict[str | int, str] = {}
    sure = confidences(scene, people, rows)
    for place, run in enumerate(scene.runs):
        best = int(people[run.start : run.end].mean(axis=0)[:-1].argmax()) if scene.index else -1
        person = None
        if best >= 0 and sure[place] >= min_confidence:
            person = scene.cast.people[best].id
        label = labels.setdefault(person or run.voice, f"voice-{len(labels) + 1}")
        words = tuple(w for group in grouped[run.start : run.end] for w in group)
        if person is None:
            yield Turn(words, label)
        else:
            evidence = _evidence(scene, person, place, rows)
            yield Turn(words, label, person, float(sure[place]), evidence)


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
