"""The pages of a person and of an organisation: roles over time, everything said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.corrections.model import NOBODY_NAMED
from archive.site.reading import Row, Visit, events, number, parsed, row, rows, text

if TYPE_CHECKING:
    import sqlite3

EXCERPT_TURNS = 200
MOST_COMPANY = 24


def person(db: sqlite3.Connection, _visit: Visit, person_id: str) -> Row | None:
    """Return a person with her roles and turns; None when unknown.

    `several` people stand behind the name of those who wish not to be named: who was with whom
    would tell them apart. An id that was joined to another's leads to the same page. Until a
    human has confirmed one of her turns, search engines are asked to stay away.
    """
    found = row(
        db,
        "SELECT * FROM people WHERE id = ?1 OR id IN"
        " (SELECT id FROM names WHERE kind = 'same' AND spelling = ?1)",
        person_id,
    )
    if found is None:
        return None
    person_id = text(found["id"])
    several = person_id == NOBODY_NAMED[0]
    turns = rows(
        db,
        "SELECT turns.*, sessions.title AS session_title, events.title AS event_title,"
        " events.id AS event_id, COALESCE(sessions.date, events.date) AS date,"
        " (SELECT text FROM passages WHERE turn_id = turns.id ORDER BY start_ms LIMIT 1) AS opening"
        " FROM turns JOIN sessions ON sessions.id = turns.session_id"
        " JOIN events ON events.id = sessions.event_id WHERE turns.person_id = ?"
        " ORDER BY date DESC, turns.recording_id, turns.start_ms",
        person_id,
    )
    return {
        "person": found,
        "roles": roles(db, "roles.person_id = ?", person_id),
        "sessions": by_session(turns),
        "spoken_ms": sum(number(t["end_ms"]) - number(t["start_ms"]) for t in turns),
        "confirmed_ms": sum(
            number(t["end_ms"]) - number(t["start_ms"]) for t in turns if t["origin"] != "automatic"
        ),
        "several": several,
        "company": [] if several else company(db, person_id),
        "announced": announced(db, person_id),
        "unlisted": several or not any(t["origin"] in ("confirmed", "corrected") for t in turns),
    }


def company(db: sqlite3.Connection, person_id: str) -> list[Row]:
    """Return who else is heard in the same sessions; `confirmed` where both were confirmed."""
    return rows(
        db,
        "SELECT people.id, people.name, COUNT(DISTINCT theirs.session_id) AS sessions,"
        " MAX(mine.sure AND theirs.sure) AS confirmed FROM (SELECT session_id,"
        "   MAX(origin != 'automatic') AS sure FROM turns WHERE person_id = ?1"
        "   GROUP BY session_id) AS mine"
        " JOIN (SELECT session_id, person_id, MAX(origin != 'automatic') AS sure FROM turns"
        "   WHERE person_id IS NOT NULL AND person_id != ?1 GROUP BY session_id, person_id)"
        "   AS theirs ON theirs.session_id = mine.session_id"
        " JOIN people ON people.id = theirs.person_id"
        " GROUP BY people.id ORDER BY sessions DESC, people.sort_name LIMIT ?2",
        person_id,
        MOST_COMPANY,
    )


def by_session(turns: list[Row]) -> list[Row]:
    """Gather turns under their session, in the order given; at most EXCERPT_TURNS of each."""
    sessions: dict[object, Row] = {}
    held: dict[object, list[Row]] = {}
    for turn in turns:
        key = turn["session_id"]
        sessions.setdefault(key, turn)
        held.setdefault(key, []).append(turn)
    return [
        {**first, "turns": held[key][:EXCERPT_TURNS], "more": len(held[key]) - EXCERPT_TURNS}
        for key, first in sessions.items()
    ]


def announced(db: sqlite3.Connection, person_id: str) -> list[Row]:
    """Return the sessions that announced her and in which nothing is heard of her."""
    return rows(
        db,
        "SELECT sessions.title, sessions.event_id, programme.part, events.title AS event_title,"
        " COALESCE(sessions.date, events.date) AS date FROM programme"
        " JOIN sessions ON sessions.id = programme.session_id"
        " JOIN events ON events.id = sessions.event_id"
        " WHERE programme.person_id = ?1 AND NOT EXISTS (SELECT 1 FROM turns"
        "   WHERE turns.session_id = sessions.id AND turns.person_id = ?1)"
        " ORDER BY date DESC, sessions.position",
        person_id,
    )


def roles(db: sqlite3.Connection, where: str, value: str) -> list[Row]:
    """Return roles with their event, person and organisation; `where` is ours."""
    return rows(
        db,
        # `where` is written in this package; what visitors give is bound.
        "SELECT roles.role, people.id AS person_id, people.name AS person,"  # noqa: S608
        " organisations.id AS organisation_id, organisations.name AS organisation,"
        " events.id AS event_id, events.title AS event, events.date FROM roles"
        " JOIN people ON people.id = roles.person_id"
        " JOIN events ON events.id = roles.event_id"
        " LEFT JOIN organisations ON organisations.id = roles.organisation_id"
        f" WHERE {where} ORDER BY events.date DESC, people.sort_name, roles.rowid",
        value,
    )


def organisation(db: sqlite3.Connection, _visit: Visit, organisation_id: str) -> Row | None:
    """Return an organisation with the people who spoke for it; None when unknown."""
    found = row(db, "SELECT * FROM organisations WHERE id = ?", organisation_id)
    if found is None:
        return None
    said = spoken_for(db, organisation_id)
    return {
        "organisation": found,
        "roles": roles(db, "roles.organisation_id = ?", organisation_id),
        "said": said,
        "spoken_ms": sum(number(one["spoken_ms"]) for one in said),
        "organised": [
            event
            for event in events(db, "organisers LIKE '%' || ? || '%'", organisation_id)
            if organisation_id in parsed(event["organisers"])
        ],
        "unlisted": True,
    }


def spoken_for(db: sqlite3.Connection, organisation_id: str) -> list[Row]:
    """Return what was said by whoever had a role in the organisation on that day."""
    return rows(
        db,
        "SELECT people.name AS person, sessions.title AS session, events.title AS event,"
        " COALESCE(sessions.date, events.date) AS date, turns.recording_id,"
        " MIN(turns.start_ms) AS start_ms, MAX(turns.origin != 'automatic') AS confirmed,"
        " SUM(turns.end_ms - turns.start_ms) AS spoken_ms FROM turns"
        " JOIN sessions ON sessions.id = turns.session_id"
        " JOIN events ON events.id = sessions.event_id"
        " JOIN people ON people.id = turns.person_id"
        " WHERE EXISTS (SELECT 1 FROM roles WHERE roles.person_id = turns.person_id"
        "   AND roles.event_id = events.id AND roles.organisation_id = ?)"
        " GROUP BY sessions.id, people.id ORDER BY date DESC, sessions.position, start_ms",
        organisation_id,
    )
