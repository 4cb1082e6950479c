"""Passages with their matches marked, and the part of one that a result shows."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from archive.schema import TOKENIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK_START, MARK_END = "\x02", "\x03"
"""Around each matched word of a snippet; escape the snippet first, then turn them to markup."""

ENOUGH, LONGEST = 160, 320
"""Characters: sentences are added until there are enough; a longer one is cut at words."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"»”)\x03]*\s+(?=[«“\"(\x02\s–-]*[^\W_a-zà-ÿœ])")


def highlighted(texts: Sequence[str], match: str) -> list[str]:
    """Return the texts with what a MATCH expression finds in each between marks.

    An index of these texts alone marks them: in that of the archive a word's beginning costs
    tens of milliseconds each time that it is asked for.
    """
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f'CREATE VIRTUAL TABLE texts USING fts5(text, tokenize="{TOKENIZE}")')
        db.executemany("INSERT INTO texts(rowid, text) VALUES (?, ?)", enumerate(texts))
        marked = db.execute(
            "SELECT rowid, highlight(texts, 0, ?, ?) FROM texts WHERE texts MATCH ?",
            [MARK_START, MARK_END, match],
        )
        found: dict[int, str] = dict(marked.fetchall())
    return [found.get(number, text) for number, text in enumerate(texts)]


def snippet(marked: str) -> str:
    """Return the sentence of the first mark and what follows it, marks balanced."""
    first = max(marked.find(MARK_START), 0)
    starts = [0, *(m.end() for m in _SENTENCE_END.finditer(marked))]
    begin = max(s for s in starts if s <= first)
    ends = [e for e in (*starts[1:], len(marked)) if e > first]
    end = next((e for e in ends if e - begin >= ENOUGH), ends[-1] if ends else len(marked))
    if end - begin > LONGEST:
        begin, end = _cut_at_words(marked, begin, end, first)
    shown = marked[begin:end].strip()
    if shown.count(MARK_START) > shown.count(MARK_END):
        shown += MARK_END
    before = "… " if begin not in starts else ""
    after = " …" if end < len(marked) and end not in starts else ""
    return f"{before}{shown}{after}"


def _cut_at_words(marked: str, begin: int, end: int, first: int) -> tuple[int, int]:
    """Return a window of at most LONGEST characters around the first mark."""
    if first - begin > LONGEST // 3:
        space = marked.rfind(" ", begin, first - LONGEST // 4)
        begin = space + 1 if space >= 0 else first
    if end - begin > LONGEST:
        space = marked.rfind(" ", first + 1, begin + LONGEST)
        end = space if space > first else begin + LONGEST
    return begin, end
