"""The judged queries over the sittings, and what a published file of them answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.search import Query, search

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from bench.sittings import Sitting

FILE = Path("tests/data/judged_queries.json")


@dataclass(frozen=True, slots=True)
class Judged:
    """A query, the rule of design section 10 that it tries, and the addresses that answer it.

    An address is sitting/paragraph, such as 20130118/45.
    """

    rule: str
    query: str
    answers: frozenset[str]


def read_glossary(file: Path = FILE) -> Mapping[str, str]:
    """Return the terms that the judges took as given, with what they stand for."""
    glossary: dict[str, str] = json.loads(file.read_text("utf-8"))["glossary"]
    return glossary


def read_judged(sittings: Sequence[Sitting], file: Path = FILE) -> list[Judged]:
    """Read the judged queries. Raises ValueError where an answer is not the text that was read."""
    texts = {
        f"{s.id}/{n}": t for s in sittings for sp in s.speeches for n, t in sp.paragraphs.items()
    }
    judged = []
    for given in json.loads(file.read_text("utf-8"))["queries"]:
        answers = set()
        for answer in given["answers"]:
            address, digest = answer.split(" ")
            if hashlib.sha256(texts.get(address, "").encode()).hexdigest()[:8] != digest:
                raise ValueError(f"{address} is another text than the one that was judged")
            answers.add(address)
        judged.append(Judged(given["rule"], given["query"], frozenset(answers)))
    return judged


def addresses(db: sqlite3.Connection, sittings: Sequence[Sitting]) -> dict[int, str]:
    """Return the address of each passage of a file that `publish_sittings` made."""
    numbers = {s.id: [n for sp in s.speeches for n in sp.paragraphs] for s in sittings}
    found: dict[int, str] = {}
    rows = db.execute(
        "SELECT p.id, t.recording_id FROM passages p JOIN turns t ON t.id = p.turn_id "
        "ORDER BY t.recording_id, p.start_ms"
    )
    for passage, recording in rows:
        sitting = recording.rpartition("/")[2]
        found[passage] = f"{sitting}/{numbers[sitting].pop(0)}"
    return found


def ask(db: sqlite3.Connection, text: str) -> list[int]:
    """Return every passage that a visitor finds with `text`, best first."""
    found: list[int] = []
    page = 1
    while hits := search(db, Query(text, page=page, size=200)).hits:
        found += [hit.passage_id for hit in hits]
        page += 1
    return found
