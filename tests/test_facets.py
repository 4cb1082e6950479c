"""What filters let pass and facets count, beside the same asked of the tables themselves."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlite_utils import Database

from archive import ranking
from archive.columns import FACETS, columns_of
from archive.schema import BY_NAME, create_tables
from archive.search import Query, search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = ("commune", "communes", "marché", "école", "quartier", "monnaie")
# A passage stands in one row for each organisation that its speaker spoke for.
ROWS = """
SELECT DISTINCT p.id, t.person_id AS person, r.organisation_id AS organisation,
    s.event_id AS event, e.series_id AS series, SUBSTR(COALESCE(s.date, e.date), 1, 4) AS year,
    s.kind, t.origin, s.recording_id AS recording, p.text
FROM passages p JOIN turns t ON t.id = p.turn_id JOIN sessions s ON s.id = t.session_id
JOIN events e ON e.id = s.event_id
LEFT JOIN roles r ON r.person_id = t.person_id AND r.event_id = s.event_id
"""


def programme(dice: random.Random) -> dict[str, list[dict[str, object]]]:
    """Draw events and who was there: some without series, kind, date, name or organisation."""

    def one(prefix: str, of: int) -> str | None:
        return dice.choice([None, *(f"{prefix}{n}" for n in range(of))])

    events: list[dict[str, object]] = [
        {"id": f"e{n}", "title": f"E{n}", "series_id": one("c", 3), "date": f"201{n % 3}-05-01"}
        for n in range(6)
    ]
    sessions: list[dict[str, object]] = [
        {
            "id": f"s{n}",
            "event_id": f"e{n % 6}",
            "position": 1,
            "title": f"S{n}",
            "kind": one("k", 3),
            "recording_id": f"r{n}",
            "date": dice.choice([None, "2019-01-02"]),
        }
        for n in range(15)
    ]
    roles: list[dict[str, object]] = [
        {"person_id": f"p{p}", "event_id": f"e{e}", "role": "x", "organisation_id": one("o", 4)}
        for p in range(8)
        for e in range(6)
        for _ in range(dice.randrange(4))
    ]
    return {
        "series": [{"id": f"c{n}", "title": f"C{n}"} for n in range(3)],
        "events": events,
        "people": [{"id": f"p{n}", "name": f"P{n}"} for n in range(8)],
        "organisations": [{"id": f"o{n}", "name": f"O{n}"} for n in range(4)],
        "roles": roles,
        "recordings": [{"id": f"r{n}", "event_id": f"e{n % 6}", "status": "ok"} for n in range(15)],
        "sessions": sessions,
    }


def speech(dice: random.Random) -> dict[str, list[dict[str, object]]]:
    """Draw turns, some of nobody known, and passages whose numbers are not those of turns."""
    turns: list[dict[str, object]] = []
    for n in range(60):
        session = dice.randrange(15)
        turns.append(
            {
                "id": 3 * n + 5,
                "session_id": f"s{session}",
                "recording_id": f"r{session}",
                "start_ms": 0,
                "end_ms": 1,
                "person_id": dice.choice([None, *(f"p{p}" for p in range(8))]),
                "origin": dice.choice(["automatic", "confirmed"]),
            }
        )
    owners = [dice.choice(turns)["id"] for _ in range(150)]
    passages: list[dict[str, object]] = [
        {
            "id": n,
            "turn_id": owner,
            "start_ms": 0,
            "end_ms": 1,
            "text": " ".join(dice.choices(WORDS, k=dice.randint(1, 5))),
            "origin": "automatic",
        }
        for n, owner in zip(dice.sample(range(1, 400), 150), owners, strict=True)
    ]
    return {"turns": turns, "passages": passages}


@pytest.fixture(scope="module", params=range(3))
def db(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """A published file that was drawn: any gaps in its numbers, any holes in its tables."""
    dice = random.Random(request.param)
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as made:
        create_tables(Database(made, execute_plugins=False), public=True)
        for table, rows in {**programme(dice), **speech(dice)}.items():
            columns = [c.name for c in BY_NAME[table].columns_of(public=True)]
            marks = ", ".join("?" for _ in columns)
            made.executemany(
                f"INSERT INTO {table} VALUES ({marks})",
                [[row.get(c) for c in columns] for row in rows],
            )
        made.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
        made.commit()
        yield made


def table(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the rows of all passages."""
    with closing(db.execute(ROWS)) as rows:
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows]


