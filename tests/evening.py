"""An evening's recording in a work.db, to be corrected and published: no sound, no model."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from archive_fixture import EVENING, TODAY, evening_event

from archive.corrections.desk import Author, Desk
from archive.publish import publish
from archive.store import Store, open_store
from pipeline.cli_correct import _withdraw_person
from pipeline.correcting import Workplace
from pipeline.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOTHING: Any = None
SESSION = RECORDING = f"{EVENING}/soiree"
Capture = tuple[str, int, int]
"""The first letter of its SHA-256, its start and its length in ms."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a new work.db that holds the programme of one event."""
    with open_store(tmp_path / "work.db") as opened:
        opened.put_event(EVENING, evening_event())
        yield opened


def put(
    store: Store,
    turns: Sequence[Any],
    captures: Sequence[Capture] = (("a", 0, 90_000),),
    recording: str = RECORDING,
) -> None:
    """Let a recording hold these turns, heard in these captures."""
    rows = [
        {"position": n, "name": f"{c}.mp4", "sha256": c * 64, "start_ms": at, "duration_ms": ms}
        for n, (c, at, ms) in enumerate(captures, 1)
    ]
    row = {"id": recording, "event_id": EVENING, "duration_ms": 90_000, "missing_ms": 0}
    store.put_recording(row, {"captures": rows, "turns": turns})


def programme() -> dict[str, Any]:
    """Return the rows of the event's programme, to be changed."""
    return dict(evening_event())


def desk(store: Store) -> Desk:
    return Desk(store, Author("an archivist"))


def workplace(store: Store) -> Workplace:
    """Return a desk, a ledger and a data folder, as `plenary correct` holds them."""
    data = work_of(store).parent
    (data / "kept").mkdir()
    settings: Any = SimpleNamespace(data=data, site=SimpleNamespace(names="all"))
    return Workplace(settings, store, Ledger(store.db, data / "kept"), desk(store))


def withdraw_person(store: Store, person: str, *, erase: bool = False) -> None:
    """Do as `plenary correct withdraw --person` does, up to what is on record."""
    at = Workplace(NOTHING, store, NOTHING, desk(store))
    _withdraw_person(at, person, "nothing", erase, "blank")


def published(store: Store) -> bytes:
    """Publish; return every byte of every public file that is left."""
    work = work_of(store)
    publish(work, work.parent / "public", today=TODAY, names="all")
    return online(store)


def online(store: Store) -> bytes:
    """Return every byte of every public file that there is."""
    public = work_of(store).parent / "public"
    return b"\n".join(file.read_bytes() for file in public.glob("archive-*.db"))


def asked(store: Store, query: str) -> list[Any]:
    """Ask the file that is shown."""
    with closing(sqlite3.connect(work_of(store).parent / "public" / "archive.db")) as db:
        return db.execute(query).fetchall()


def work_of(store: Store) -> Path:
    return Path(store.db.execute("PRAGMA database_list").fetchone()[2])
