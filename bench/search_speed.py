"""Measure how fast search is, beside the same in plain SQL and in tantivy, on the same passages.

    pip install -e '.[bench]'
    python -m bench.search_speed --folder /somewhere/large [--passages 100000 1000000]
        [--rounds 3] [--wall]

Builds a published file of each size (bench/search_corpus.py) in the folder, unless it is there,
and a tantivy index of its texts. Asks 200 mixed queries, drawn from the texts with a fixed seed:
rare, usual and common words, phrases, beginnings, several words, filters. Each asks for the first
page with snippets and facets; of some rounds the median counts.

"plain SQL" is the same MATCH expression with the same order and the same facets: hits with their
speakers in a temporary table, a GROUP BY for each facet, FTS5's snippet(); where ours stops
counting, it stops at the same number of hits. "plain SQL, all" ranks and counts all hits. tantivy
gets the same forms and phrases, counts, ranks by its BM25, makes snippets and counts the same
facets from fast fields; filters are left out.

Then 500 hostile strings, each once, and the longest answer.

Times are processor time of this process, since other work may share the machine; --wall takes
the time of the clock on the wall. Files are warm: each is read before, and so are the columns.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.columns import FACETS, columns_of
from archive.facets import MOST_VALUES
from archive.french import is_stop_word, read_dictionary, tokens
from archive.question import look_up, read_question, together
from archive.search import Query, search
from bench import search_tantivy
from bench.hostile import hostile_strings
from bench.search_corpus import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archive.search import Results

MATERIAL = Path("../shared/material")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of the bench and what kind of query it is."""

    kind: str
    query: Query


def queries(db: sqlite3.Connection, dice: random.Random) -> list[Asked]:
    """Draw 200 queries from what the passages say."""
    total = db.execute("SELECT MAX(id) FROM passages").fetchone()[0]
    drawn = [dice.randint(1, total) for _ in range(4_000)]
    texts = [db.execute("SELECT text FROM passages WHERE id = ?", [n]).fetchone()[0] for n in drawn]
    words = Counter(
        w
        for t in texts
        for w in set(tokens(t))
        if len(w) > 3 and w.isalpha() and not is_stop_word(w)
    )
    by_rank = [word for word, _ in words.most_common()]
    common, usual = by_rank[:60], by_rank[200:2_000]
    rare = [word for word in by_rank if words[word] == 1]

    def phrase() -> str:
        said = dice.choice(texts).split(" ")
        at = dice.randrange(max(1, len(said) - 3))
        return '"' + " ".join(said[at : at + dice.randint(2, 3)]).replace('"', "") + '"'

    def several() -> str:
        said = [w for w in tokens(dice.choice(texts)) if w in words]
        return " ".join(dice.sample(said, min(len(said), dice.randint(2, 4))))

    def narrowed() -> Query:
        filters: dict[str, Any] = dice.choice(
            (
                {"year": str(dice.randint(1997, 2025))},
                {"kind": dice.choice(("workshop", "opening"))},
                {"person": f"p{dice.randrange(3_000)}"},
                {"series": f"c{dice.randrange(20)}", "origin": "confirmed"},
                {"organisation": f"o{dice.randrange(300)}"},
            )
        )
        return Query(dice.choice((*common, *usual)), **filters)

    def asking(draw: Callable[[], str]) -> Query:
        return Query(next(text for text in iter(draw, "") if read_question(text).terms))

    return [
        *(Asked("rare", Query(dice.choice(rare))) for _ in range(30)),
        *(Asked("usual", Query(dice.choice(usual))) for _ in range(30)),
        *(Asked("common", Query(dice.choice(common))) for _ in range(30)),
        *(Asked("phrase", asking(phrase)) for _ in range(30)),
        *(
            Asked("prefix", Query(dice.choice(usual)[: dice.randint(3, 6)] + "*"))
            for _ in range(20)
        ),
        *(Asked("several", asking(several)) for _ in range(35)),
        *(Asked("filter", narrowed()) for _ in range(25)),
    ]


