"""The store: programmes and recordings put whole, merged, and put again without change."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from archive_fixture import (
    DAY,
    EVENING,
    closed_recording,
    day_event,
    day_recording,
    evening_event,
    evening_recording,
    make_work,
    turn,
)

from archive.errors import ArchiveFault
from archive.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(make_work(tmp_path)) as opened:
        yield opened


def content(store: Store) -> dict[str, list[object]]:
    """All rows of all tables, without numbers, in an order of their own."""
    found: dict[str, list[object]] = {}
    for table in set(store.db.table_names()) - {"_sqlite_migrations"}:
        rows = [
            {k: v for k, v in row.items() if not (k in ("id", "turn_id") and isinstance(v, int))}
            for row in store.db.table(table).rows
        ]
        found[table] = sorted(rows, key=repr)
    return found


def test_putting_again_changes_nothing(store: Store) -> None:
    """The same rows put a second time, in another order, leave the same content."""
    before = content(store)
    for recording in (evening_recording(), closed_recording(), day_recording()):
        store.put_recording(*recording)
    store.put_event(EVENING, evening_event())
    store.put_event(DAY, day_event())
    assert content(store) == before


def test_the_order_of_events_does_not_matter(tmp_path: Path, store: Store) -> None:
    """People are drawn from all programmes alike, whichever was read last."""
    with open_store(tmp_path / "other.db") as other:
        other.put_event(EVENING, evening_event())
        other.put_event(DAY, day_event())
        for recording in (evening_recording(), day_recording(), closed_recording()):
            other.put_recording(*recording)
        assert content(other) == content(store)


def test_a_person_of_two_events_is_one_row(store: Store) -> None:
    """She has one row, a role at each event, and stays while one programme names her."""
    people = {row["id"] for row in store.db.table("people").rows}
    assert {"bo-exemple", "cleo-essai"} <= people
    assert store.db.table("roles").count_where("person_id = ?", ["bo-exemple"]) == 2
    store.remove_event(EVENING)
    people = {row["id"] for row in store.db.table("people").rows}
    assert "bo-exemple" in people
    assert "cleo-essai" not in people


def test_the_strictest_wish_holds(store: Store) -> None:
    """Asked for once, a person's wish holds over every programme."""
    event = dict(evening_event())
    event["people"] = [{**row, "publish": "no-name"} for row in event["people"]]
    store.put_event(EVENING, event)
    assert store.db.table("people").get("bo-exemple")["publish"] == "no-name"
    store.put_event(EVENING, evening_event())
    assert store.db.table("people").get("bo-exemple")["publish"] == "yes"


def test_a_known_recording_keeps_what_is_known(store: Store) -> None:
    """Reading the programme again neither empties a recording nor makes it wait."""
    store.put_event(DAY, day_event())
    row = store.db.table("recordings").get(f"{DAY}/matin")
    assert row["status"] == "partial"
    assert row["duration_ms"] == 520_000
    assert store.db.table("turns").count_where("recording_id = ?", [f"{DAY}/matin"]) == 9


def test_a_recording_no_longer_given_leaves_with_its_words(store: Store) -> None:
    """What the programme drops is dropped, with turns, passages and captures."""
    event = dict(day_event())
    event["recordings"] = [{"id": f"{DAY}/matin"}]
    event["sessions"] = [r for r in event["sessions"] if r["id"] != f"{DAY}/clos"]
    event["programme"] = [r for r in event["programme"] if r["session_id"] != f"{DAY}/clos"]
    store.put_event(DAY, event)
    assert store.db.table("recordings").count_where("id = ?", [f"{DAY}/prive"]) == 0
    assert store.db.table("passages").count_where("text LIKE '%clandestine%'") == 0


def test_a_person_no_longer_given_leaves_every_turn(store: Store) -> None:
    """No name that the programme does not give: the words stay, the name goes."""
    event = dict(evening_event())
    for table, key in (("people", "id"), ("roles", "person_id"), ("programme", "person_id")):
        event[table] = [r for r in event[table] if r[key] != "cleo-essai"]
    store.put_event(EVENING, event)
    first = next(store.db.table("turns").rows_where("recording_id = ?", [f"{EVENING}/soiree"]))
    assert first["person_id"] is None
    assert first["confidence"] == 0


def test_an_unknown_person_is_refused_whole(store: Store) -> None:
    """A turn cannot name someone whom no programme gives; then nothing is changed."""
    before = content(store)
    recording, tables = evening_recording()
    stranger = turn(f"{EVENING}/soiree", 0, "Bonjour.", person="nobody")
    with pytest.raises(sqlite3.IntegrityError):
        store.put_recording(recording, {**tables, "turns": [stranger]})
    assert content(store) == before


def test_status_follows_what_is_missing(store: Store) -> None:
    """A recording whose sound is whole is ok; a status that is given stands."""
    recording, tables = day_recording()
    store.put_recording({**recording, "missing_ms": 0}, tables)
    assert store.db.table("recordings").get(f"{DAY}/matin")["status"] == "ok"
    store.set_status(f"{DAY}/matin", "failed")
    assert store.db.table("recordings").get(f"{DAY}/matin")["status"] == "failed"
    store.set_media(f"{DAY}/matin", "media/x.mp4", None)
    assert store.db.table("recordings").get(f"{DAY}/matin")["media"] == "media/x.mp4"


def test_unknown_tables_are_refused(store: Store) -> None:
    """A misspelt table is an error, not silence."""
    with pytest.raises(ValueError, match="turnz"):
        store.put_recording(day_recording()[0], {"turnz": []})
    with pytest.raises(ValueError, match="captures"):
        store.put_event(DAY, {"captures": []})


def test_work_db_has_no_companions(tmp_path: Path) -> None:
    """One file, so that a copy of it is whole."""
    path = make_work(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("spoilt", ["not a database", "newer"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, spoilt: str) -> None:
    """What is no work.db, or a newer one, is an ArchiveFault with its path."""
    path = tmp_path / "work.db"
    if spoilt == "newer":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        path.write_text("x" * 5000, encoding="utf-8")
    with pytest.raises(ArchiveFault, match=r"work\.db"):
        open_store(path)