def under(rows: list[dict[str, Any]], filters: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of passages that have each value in one of their rows."""
    for name, value in filters.items():
        having = {row["id"] for row in rows if row[name] == value}
        rows = [row for row in rows if row["id"] in having]
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_counts_are_those_of_the_tables(db: sqlite3.Connection, seed: int) -> None:
    """Of all and of each facet's values, under all filters but those of its own facet."""
    dice = random.Random(seed)
    rows = table(db)
    filters = {
        name: value
        for name in dice.sample([*FACETS, "recording"], dice.randint(0, 3))
        if (value := dice.choice([*rows, {name: "nowhere"}])[name]) is not None
    }
    text = dice.choice(["marché", "école quartier", '"monnaie école"', "quart*", ""])
    if not filters and not text:
        text = "marché"
    found = search(db, Query(text, **filters))
    words = [word.rstrip("*") for word in text.split()]
    phrase = text.strip('"') if '"' in text else ""
    said = [
        row
        for row in rows
        if (phrase in row["text"] if phrase else all(word in row["text"] for word in words))
    ]
    assert found.total == len({row["id"] for row in under(said, filters)})
    assert {hit.passage_id for hit in found.hits} <= {row["id"] for row in under(said, filters)}
    for facet in FACETS:
        others = {name: value for name, value in filters.items() if name != facet}
        values = {(row["id"], row[facet]) for row in under(said, others)}
        counted = Counter(value for _, value in values if value is not None)
        assert {f.value: f.count for f in found.facets[facet]} == counted


def test_who_says_it_oftener_comes_first(db: sqlite3.Connection) -> None:
    """And of those who say it as often, the newest."""
    hits = search(db, Query("marché", size=200)).hits
    texts = dict(db.execute("SELECT id, text FROM passages"))
    ranks = [(-texts[hit.passage_id].split().count("marché"), hit.passage_id) for hit in hits]
    assert len(ranks) > 20
    assert ranks == sorted(ranks)


def test_a_rare_word_weighs_more(db: sqlite3.Connection) -> None:
    """Of two words asked for, the one that few passages say decides."""
    more = [(900, "rare marché"), (901, "rare rare marché"), (902, "rare marché marché")]
    db.executemany(
        "INSERT INTO passages SELECT ?, turn_id, 0, 1, ?, NULL, NULL, origin FROM passages LIMIT 1",
        more,
    )
    db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
    found = [hit.passage_id for hit in search(db, Query("rare marché")).hits]
    db.rollback()
    assert found == [901, 902, 900]


def test_a_word_said_everywhere_takes_no_say_from_the_others(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands in the question, and however little is left to look at."""
    said = db.execute("SELECT COUNT(*) FROM passages_fts WHERE passages_fts MATCH 'monnaie'")
    monkeypatch.setattr(ranking, "MANY", said.fetchone()[0] - 1)
    text = "UPDATE passages SET text = text || ' seul' WHERE id IN (SELECT rowid FROM"
    db.execute(f"{text} passages_fts WHERE passages_fts MATCH 'monnaie' LIMIT 2)")
    db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
    found = [search(db, Query(text)) for text in ("monnaie seul", "seul monnaie", "monnaie")]
    db.rollback()
    assert [answer.order for answer in found] == ["relevance", "relevance", "date"]
    assert [answer.total > 2 for answer in found] == [False, False, True]


def test_a_file_that_was_deleted_is_still_searched(db: sqlite3.Connection, tmp_path: Path) -> None:
    """A withdrawal deletes the file that is shown; until the new one is, its connections answer."""
    with closing(sqlite3.connect(tmp_path / "shown.db")) as shown:
        db.backup(shown)
    address = f"file:{tmp_path / 'shown.db'}?immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as one:
        before = search(one, Query("marché"))
        (tmp_path / "shown.db").unlink()
        assert search(one, Query("marché")) == before
        assert columns_of(one) is columns_of(one), "read once"
