"""Take words out of work.db itself, so that no later publication can hold them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archive.corrections import model
from archive.passage import only
from archive.public_words import QUOTE_MS
from archive.values import canonical

if TYPE_CHECKING:
    import sqlite3

    from archive.corrections.model import Correction, Stretch

Row = dict[str, Any]


def erase_words(db: sqlite3.Connection, recording: str, gone: Stretch) -> None:
    """Delete what is said in a stretch of a recording: passages, what was withheld, quotes.

    What corrections hold of the same words goes too; that they were made stays. Call it in a
    transaction, and rewrite the file afterwards: SQLite leaves deleted bytes in place.
    """
    start_ms, end_ms = gone.start_ms, gone.end_ms
    stretch = (recording, start_ms, end_ms)

    def stays(start: int, end: int) -> bool:
        return max(end, start + 1) <= start_ms or start >= end_ms  # some words take no time

    passages = db.execute(
        "SELECT p.id, p.start_ms, p.end_ms, p.text, p.words, p.heard FROM passages p "
        "JOIN turns t ON t.id = p.turn_id "
        "WHERE t.recording_id = ? AND p.end_ms > ? AND p.start_ms < ?",
        stretch,
    ).fetchall()
    for number, *values in passages:
        names = ("start_ms", "end_ms", "text", "words", "heard")
        left = only(dict(zip(names, values, strict=True)), stays)
        if left is None:
            db.execute("DELETE FROM passages WHERE id = ?", [number])
        else:
            db.execute(
                "UPDATE passages SET start_ms = :start_ms, end_ms = :end_ms, text = :text, "
                "words = :words, heard = :heard WHERE id = :id",
                {**left, "id": number},
            )
    db.execute("DELETE FROM turns WHERE id NOT IN (SELECT turn_id FROM passages)")
    db.execute(
        "DELETE FROM withheld WHERE recording_id = ? AND end_ms > ? AND start_ms < ?", stretch
    )
    _erase_quotes(db, recording, start_ms, end_ms)
    for correction in model.read(db, undone=True):
        _erase_in(db, correction, recording, gone)


def _erase_quotes(db: sqlite3.Connection, recording: str, start_ms: int, end_ms: int) -> None:
    rows = db.execute("SELECT id, evidence FROM turns WHERE recording_id = ?", [recording])
    for number, evidence in rows.fetchall():
        reasons: list[Row] = json.loads(evidence or "[]")
        # A reason tells when it begins, and its quote may run on.
        left = [r for r in reasons if not start_ms - QUOTE_MS <= r["start_ms"] < end_ms + QUOTE_MS]
        if len(left) < len(reasons):
            db.execute("UPDATE turns SET evidence = ? WHERE id = ?", [canonical(left), number])


def _erase_in(
    db: sqlite3.Connection, correction: Correction, recording: str, gone: Stretch
) -> None:
    """Take the words out of a correction of the same sound, or of the same time of a recording."""
    here = correction.recording == recording
    stretches = tuple(
        replace(s, heard="", words=())
        if (here and _overlap(s.start_ms, s, gone.start_ms, gone))
        or (s.capture == gone.capture != "" and _overlap(s.capture_ms, s, gone.capture_ms, gone))
        else s
        for s in correction.stretches
    )
    if stretches != correction.stretches:
        value = replace(correction, stretches=stretches).row()["value"]
        db.execute("UPDATE corrections SET value = ? WHERE id = ?", [value, correction.id])


def _overlap(start_ms: int, one: Stretch, other_ms: int, other: Stretch) -> bool:
    """Tell whether two stretches that begin there have a moment in common."""
    first, second = one.end_ms - one.start_ms, other.end_ms - other.start_ms
    return start_ms < other_ms + second and other_ms < start_ms + first
