"""The part of a marked passage that a result shows: whole sentences where they fit."""

from __future__ import annotations

import re

MARK_START, MARK_END = "\x02", "\x03"
"""Around each matched word of a snippet; escape the snippet first, then turn them to markup."""

ENOUGH, LONGEST = 160, 320
"""Characters: sentences are added until there are enough; a longer one is cut at words."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"»”)\x03]*\s+(?=[«“\"(\x02\s–-]*[^\W_a-zà-ÿœ])")


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
