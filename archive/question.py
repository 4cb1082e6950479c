"""A visitor's words, read into terms, and the FTS5 expression that stands for them.

Only strings made here reach MATCH: tokens of letters and digits, each phrase in quotes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Literal

from archive.french import (
    is_stop_word,
    lemmas,
    lemmas_without_accents,
    participles,
    spellings,
    tokens,
    written,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_LONGEST_TEXT, _MOST_TERMS, _MOST_FORMS, _LONGEST_PHRASE = 500, 12, 80, 20
_SHORTEST_PREFIX = 2
_QUOTED = re.compile('"([^"]*)"|«([^»]*)»|“([^”]*)”')


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


@dataclass(frozen=True, slots=True)
class Sought:
    """What says a term: any of some phrases of index tokens, as they are or as beginnings."""

    phrases: tuple[str, ...]
    beginning: bool

    @property
    def match(self) -> str:
        """The MATCH expression: the phrases in quotes."""
        star = " *" if self.beginning else ""
        return "(" + " OR ".join(f"{quoted(phrase)}{star}" for phrase in self.phrases) + ")"


def read_question(text: str) -> Question:
    """Read what a visitor typed: words, "phrases" in any quotes, beginnings like coop*."""
    plain = unicodedata.normalize("NFC", text[:_LONGEST_TEXT])
    phrases = [
        Term("phrase", inside.strip(), " ".join(found[:_LONGEST_PHRASE]))
        for match in _QUOTED.finditer(plain)
        if (found := tokens(inside := "".join(filter(None, match.groups()))))
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


def look_up(db: sqlite3.Connection, term: Term) -> Sought:
    """Return what says a term, from the archive's own forms."""
    phrases = forms_of(db, term) if term.kind == "word" else _written_otherwise(term.form)
    return Sought(phrases, term.kind == "prefix")


def together(sought: Sequence[Sought]) -> str:
    """Return the MATCH expression of passages that say all that is sought."""
    return " AND ".join(one.match for one in sought)


def quoted(phrase: str) -> str:
    """Return index tokens as a phrase that FTS5 takes for nothing else."""
    assert all(c.isalnum() or c == " " for c in phrase)
    return f'"{phrase}"'


def _written_otherwise(form: str) -> tuple[str, ...]:
    """Return a phrase of index tokens with œ and oe, æ and ae in every combination."""
    choices = product(*(spellings(token) for token in form.split(" ")))
    return tuple(" ".join(choice) for choice in islice(choices, _MOST_FORMS))


def forms_of(db: sqlite3.Connection, term: Term) -> tuple[str, ...]:
    """Return the word itself and the indexed forms that share a lemma with it."""
    own = _written_otherwise(term.form)
    bases = set(lemmas(term.text))
    if term.text.isascii():
        # Accents may have been left out: what the archive says so decides which word it is.
        bases.update(_column(db, "lemma", "form", own))
    forms = _column(db, "form", "lemma", bases)
    if not forms:
        forms = _column(db, "form", "lemma", lemmas_without_accents(term.text))
    further = _column(db, "form", "form", participles(term.text))
    return tuple(islice(dict.fromkeys((*own, *forms, *further)), _MOST_FORMS))


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
