"""The page for people who want the data: what can be asked for, and the file itself."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from archive.schema import TABLES
from archive.site.downloads import EXPORTS
from archive.site.links import Links
from archive.site.reading import Row, Visit, number, row, rows, text

if TYPE_CHECKING:
    import sqlite3


def data(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return the tables with their rows, the file with its hash, and an example of each use."""
    example = row(
        db,
        "SELECT id FROM recordings WHERE EXISTS"
        " (SELECT 1 FROM turns WHERE turns.recording_id = recordings.id) ORDER BY id LIMIT 1",
    )
    term = row(db, "SELECT term FROM glossary ORDER BY term LIMIT 1")
    return {
        "file": file_of(db),
        "tables": [
            {"name": table.name, "rows": count(db, table.name)}
            for table in TABLES
            if table.in_public
        ],
        "exports": EXPORTS,
        "example": text(example["id"]) if example else "",
        "word": text(term["term"]) if term else "coopération",
        "licences": rows(
            db,
            "SELECT licence, COUNT(*) AS events FROM events WHERE licence IS NOT NULL"
            " GROUP BY licence ORDER BY events DESC, licence",
        ),
        "far": Links.from_afar(visit.site.url),
    }


def count(db: sqlite3.Connection, table: str) -> int:
    """Count the rows of one of our tables."""
    found = row(db, f"SELECT COUNT(*) AS n FROM {table}")  # noqa: S608 — a name of the schema
    return number(found["n"]) if found else 0


def file_of(db: sqlite3.Connection) -> Row | None:
    """Return the size and SHA-256 of the file behind a connection; None where there is none."""
    (path,) = [text(one["file"]) for one in rows(db, "PRAGMA database_list")][:1]
    if not path:
        return None
    status = Path(path).stat()
    return {"bytes": status.st_size, "sha256": sha256(path, status.st_size, status.st_mtime_ns)}


@lru_cache(maxsize=4)
def sha256(path: str, size: int, changed: int) -> str:
    """Return the SHA-256 of a file; read once as long as its size and time stay."""
    del size, changed
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
