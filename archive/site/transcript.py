"""A recording's words as its page shows them: turns, passages, notes, chapters, lanes, parts.

A long transcript comes in parts, so that three hours of speech are there at once and every
part has its own address; times are integer milliseconds of the recording.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.corrections.model import NOBODY_NAMED
from archive.site.reading import Row, Visit, number, parsed, rows, text
from archive.site.voices import VOICE_COLOURS, voice_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from archive.site.player import Moment

PART_BYTES = 80_000
"""About what one part may weigh; with the rest of the page it stays under 200 kB."""
TURN_BYTES, PASSAGE_BYTES = 900, 350  # of markup, measured on the demo's page
LONGEST_RUN = PART_BYTES // 2
MOST_CHAPTERS = 150
FINEST = 500
"""Pauses shorter than this share of a recording cannot be seen on its strip."""


def turns_of(
    db: sqlite3.Connection, visit: Visit, recording_id: str, roles: dict[str, str]
) -> list[Row]:
    """Return the turns with their speaker in words and their passages, in order."""
    turns = rows(
        db,
        "SELECT turns.*, people.name AS person FROM turns"
        " LEFT JOIN people ON people.id = turns.person_id"
        " WHERE recording_id = ? ORDER BY start_ms, turns.id",
        recording_id,
    )
    passages = passages_by_turn(db, recording_id)
    colours: dict[object, int] = {}
    for turn in turns:
        turn["lane"] = lane_of(turn)
        turn["note"] = ""
        turn["continued"] = False
        turn["known"] = bool(turn["person"])
        turn["speaker"] = turn["person"] or voice_name(visit.texts, text(turn["voice"]))
        turn["role"] = roles.get(text(turn["person_id"]), "")
        turn["doubtful"] = turn["known"] and turn["origin"] == "automatic"
        turn["percent"] = round(100 * float(text(turn["confidence"]) or 0))
        turn["reasons"] = reasons(turn["evidence"]) if turn["known"] else []
        turn["colour"] = colours.setdefault(turn["lane"], len(colours) % VOICE_COLOURS)
        turn["passages"] = passages.get(turn["id"], [])
    return turns


def lane_of(turn: Row) -> str:
    """Return whose lane a turn is in: a person's, or that of a voice without a name of its own."""
    person = text(turn["person_id"])
    return person if person and person != NOBODY_NAMED[0] else text(turn["voice"])


def passages_by_turn(db: sqlite3.Connection, recording_id: str) -> dict[object, list[Row]]:
    """Return the passages of each turn, in order."""
    found: dict[object, list[Row]] = {}
    for passage in rows(
        db,
        "SELECT passages.id, turn_id, passages.start_ms, passages.end_ms, text,"
        " passages.origin FROM passages JOIN turns ON turns.id = turn_id"
        " WHERE turns.recording_id = ? ORDER BY passages.start_ms, passages.id",
        recording_id,
    ):
        plain = {**passage, "cited": False, "anchor": False, "said": [], "terms": []}
        found.setdefault(passage["turn_id"], []).append(plain)
    return found


def passages_of(turn: Row) -> list[Row]:
    """Return a turn's passages."""
    passages = turn["passages"]
    assert isinstance(passages, list)
    return passages


def reasons(evidence: object) -> list[Row]:
    """Return why a turn has its name: kind of evidence, what was heard, when."""
    return [found for found in parsed(evidence) if isinstance(found, dict) and "kind" in found]


def cite(turns: list[Row], start_ms: int, end_ms: int | None) -> None:
    """Mark the passages of a cited stretch; the first, or the next one, gets the anchor."""
    stop = start_ms + 1 if end_ms is None else end_ms
    anchored = False
    for turn in turns:
        for passage in passages_of(turn):
            begins, ends = number(passage["start_ms"]), number(passage["end_ms"])
            passage["cited"] = begins < stop and ends > start_ms
            if not anchored and (passage["cited"] or begins >= start_ms):
                passage["anchor"] = anchored = True


def notes_of(db: sqlite3.Connection, recording_id: str) -> list[Row]:
    """Return what is missing, withheld, withdrawn or otherwise noted, each with its stretch."""
    return rows(
        db,
        "SELECT 'gap' AS note, start_ms, end_ms, NULL AS date FROM gaps WHERE recording_id = ?1"
        " UNION ALL SELECT 'withheld', start_ms, end_ms, NULL FROM withheld"
        " WHERE recording_id = ?1"
        " UNION ALL SELECT CASE kind WHEN 'withdrawn' THEN kind ELSE 'notice' END,"
        " start_ms, end_ms, date FROM notices WHERE recording_id = ?1 ORDER BY 2",
        recording_id,
    )


def in_order(session: Row, notes: list[Row], *, last: bool) -> list[Row]:
    """Return a session's turns and the notes inside it, by time."""
    turns = session["turns"]
    assert isinstance(turns, list)
    begin = number(session["from_ms"])
    end = session["to_ms"] if isinstance(session["to_ms"], int) else None
    inside = [
        n
        for n in notes
        if number(n["start_ms"]) >= begin
        and (number(n["start_ms"]) < end if end is not None else last)
    ]
    return sorted([*turns, *inside], key=lambda item: number(item["start_ms"]))


