"""A work.db of any earlier version becomes one of today's, with all that it held."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveFault
from archive.schema import TABLES, VERSION
from archive.store import open_store

FIXTURES = sorted(Path(__file__).parent.joinpath("data").glob("work-*.sql"))


def restored(fixture: Path, folder: Path) -> Path:
    """Return work.db as a version of then left it."""
    path = folder / "work.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(fixture.read_text("utf-8"))
    return path


def columns(path: Path) -> dict[str, list[tuple[str, str, int]]]:
    """Return each documented table's columns: name, type, whether it is required."""
    with closing(sqlite3.connect(path)) as db:
        return {
            table.name: sorted(row[1:4] for row in db.execute(f"PRAGMA table_info({table.name})"))
            for table in TABLES
        }


def content(path: Path, held: dict[str, list[tuple[str, str, int]]]) -> dict[str, list[str]]:
    """Return the rows of those tables and columns."""
    found = {}
    with closing(sqlite3.connect(path)) as db:
        for name, kept in held.items():
            names = ", ".join(f'"{column}"' for column, *_ in kept)
            found[name] = sorted(map(repr, db.execute(f"SELECT {names} FROM {name}")))
    return found


def test_there_is_a_fixture_of_every_earlier_version() -> None:
    """Raising VERSION asks for a copy of what the version before left."""
    assert [f.stem for f in FIXTURES] == [f"work-{n}" for n in range(1, VERSION)]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.stem)
def test_an_earlier_version_is_brought_up_to_date(fixture: Path, tmp_path: Path) -> None:
    """The same tables as a new one, every row kept, and opened again it is left alone."""
    path = restored(fixture, tmp_path)
    new = tmp_path / "new.db"
    open_store(new).close()
    work = {table.name for table in TABLES if table.in_work}
    held = {name: kept for name, kept in columns(path).items() if kept and name in work}
    before = content(path, held)

    open_store(path).close()
    assert columns(path) == columns(new)
    assert content(path, held) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    whole = path.read_bytes()
    open_store(path).close()
    assert path.read_bytes() == whole


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    """What a later version wrote is not touched: its number is told, and what to do."""
    path = tmp_path / "work.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ArchiveFault, match="newer version"):
        open_store(path)
