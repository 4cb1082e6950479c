"""The page of a recording: player, chapters, who speaks when, the transcript by speaker.

Times are integer milliseconds of the recording; `t=12.3,15` in an address is seconds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from archive.errors import ArchiveFault
from archive.export import export_recording
from archive.site.links import Links, is_elsewhere, seconds
from archive.site.reading import Row, Visit, number, parsed, roles_at, row, rows, text
from archive.site.texts import clock
from archive.site.voices import VOICE_COLOURS, voice_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

MOMENT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(?:,(\d{1,6}(?:\.\d{1,3})?))?")
# The host stands in a header, so a name and a port may pass and nothing else.
# A film of ours and its sound alone stand beside each other.
FILM, SOUND_ALONE = ".mp4", ".m4a"
ELSEWHERE = re.compile(r"https?://([A-Za-z0-9.-]+(?::\d{1,5})?)(?:[/?#]|\Z)")


def recording(db: sqlite3.Connection, visit: Visit, recording_id: str) -> Row | None:
    """Return what the page of a recording shows; None when unknown."""
    found = row(db, "SELECT * FROM recordings WHERE id = ?", recording_id)
    if found is None:
        return None
    sessions = rows(
        db, "SELECT * FROM sessions WHERE recording_id = ? ORDER BY from_ms, position", recording_id
    )
    if not sessions:
        return None
    event = row(db, "SELECT * FROM events WHERE id = ?", found["event_id"])
    assert event is not None
    turns = turns_of(db, visit, recording_id, roles_at(db, text(event["id"])))
    cited = moment(visit.query.get("t", ""))
    if cited:
        cite(turns, *cited)
    notes = notes_of(db, recording_id)
    for position, session in enumerate(sessions):
        session["turns"] = [t for t in turns if t["session_id"] == session["id"]]
        session["items"] = in_order(session, notes, last=position == len(sessions) - 1)
    return {
        "recording": found,
        "event": event,
        "sessions": sessions,
        "title": sessions[0]["title"] if len(sessions) == 1 else event["title"],
        "date": sessions[0]["date"] or event["date"],
        "player": player(found, visit, cited),
        "lanes": lanes(turns),
        "length_ms": length(found, turns),
        "cited": cited,
        "language": event["language"] or visit.site.language,
        "gaps": [note for note in notes if note["note"] == "gap"],
        "proof": proof(db, recording_id),
        "far": Links.from_afar(visit.site.url),
        "report": reporter(visit, recording_id),
    }


def reporter(visit: Visit, recording_id: str) -> Callable[[int], str] | None:
    """Return what gives the address for reporting an error at a moment (ms); None without.

    A mail gets its subject and the page's address filled in (RFC 6068).
    """
    contact = visit.site.contact
    if not contact.startswith(("mailto:", "https://", "http://")):
        return None
    if not contact.startswith("mailto:"):
        return lambda _: contact
    far = Links.from_afar(visit.site.url)

    def mail(at_ms: int) -> str:
        page = far.recording(recording_id, at_ms)
        subject = visit.texts("recording.report_subject", time=clock(at_ms), recording=recording_id)
        joint = "&" if "?" in contact else "?"
        return contact + joint + urlencode({"subject": subject, "body": page}, quote_via=quote)

    return mail


def moment(value: str) -> tuple[int, int | None] | None:
    """Read `t=`: seconds, or two of them with a comma; None when it is neither."""
    match = MOMENT.fullmatch(value)
    if match is None:
        return None
    start = round(float(match[1]) * 1000)
    end = round(float(match[2]) * 1000) if match[2] else None
    return start, end if end is not None and end > start else None


def player(found: Row, visit: Visit, cited: tuple[int, int | None] | None) -> Row | None:
    """Return what the player needs; None without media.

    `sounds`: there is nothing but sound; `alone`: where the sound of a film of ours stands by
    itself. The fragment `#t=` (W3C Media Fragments) seeks and stops without any script. Media
    elsewhere is not asked for before the visitor says so, and its host is named.
    """
    source = text(found["media"])
    elsewhere = ELSEWHERE.match(source)
    if not source or (is_elsewhere(source) and elsewhere is None):
        return None
    offset = number(found["media_offset_ms"])
    fragment = ""
    if cited:
        ends = [max(0, t + offset) for t in cited if t is not None]
        fragment = "#t=" + ",".join(seconds(t) for t in ends)
    poster = text(found["poster"])
    film = source.endswith(FILM) and elsewhere is None
    alone = source.removesuffix(FILM) + SOUND_ALONE if film else None
    return {
        "src": visit.links.media(source) + fragment,
        "sounds": source.endswith(SOUND_ALONE) and elsewhere is None,
        "alone": "" if alone is None else visit.links.media(alone) + fragment,
        "poster": visit.links.media(poster) if poster and not is_elsewhere(poster) else "",
        "host": elsewhere[1].lower() if elsewhere else "",
        "offset": seconds(offset) if offset >= 0 else f"-{seconds(-offset)}",
    }


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
    passages: dict[object, list[Row]] = {}
    for passage in rows(
        db,
        "SELECT passages.id, turn_id, passages.start_ms, passages.end_ms, text, heard,"
        " passages.origin FROM passages JOIN turns ON turns.id = turn_id"
        " WHERE turns.recording_id = ? ORDER BY passages.start_ms, passages.id",
        recording_id,
    ):
        plain = {**passage, "cited": False, "anchor": False}
        passages.setdefault(passage["turn_id"], []).append(plain)
    colours: dict[object, int] = {}
    for turn in turns:
        speaker = turn["person_id"] or turn["voice"]
        turn["note"] = ""
        turn["known"] = bool(turn["person"])
        turn["speaker"] = turn["person"] or voice_name(visit.texts, text(turn["voice"]))
        turn["role"] = roles.get(text(turn["person_id"]), "")
        turn["doubtful"] = turn["known"] and turn["origin"] == "automatic"
        turn["percent"] = round(100 * float(text(turn["confidence"]) or 0))
        turn["reasons"] = reasons(turn["evidence"]) if turn["known"] else []
        turn["colour"] = colours.setdefault(speaker, len(colours) % VOICE_COLOURS)
        turn["passages"] = passages.get(turn["id"], [])
    return turns


def reasons(evidence: object) -> list[Row]:
    """Return why a turn has its name: kind of evidence, what was heard, when."""
    return [found for found in parsed(evidence) if isinstance(found, dict) and "kind" in found]


def cite(turns: list[Row], start_ms: int, end_ms: int | None) -> None:
    """Mark the passages of a cited stretch; the first, or the next one, gets the anchor."""
    stop = start_ms + 1 if end_ms is None else end_ms
    anchored = False
    for turn in turns:
        passages = turn["passages"]
        assert isinstance(passages, list)
        for passage in passages:
            begins, ends = number(passage["start_ms"]), number(passage["end_ms"])
            passage["cited"] = begins < stop and ends > start_ms
            if not anchored and (passage["cited"] or begins >= start_ms):
                passage["anchor"] = anchored = True


def notes_of(db: sqlite3.Connection, recording_id: str) -> list[Row]:
    """Return what is missing, withheld, corrected or withdrawn, each with its stretch."""
    return rows(
        db,
        "SELECT 'gap' AS note, start_ms, end_ms, reason, NULL AS date FROM gaps"
        " WHERE recording_id = ?1"
        " UNION ALL SELECT 'withheld', start_ms, end_ms, reason, NULL FROM withheld"
        " WHERE recording_id = ?1"
        " UNION ALL SELECT 'notice', start_ms, end_ms, kind, date FROM notices"
        " WHERE recording_id = ?1 ORDER BY 2",
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


def lanes(turns: list[Row]) -> list[Row]:
    """Return one lane per speaker, in order of first word: stretches, length, turns."""
    found: dict[object, Row] = {}
    held: dict[object, list[Row]] = {}
    for turn in turns:
        key = turn["person_id"] or turn["voice"]
        found.setdefault(key, turn)
        held.setdefault(key, []).append(turn)
    return [
        {
            "speaker": first["speaker"],
            "known": first["known"],
            "doubtful": any(turn["doubtful"] for turn in held[key]),
            "colour": first["colour"],
            "stretches": held[key],
            "spoken_ms": sum(number(t["end_ms"]) - number(t["start_ms"]) for t in held[key]),
        }
        for key, first in found.items()
    ]


def length(found: Row, turns: list[Row]) -> int:
    """Return the recording's length; that of its words where it is not known."""
    ends = (number(turn["end_ms"]) for turn in turns)
    return max(number(found["duration_ms"]), max(ends, default=0), 1)


