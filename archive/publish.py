"""work.db → a new public file: only what is public is copied, checked, then shown.

The file is built afresh from nothing, so that what is not public never was in it. The same
content gives the same bytes, and so the same name; the link `archive.db` moves last, so
that a reader finds the old file or the new one, whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from archive.earlier import showing_hidden
from archive.errors import ArchiveFault
from archive.forms import build_forms
from archive.public_rows import copy_public
from archive.schema import PAGE_BYTES, TABLES, VERSION, create_tables
from archive.store import open_to_read

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

POINTER = "archive.db"
KEPT = 5
"""Published files kept for rollback, the one that is shown among them."""


@dataclass(frozen=True, slots=True)
class Published:
    """What stands published: the file, its SHA-256, and the rows of each table."""

    path: Path
    sha256: str
    counts: Mapping[str, int]


def publish(work: Path, public: Path, *, today: dt.date, names: str) -> Published:
    """Build, check and show a new public file of `work` in the folder `public`.

    `names` is "all", or "confirmed" to publish no name that nobody confirmed. Raises
    ArchiveFault where a check fails or the disk refuses; what was shown before stays.
    """
    new: Path | None = None
    try:
        public.mkdir(parents=True, exist_ok=True)
        _sweep(public)
        handle, name = tempfile.mkstemp(prefix=".archive-", suffix=".tmp", dir=public)
        os.close(handle)
        new = Path(name)
        counts = _build(work, new, today=today, names=names)
        _check(new)
        sha256 = _sha256(new)
        target = public / f"archive-{sha256[:16]}.db"
        if not target.exists():
            new.chmod(0o644)
            _sync(new)
            new.replace(target)
            _sync(public)
        _point(public, target)
        _prune(work, public, target, today)
    except (sqlite3.Error, OSError) as error:
        raise ArchiveFault(
            "the public file cannot be built: {reason}",
            "check the free space and the rights of the folder; what was published stays",
            path=public,
            reason=error,
        ) from error
    finally:
        if new is not None:
            new.unlink(missing_ok=True)
    return Published(target, sha256, counts)


def rollback(public: Path) -> Path:
    """Show the file that was published before the one shown now; return its path.

    Raises ArchiveFault where there is none: a withdrawal leaves none behind it, and one of
    another version cannot be shown.
    """
    pointer = public / POINTER
    files = _newest_first(public)
    shown = pointer.resolve() if pointer.exists() else None
    older = files[files.index(shown) + 1 :] if shown in files else files
    if not older:
        raise ArchiveFault(
            "no earlier published file is kept",
            "mend what is wrong and run `plenary publish`",
            path=public,
        )
    check_version(older[0])
    _link(public, older[0])
    return older[0]


def _build(work: Path, new: Path, *, today: dt.date, names: str) -> dict[str, int]:
    """Fill the empty file `new`; return the rows of each table."""
    connection = sqlite3.connect(new, isolation_level=None)
    with contextlib.closing(connection):
        # Nobody else sees this file, and it is thrown away if the building stops.
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        db = Database(connection, execute_plugins=False)
        create_tables(db, public=True)
        with contextlib.closing(open_to_read(work)) as source:
            source.row_factory = sqlite3.Row
            copy_public(source, connection, today=today, names=names)
        connection.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
        connection.execute("INSERT INTO passages_fts(passages_fts) VALUES ('optimize')")
        build_forms(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
        return {table.name: db.table(table.name).count for table in TABLES if table.in_public}


def open_published(file: Path) -> sqlite3.Connection:
    """Open a published file to read; nothing is written beside it. Raises sqlite3.Error."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def check_version(file: Path) -> None:
    """Raise ArchiveFault unless a published file has the tables that this version asks for."""
    with contextlib.closing(open_published(file)) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version != VERSION:
        raise ArchiveFault(
            "it was published by another version of plenary (tables {found}, known {known})",
            "run `plenary publish` to build it again",
            path=file,
            found=version,
            known=VERSION,
        )


def check_published(file: Path) -> None:
    """Raise ArchiveFault unless a published file opens and passes the checks; nothing is written.

    Those of a publication, but for the index compared with every text: for SQLite that is
    writing.
    """
    try:
        with contextlib.closing(open_published(file)) as db:
            _check_reading(db)
    except sqlite3.Error as error:
        raise _refused("opening", str(error)) from error


def _check(new: Path) -> None:
    """Raise ArchiveFault unless the file is whole, refers to nothing missing and is found in."""
    with contextlib.closing(sqlite3.connect(new)) as db:
        db.execute("INSERT INTO passages_fts(passages_fts, rank) VALUES ('integrity-check', 1)")
        db.rollback()
        _check_reading(db)


def _check_reading(db: sqlite3.Connection) -> None:
    whole = [row[0] for row in db.execute("PRAGMA integrity_check")]
    if whole != ["ok"]:
        raise _refused("integrity", "; ".join(whole[:3]))
    if missing := db.execute("PRAGMA foreign_key_check").fetchone():
        raise _refused("references", f"{missing[0]} refers to a row of {missing[2]}")
    passages = db.execute("SELECT COUNT(*) FROM passages").fetchone()[0]
    indexed = db.execute("SELECT COUNT(*) FROM passages_fts_docsize").fetchone()[0]
    if passages != indexed:
        raise _refused("counts", f"{passages} passages, {indexed} of them indexed")
    _check_known_search(db)


def _check_known_search(db: sqlite3.Connection) -> None:
    """A visitor who types the first words of the first passage must find it."""
    row = db.execute("SELECT id, text FROM passages ORDER BY id LIMIT 1").fetchone()
    if row is None:
        return
    phrase = " ".join(row[1].replace('"', " ").split()[:5])
    found = db.execute(
        "SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? AND rowid = ?",
        [f'"{phrase}"', row[0]],
    )
    if any(c.isalnum() for c in phrase) and found.fetchone() is None:
        raise _refused("search", "the first passage is not found by its own words")


def _refused(check: str, reason: str) -> ArchiveFault:
    return ArchiveFault(
        "the public file fails its check of {check}: {reason}",
        "what was published before stays (`plenary publish --rollback`); report this with work.db",
        check=check,
        reason=reason,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(public: Path, target: Path) -> None:
    """Show `target`, unless it is shown already."""
    pointer = public / POINTER
    if not (pointer.is_symlink() and pointer.readlink() == Path(target.name)):
        os.utime(target)  # rollback goes by when a file was last shown
        _link(public, target)


def _link(public: Path, target: Path) -> None:
    fresh = public / f".{POINTER}.tmp"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)
    fresh.replace(public / POINTER)
    _sync(public)


def _newest_first(public: Path) -> list[Path]:
    files = [p.resolve() for p in public.glob("archive-*.db")]
    return sorted(files, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)


def _prune(work: Path, public: Path, shown: Path, today: dt.date) -> None:
    """Keep the newest files for rollback, but none that shows what is hidden now."""
    files = [file for file in _newest_first(public) if file != shown.resolve()]
    for old in {*files[KEPT - 1 :], *showing_hidden(work, files, today=today)}:
        old.unlink()


def _sweep(public: Path) -> None:
    """Remove what a publication that was cut short left behind."""
    for left in (*public.glob(".archive-*.tmp*"), public / f".{POINTER}.tmp"):
        left.unlink(missing_ok=True)
