"""Where cues point: the turns that a phrase is about, and who says it.

A session as the chain sees it is a row of runs, each the stretches of one voice. A cue is said
in one run and speaks of others: the floor is given to the next different voice (or, after a
shout, to the one behind it), thanks go to the last one, an introduction is about the run itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model import Cast, Span
    from pipeline.names import Cue

    Array = NDArray[np.float64]

SLACK_MS = 150
"""Word times are uncertain by a tenth of a second."""
FEW_WORDS_MS, NEAR_END_MS = 8_000, 4_000
"""A turn in which calling a person alone may give the floor, and how near its end (measured on
20 cases of the bench: the next speaker is who was called in 10 of 11 such turns of the chair)."""
GOES_ON_MS = 4_000
"""So much speech by the voice that gave the floor is odd enough to look twice."""
SPOKEN_OF: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "address": ((0.5, 0.15), (0.45, 0.45)),
    "mention": ((0.15, 0.12), (0.15, 0.4)),
}
"""How often who is spoken to, or of, spoke just before and speaks next: in a speech, and where
the chair says it (measured on 61 cases of the bench: 26 and 15 addresses, 61 and 15 mentions)."""
REACH_MS, REACH = 45_000, 4
"""How far from a cue, in time and in turns, the person it names may start or stop speaking."""
PASSED, BRIEF_MS = 0.9, 3_000
"""A cue means the first turn within its reach with this weight, if the turn is long; half as
often one of BRIEF_MS; and so on with what is left."""


@dataclass(frozen=True, slots=True)
class Run:
    """Stretches [start, end) of one voice."""

    voice: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Vote:
    """A cue may speak of the run with this index, with a weight from 0 to 1."""

    cue: Cue
    run: int
    weight: float


@dataclass(frozen=True)
class Scene:
    """A session's stretches, its runs of voices (0 to `voices` - 1), its cues and its cast."""

    spans: Sequence[Span]
    runs: Sequence[Run]
    voices: int
    cues: Sequence[Cue]
    cast: Cast

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Each person's place in the cast; nobody listed stands behind the last one."""
        return {m.id: place for place, m in enumerate(self.cast.people)}

    @cached_property
    def chairs(self) -> Sequence[int]:
        """Places of those who lead."""
        return [self.index[m.id] for m in self.cast.chair]

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [self.spans[run.start].start_ms for run in self.runs]

    def place(self, cue: Cue) -> int:
        """Return the index of the run that says the cue."""
        return max(0, int(np.searchsorted(self._starts, cue.at_ms, side="right")) - 1)

    def speaker(self, cue: Cue) -> int:
        """Return the voice that says the cue."""
        return self.runs[self.place(cue)].voice

    def length_ms(self, run: Run) -> int:
        """Return how long a run speaks, without its pauses."""
        return sum(s.duration_ms for s in self.spans[run.start : run.end])

    def after(self, cue: Cue) -> list[int]:
        """Return the stretches that the voice of the cue still speaks after it."""
        run = self.runs[self.place(cue)]
        end = cue.span.end_ms - SLACK_MS
        return [t for t in range(run.start, run.end) if self.spans[t].start_ms >= end]

    @cached_property
    def _said(self) -> Mapping[int, Sequence[Cue]]:
        said: dict[int, list[Cue]] = {}
        for cue in self.cues:
            said.setdefault(self.place(cue), []).append(cue)
        return said

    def within(self, place: int) -> Sequence[Cue]:
        """Return the cues that a run says."""
        return self._said.get(place, ())

    def leads(self, place: int) -> bool:
        """Whether a run gives the floor or says a formula of the chair."""
        return any(cue.kind in {"chair", "hand-over"} for cue in self.within(place))

    @cached_property
    def _told(self) -> Mapping[int, Mapping[int, float]]:
        told: dict[int, dict[int, float]] = {}
        nobody = len(self.index)
        for vote in self.votes:
            if vote.cue.kind == "label":
                continue  # no case of the bench has any: what they are worth was not measured
            person = nobody if vote.cue.person is None else self.index[vote.cue.person]
            of_run = told.setdefault(vote.run, {})
            of_run[person] = of_run.get(person, 0.0) + vote.weight * vote.cue.strength
        return told

    def told(self, place: int, person: int) -> float:
        """Return with which weight cues say that a person of the cast speaks a run."""
        return self._told.get(place, {}).get(person, 0.0)

    def told_of_others(self, place: int, person: int) -> float:
        """Return with which weight cues say that one other person, listed or not, speaks it."""
        weights = self._told.get(place, {})
        return max((w for who, w in weights.items() if who != person), default=0.0)

    def goes_on(self, cue: Cue) -> bool:
        """Whether the voice that says the cue speaks on for long."""
        return sum(self.spans[t].duration_ms for t in self.after(cue)) > GOES_ON_MS

    @cached_property
    def leading(self) -> Array:
        """How often each voice gives the floor or says a formula of the chair [voices]."""
        counted = np.zeros(self.voices)
        for cue in self.cues:
            if cue.kind in {"chair", "hand-over"}:
                counted[self.speaker(cue)] += cue.strength
        return counted

    @cached_property
    def votes(self) -> tuple[Vote, ...]:
        """Return every run that a cue may speak of."""
        return tuple(Vote(cue, run, weight) for cue in self.cues for run, weight in self._aims(cue))

    def _aims(self, cue: Cue) -> Iterator[tuple[int, float]]:
        here = self.place(cue)
        run = self.runs[here]
        if cue.kind in {"introduction", "label", "known"}:
            yield here, 1.0
        elif cue.kind == "thanks":
            # Whoever takes the floor thanks the chair, whether the chair has just spoken or not.
            polite = cue.person is not None and self.index[cue.person] in self.chairs
            yield from self._reached(cue, -1, 0.2 if polite else 0.9)
        elif cue.kind in SPOKEN_OF and cue.person is not None:
            polite = self.index[cue.person] in self.chairs
            near = self.spans[run.end - 1].end_ms - cue.span.end_ms < NEAR_END_MS
            if polite:
                pass
            elif cue.kind == "address" and near and self.length_ms(run) <= FEW_WORDS_MS:
                # To be called at the end of a few words is a hand-over in short.
                yield from self._reached(cue, 1, 0.8)
                yield from self._reached(cue, -1, 0.1)
            else:
                before, after = SPOKEN_OF[cue.kind][int(self.leading[run.voice] >= 1)]
                yield from self._reached(cue, 1, after)
                yield from self._reached(cue, -1, before)
        elif cue.kind in {"hand-over", "question"}:
            if self.goes_on(cue):
                # Either nobody took the floor, or the change of voice was not heard.
                yield here, 0.4
                yield from self._reached(cue, 1, 0.4)
            else:
                yield from self._reached(cue, 1, 1.0)

    def _reached(self, cue: Cue, step: int, share: float) -> Iterator[tuple[int, float]]:
        """Other voices' runs in one direction; their weights add up to at most `share`."""
        voice, at = self.speaker(cue), self.place(cue) + step
        for _ in range(REACH):
            while 0 <= at < len(self.runs) and self.runs[at].voice == voice:
                at += step
            if not 0 <= at < len(self.runs):
                return
            run = self.runs[at]
            edge = self.spans[run.start].start_ms
            if step < 0:
                edge = self.spans[run.end - 1].end_ms
            if abs(edge - cue.at_ms) > REACH_MS:
                return
            length = self.length_ms(run)
            taken = share * PASSED * length / (length + BRIEF_MS)
            yield at, taken
            share -= taken
            at += step