_SESSION = "JOIN sessions s ON s.id = h.session_id"
_EVENT = f"{_SESSION} JOIN events e ON e.id = s.event_id"
_ROLE = f"{_SESSION} JOIN roles r ON r.person_id = h.person_id AND r.event_id = s.event_id"
GROUPS = {
    "person": ("h.person_id", ""),
    "organisation": ("r.organisation_id", _ROLE),
    "event": ("s.event_id", _SESSION),
    "series": ("e.series_id", _EVENT),
    "year": ("SUBSTR(COALESCE(s.date, e.date), 1, 4)", _EVENT),
    "kind": ("s.kind", _SESSION),
    "origin": ("h.origin", ""),
}
"""For each facet of the hits `h` its column and what must be joined."""
WHERE = {
    "person": "t.person_id = :person",
    "organisation": (
        "t.person_id IN (SELECT person_id FROM roles WHERE organisation_id = :organisation) "
        "AND EXISTS (SELECT 1 FROM sessions s JOIN roles r ON r.event_id = s.event_id "
        "WHERE s.id = t.session_id AND r.person_id = t.person_id "
        "AND r.organisation_id = :organisation)"
    ),
    "series": (
        "t.session_id IN (SELECT s.id FROM events e JOIN sessions s ON s.event_id = e.id "
        "WHERE e.series_id = :series)"
    ),
    "year": (
        "t.session_id IN (SELECT s.id FROM sessions s JOIN events e ON e.id = s.event_id "
        "WHERE SUBSTR(COALESCE(s.date, e.date), 1, 4) = :year)"
    ),
    "kind": "t.session_id IN (SELECT id FROM sessions WHERE kind = :kind)",
    "origin": "t.origin = :origin",
}
"""What each filter that is asked for here demands of a turn `t`."""


def plain(db: sqlite3.Connection, query: Query, order: str, most: int) -> None:
    """Answer in plain SQL: a page with snippets, and the facets under all filters but their own."""
    match = together([look_up(db, term) for term in read_question(query.text).terms])
    filters = {n: v for n in FACETS if (v := getattr(query, n)) is not None}
    db.execute("DROP TABLE IF EXISTS temp.hits")
    db.execute(
        "CREATE TEMP TABLE hits AS SELECT f.id, t.session_id, t.person_id, t.origin FROM "
        "(SELECT rowid AS id FROM passages_fts WHERE passages_fts MATCH ? LIMIT ?) f "
        "CROSS JOIN passages p INDEXED BY hit_turns ON p.id = f.id "
        "CROSS JOIN turns t INDEXED BY hit_speakers ON t.id = p.turn_id",
        [match, most],
    )
    for name, (column, joins) in GROUPS.items():
        others = [WHERE[n].replace("t.", "h.") for n in filters if n != name]
        db.execute(
            f"SELECT {column}, COUNT(*) FROM temp.hits h {joins} "  # noqa: S608
            f"WHERE {' AND '.join(others) or 'TRUE'} GROUP BY 1 "
            f"ORDER BY 2 DESC LIMIT {MOST_VALUES}",
            filters,
        ).fetchall()
    where = " AND ".join(WHERE[n] for n in filters)
    turns = f"JOIN passages p ON p.id = f.rowid JOIN turns t ON t.id = p.turn_id AND {where}"
    page = db.execute(
        f"SELECT f.rowid FROM passages_fts f {turns if filters else ''} "  # noqa: S608
        f"WHERE passages_fts MATCH :match "
        f"ORDER BY {'f.rank' if order == 'relevance' else 'f.rowid'} LIMIT 20",
        {**filters, "match": match},
    ).fetchall()
    for (passage,) in page:
        db.execute(
            "SELECT p.words, s.title, e.title, people.name, "
            "snippet(passages_fts, 0, '[', ']', '…', 40) "
            "FROM passages_fts f JOIN passages p ON p.id = f.rowid "
            "JOIN turns t ON t.id = p.turn_id JOIN sessions s ON s.id = t.session_id "
            "JOIN events e ON e.id = s.event_id LEFT JOIN people ON people.id = t.person_id "
            "WHERE passages_fts MATCH ? AND f.rowid = ?",
            [match, passage],
        ).fetchone()


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """How often something is done, and by which clock of seconds."""

    rounds: int
    clock: Callable[[], float]

    def __call__(self, act: Callable[[], object]) -> float:
        """Return the median milliseconds that it takes."""
        taken = []
        for _ in range(self.rounds):
            began = self.clock()
            act()
            taken.append((self.clock() - began) * 1000)
        return statistics.median(taken)


