"""What would narrow some hits: each value of each facet, and how many would stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archive.columns import FACETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.columns import Columns, Numbers

MOST_VALUES = 100
"""A facet tells its most frequent values only: nobody reads more."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that would narrow the results, and how many would stay."""

    value: str
    label: str
    count: int


def count_facets(
    columns: Columns, found: Numbers, hits: Numbers, filters: Mapping[str, str]
) -> dict[str, tuple[Facet, ...]]:
    """Count each value of each facet under all filters but those of its own facet.

    `hits` are those of the passages `found` that pass all filters.
    """
    counted = {}
    for name in FACETS:
        under = hits
        if name in filters:
            others = {other: value for other, value in filters.items() if other != name}
            under = found[columns.passing(others)[found]]
        counted[name] = _shown(columns, name, columns.counts(name, under))
    return counted


def _shown(columns: Columns, name: str, counts: Numbers) -> tuple[Facet, ...]:
    counts[0] = 0  # hits that do not tell
    values = columns.coded[name].values
    labels = columns.labels.get(name, {})
    told = [(values[code] or "", int(counts[code])) for code in np.flatnonzero(counts)]
    told.sort(key=lambda one: (-one[1], one[0]))
    found = [Facet(value, labels.get(value, value), count) for value, count in told[:MOST_VALUES]]
    return tuple(sorted(found, key=lambda facet: (-facet.count, facet.label)))
