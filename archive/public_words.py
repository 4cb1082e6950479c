"""The public turns and passages of work.db, cut word by word at the edge of what is public."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archive.french import fold, tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from archive.scope import Row, Scope

_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
"""Characters that no text needs; search marks words with two of them."""

_QUOTE_MS = 30_000
"""How far from its time a reason's quote is looked for in what is published."""

# Newest recording first, then by time: the order in which search lists by date.
_TURNS = """
SELECT t.* FROM turns t
JOIN recordings r ON r.id = t.recording_id
JOIN events e ON e.id = r.event_id
ORDER BY (SELECT MIN(COALESCE(s.date, e.date)) FROM sessions s WHERE s.recording_id = r.id) DESC,
         r.event_id, r.id, t.start_ms, t.end_ms, t.id
"""


def spoken(work: sqlite3.Connection, scope: Scope) -> Iterator[tuple[Row, list[Row]]]:
    """Yield each public turn with its passages, in the order in which they are numbered."""
    turns = (
        turn
        for turn in map(dict, work.execute(_TURNS))
        if turn["session_id"] in scope.sessions and turn["person_id"] not in scope.silenced
    )
    for recording, own in groupby(turns, key=lambda turn: turn["recording_id"]):
        passages = _passages_of(work, recording)
        kept = [
            (turn, cut)
            for turn in own
            if (cut := _cut_all(passages[turn["id"]], scope.sessions[turn["session_id"]], scope))
        ]
        published = [p for _, cut in kept for p in cut]
        for turn, cut in kept:
            named = _named(turn, scope)
            evidence = _public_evidence(named["evidence"], recording, published, scope)
            yield {**named, **_extent(turn, passages[turn["id"]], cut), "evidence": evidence}, cut


def compact(value: object) -> str:
    """Return JSON without spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _passages_of(work: sqlite3.Connection, recording: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in work.execute(
        "SELECT p.* FROM passages p JOIN turns t ON t.id = p.turn_id "
        "WHERE t.recording_id = ? ORDER BY p.start_ms, p.id",
        [recording],
    ):
        found[row["turn_id"]].append(dict(row))
    return found


def _cut_all(passages: Iterable[Row], session: Row, scope: Scope) -> list[Row]:
    return [cut for row in passages if (cut := _cut(row, session, scope)) is not None]


def _cut(passage: Row, session: Row, scope: Scope) -> Row | None:
    """Return the passage without its words that are not public; None where none is left."""
    text = unicodedata.normalize("NFC", passage["text"]).translate(_CONTROL)
    said, times = text.split(" "), json.loads(passage["words"] or "[]")
    heard: dict[str, str] = json.loads(passage["heard"] or "{}")
    if len(said) != len(times):
        # Without the times of its words a passage is published whole or not at all.
        whole = scope.holds_word(session, passage["start_ms"], passage["end_ms"])
        return {**passage, "text": text, "words": None, "heard": None} if whole else None
    kept = [i for i, time in enumerate(times) if scope.holds_word(session, time[0], time[1])]
    if not kept:
        return None
    mended = {str(new): heard[str(i)] for new, i in enumerate(kept) if str(i) in heard}
    times_kept = [times[i] for i in kept]
    cut = len(kept) < len(said)
    return {
        **passage,
        "start_ms": times_kept[0][0] if cut else passage["start_ms"],
        "end_ms": max(t[1] for t in times_kept) if cut else passage["end_ms"],
        "text": " ".join(said[i] for i in kept),
        "words": compact(times_kept),
        "heard": compact(mended) if mended else None,
    }


def _extent(turn: Row, whole: Sequence[Row], cut: Sequence[Row]) -> Row:
    """Return a turn's times: its own, or those of what is left of it."""
    if [p["text"] for p in whole] == [p["text"] for p in cut]:
        return {"start_ms": turn["start_ms"], "end_ms": turn["end_ms"]}
    return {"start_ms": cut[0]["start_ms"], "end_ms": max(p["end_ms"] for p in cut)}


def _named(turn: Row, scope: Scope) -> Row:
    """Return the turn, without its name where that is not to be public."""
    doubtful = scope.only_confirmed and turn["origin"] == "automatic"
    if turn["person_id"] in scope.nameable and not doubtful:
        return turn
    return {**turn, "person_id": None, "confidence": 0.0, "evidence": "[]", "origin": "automatic"}


def _said(texts: Iterable[str]) -> str:
    """Return the folded words of some texts, each between spaces."""
    return f" {' '.join(token for text in texts for token in tokens(fold(text)))} "


def _public_evidence(
    evidence: str | None, recording: str, published: Sequence[Row], scope: Scope
) -> str:
    """Return the reasons that lie in what is public, with quotes of published words only."""
    kept: list[dict[str, Any]] = []
    for reason in json.loads(evidence or "[]"):
        start = reason["start_ms"]
        if not scope.holds(recording, start, start):
            continue
        near = (
            p["text"]
            for p in published
            if p["start_ms"] <= start + _QUOTE_MS and start - _QUOTE_MS <= p["end_ms"]
        )
        quoted = bool(reason.get("quote")) and _said([reason["quote"]]) in _said(near)
        kept.append(reason if quoted else {**reason, "quote": ""})
    return compact(kept)
