"""`forms`: which words of the passages share a lemma, so that one finds the others.

A form of several tokens is a phrase: "co construction" for co-construction, "e s s" for
E.S.S., and what a glossary term stands for, as the passages write it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from archive.french import lemma, lemmas, tokens, written

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence


def build_forms(db: sqlite3.Connection) -> None:
    """Fill `forms` from `passages`, `glossary` and the filled index of a new public file."""
    chunks: set[str] = set()
    for (text,) in db.execute("SELECT text FROM passages"):
        chunks.update(text.split())
    bases: dict[str, set[str]] = defaultdict(set)
    for form, base in _pairs(chunks):
        bases[form].add(base)
    for form, base in _heard(db):
        bases[form].add(base)
    # The index is asked which tokens it holds, so that none is without a form.
    db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, passages_fts, row)")
    for (term,) in db.execute("SELECT term FROM temp.vocabulary"):
        if term not in bases:
            bases[term].add(lemma(term))
    db.execute("DROP TABLE temp.vocabulary")
    for form, base in sorted(_expansions(db, bases)):
        bases[form].add(base)
    db.executemany(
        "INSERT INTO forms(form, lemma) VALUES (?, ?)",
        sorted((form, base) for form, own in bases.items() for base in own if base),
    )


def _heard(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield (a mended word as it is indexed, the lemma of what was heard in its place)."""
    rows = db.execute("SELECT text, heard FROM passages WHERE heard IS NOT NULL")
    for text, heard in rows.fetchall():
        shown = text.split(" ")
        for place, form in json.loads(heard).items():
            for word in written(shown[int(place)]):
                yield from ((word.form, lemma(other.text)) for other in written(form))


def _pairs(chunks: Iterable[str]) -> Iterator[tuple[str, str]]:
    for chunk in chunks:
        for word in written(chunk):
            yield from ((word.form, base) for base in lemmas(word.text))
            if " " in word.form:
                for part in word.parts:
                    yield " ".join(tokens(part)), lemma(part)


def _expansions(db: sqlite3.Connection, bases: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield (phrase as a passage writes it, the lemma of the glossary term it spells out)."""
    rows = db.execute("SELECT DISTINCT term, means FROM glossary WHERE means IS NOT NULL")
    for term, means in rows.fetchall():
        sought = [(t, bases.get(t, set()) | {lemma(t)}) for t in tokens(means)]
        term_words = list(written(term))
        if len(term_words) != 1 or len(sought) < 2:
            continue
        for phrase in _phrases_like(db, sought, bases):
            yield phrase, lemma(term_words[0].text)


def _phrases_like(
    db: sqlite3.Connection,
    sought: Sequence[tuple[str, set[str]]],
    bases: Mapping[str, set[str]],
) -> set[str]:
    forms = defaultdict(set)
    for form, own in bases.items():
        for base in own:
            forms[base].add(form)
    ors = [
        sorted(f for f in {token}.union(*(forms[b] for b in own)) if " " not in f)
        for token, own in sought
    ]
    match = " AND ".join("(" + " OR ".join(f'"{f}"' for f in one) + ")" for one in ors)
    wanted = [set(one) for one in ors]
    found: set[str] = set()
    for (text,) in db.execute(
        "SELECT p.text FROM passages_fts f JOIN passages p ON p.id = f.rowid "
        "WHERE passages_fts MATCH ?",
        [match],
    ):
        said = tokens(text)
        for i in range(len(said) - len(wanted) + 1):
            window = said[i : i + len(wanted)]
            if all(token in one for token, one in zip(window, wanted, strict=True)):
                found.add(" ".join(window))
    return found
