"""Which hits answer best: BM25 over words, all forms of a word being one.

score(passage) = Σ over words: idf · tf · (K + 1) / (tf + K · (1 - B + B · length / mean length)),
idf = ln(1 + (N - df + 1/2) / (df + 1/2)); Robertson and Zaragoza, "The Probabilistic Relevance
Framework: BM25 and Beyond" (2009). FTS5's own weighs each form by itself, so that a rare plural
counts more than its singular, and cannot be cut short.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from archive.columns import numbers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from archive.columns import Columns, Numbers
    from archive.matching import Deadline
    from archive.question import Sought

K, B = 1.2, 0.75
"""As in FTS5: how soon repetition stops counting, and how much length counts against a passage."""
MANY = 200_000
"""A word that stands oftener in the archive has no say: to look at each place costs 0.2 µs."""
_FEW = 500
"""So few hits are ranked even if the time is over."""

_INSTANCES = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.said USING fts5vocab(main, passages_fts, instance)"
)
_LAST_CHARACTER = chr(0x10FFFF)


def best(
    db: sqlite3.Connection,
    columns: Columns,
    sought: Sequence[Sought],
    among: Numbers,
    count: int,
    deadline: Deadline,
) -> Numbers | None:
    """Return the `count` best of the hits `among`, all of which say all that is sought.

    None where there is no time, or no word has a say. Of equals the newest comes first.
    """
    db.execute(_INSTANCES)
    score = np.zeros(len(among))
    ranked = False
    for one in sought:
        if len(among) > _FEW and deadline.over():
            return None
        said = _said(db, columns, one)
        if said is not None:
            score += _weights(columns, said, among)
            ranked = True
    return among[_highest(score, count)] if ranked else None


def _said(db: sqlite3.Connection, columns: Columns, one: Sought) -> Numbers | None:
    """Return how often each passage says a word; None where that is too often to be told.

    Of phrases the index keeps no count: they are taken to be said once wherever they are said.
    """
    places: list[Numbers] = []
    left = MANY
    for form in one.phrases:
        if " " in form:
            continue
        found = numbers(
            db,
            "SELECT doc AS n FROM temp.said WHERE term BETWEEN :from AND :to LIMIT :most",
            {
                "from": form,
                "to": form + _LAST_CHARACTER if one.beginning else form,
                "most": left + 1,
            },
        )
        left -= len(found)
        if left < 0:
            return None
        places.append(found)
    told = np.concatenate(places) if places else np.zeros(0, np.int64)
    return np.bincount(told, minlength=columns.last + 1)


def _weights(columns: Columns, said: Numbers, among: Numbers) -> npt.NDArray[np.float64]:
    """Return what one word adds to the score of each hit."""
    passages = int(np.count_nonzero(columns.length))
    mean = max(float(columns.length.sum()) / max(passages, 1), 1.0)
    often = np.maximum(said[among], 1)
    saying = max(int(np.count_nonzero(said)), len(among))
    idf = math.log(1 + (passages - saying + 0.5) / (saying + 0.5))
    norm = 1 - B + B * columns.length[among] / mean
    weights: npt.NDArray[np.float64] = idf * (K + 1) * often / (often + K * norm)
    return weights


def _highest(score: npt.NDArray[np.float64], count: int) -> Numbers:
    """Return where the `count` highest scores stand, the highest first and of equals the first."""
    if count < len(score):
        least = np.partition(score, len(score) - count)[len(score) - count]
        near = np.flatnonzero(score >= least)
    else:
        near = np.arange(len(score))
    return near[np.argsort(-score[near], kind="stable")][:count]