def line(name: str, taken: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum."""
    at = sorted(taken)[min(len(taken) - 1, round(0.95 * len(taken)))]
    middle, longest = statistics.median(taken), max(taken)
    return f"{name:15} median {middle:7.1f}  p95 {at:7.1f}  longest {longest:7.1f} ms"


def compare(db: sqlite3.Connection, index: search_tantivy.Index, watch: Stopwatch) -> None:
    """Ask all, print for each kind of query and for all."""
    everything: dict[str, list[float]] = defaultdict(list)
    gave_way = 0
    for kind, asked in groupby(queries(db, random.Random(11)), key=lambda one: one.kind):
        taken: dict[str, list[float]] = defaultdict(list)
        for one in asked:
            found, columns = answers(db, index, one, watch)
            gave_way += found.more_than or found.order != one.query.order
            for name, ms in columns.items():
                taken[name].append(ms)
                everything[name].append(ms)
        show(kind, taken)
    show("all", everything)
    print(f"  {gave_way} gave way: counted so far, or newest first", flush=True)


def answers(
    db: sqlite3.Connection, index: search_tantivy.Index, asked: Asked, watch: Stopwatch
) -> tuple[Results, dict[str, float]]:
    """Answer a query in every way; return ours and the milliseconds of each."""
    query = asked.query
    ours: list[Results] = []
    columns = {"ours": watch(lambda: ours.append(search(db, query, clock=watch.clock)))}
    found = ours[-1]
    most = found.total if found.more_than and asked.kind != "filter" else -1
    columns["plain SQL"] = watch(lambda: plain(db, query, found.order, most))
    columns["plain SQL, all"] = watch(lambda: plain(db, query, "relevance", -1))
    if asked.kind != "filter":
        columns["tantivy"] = watch(lambda: index.search(db, query.text))
    return found, columns


def show(kind: str, taken: Mapping[str, Sequence[float]]) -> None:
    """Print a line for each way."""
    for name, times in taken.items():
        print(f"  {kind:8} {len(times):4}  {line(name, times)}", flush=True)


def hostile(db: sqlite3.Connection, clock: Callable[[], float]) -> None:
    """Ask what no visitor means well with, each once, and print the longest."""
    taken = []
    for text in hostile_strings():
        began = clock()
        search(db, Query(text), clock=clock)
        taken.append(((clock() - began) * 1000, text))
    print(f"  {line('hostile', [ms for ms, _ in taken])}")
    for ms, text in sorted(taken, reverse=True)[:3]:
        print(f"    {ms:7.1f} ms  {text[:70]!r}")


def main() -> None:
    """Build what is not there, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wall", action="store_true")
    given = parser.parse_args()
    clock = time.perf_counter if given.wall else time.process_time
    read_dictionary()
    for count in given.passages:
        file = given.folder / f"{count}.db"
        if not file.exists():
            build(MATERIAL, file, count)
        with closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as db:
            text = db.execute("SELECT SUM(LENGTH(CAST(text AS BLOB))) FROM passages").fetchone()[0]
            sizes = dict(db.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY 1"))
            print(
                f"{count:,} passages: texts {text / 1e6:.0f} MB, file"
                f" {file.stat().st_size / 1e6:.0f} MB, full-text index"
                f" {sizes['passages_fts_data'] / 1e6:.0f} MB"
            )
            index = search_tantivy.index_of(db, given.folder / f"{count}.tantivy")
            print(f"  tantivy index {index.bytes / 1e6:.0f} MB")
            began = clock()
            columns_of(db)
            print(f"  columns read in {clock() - began:.1f} s")
            compare(db, index, Stopwatch(given.rounds, clock))
            hostile(db, clock)


if __name__ == "__main__":
    main()
