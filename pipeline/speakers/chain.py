"""Which stretches one voice speaks: a hidden Markov chain whose states are voices.

Stretch t of d_t seconds has the vector x_t (unit length times √D). Voice k has the unknown
centre y_k:

    y_k ~ N(0, b I)        x_t | k ~ N(y_k, w_t I),   w_t = w + v / d_t
    P(voice_t+1 = k | voice_t = j) = (1 - c_t) [j = k] + c_t π_k

c_t is small inside a phrase and larger where a sentence ends or a pause falls: a pause alone
is no change. One more state, anyone, has no centre of its own: x ~ N(0, (b + w_t) I); it takes
the shout that no voice explains. Centres, weights π and the posterior of each stretch are
learnt in turn (variational Bayes, after Landini et al., "Bayesian HMM clustering of x-vector
sequences", 2022): with γ_tk the posterior of voice k at t,

    precision_k = 1 / b + f Σ_t γ_tk / w_t        centre_k = f Σ_t γ_tk x_t / w_t / precision_k
    log p(x_t | k) = - f / (2 w_t) (|x_t - centre_k|² + D / precision_k) - D f / 2 log w_t

f < 1 says that numbers of one vector, and neighbouring stretches, repeat each other. Voices
that hold nothing fade out. The start is a clustering from below (average linkage on cosines) of
pieces of a few seconds, finer than needed. Then two voices are joined, best pair first, while
one explains what both hold better than two do: with s_k = precision_k centre_k, the evidence

    E(s, p) = |s|² / 2p - D/2 log(b p)        gain = E(s_k + s_l, p_k + p_l - 1/b) - E_k - E_l
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.model import Span

    Array = NDArray[np.float64]
    Table = NDArray[np.float32]

Real = TypeVar("Real", np.float32, np.float64)

BETWEEN = 0.5
"""b: variance of voices' centres, per dimension; measured on voices/tune at 2 s: 0.47."""
WITHIN, SHORTNESS = 0.33, 0.19
"""w and v: variance of one voice's stretches; measured on voices/tune from 0.6 to 3 s."""
REPEAT = 0.55
"""f, see above (on 19 cases of the bench, precision of turns: 0.96 at 0.48, 0.98 at 0.55)."""
USUAL_COUNT = 10.0
"""Stretches that the usual variance is worth against the recording's own."""
PIECE_MS = 3_000
"""Length of the pieces that the clustering from below starts from."""
MOST_PIECES = 1_200
"""Of a longer recording an even share is clustered: cost stays linear."""
NEAR, NEAR_CENTRED = 0.65, 0.55
"""Mean cosine of two clusters under which they are not joined at the start."""
ONE_VOICE = 0.2
"""Gain in log evidence, per dimension, from which two voices are joined (measured on 38 cases of
the bench, half of them in noise: from 0.2 to 0.35 the same, under 0.1 two people become one)."""
DIMENSIONS = 40
"""Longer vectors are brought down to their recording's main directions: a few dozen people span
no more, and the constants here were measured on so many."""
ANYONE = 0.15
"""Weight of the state that is no voice of its own."""
ROUNDS = 12
JOININGS = 2
BLOCK = 512
"""Stretches gone through at a time."""
FADED = 0.6
"""Stretches' worth of posterior under which a voice is dropped."""


@dataclass(frozen=True, slots=True)
class Voices:
    """`posterior` [stretches, voices + 1]: the last column is anyone; `centres` [voices, D]."""

    posterior: Array
    centres: Array


def narrowed(vectors: Array) -> Array:
    """Return unit vectors of at most DIMENSIONS, in the recording's main directions."""
    if vectors.shape[1] <= DIMENSIONS or not len(vectors):
        return vectors
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return _unit(vectors @ directions[:, -DIMENSIONS:])


def find_voices(spans: Sequence[Span], vectors: Array, change: Array) -> Voices:
    """Learn the voices of a recording; `change` [stretches] is c_t before each stretch."""
    rows, seconds = _rows(vectors), _seconds(spans)
    labels = _start(rows, seconds, change)
    count = labels.max() + 1
    posterior = np.zeros((len(rows), count + 1))
    posterior[np.arange(len(rows)), labels] = 0.9
    posterior += 0.1 / (count + 1)
    for _ in range(JOININGS):
        posterior = learn(spans, vectors, change, posterior, {}).posterior
        posterior = join(rows, seconds, posterior)
    return learn(spans, vectors, change, posterior, {})


