"""What descends from a file among the kept results, and how results are dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.ledger import CREATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlite_utils import Database


def descendants(read: Sequence[tuple[str, set[str], str]], roots: Iterable[str]) -> set[str]:
    """Return the keys of what was made of `roots`, directly or not."""
    known, found = set(roots), set[str]()
    grown = True
    while grown:
        new = [(key, output) for key, inputs, output in read if key not in found and inputs & known]
        found |= {key for key, _ in new}
        known |= {output for _, output in new}
        grown = bool(new)
    return found


def drop_results_of(data: Path, db: Database, recording: str) -> None:
    """Drop all that was made of a recording's captures and transcripts: it is due anew."""
    made = db.execute("SELECT key, inputs, output_sha256 FROM steps ORDER BY rowid").fetchall()
    read = [(key, set(json.loads(inputs).values()), output) for key, inputs, output in made]
    captures = db.execute("SELECT sha256 FROM captures WHERE recording_id = ?", [recording])
    roots = {row[0] for row in captures.fetchall()}
    told = db.execute(
        "SELECT object_id FROM history WHERE recording_id = ? AND kind = ?", [recording, CREATION]
    )
    steps = descendants(read, roots) | {row[0] for row in told.fetchall()}
    # Before the rows, which alone tell them: killed in between, the next call finds them again.
    for file in (data / "kept" / f"{key}.flac" for key in sorted(steps)):
        file.unlink(missing_ok=True)
    for half_made in (data / "kept").glob(".*.part"):
        half_made.unlink()
    drop(db, steps, [("DELETE FROM applied WHERE target = ?", f"recording:{recording}")], ())


def drop(
    db: Database, steps: set[str], rows: Sequence[tuple[str, str]], files: Sequence[Path]
) -> None:
    """Drop rows in one transaction, then the files that no row names any more."""
    with db.atomic():
        db.conn.executemany("DELETE FROM steps WHERE key = ?", [(key,) for key in sorted(steps)])
        for statement, value in rows:
            db.conn.execute(statement, [value])
    for file in files:
        file.unlink(missing_ok=True)
