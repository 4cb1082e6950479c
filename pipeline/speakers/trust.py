"""How far the likeliest name of a run is to be believed: confidence that means what it says.

The posterior of the decision knows nothing of its own faults: voices alike in noise, a shout
taken for the speaker, a short run that lends its name to a long one. So what it says is weighed
once more, with signs that can be seen on each run; x their row, w the weights:

    confidence = 1 / (1 + exp(-w · x))

The weights are a logistic regression (ridge 1, Newton's method: bench/attribution.py --fit) of
"most of the run is spoken by whom it names" over the runs of the bench's cases in nine settings
(as built, shuffled, misheard, without a chair, as associations speak, in noise, in a room, two
more seeds); the sittings of bench/held_back.txt had no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.speakers.births import SURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.speakers.pointing import Scene

    Array = NDArray[np.float64]

WEIGHTS = (
    -1.86,  # always one
    0.58,  # log odds of the likeliest name in the decision
    0.57,  # logarithm of the run's seconds
    1.68,  # weight of cues that point to this very run
    -2.19,  # weight of cues that point to it and name somebody else
    3.35,  # says a formula of the chair, and is named as the chair
    1.65,  # its voice is heard nowhere else
    1.89,  # how alike it is to its voice elsewhere
    0.35,  # only told elsewhere: speech of the voice that cues name, against the run's (log)
    -0.45,  # how alike the recording's stretches are to their voices: noise lowers it
)
LABELLED = 0.75
"""The most that a name is believed which only a transcript's labels give: nobody measured how
often they are right, so it stays under the usual threshold."""
HEARD_S = 0.2
"""Seconds of a voice elsewhere from which there is a likeness."""


def confidences(scene: Scene, people: Array, rows: Array) -> Array:
    """Return how sure the likeliest name of each run is [runs], from 0 to 1.

    `people` [stretches, P + 1] are the decision's chances, `rows` [stretches, D] the vectors.
    """
    if not scene.index:
        return np.zeros(len(scene.runs))
    sure = np.asarray(1 / (1 + np.exp(-signs_of(scene, people, rows) @ np.array(WEIGHTS))))
    labelled = _only_labelled(scene)
    for place, run in enumerate(scene.runs):
        best = int(people[run.start : run.end].mean(axis=0)[:-1].argmax())
        leads = best in scene.chairs and scene.leading[run.voice] > 0
        if best in labelled and not leads:
            sure[place] = min(sure[place], LABELLED)
    return sure


def _only_labelled(scene: Scene) -> set[int]:
    """Return who is known from a transcript's labels and from no cue."""
    labelled = {c.person for c in scene.cues if c.kind == "label"}
    spoken_of = {
        v.cue.person
        for v in scene.votes
        if v.cue.kind != "label" and v.weight * v.cue.strength >= SURE
    }
    return {scene.index[who] for who in labelled - spoken_of if who is not None}


@dataclass(frozen=True)
class _Sound:
    """Runs and voices as sums of vectors: which run sounds like which voice."""

    sums: Array
    lengths: Array
    held: Array
    spoken: Array
    colour: Array
    clear: float

    def alike(self, place: int, voice: int) -> float | None:
        """Return how like a run is to its voice elsewhere; None where it is heard here alone."""
        left = self.spoken[voice] - self.lengths[place]
        if left <= HEARD_S:
            return None
        mine = self.sums[place] - self.lengths[place] * self.colour
        rest = self.held[voice] - self.sums[place] - left * self.colour
        return float(mine @ rest / max(np.linalg.norm(mine) * np.linalg.norm(rest), 1e-9))


def _sound(scene: Scene, rows: Array) -> _Sound:
    seconds = np.array([s.duration_ms for s in scene.spans]) / 1000
    starts = [run.start for run in scene.runs]
    sums = np.add.reduceat(seconds[:, None] * rows, starts)
    lengths = np.add.reduceat(seconds, starts)
    voice = np.array([run.voice for run in scene.runs])
    held = np.zeros((scene.voices, rows.shape[1]))
    np.add.at(held, voice, sums)
    spoken = np.bincount(voice, lengths, scene.voices).astype(np.float64)
    means = held / np.maximum(spoken, 1e-9)[:, None]
    colour = means[spoken > 0].mean(axis=0)
    own = (means - colour)[np.repeat(voice, [run.end - run.start for run in scene.runs])]
    away = rows - colour
    sizes = np.linalg.norm(away, axis=1) * np.linalg.norm(own, axis=1)
    clear = float(np.mean((away * own).sum(axis=1) / np.maximum(sizes, 1e-9)))
    return _Sound(sums, lengths, held, spoken, colour, clear)


def signs_of(scene: Scene, people: Array, rows: Array) -> Array:
    """Return what tells how far each run's likeliest name is right [runs, len(WEIGHTS)]."""
    sound = _sound(scene, rows)
    of_voice: dict[int, list[int]] = {}
    for place, run in enumerate(scene.runs):
        of_voice.setdefault(run.voice, []).append(place)
    firm: dict[tuple[int, int], float] = {}
    table = np.empty((len(scene.runs), len(WEIGHTS)))
    for place, run in enumerate(scene.runs):
        chances = people[run.start : run.end].mean(axis=0)
        best = int(chances[:-1].argmax())
        chance = np.clip(chances[best], 0.001, 0.999)
        length = sound.lengths[place]
        alike = sound.alike(place, run.voice)
        told = scene.told(place, best)
        leads = best in scene.chairs and scene.leads(place)
        if (run.voice, best) not in firm:
            backed = [p for p in of_voice[run.voice] if _backed(scene, p, best)]
            firm[run.voice, best] = float(sound.lengths[backed].sum())
        table[place] = (
            1.0,
            np.log(chance / (1 - chance)),
            np.log(length + 0.5),
            min(told, 1.0),
            min(scene.told_of_others(place, best), 1.0),
            leads,
            alike is None,
            alike or 0.0,
            0.0 if told >= SURE or leads else np.log((firm[run.voice, best] + 1) / (length + 1)),
            sound.clear,
        )
    return table


def _backed(scene: Scene, place: int, person: int) -> bool:
    """Whether cues name a run itself, not its voice elsewhere."""
    leads = person in scene.chairs and scene.leads(place)
    return leads or scene.told(place, person) >= SURE
