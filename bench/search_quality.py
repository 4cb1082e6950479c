"""Measure what search finds of what it should, beside plain FTS5 on the same file.

    python -m bench.search_quality [--each]

Publishes the sittings of ../shared/material and asks the queries of tests/data/judged_queries.json,
whose answers were judged by reading. Plain FTS5 gets the same words, each in quotes, typed phrases
as phrases (Datasette's own way of asking safely), and orders by its rank. Per rule: queries,
recall (answers found), precision (found that answer), and how many of the first ten answer, of as
many as could. --each prints every query with what was missed and what was found too much.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasette.utils import escape_fts

from bench.judged import addresses, ask, read_glossary, read_judged
from bench.sittings import publish_sittings, read_sittings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.judged import Judged

MATERIAL = Path("../shared/material/sittings-fr")


@dataclass(frozen=True, slots=True)
class Score:
    """Of one query: answers there are, found, found in all, in the first ten, as could be."""

    answers: int
    right: int
    found: int
    right_of_ten: int
    possible_of_ten: int


def plain(db: sqlite3.Connection, text: str) -> list[int]:
    """Ask plain FTS5."""
    rows = db.execute(
        "SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? ORDER BY rank, rowid",
        [escape_fts(text)],
    )
    return [row[0] for row in rows]


def score(judged: Judged, found: Sequence[str]) -> Score:
    """Compare what was found, best first, with what was judged."""
    return Score(
        len(judged.answers),
        len(judged.answers.intersection(found)),
        len(found),
        len(judged.answers.intersection(found[:10])),
        min(10, len(judged.answers)),
    )


def line(name: str, scores: Iterable[Score]) -> str:
    """Return the sums of some queries as figures."""
    rows = list(scores)
    answers, right, found, first, possible = (
        sum(getattr(s, field) for s in rows) for field in Score.__slots__
    )
    return (
        f"{name:<12} recall {right:4}/{answers:<4} {right / max(answers, 1):.3f}  "
        f"precision {right / max(found, 1):.3f}  first ten {first:3}/{possible:<3}"
        f" {first / max(possible, 1):.3f}"
    )


def main() -> None:
    """Publish, ask both, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", action="store_true")
    given = parser.parse_args()
    sittings = read_sittings(MATERIAL)
    judged = read_judged(sittings)
    scores: dict[str, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        file = publish_sittings(MATERIAL, Path(folder), read_glossary())
        with contextlib.closing(sqlite3.connect(file)) as db:
            where = addresses(db, sittings)
            for one in judged:
                for name, way in (("plain FTS5", plain), ("ours", ask)):
                    found = [where[passage] for passage in way(db, one.query)]
                    scores[one.rule][name].append(score(one, found))
                    scores["all"][name].append(score(one, found))
                    if given.each:
                        missed = sorted(one.answers.difference(found))
                        extra = sorted(set(found) - one.answers)
                        print(line(name, [score(one, found)]), one.query)
                        print(f"    missed {missed[:8]}, not asked for {extra[:8]}")
    for rule, ways in scores.items():
        queries = len(ways["ours"])
        for name, rows in ways.items():
            print(f"{rule:<10} {queries:3} queries  {line(name, rows)}")


if __name__ == "__main__":
    main()
