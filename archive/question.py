"""A visitor's words, read into terms, and the FTS5 expression that stands for them.

Only strings made here reach MATCH: tokens of letters and digits, each phrase in quotes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Literal

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from archive.french import (
    fold,
    is_stop_word,
    lemma,
    lemmas_without_accents,
    spellings,
    tokens,
    written,
)
from archive.snippet import MARK_END, MARK_START

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_LONGEST_TEXT, _MOST_TERMS, _MOST_FORMS, _LONGEST_PHRASE = 500, 12, 80, 20
_SHORTEST_PREFIX = 2
_QUOTED = re.compile('"([^"]*)"|«([^»]*)»|“([^”]*)”')
_NEAR = 0.6
"""How alike a suggested word must be: 1 less the share of letters to change."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing asked: a word with its other forms, an exact phrase, or a word's beginning."""

    kind: Literal["word", "phrase", "prefix"]
    text: str
    form: str


@dataclass(frozen=True, slots=True)
class Question:
    """What was understood; `stop_words` tells that there were words, all too common."""

    text: str
    terms: tuple[Term, ...]
    stop_words: bool


def read_question(text: str) -> Question:
    """Read what a visitor typed: words, "phrases" in any quotes, beginnings like coop*."""
    plain = unicodedata.normalize("NFC", text[:_LONGEST_TEXT])
    phrases = [
        Term("phrase", quoted.strip(), " ".join(found[:_LONGEST_PHRASE]))
        for match in _QUOTED.finditer(plain)
        if (found := tokens(quoted := "".join(filter(None, match.groups()))))
    ]
    rest = _QUOTED.sub(lambda match: " " * len(match.group()), plain)
    words = [
        Term("prefix" if _is_prefix(rest, word.end, word.form) else "word", word.text, word.form)
        for word in written(rest)
    ]
    telling = [w for w in words if w.kind == "prefix" or not is_stop_word(w.text)]
    terms = tuple(dict.fromkeys((*phrases, *telling)))[:_MOST_TERMS]
    return Question(plain, terms, bool(words) and not terms)


def _is_prefix(text: str, end: int, form: str) -> bool:
    return text[end : end + 1] == "*" and len(form) >= _SHORTEST_PREFIX


def expression(db: sqlite3.Connection, terms: Sequence[Term]) -> str:
    """Return the MATCH expression of all terms together, from the archive's own forms."""
    return " AND ".join(_of_term(db, term) for term in terms)


def _of_term(db: sqlite3.Connection, term: Term) -> str:
    phrases = forms_of(db, term) if term.kind == "word" else _written_otherwise(term.form)
    star = " *" if term.kind == "prefix" else ""
    return "(" + " OR ".join(f"{_quoted(phrase)}{star}" for phrase in phrases) + ")"


def _quoted(phrase: str) -> str:
    assert all(c.isalnum() or c == " " for c in phrase)
    return f'"{phrase}"'


def _written_otherwise(form: str) -> tuple[str, ...]:
    """Return a phrase of index tokens with œ and oe, æ and ae in every combination."""
    choices = product(*(spellings(token) for token in form.split(" ")))
    return tuple(" ".join(choice) for choice in islice(choices, _MOST_FORMS))


def forms_of(db: sqlite3.Connection, term: Term) -> tuple[str, ...]:
    """Return the word itself and the indexed forms that share a lemma with it."""
    own = _written_otherwise(term.form)
    lemmas = {lemma(term.text), *_column(db, "lemma", "form", own)}
    forms = _column(db, "form", "lemma", lemmas)
    if not forms:
        forms = _column(db, "form", "lemma", lemmas_without_accents(term.text))
    return tuple(islice(dict.fromkeys((*own, *forms)), _MOST_FORMS))


def _column(
    db: sqlite3.Connection, wanted: str, given: str, values: Iterable[str]
) -> tuple[str, ...]:
    among = sorted(set(values))
    marks = ", ".join("?" for _ in among)
    rows = db.execute(
        f"SELECT DISTINCT {wanted} FROM forms WHERE {given} IN ({marks}) ORDER BY 1",  # noqa: S608
        among,
    )
    return tuple(row[0] for row in rows)


def suggest(db: sqlite3.Connection, question: Question) -> str | None:
    """Return the question with each word that has no hit replaced by the nearest one that has.

    None where every word has hits, or where nothing in the archive is near.
    """
    changed = question.text
    for term in question.terms:
        if term.kind != "phrase" and not _has_hit(db, _of_term(db, term)):
            near = _nearest(db, fold(term.form))
            if near is None:
                return None
            changed = changed.replace(term.text, near, 1)
    return changed if changed != question.text else None


def _has_hit(db: sqlite3.Connection, match: str) -> bool:
    found = db.execute("SELECT 1 FROM passages_fts WHERE passages_fts MATCH ? LIMIT 1", [match])
    return found.fetchone() is not None


def _nearest(db: sqlite3.Connection, word: str) -> str | None:
    """Return the archive's word most like `word`, as a passage writes it."""
    rows = db.execute(
        "SELECT DISTINCT form FROM forms WHERE LENGTH(form) BETWEEN ? AND ? "
        "AND LENGTH(form) > 2 AND INSTR(form, ' ') = 0 ORDER BY form",
        [len(word) - 3, len(word) + 3],
    )
    forms = [row[0] for row in rows]
    best = process.extractOne(
        word, forms, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=_NEAR
    )
    return None if best is None else _as_written(db, best[0])


def _as_written(db: sqlite3.Connection, form: str) -> str:
    marked: str = db.execute(
        "SELECT highlight(passages_fts, 0, ?, ?) FROM passages_fts "
        "WHERE passages_fts MATCH ? LIMIT 1",
        [MARK_START, MARK_END, _quoted(form)],
    ).fetchone()[0]
    return marked.partition(MARK_START)[2].partition(MARK_END)[0]
