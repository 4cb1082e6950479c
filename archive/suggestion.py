"""One suggestion for a question that finds nothing: its unknown words in the archive's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from archive.columns import columns_of
from archive.french import fold, tokens
from archive.matching import find
from archive.question import look_up, quoted, read_question, together
from archive.snippet import MARK_END, MARK_START, highlighted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from archive.matching import Deadline
    from archive.question import Term

_NEAR = 0.6
"""How alike a suggested word must be: 1 less the share of letters to change."""
_CHOICE = 5
"""So many of the nearest words are tried, until one finds something with the other words."""
_OFTEN = 1_000
"""Between words as near as each other the more frequent wins; counting ends here."""


def suggest(
    db: sqlite3.Connection, text: str, missing: Sequence[Term], deadline: Deadline
) -> str | None:
    """Return a question with each word of `missing` replaced by the nearest that is said.

    `missing` are its terms that no passage says; of a phrase the words that are nowhere count.
    None where nothing in the archive is near.
    """
    asked, words = text, _words(db, missing)
    if not words:
        return None
    forms = _forms_like(db, words)
    for word in words:
        ways = [_replaced(text, word, near) for near in _nearest(db, fold(word), forms)]
        if not ways:
            return None
        text = _finding(db, ways, deadline)
    return text if text != asked else None


def _words(db: sqlite3.Connection, missing: Sequence[Term]) -> list[str]:
    words: list[str] = []
    for term in missing:
        if term.kind == "phrase":
            words += [word for word in tokens(term.text) if not _is_said(db, word)]
        else:
            words.append(term.text)
    return words


def _replaced(text: str, word: str, near: str) -> str:
    """Put `near` where `word` stands first, whatever its accents."""
    for match in re.finditer(rf"(?<!\w)(?=(.{{{len(word)}}})(?!\w))", text, re.DOTALL):
        if fold(match[1]) == fold(word):
            return text[: match.start(1)] + near + text[match.end(1) :]
    return text


def _finding(db: sqlite3.Connection, ways: Sequence[str], deadline: Deadline) -> str:
    """Return the first way that finds something; the nearest where none does, or time is over."""
    for way in ways:
        if deadline.over():
            break
        if _finds(db, way, deadline):
            return way
    return ways[0]


def _finds(db: sqlite3.Connection, text: str, deadline: Deadline) -> bool:
    match = together([look_up(db, term) for term in read_question(text).terms])
    last = columns_of(db).last
    return bool(match and len(find(db, match, 1, last, deadline, most=1).passages))


def _is_said(db: sqlite3.Connection, word: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? LIMIT 1", [quoted(word)]
    )
    return found.fetchone() is not None


def _forms_like(db: sqlite3.Connection, words: Sequence[str]) -> list[str]:
    """Return the archive's words that are about as long as some words."""
    lengths = [len(fold(word)) for word in words]
    rows = db.execute(
        "SELECT DISTINCT form FROM forms WHERE LENGTH(form) BETWEEN ? AND ? "
        "AND LENGTH(form) > 2 AND INSTR(form, ' ') = 0 ORDER BY form",
        [min(lengths) - 3, max(lengths) + 3],
    )
    return [row[0] for row in rows]


def _nearest(db: sqlite3.Connection, word: str, forms: Sequence[str]) -> list[str]:
    """Return those of `forms` most like `word`, best first, as passages write them."""
    near = process.extract(
        word,
        forms,
        scorer=OSA.normalized_similarity,
        score_cutoff=_NEAR,
        limit=_CHOICE,
    )
    ranked = sorted(near, key=lambda found: (-found[1], -_often(db, found[0]), found[0]))
    return [written for form, _, _ in ranked if (written := _as_written(db, form))]


def _often(db: sqlite3.Connection, form: str) -> int:
    counted: int = db.execute(
        "SELECT COUNT(*) FROM (SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? LIMIT ?)",
        [quoted(form), _OFTEN],
    ).fetchone()[0]
    return counted


def _as_written(db: sqlite3.Connection, form: str) -> str | None:
    """Return a form as the newest passage that says it writes it."""
    row = db.execute(
        "SELECT p.text FROM passages_fts f JOIN passages p ON p.id = f.rowid "
        "WHERE passages_fts MATCH ? LIMIT 1",
        [quoted(form)],
    ).fetchone()
    if row is None:
        return None
    marked = highlighted([row[0]], quoted(form))[0]
    return marked.partition(MARK_START)[2].partition(MARK_END)[0]
