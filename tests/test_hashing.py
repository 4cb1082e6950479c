"""Hashes of files: read whole once, then vouched for, and never against what the disk tells."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database

from pipeline import hashing
from pipeline.hashing import hash_file
from pipeline.ledger import Ledger, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LATER_NS = 3_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Database(tmp_path / "work.db"), tmp_path)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file with bytes that no probe reads, between the first and the second MiB."""
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(6 << 20))
    return path


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let three seconds pass, as far as hashing can tell."""

    def later() -> None:
        now = time.time_ns()
        monkeypatch.setattr("pipeline.hashing.time.time_ns", lambda: now + LATER_NS)

    return later


def flip(path: Path, place: int = (1 << 20) + 1000) -> None:
    """Turn one byte, where no probe looks."""
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def test_a_settled_file_is_not_opened_again(
    ledger: Ledger, film: Path, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size, times and inode as they were: the recorded hash serves without reading a byte."""
    settle()
    whole = ledger.sha256(film)
    monkeypatch.setattr(hashing, "fingerprint", lambda _: pytest.fail("opened"))
    monkeypatch.setattr(hashing, "hash_file", lambda *_: pytest.fail("opened"))
    assert ledger.sha256(film) == whole
    assert ledger.hashes.all_untouched()


def test_a_file_written_as_it_is_hashed_is_looked_at_again(ledger: Ledger, film: Path) -> None:
    """Its times cannot tell of a change in the same tick, so that they are not believed."""
    before = ledger.sha256(film)
    assert not ledger.hashes.all_untouched()
    status = film.stat()
    film.write_bytes(os.urandom(6 << 20))
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ledger.sha256(film) == hash_file(film) != before


def test_a_date_put_back_hides_no_change(
    ledger: Ledger, film: Path, settle: Callable[[], None]
) -> None:
    """A tool that restores dates leaves another change time."""
    settle()
    before = ledger.sha256(film)
    status = film.stat()
    film.write_bytes(os.urandom(6 << 20))
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not ledger.hashes.all_untouched()
    assert ledger.sha256(film) == hash_file(film) != before


def test_a_disk_under_another_mount_costs_only_probes(
    ledger: Ledger, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another path, another inode, shifted dates: the fingerprint vouches."""
    whole = ledger.sha256(film)
    other = film.with_name("elsewhere.mp4")
    other.write_bytes(film.read_bytes())
    os.utime(other, (0, 0))
    film.unlink()
    monkeypatch.setattr(hashing, "hash_file", lambda *_: pytest.fail("read whole"))
    assert ledger.sha256(other) == whole
    assert ledger.sha256(film) == whole, "and what is absent is what it was"
    assert ledger.hashes.all_untouched() is False, "not settled yet"


def test_two_files_that_share_a_fingerprint_are_told_apart(ledger: Ledger, film: Path) -> None:
    """Once one is known to be another, neither is taken by its fingerprint."""
    before = ledger.sha256(film)
    flip(film)
    assert ledger.sha256(film) == before, "no probe tells; only `verify` can"
    changed = hash_file(film)
    ledger.hashes.distrust(film, before, changed)
    assert ledger.sha256(film) == changed
    flip(film)
    assert ledger.sha256(film) == before


def test_what_replaces_a_file_is_told_in_the_history(ledger: Ledger, film: Path) -> None:
    """A capture does not become another one without a line about it."""
    ledger.sha256(film)
    film.write_bytes(b"other")
    ledger.sha256(film)
    rows = ledger._db.execute("SELECT kind, object_id FROM history").fetchall()
    assert rows == [("modification", hash_file(film))]


def test_a_ledger_that_is_only_asked_reads_nothing_whole(tmp_path: Path, film: Path) -> None:
    """`--dry-run` names new captures in a moment, whatever their size."""
    db = Database(tmp_path / "work.db")
    asked = Ledger(db, tmp_path, only_asked=True)
    with pytest.raises(Unseen) as new:
        asked.sha256(film)
    assert not new.value.known
    Ledger(db, tmp_path).sha256(film)
    film.write_bytes(b"other")
    with pytest.raises(Unseen) as changed:
        asked.sha256(film)
    assert changed.value.known
    assert asked.hashes.at(film) != hash_file(film), "and what was recorded stays"


def test_the_ledger_of_an_earlier_version_opens(tmp_path: Path, film: Path) -> None:
    """Its places and its history are kept, and get what they lack."""
    whole = hash_file(film)
    work = tmp_path / "work.db"
    with closing(sqlite3.connect(work)) as db:
        db.execute("CREATE TABLE places (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL)")
        db.execute("INSERT INTO places VALUES (?, ?)", [str(film), whole])
        db.execute(
            "CREATE TABLE history (happened_at TEXT NOT NULL, kind TEXT NOT NULL,"
            " recording_id TEXT NOT NULL, step TEXT NOT NULL, outcome TEXT NOT NULL,"
            " detail TEXT NOT NULL)"
        )
        db.execute("INSERT INTO history VALUES ('2020', 'processing', 'a/b', 'words', 's', '')")
        db.commit()
    ledger = Ledger(Database(work), tmp_path)
    film.rename(film.with_name("away"))
    assert ledger.sha256(film) == whole
    ledger.note("processing", "a/b", "words", "success", agent="x 1")
    assert len(ledger._db.execute("SELECT * FROM history").fetchall()) == 2
