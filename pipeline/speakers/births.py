"""Voices of their own offered where cues say that two people were taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.speakers.pointing import SLACK_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.speakers.pointing import Scene

    Array = NDArray[np.float64]
    Table = NDArray[np.float32]

SURE = 0.5
"""Weight of a cue from which a turn counts as announced."""
LEADS = ""
"""Whoever says the formulas of the chair, among the people that a voice was called."""
FEW_MS = 2_000
"""So much speech makes a voice of its own worth trying."""


def births(scene: Scene) -> list[list[int]]:
    """Return stretches that may be another voice's: a voice of its own is offered to each list.

    Who goes on after the floor was given, as if nobody took it; and the turns of one voice
    that were announced as another person's. Where it was one voice, the chain joins it again.
    """
    return [*_going_on(scene), *_torn(scene), *_opened(scene)]


def offered(found: Array, born: Sequence[Sequence[int]]) -> Table:
    """Return the posterior `found` [stretches, voices + 1] with a column for each that is born."""
    old = found.shape[1] - 1
    table = np.zeros((len(found), old + len(born) + 1), np.float32)
    fresh = table[:, old:-1]
    for column, stretches in enumerate(born):
        fresh[stretches, column] = 0.9
    fresh /= np.maximum(fresh.sum(axis=1, keepdims=True) / 0.9, 1)
    left = 1 - fresh.sum(axis=1, keepdims=True)
    table[:, :old], table[:, -1:] = found[:, :-1] * left, found[:, -1:] * left
    return table


def _going_on(scene: Scene) -> Iterator[list[int]]:
    formulas = [c for c in scene.cues if c.kind in {"chair", "hand-over"}]
    starts = sorted(c.span.start_ms for c in formulas)
    for cue in formulas:
        if cue.kind == "hand-over" and scene.goes_on(cue):
            later = int(np.searchsorted(starts, cue.span.end_ms))
            until = starts[later] if later < len(starts) else scene.spans[-1].end_ms
            yield [t for t in scene.after(cue) if scene.spans[t].start_ms < until]


def _torn(scene: Scene) -> Iterator[list[int]]:
    called: dict[int, dict[str, set[int]]] = {}
    for vote in scene.votes:
        if vote.cue.person is not None and vote.weight * vote.cue.strength >= SURE:
            people = called.setdefault(scene.runs[vote.run].voice, {})
            people.setdefault(vote.cue.person, set()).add(vote.run)
    for cue in scene.cues:
        if cue.kind in {"chair", "hand-over"} and scene.speaker(cue) in called:
            called[scene.speaker(cue)].setdefault(LEADS, set()).add(scene.place(cue))
    for people in called.values():
        for person in sorted(people, key=lambda p: (-len(people[p]), p))[1:]:
            runs = [scene.runs[run] for run in sorted(people[person])]
            yield [t for run in runs for t in range(run.start, run.end)]


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