def proof(db: sqlite3.Connection, recording_id: str) -> Row:
    """Return what a public word leads back to: captures with their hash, steps with tools."""
    return {
        "captures": rows(
            db,
            "SELECT name, bytes, sha256, duration_ms FROM captures WHERE recording_id = ?"
            " ORDER BY position",
            recording_id,
        ),
        "steps": rows(
            db,
            "SELECT step, tool, version, model, model_sha256, made_at FROM provenance"
            " WHERE recording_id = ? ORDER BY made_at, rowid",
            recording_id,
        ),
    }


def captions(db: sqlite3.Connection, visit: Visit, recording_id: str) -> str | None:
    """Return the recording's captions, as they are exported; None when it is unknown."""
    del visit  # captions speak the recording's language, not the page's
    try:
        return export_recording(db, "vtt", recording_id)
    except ArchiveFault:
        return None


def words(db: sqlite3.Connection, visit: Visit, recording_id: str) -> str | None:
    """Return the start of each word as JSON, {passage start: [start of each word, …]}.

    Kept out of the page, so that three hours of speech stay readable at once; None when
    the recording is unknown.
    """
    if recording(db, visit, recording_id) is None:
        return None
    found = rows(
        db,
        "SELECT passages.start_ms, passages.words FROM passages JOIN turns ON turns.id = turn_id"
        " WHERE turns.recording_id = ?",
        recording_id,
    )
    starts = {
        text(passage["start_ms"]): [
            word[0] for word in parsed(passage["words"]) if isinstance(word, list)
        ]
        for passage in found
    }
    return json.dumps(starts, separators=(",", ":"))