def learn(
    spans: Sequence[Span],
    vectors: Array,
    change: Array,
    posterior: Array | Table,
    bias: Mapping[int, Array],
) -> Voices:
    """Learn on from a `posterior` [stretches, voices + 1].

    `bias` is what else is known of single stretches: log odds [voices + 1] by stretch.
    """
    rows, seconds = _colourless(_rows(vectors), posterior), _seconds(spans)
    noise = usual = WITHIN + SHORTNESS / seconds
    # Stretches times voices is what a long recording has too much of: there is one such table
    # at a time, of half the bytes.
    posterior = np.asarray(posterior, np.float32)
    for _ in range(ROUNDS):
        kept = np.append(posterior[:, :-1].sum(axis=0, dtype=np.float64) > FADED, True)
        if not kept.all():
            posterior = posterior[:, kept]
            bias = {stretch: odds[kept] for stretch, odds in bias.items()}
        centres, precision = _centres(rows, noise, posterior[:, :-1])
        noise = usual * _noise(rows, usual, posterior[:, :-1], centres)
        weights = posterior.mean(axis=0, dtype=np.float64)
        weights[-1] = ANYONE
        del posterior
        scores = _likelihoods(rows, noise, centres, precision)
        for stretch, odds in bias.items():
            scores[stretch] += odds
        posterior = smooth(scores, change, weights / weights.sum())
    return Voices(posterior.astype(np.float64), centres)


def join(rows: Array, seconds: Array, posterior: Array) -> Array:
    """Join voices, best pair first, while one explains their stretches better than two.

    The log evidence of a voice with s = f Σ_t γ_tk x_t / w_t and its precision p is
    |s|² / 2p - D/2 log(b p), but for what does not depend on who holds the stretches. Returns
    the posterior [stretches, voices left + 1].
    """
    rows = _colourless(rows, posterior)
    usual = WITHIN + SHORTNESS / seconds
    held = posterior[:, :-1]
    noise = usual * _noise(rows, usual, held, _centres(rows, usual, held)[0])
    centres, precision = _centres(rows, noise, held)
    sums, left = centres * precision[:, None], np.ones(len(precision), bool)
    target = np.arange(len(precision))

    def evidence(added: Array, firmness: Array) -> Array:
        size = rows.shape[1] / 2 * np.log(BETWEEN * firmness)
        return np.asarray((added**2).sum(axis=-1) / (2 * firmness) - size, np.float64)

    def gains(voice: int) -> Array:
        both = evidence(sums + sums[voice], precision + precision[voice] - 1 / BETWEEN)
        gain = both - evidence(sums, precision) - evidence(sums[voice], precision[voice])
        return np.where(left & (np.arange(len(gain)) != voice), gain, -np.inf)

    table = np.array([gains(voice) for voice in range(len(precision))])
    while left.sum() > 1:
        one, two = divmod(int(table.argmax()), len(table))
        if table[one, two] < ONE_VOICE * rows.shape[1]:
            break
        sums[one] += sums[two]
        precision[one] += precision[two] - 1 / BETWEEN
        left[two], target[target == two] = False, one
        table[two], table[:, two] = -np.inf, -np.inf
        table[one] = table[:, one] = gains(one)
    joined = np.zeros_like(posterior)
    np.add.at(joined.T, np.append(target, -1), posterior.T)
    return joined[:, np.append(left, True)]


def _colourless(rows: Array, posterior: Array | Table) -> Array:
    """Take the recording's own colour away, as if each voice spoke as long as another.

    What is left has the usual size again: in noise all voices share most of it, and what tells
    them apart would look like little.
    """
    held = posterior[:, :-1]
    full = held.sum(axis=0, dtype=np.float64)
    heard = full > FADED
    means = _summed(held, rows) / np.maximum(full, 1e-9)[:, None]
    left = rows - means[heard].sum(axis=0) / (heard.sum() + 2)
    return np.asarray(left * np.sqrt(left.size / max(float((left**2).sum()), 1e-9)), np.float64)


def _rows(vectors: Array) -> Array:
    return np.asarray(vectors * np.sqrt(vectors.shape[1]), np.float64)


def _seconds(spans: Sequence[Span]) -> Array:
    return np.array([max(s.duration_ms, 200) for s in spans]) / 1000


def _centres(rows: Array, noise: Array, posterior: Array | Table) -> tuple[Array, Array]:
    share = REPEAT / noise
    precision = 1 / BETWEEN + _summed(posterior, share[:, None])[:, 0]
    return _summed(posterior, rows * share[:, None]) / precision[:, None], precision


def _summed(posterior: Array | Table, rows: Array) -> Array:
    """Return Σ_t γ_tk x_t [voices, D]; numpy would copy the whole table to multiply it."""
    total = np.zeros((posterior.shape[1], rows.shape[1]))
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        total += posterior[part].T.astype(np.float64) @ rows[part]
    return total


def _noise(rows: Array, usual: Array, posterior: Array | Table, centres: Array) -> float:
    """How much the voices vary in this recording, against the usual; synthetic ones vary less."""
    full = posterior.sum(axis=0, dtype=np.float64)
    # Σ_tk γ_tk |x_t - centre_k|², multiplied out: no table of stretches and voices is needed.
    far = (posterior.sum(axis=1, dtype=np.float64) * (rows**2).sum(axis=1)).sum()
    far += (full * (centres**2).sum(axis=1)).sum() - 2 * (_summed(posterior, rows) * centres).sum()
    spread = far / (rows.shape[1] * usual.mean())
    count = np.maximum(full - 1, 0).sum()
    return float(np.clip((USUAL_COUNT + spread) / (USUAL_COUNT + count), 0.3, 1.2))


