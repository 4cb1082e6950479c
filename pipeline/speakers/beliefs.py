"""What is believed of a session before anything is weighed: priors, factors, biases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.speakers.identities import Factor, Problem
from pipeline.speakers.pointing import SPOKEN_OF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pipeline.names import Cue
    from pipeline.speakers.pointing import Scene

    Array = NDArray[np.float64]

ANYONE_SAYS = 0.2
"""Odds that a floor is given, or oneself introduced, by a voice heard nowhere else."""
FIRST = 2
"""Stretches in which who was given the floor is expected."""
UNLISTED_SHORT, UNLISTED_LONG, TALKER_MS = 0.96, 0.2, 5_000
"""Odds that a voice is nobody's of the programme, and the speech between the two."""
SELF = np.log(0.05)
"""Who names X in the third person, thanks X or gives X the floor is not X."""
NOT_CHAIR, SOMEBODY_LEADS = np.log(0.05), np.log(0.02)
"""What a floor given or a formula of the chair leaves to those who do not lead (measured on 20
cases of the bench: 176 of 179 are the chair's), and what many of them leave to the chance that
somebody unlisted leads in the chair's place."""
A_FORMULA_MS = 30_000
"""A voice that speaks so long for each formula is as likely near one by mistake."""
LEAK = 0.04
"""Share of hand-overs, thanks and introductions that name who then does not speak there."""
LISTENED = 0.001
"""The same of a person who listened: somebody may still have taken two voices for one."""
VAGUE = SPOKEN_OF.keys() | {"label"}
"""Cues whose weights say themselves how often they name who does not speak there."""
MENTIONED = np.log(1.4)
"""Who is named at all is likelier there (measured on 61 cases: 68 of 74, of others 64 in 100)."""
GONE = np.log(0.03)
"""What "X could not come" leaves to X."""
TWICE, BOTH_LEAD = -3.5, 2.5
"""Log odds that two voices that sound unlike are one person; what it adds that both lead."""


def bias_of(scene: Scene, known: Array, voices: int) -> dict[int, Array]:
    """What cues say about the voice at their own place: log odds [voices + 1] by stretch.

    A floor is given by whoever leads; "I am X" is said by whoever X was found to be.
    `known` [scene.voices, P + 1] are identities so far; a voice just offered has none.
    """
    leads = known[:, scene.chairs].sum(axis=1)
    leads = np.maximum(leads, scene.leading / (scene.leading.sum() + 1))

    def held(chances: Array) -> Array:
        known_of = np.zeros(voices)
        known_of[: min(voices, len(chances))] = chances[:voices]
        return known_of

    bias: dict[int, Array] = {}

    def add(stretches: Iterable[int], odds: Array) -> None:
        for t in stretches:
            bias[t] = bias.get(t, 0.0) + odds

    starts = np.array([s.start_ms for s in scene.spans])
    for cue in scene.cues:
        # Chances that each voice says the cue; that it speaks next, where that is told too.
        says, goes_on = np.ones(voices + 1), np.ones(voices + 1)
        if cue.kind in {"chair", "hand-over"}:
            says[:voices] = held(leads)
            says[-1] = ANYONE_SAYS
            if cue.kind == "hand-over":
                goes_on[:voices] = 1 - says[:voices]
        elif cue.kind in {"introduction", "known"} and cue.person is not None:
            says[:voices] = held(known[:, scene.index[cue.person]])
            says[-1] = ANYONE_SAYS
        elif cue.kind in {"address", "thanks"} and cue.person is not None:
            says[:voices] = 1 - held(known[:, scene.index[cue.person]])
        else:
            continue
        first = max(0, int(np.searchsorted(starts, cue.span.start_ms, side="right")) - 1)
        end = int(np.searchsorted(starts, cue.span.end_ms))
        mostly = (
            t
            for t in range(first, end)
            if scene.spans[t].overlap_ms(cue.span) * 2 >= scene.spans[t].duration_ms
        )
        add(mostly, cue.strength * np.log((0.1 + says) / 1.1))
        after = range(end + 1, min(end + 1 + FIRST, len(scene.spans)))
        add(after, cue.strength * np.log((0.1 + goes_on) / 1.1))
    return bias


def problem(scene: Scene, posterior: Array, rows: Array) -> Problem:
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
    present = {c.person for c in scene.cues if c.person is not None and c.kind != "absence"}
    prior[:, [scene.index[person] for person in sorted(present)]] += MENTIONED
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
        elif cue.kind not in {"introduction", "label", "known"} and not (
            cue.kind == "hand-over" and scene.goes_on(cue)
        ):
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
            _leak(cue, sum(voices.values())),
        )
        for cue, voices in aims.items()
    )


def _leak(cue: Cue, told: float) -> float:
    """Return how often such a cue names somebody who does not speak where it points."""
    if cue.kind == "known":
        return LISTENED
    return max(LEAK, 1 - told) if cue.kind in VAGUE else LEAK


def _together(posterior: Array, rows: Array, leading: Array) -> Array:
    """Log odds [voices, voices] that two voices are one person: they sound alike, both lead."""
    centres = posterior.T @ rows
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    odds = np.clip(TWICE + 6.0 * np.clip(centres @ centres.T, 0, None) ** 2, TWICE, 0.5)
    share = leading / (leading + 1)
    odds += BOTH_LEAD * np.outer(share, share)
    np.fill_diagonal(odds, 0.0)
    return np.asarray(odds, np.float64)
