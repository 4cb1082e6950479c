"""A transcript read from the published file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.corrections.model import NOBODY_NAMED
from archive.errors import ArchiveFault
from archive.export.transcript import (
    Missing,
    Organisation,
    Passage,
    Person,
    Role,
    Transcript,
    Turn,
    Word,
)
from archive.passage import timed_words
from archive.provenance import read_captures, read_corrections, read_steps
from archive.wording import Text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TURNS = """
SELECT t.id, t.start_ms, t.end_ms, t.person_id, COALESCE(t.voice, ''),
       COALESCE(t.confidence, 0), t.origin
FROM turns t WHERE {column} = ? ORDER BY t.start_ms, t.id
"""

_SPEAKERS = """
SELECT DISTINCT p.id, p.name FROM turns t JOIN people p ON p.id = t.person_id
WHERE {column} = ? AND p.id <> ? ORDER BY p.id
"""

_MISSING = """
SELECT m.start_ms, m.end_ms, m.reason FROM (
    SELECT recording_id, start_ms, end_ms, COALESCE(reason, 'sound is missing') AS reason FROM gaps
    UNION ALL
    SELECT recording_id, start_ms, end_ms, TRIM(COALESCE(kind, '') || ' ' || COALESCE(date, ''))
    FROM notices
) m LEFT JOIN sessions s ON s.id = :session
WHERE m.recording_id = :recording
  AND m.end_ms > COALESCE(s.from_ms, m.start_ms) AND m.start_ms < COALESCE(s.to_ms, m.end_ms)
ORDER BY m.start_ms, m.end_ms, m.reason
"""


def read_session(db: sqlite3.Connection, session_id: str) -> Transcript:
    """Read a session from a published file; ArchiveFault where it has none of that id."""
    row = db.execute(
        "SELECT title, event_id, COALESCE(recording_id, ''), date FROM sessions WHERE id = ?",
        [session_id],
    ).fetchone()
    if row is None:
        raise _unknown(Text("session"), session_id)
    title, event, recording, date = row
    return _read(db, (session_id, title, event, recording, date), session_id)


def read_recording(db: sqlite3.Connection, recording_id: str) -> Transcript:
    """Read all that is public of a recording; ArchiveFault where there is none of that id."""
    row = db.execute("SELECT event_id FROM recordings WHERE id = ?", [recording_id]).fetchone()
    if row is None:
        raise _unknown(Text("recording"), recording_id)
    return _read(db, (recording_id, "", row[0], recording_id, None), None)


def _unknown(kind: Text, identifier: str) -> ArchiveFault:
    return ArchiveFault(
        "no public {kind} has the id {identifier}",
        "see the ids with `plenary status`, or publish it first",
        kind=kind,
        identifier=identifier,
    )


def _read(
    db: sqlite3.Connection, about: tuple[str, str, str, str, str | None], session: str | None
) -> Transcript:
    identifier, title, event, recording, date = about
    event_title, event_date, language, licence, organisers = db.execute(
        "SELECT title, date, COALESCE(language, ''), COALESCE(licence, ''), organisers "
        "FROM events WHERE id = ?",
        [event],
    ).fetchone()
    column = "t.recording_id" if session is None else "t.session_id"
    rows = db.execute(_TURNS.format(column=column), [identifier]).fetchall()
    people = _people(db, event, column, identifier)
    turns = tuple(_turns(db, rows, people))
    corrections = read_corrections(db, recording)
    if turns and session is not None:
        start, end = turns[0].start_ms, max(turn.end_ms for turn in turns)
        corrections = tuple(c for c in corrections if c.touches(start, end))
    return Transcript(
        id=identifier,
        title=title,
        event=event,
        event_title=event_title,
        date=date or event_date,
        language=language,
        licence=licence,
        organisers=_organisers(db, organisers),
        recording=recording,
        captures=read_captures(db, recording),
        steps=read_steps(db, recording, session),
        corrections=corrections,
        missing=_missing(db, recording, session),
        people=tuple(people.values()),
        organisations=_organisations(db, people.values()),
        turns=turns,
    )


def _missing(db: sqlite3.Connection, recording: str, session: str | None) -> tuple[Missing, ...]:
    rows = db.execute(_MISSING, {"recording": recording, "session": session})
    return tuple(Missing(*row) for row in rows)


def _organisers(db: sqlite3.Connection, column: str | None) -> tuple[str, ...]:
    """Return the names; none where the file is damaged: captions do not depend on them."""
    names: dict[str, str] = dict(db.execute("SELECT id, name FROM organisations").fetchall())
    try:
        return tuple(names.get(str(one), str(one)) for one in json.loads(column or "[]"))
    except (ValueError, TypeError):
        return ()


def _people(db: sqlite3.Connection, event: str, column: str, identifier: str) -> dict[str, Person]:
    speakers = db.execute(_SPEAKERS.format(column=column), [identifier, NOBODY_NAMED[0]]).fetchall()
    roles = {
        person: db.execute(
            "SELECT role, organisation_id FROM roles WHERE person_id = ? AND event_id = ? "
            "ORDER BY rowid",
            [person, event],
        )
        for person, _ in speakers
    }
    return {
        person: Person(person, name, tuple(Role(*row) for row in roles[person]))
        for person, name in speakers
    }


def _organisations(db: sqlite3.Connection, people: Iterable[Person]) -> tuple[Organisation, ...]:
    named = {role.organisation for person in people for role in person.roles}
    rows = db.execute("SELECT id, name FROM organisations ORDER BY id")
    return tuple(Organisation(*row) for row in rows if row[0] in named)


def _turns(
    db: sqlite3.Connection, rows: Iterable[Sequence[Any]], people: Mapping[str, Person]
) -> Iterator[Turn]:
    for number, start, end, person, voice, confidence, origin in rows:
        passages = db.execute(
            "SELECT start_ms, end_ms, text, origin, words, heard FROM passages "
            "WHERE turn_id = ? ORDER BY id",
            [number],
        )
        known = people.get(person)
        roles = () if known is None else known.roles
        yield Turn(
            start,
            end,
            None if known is None else known.id,
            None if known is None else known.name,
            _joined(role.role for role in roles),
            _joined(role.organisation for role in roles),
            voice,
            confidence,
            origin,
            tuple(
                Passage(start, end, text, origin, _words(text, times, heard))
                for start, end, text, origin, times, heard in passages
            ),
        )


def _joined(values: Iterable[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(value for value in values if value)) or None


def _words(text: str, times: str | None, heard: str | None) -> tuple[Word, ...]:
    """Return the words with their times; none where the times are not those of the text."""
    mended = json.loads(heard or "{}")
    return tuple(
        Word(start, end, word, probability, mended.get(str(place)))
        for place, (start, end, probability, word) in enumerate(timed_words(text, times) or ())
    )