def parts(sessions: list[Row]) -> list[Row]:
    """Cut what sessions hold into parts of about PART_BYTES; there is always a first one.

    A part has its `number` from 1, `from_ms`, and `sessions` with the `items` of this part;
    `begins` tells whether a session starts in it.
    """
    found: list[Row] = []
    room = 0
    for session in sessions:
        begins = True
        items = session["items"]
        assert isinstance(items, list)
        held_here: list[Row | None] = [run for item in items for run in runs(item)]
        for item in held_here or [None]:
            if not found or weight(item) > room:
                at = number(item["start_ms"]) if item and found else 0
                found.append({"number": len(found) + 1, "from_ms": at, "sessions": []})
                room = PART_BYTES
            held = found[-1]["sessions"]
            assert isinstance(held, list)
            if not held or held[-1]["id"] != session["id"]:
                held.append({**session, "items": [], "begins": begins})
                begins = False
            if item:
                held[-1]["items"].append(item)
            room -= weight(item)
    return found


def runs(item: Row) -> Iterator[Row]:
    """Yield a turn whole, or a very long one in runs of passages; a note as it is."""
    if item["note"]:
        yield item
        return
    held: list[Row] = []
    size, continued = 0, False
    for passage in passages_of(item):
        size += passage_weight(passage)
        if held and size > LONGEST_RUN:
            yield _run(item, held, continued=continued)
            held, size, continued = [], passage_weight(passage), True
        held.append(passage)
    yield _run(item, held, continued=continued)


def _run(turn: Row, passages: list[Row], *, continued: bool) -> Row:
    start = passages[0]["start_ms"] if continued else turn["start_ms"]
    return {**turn, "passages": passages, "continued": continued, "start_ms": start}


def weight(item: Row | None) -> int:
    """Estimate the bytes that a turn, a note or nothing adds to the page."""
    if item is None or item["note"]:
        return PASSAGE_BYTES
    return TURN_BYTES + sum(map(passage_weight, passages_of(item)))


def passage_weight(passage: Row) -> int:
    """Estimate the bytes that a passage adds to the page."""
    return PASSAGE_BYTES + len(text(passage["text"]).encode())


def part_shown(found: list[Row], asked: str, cited: Moment | None) -> Row:
    """Return the part that an address asks for by number, or that holds the cited moment."""
    if asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= len(found):
        return found[int(asked[:6]) - 1]
    if cited is None:
        return found[0]
    anchored = (part for part in found if any(passage["anchor"] for passage in passages_in(part)))
    return next(anchored, found[-1])


def passages_in(part: Row) -> Iterator[Row]:
    """Yield the passages of a part, in order."""
    sessions = part["sessions"]
    assert isinstance(sessions, list)
    for session in sessions:
        for item in session["items"]:
            if not item["note"]:
                yield from passages_of(item)


def chapters(turns: list[Row]) -> list[Row]:
    """Return the turns that are chapters, in order: all, or the MOST_CHAPTERS longest ones."""
    longest_first = sorted(turns, key=lambda t: number(t["start_ms"]) - number(t["end_ms"]))
    return sorted(longest_first[:MOST_CHAPTERS], key=lambda t: number(t["start_ms"]))


def lanes(turns: list[Row], length_ms: int) -> list[Row]:
    """Return one lane per speaker, in order of first word: stretches, length, turns."""
    held: dict[object, list[Row]] = {}
    for turn in turns:
        held.setdefault(turn["lane"], []).append(turn)
    return [
        {
            "speaker": spoken[0]["speaker"],
            "known": spoken[0]["known"],
            "doubtful": any(turn["doubtful"] for turn in spoken),
            "colour": spoken[0]["colour"],
            "turns": len(spoken),
            "stretches": joined(spoken, length_ms // FINEST),
            "spoken_ms": sum(number(t["end_ms"]) - number(t["start_ms"]) for t in spoken),
        }
        for spoken in held.values()
    ]


def joined(turns: list[Row], pause_ms: int) -> list[tuple[int, int]]:
    """Return the stretches of one speaker's turns, without the pauses nobody could see."""
    found: list[tuple[int, int]] = []
    for turn in turns:
        start, end = number(turn["start_ms"]), number(turn["end_ms"])
        if found and start - found[-1][1] < pause_ms:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def length(found: Row, turns: list[Row]) -> int:
    """Return the recording's length; that of its words where it is not known."""
    ends = (number(turn["end_ms"]) for turn in turns)
    return max(number(found["duration_ms"]), max(ends, default=0), 1)


def glossary(db: sqlite3.Connection) -> dict[str, str]:
    """Return each term that has a meaning, and the meaning."""
    found = rows(
        db, "SELECT term, means FROM glossary WHERE COALESCE(means, '') != '' ORDER BY term"
    )
    return {text(one["term"]): text(one["means"]) for one in found if text(one["term"]).strip()}


def explain(part: Row, meanings: dict[str, str]) -> None:
    """Cut the words of a part at its terms; a term's first passage also gets its meaning.

    `said` becomes [(text, meaning or "")]. Capitals must agree: "ESS" is a term, "ess" none.
    """
    longest_first = sorted(meanings, key=len, reverse=True)
    alternatives = "|".join(map(re.escape, longest_first))
    pattern = re.compile(rf"(?<!\w)({alternatives})(?!\w)") if meanings else None
    explained: set[str] = set()
    for passage in passages_in(part):
        pieces = pattern.split(text(passage["text"])) if pattern else [text(passage["text"])]
        passage["said"] = [
            (piece, meanings[piece] if position % 2 else "")
            for position, piece in enumerate(pieces)
            if piece
        ]
        new = [piece for piece in dict.fromkeys(pieces[1::2]) if piece not in explained]
        passage["terms"] = [(term, meanings[term]) for term in new]
        explained.update(new)
