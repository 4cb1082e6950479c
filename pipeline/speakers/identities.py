"""Which person each voice is: cues, the chair's part and the order weighed together.

Each voice k has one hidden identity a_k: a person of the cast, or nobody listed. What was heard
is explained by an assignment a with

    P(a | heard) ∝ Π_k prior(a_k) · Π_c factor_c(a) · Π_k<l together(a_k, a_l) · order(a)

    prior       nobody listed with u_k, which falls with the time that voice k speaks; else
                each person alike, but for what her own words exclude: who names X in the
                third person is not X, who gives the floor is likely the chair
    factor_c    cue c names p: leak_c / P + Σ_k w_ck [a_k = p]. The weights w_ck spread the cue's
                strength over the voices it may point to (the next different ones for a
                hand-over, the last ones for thanks, the present one for an introduction)
    together    two voices are seldom one person, the seldomer the less they sound alike
    order       either none is kept, or each new speaker stands s places after the last one in the
                programme with chance q(s): mostly the next, or the one after where somebody is
                absent. Whether an order is kept (o = 1) is hidden too:
                (1 - P(o)) + P(o) Π_n P q(position_n - position_n-1)

The posterior of each a_k is found by Gibbs sampling (Geman and Geman 1984): draw each identity
given all the others, and o given all, over and over, and average the chances they were drawn
from. The sampler is seeded: equal input, equal answer. tests/test_attribute.py adds up every
assignment instead, and agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

JUMPS = {1: 0.52, 2: 0.27, 3: 0.08, 4: 0.03, -1: 0.05}
"""q(s), how far on in the programme the next new speaker stands, where the order is kept; the
rest is shared by all other steps (counted on 19 cases of the bench: 122 new speakers)."""
ORDERED = 0.75
"""P(o), how often a session keeps its programme's order."""
CHAINS, BURN, SWEEPS = 6, 40, 100
"""Independent samplers, sweeps that are thrown away, sweeps that count."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A cue: the identity it names (its index) and the voices it may point to, with weights.

    `leak` is the share of such cues that name somebody who does not speak there.
    """

    identity: int
    voices: tuple[int, ...]
    weights: tuple[float, ...]
    leak: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What the sampler needs: P people are identities 0 to P - 1, nobody listed is P.

    `prior` [voices, P + 1], log odds; `together` [voices, voices], log odds that two voices are
    one person; `positions` [P], places in the programme's order, -1 for who has none; `arrival`,
    the voices in the order in which they first speak, without those too short to count.
    """

    prior: Array
    factors: tuple[Factor, ...]
    together: Array
    positions: NDArray[np.int64]
    arrival: tuple[int, ...]


def identify(problem: Problem) -> Array:
    """Return the posterior [voices, P + 1] of each voice's identity; rows sum to 1."""
    voices, size = problem.prior.shape
    if size == 1 or not voices:
        return np.ones((voices, size))
    total = np.zeros((voices, size))
    for chain in range(CHAINS):
        total += _sample(problem, np.random.default_rng(chain))
    total /= total.sum(axis=1, keepdims=True)
    return total


def _sample(problem: Problem, dice: np.random.Generator) -> Array:
    voices, size = problem.prior.shape
    touching: list[list[Factor]] = [[] for _ in range(voices)]
    for factor in problem.factors:
        for voice in set(factor.voices):
            touching[voice].append(factor)
    rank = {voice: place for place, voice in enumerate(problem.arrival)}
    identity = np.full(voices, size - 1)
    total = np.zeros((voices, size))
    jumps = _jumps(problem)
    ordered = True
    for sweep in range(-BURN, SWEEPS):
        heat = 1.0 + max(0.0, -sweep / BURN)
        for voice in dice.permutation(voices):
            odds = _conditional(problem, touching[voice], identity, voice)
            if ordered and voice in rank:
                odds[:-1] += _order(problem, jumps, identity, rank[voice])
            chance = np.exp((odds - odds.max()) / heat)
            chance /= chance.sum()
            identity[voice] = min(int(np.searchsorted(chance.cumsum(), dice.random())), size - 1)
            if sweep >= 0:
                total[voice] += chance
        ordered = dice.random() < _kept(problem, jumps, identity)
    return total


def _conditional(
    problem: Problem, factors: Sequence[Factor], identity: NDArray[np.int64], voice: int
) -> Array:
    """Log odds [P + 1] of one voice's identity, given all the others'."""
    size = problem.prior.shape[1]
    odds = problem.prior[voice].copy()
    for factor in factors:
        mine, others = 0.0, factor.leak / size
        for other, weight in zip(factor.voices, factor.weights, strict=True):
            if other == voice:
                mine += weight
            elif identity[other] == factor.identity:
                others += weight
        odds[factor.identity] += np.log1p(mine / others)
    shared = np.bincount(identity, weights=problem.together[voice], minlength=size)
    shared[-1] = 0.0
    odds += shared
    return np.asarray(odds, np.float64)


def _jumps(problem: Problem) -> Array:
    """Log odds [2 P + 1], against any order, of a step from -P to P in the programme."""
    count = int((problem.positions >= 0).sum())
    rest = 1 - sum(JUMPS.values())
    odds = np.full(2 * count + 3, rest / max(1, count))
    for step, share in JUMPS.items():
        if abs(step) <= count:
            odds[count + 1 + step] = share
    odds[count + 1] = 1 / max(1, count)
    return np.asarray(np.log(odds * max(1, count)), np.float64)


def _order(problem: Problem, jumps: Array, identity: NDArray[np.int64], place: int) -> Array:
    """Log odds [P] from the announced order, given who first spoke before and after."""
    positions, middle = problem.positions, len(jumps) // 2
    before, after = (
        _neighbour(problem, identity, place, -1),
        _neighbour(problem, identity, place, 1),
    )
    last = positions[before] if before is not None else -1
    odds = jumps[middle + positions - last]
    if after is not None:
        odds = (
            odds
            + jumps[middle + positions[after] - positions]
            - jumps[middle + positions[after] - last]
        )
    return np.where(positions >= 0, odds, 0.0)


def _neighbour(problem: Problem, identity: NDArray[np.int64], place: int, step: int) -> int | None:
    """Return who of the programme's order first spoke next to a place of arrival."""
    place += step
    while 0 <= place < len(problem.arrival):
        who = int(identity[problem.arrival[place]])
        if who < len(problem.positions) and problem.positions[who] >= 0:
            return who
        place += step
    return None


def _kept(problem: Problem, jumps: Array, identity: NDArray[np.int64]) -> float:
    """How likely it is that the order is kept, given who is who."""
    last, total, middle = -1, 0.0, len(jumps) // 2
    for voice in problem.arrival:
        who = int(identity[voice])
        if who < len(problem.positions) and problem.positions[who] >= 0:
            total += float(jumps[middle + problem.positions[who] - last])
            last = int(problem.positions[who])
    return 1 / (1 + (1 - ORDERED) / ORDERED * float(np.exp(-np.clip(total, -50, 50))))
