"""Which hits answer best: BM25 over words, all forms of a word being one.

score(passage) = Σ over words: idf · tf · (K + 1) / (tf + K),
idf = ln(1 + (N - df + 1/2) / (df + 1/2)); Robertson and Zaragoza, "The Probabilistic Relevance
Framework: BM25 and Beyond" (2009), with b = 0: passages are about as long as each other, and of the
judged queries (bench/search.md) no weight of their length ordered more answers first. FTS5's own
weighs each form by itself, so that a rare plural counts more than its singular, and cannot be cut
short.
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

K = 1.2
"""How soon repetition stops counting; as in FTS5."""
MANY = 200_000
"""So many places are looked at for one question, a fifth of a microsecond each: a word that stands
in more than are left has no say. Words come before beginnings, which stand in far more."""
_FEW = 500
"""So few hits are ranked by the words that there was time for."""

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
    if not len(among):
        return among
    db.execute(_INSTANCES)
    score = np.zeros(len(among))
    ranked = False
    left = MANY
    for one in sorted(sought, key=lambda one: one.beginning):
        if deadline.over():
            if len(among) > _FEW:
                return None
            break
        places = _places(db, one, left)
        if len(places) <= left:
            left -= len(places)
            score += _weights(columns, places, among)
            ranked = True
    return among[_highest(score, count)] if ranked else None


def _places(db: sqlite3.Connection, one: Sought, most: int) -> Numbers:
    """Return the passage of each place where a word stands; one more than `most` at the most.

    Of phrases the index keeps no places: they are taken to be said once wherever they are said.
    """
    places = np.zeros(0, np.int64)
    for form in one.phrases:
        if " " in form:
            continue
        found = numbers(
            db,
            "SELECT doc AS n FROM temp.said WHERE term BETWEEN :from AND :to LIMIT :most",
            {
                "from": form,
                "to": form + _LAST_CHARACTER if one.beginning else form,
                "most": max(0, most + 1 - len(places)),
            },
        )
        places = np.concatenate([places, found])
    return places


def _weights(columns: Columns, places: Numbers, among: Numbers) -> npt.NDArray[np.float64]:
    """Return what one word adds to the score of each hit."""
    said = np.bincount(places, minlength=columns.last + 1)
    often = np.maximum(said[among], 1)
    passages = int(np.count_nonzero(columns.session))
    saying = max(int(np.count_nonzero(said)), len(among))
    idf = math.log(1 + (passages - saying + 0.5) / (saying + 0.5))
    weights: npt.NDArray[np.float64] = idf * (K + 1) * often / (often + K)
    return weights


def _highest(score: npt.NDArray[np.float64], count: int) -> Numbers:
    """Return where the `count` highest scores stand, the highest first and of equals the first."""
    if count < len(score):
        least = np.partition(score, len(score) - count)[len(score) - count]
        near = np.flatnonzero(score >= least)
    else:
        near = np.arange(len(score))
    return near[np.argsort(-score[near], kind="stable")][:count]