def _likelihoods(rows: Array, noise: Array, centres: Array, precision: Array) -> Table:
    """Log p(x_t | k) [stretches, voices + 1], the last for anyone; float32."""
    size, long = rows.shape[1], (rows**2).sum(axis=1)
    scores = np.empty((len(rows), len(centres) + 1), np.float32)
    towards, fixed = (-2 * centres.T).astype(np.float32), (centres**2).sum(axis=1)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        voices = rows[part].astype(np.float32) @ towards
        voices += long[part, None]
        voices += fixed + size / precision
        voices *= (-REPEAT / (2 * noise[part]))[:, None]
        voices -= (REPEAT * size / 2 * np.log(noise[part]))[:, None]
        scores[part, :-1] = voices
    wide = BETWEEN + noise
    scores[:, -1] = REPEAT * (-long / (2 * wide) - size / 2 * np.log(wide))
    return scores


def smooth(scores: NDArray[Real], change: Array, weights: Array) -> NDArray[Real]:
    """Forward and backward through the chain: posteriors [n, states] from log scores.

    The posteriors take the place of the scores. Of the way forward only the state at the start
    of each block is kept, and the block is gone through again on the way back.
    """
    scores -= scores.max(axis=1, keepdims=True)
    chance = np.exp(scores, out=scores)
    starts = range(0, len(chance), BLOCK)
    entered = np.empty((len(starts), chance.shape[1]))
    state = weights
    for number, start in enumerate(starts):
        entered[number] = state
        for t in range(start, min(start + BLOCK, len(chance))):
            state = _step(state, change[t], weights, chance[t])
    behind = np.ones(chance.shape[1])
    for number in reversed(range(len(starts))):
        block = chance[starts[number] : starts[number] + BLOCK]
        steps = change[starts[number] : starts[number] + BLOCK]
        ahead, state = np.empty_like(block), entered[number]
        for t in range(len(block)):
            state = ahead[t] = _step(state, steps[t], weights, block[t])
        for t in reversed(range(len(block))):
            ahead[t] *= behind
            behind = behind * block[t]
            behind = (1 - steps[t]) * behind + steps[t] * (weights @ behind)
            behind = behind / max(behind.max(), 1e-300)
        block[:] = ahead / np.maximum(ahead.sum(axis=1, keepdims=True), 1e-30)
    return scores


def _step(state: Array, change: float, weights: Array, chance: NDArray[Real]) -> Array:
    state = ((1 - change) * state + change * state.sum() * weights) * chance
    return np.asarray(state / max(state.sum(), 1e-300), np.float64)


def _start(rows: Array, seconds: Array, change: Array) -> NDArray[np.int64]:
    """Return first labels [stretches], from pieces clustered from below."""
    piece = np.zeros(len(rows), np.int64)
    length = 0.0
    for t in range(1, len(rows)):
        length += seconds[t - 1]
        ends = length * 1000 >= PIECE_MS or (change[t] >= 0.05 and length >= 1.0)
        piece[t] = piece[t - 1] + ends
        length = 0.0 if ends else length
    sums = np.zeros((piece[-1] + 1, rows.shape[1]))
    np.add.at(sums, piece, rows * seconds[:, None])
    units = _unit(sums)
    some = units[:: -(-len(units) // MOST_PIECES)]
    # The recording's own colour makes all its voices alike: found roughly, it is taken away.
    rough = cluster(some, NEAR)
    colour = sum(some[rough == k].mean(axis=0) for k in range(rough.max() + 1)) / (rough.max() + 3)
    some, units = _unit(some - colour), _unit(units - colour)
    fine = cluster(some, NEAR_CENTRED)
    centres = np.array([some[fine == k].mean(axis=0) for k in range(fine.max() + 1)])
    nearest = (units @ centres.T).argmax(axis=1)
    return np.asarray(nearest[piece], np.int64)


def _unit(rows: Array) -> Array:
    sizes = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(sizes, 1e-12), np.float64)


def cluster(units: Array, near: float) -> NDArray[np.int64]:
    """Join the two clusters with the highest mean cosine until it is under `near`.

    `units` [n, D] are unit vectors; returns labels [n] from 0, in order of appearance.
    """
    likeness = units @ units.T
    np.fill_diagonal(likeness, -np.inf)
    sizes = np.ones(len(units))
    parent = np.arange(len(units))
    for _ in range(len(units) - 1):
        one, two = divmod(int(likeness.argmax()), len(units))
        if likeness[one, two] < near:
            break
        mean = (sizes[one] * likeness[one] + sizes[two] * likeness[two]) / (sizes[one] + sizes[two])
        likeness[one], likeness[:, one] = mean, mean
        likeness[one, one] = -np.inf
        likeness[two], likeness[:, two] = -np.inf, -np.inf
        sizes[one] += sizes[two]
        parent[parent == two] = one
    _, first, labels = np.unique(parent, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return np.asarray(order[labels], np.int64)
