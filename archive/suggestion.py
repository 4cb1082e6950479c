"""One suggestion for a question that finds nothing: its unknown words in the archive's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from archive.french import fold, tokens
from archive.matching import find
from archive.question import expression, expressions, quoted, read_question, together
from archive.snippet import highlighted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from archive.matching import Deadline
    from archive.question import Question, Term

_NEAR = 0.6
"""How alike a suggested word must be: 1 less the share of letters to change."""
_CHOICE = 5
"""So many of the nearest words are tried, until one finds something with the other words."""
_OFTEN = 1_000
"""Between words as near as each other the more frequent wins; counting ends here."""


def suggest(db: sqlite3.Connection, question: Question, deadline: Deadline) -> str | None:
    """Return the question with each word that has no hit replaced by the nearest one that has.

    None where every word has hits, or where nothing in the archive is near.
    """
    text = question.text
    for number, word in enumerate(_unknown(db, question.terms)):
        if number and deadline.over():
            return None
        ways = [_replaced(text, word, near) for near in _nearest(db, fold(word))]
        if not ways:
            return None
        text = next((way for way in ways if _finds(db, way, deadline)), ways[0])
    return text if text != question.text else None


def _unknown(db: sqlite3.Connection, terms: Sequence[Term]) -> list[str]:
    """Return the words without a hit as they were typed, those within phrases too."""
    found: list[str] = []
    for term in terms:
        if term.kind == "phrase":
            found += [word for word in tokens(term.text) if not _has_hit(db, quoted(word))]
        elif not _has_hit(db, expression(db, term)):
            found.append(term.text)
    return found


def _replaced(text: str, word: str, near: str) -> str:
    """Put `near` where `word` stands first, whatever its accents."""
    for match in re.finditer(rf"(?<!\w){'.' * len(word)}(?!\w)", text):
        if fold(match.group()) == fold(word):
            return text[: match.start()] + near + text[match.end() :]
    return text


def _finds(db: sqlite3.Connection, text: str, deadline: Deadline) -> bool:
    match = together(expressions(db, read_question(text).terms))
    return bool(match and find(db, match, deadline, most=1).rows)


def _has_hit(db: sqlite3.Connection, match: str) -> bool:
    """Tell whether anything says a word; of a phrase it could take long to tell."""
    found = db.execute("SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? LIMIT 1", [match])
    return found.fetchone() is not None


def _nearest(db: sqlite3.Connection, word: str) -> list[str]:
    """Return the archive's words most like `word`, best first, as passages write them."""
    rows = db.execute(
        "SELECT DISTINCT form FROM forms WHERE LENGTH(form) BETWEEN ? AND ? "
        "AND LENGTH(form) > 2 AND INSTR(form, ' ') = 0 ORDER BY form",
        [len(word) - 3, len(word) + 3],
    )
    near = process.extract(
        word,
        [row[0] for row in rows],
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
    return marked.partition("\x02")[2].partition("\x03")[0]
