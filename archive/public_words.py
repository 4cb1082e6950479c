"""The public turns and passages of work.db, cut word by word at the edge of what is public."""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_right
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from archive.corrections.model import NOBODY_NAMED
from archive.french import fold, tokens
from archive.passage import apart, extent, only, timed_words
from archive.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from archive.scope import Row, Scope

_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
"""Characters that no text needs; search marks words with two of them."""

QUOTE_MS = 30_000
"""How far from its time a reason's quote is looked for in what is published."""

Turns = list[tuple["Row", list["Row"]]]
"""Turns in order, each with its passages."""


def spoken(recording: str, turns: Sequence[Row], scope: Scope, mask: Callable[[str], str]) -> Turns:
    """Return the public turns of a recording, whose rows hold their passages.

    Where something was withdrawn a turn ends and another begins: what stands on both sides of
    it was not said in one.
    """
    gone = [w.start_ms for w in scope.withdrawn.get(recording, ())]
    kept = [
        (turn, list(part))
        for turn in turns
        if turn["session_id"] in scope.sessions and turn["person_id"] not in scope.silenced
        for cut in [_cut_all(turn["passages"], scope.sessions[turn["session_id"]], scope, mask)]
        for _, part in groupby(
            (piece for passage in cut for piece in _apart(passage, gone)),
            key=lambda piece: bisect_right(gone, piece["start_ms"]),
        )
    ]
    published = [(p["start_ms"], p["end_ms"], _said(p["text"])) for _, cut in kept for p in cut]
    made = []
    for turn, cut in kept:
        named = _named(turn, scope)
        evidence = _public_evidence(named["evidence"], recording, published, scope, mask)
        extent = _extent(turn, turn["passages"], cut)
        made.append(({**named, **extent, "evidence": evidence}, cut))
    return made


def _cut_all(
    passages: Iterable[Row], session: Row, scope: Scope, mask: Callable[[str], str]
) -> list[Row]:
    return [cut for row in passages if (cut := _cut(row, session, scope, mask)) is not None]


def _cut(passage: Row, session: Row, scope: Scope, mask: Callable[[str], str]) -> Row | None:
    """Return the passage without its words that are not public; None where none is left."""
    text = unicodedata.normalize("NFC", passage["text"]).translate(_CONTROL)
    cut: Row | None = {**passage, "text": text}
    words = timed_words(text, passage["words"])
    if not words or not scope.holds_all(session, *extent(words)):
        cut = only({**passage, "text": text}, partial(scope.holds_word, session))
    if cut is None or cut["heard"] is None:
        return cut
    heard: dict[str, str] = json.loads(cut["heard"])
    as_heard = " ".join(heard.get(str(i), word) for i, word in enumerate(text.split(" ")))
    # Beneath a word there may be a name that somebody wrote over.
    return cut if mask(as_heard) == as_heard else {**cut, "heard": None}


def _apart(passage: Row, gone: Sequence[int]) -> list[Row]:
    """Return a passage cut where something was withdrawn between two of its words."""
    if not gone:
        return [passage]
    words = timed_words(passage["text"], passage["words"]) or []
    before = [bisect_right(gone, start) for start, *_ in words]
    at = [n for n, (one, other) in enumerate(pairwise(before), 1) if one != other]
    return apart(passage, at) if at else [passage]


def _extent(turn: Row, whole: Sequence[Row], cut: Sequence[Row]) -> Row:
    """Return a turn's times: its own, or those of what is left of it."""
    if [p["text"] for p in whole] == [p["text"] for p in cut]:
        return {"start_ms": turn["start_ms"], "end_ms": turn["end_ms"]}
    return {"start_ms": cut[0]["start_ms"], "end_ms": max(p["end_ms"] for p in cut)}


def _named(turn: Row, scope: Scope) -> Row:
    """Return the turn, without its name where that is not to be public."""
    person = turn["person_id"]
    if person is None:
        return turn
    if scope.only_confirmed and turn["origin"] == "automatic":
        return {**turn, "person_id": None, "confidence": 0.0, "evidence": "[]"}
    if person in scope.unnamed:
        return {**turn, "person_id": NOBODY_NAMED[0], "evidence": "[]"}
    return turn


def _said(text: str) -> str:
    """Return the folded words of a text, each with a space after it."""
    return "".join(f"{token} " for token in tokens(fold(text)))


def _public_evidence(
    evidence: str | None,
    recording: str,
    published: Sequence[tuple[int, int, str]],
    scope: Scope,
    mask: Callable[[str], str],
) -> str:
    """Return the reasons that lie in what is public, with quotes of published words only.

    `published` are the passages: start and end in ms, and their folded words. Nor does a quote
    say a name that `mask` hides.
    """
    kept: list[dict[str, Any]] = []
    for reason in json.loads(evidence or "[]"):
        start = reason["start_ms"]
        if not scope.holds(recording, start, start):
            continue
        near = "".join(
            words
            for begin, end, words in published
            if begin <= start + QUOTE_MS and start - QUOTE_MS <= end
        )
        quote = reason.get("quote") or ""
        said = _said(quote)
        quoted = said and mask(quote) == quote and f" {said}" in f" {near}"
        kept.append(reason if quoted else {**reason, "quote": ""})
    return canonical(kept)
