"""The pages of an event and of a series: what was announced, and what was held of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.site.links import Links
from archive.site.reading import Row, Visit, events, number, parsed, row, rows, text

if TYPE_CHECKING:
    import sqlite3

SERIES_PEOPLE = 24


def event(db: sqlite3.Connection, visit: Visit, event_id: str) -> Row | None:
    """Return an event with its sessions and who was announced; None when unknown."""
    found = events(db, "events.id = ?", event_id)
    if not found:
        return None
    announced = people_by_session(db, event_id)
    sessions = rows(
        db,
        "SELECT sessions.*, recordings.status, recordings.duration_ms, recordings.missing_ms,"
        " (SELECT COALESCE(SUM(end_ms - start_ms), 0) FROM turns WHERE session_id = sessions.id)"
        "   AS spoken_ms"
        " FROM sessions LEFT JOIN recordings ON recordings.id = sessions.recording_id"
        " WHERE sessions.event_id = ? ORDER BY sessions.position, sessions.id",
        event_id,
    )
    links = rows(db, "SELECT * FROM links WHERE event_id = ? ORDER BY rowid", event_id)
    for session in sessions:
        people = announced.get(text(session["id"]), [])
        session["chair"] = [p for p in people if p["part"] == "chair"]
        session["speakers"] = [p for p in people if p["part"] != "chair"]
        session["links"] = [link for link in links if link["session_id"] == session["id"]]
        session["held"] = session["status"] in ("ok", "partial")
    return {
        "event": found[0],
        "organisers": organisers(db, found[0]["organisers"]),
        "sessions": sessions,
        "links_out": [link for link in links if not link["session_id"]],
        "far": Links.from_afar(visit.site.url),
        "missing_ms": sum({s["recording_id"]: number(s["missing_ms"]) for s in sessions}.values()),
    }


def people_by_session(db: sqlite3.Connection, event_id: str) -> dict[str, list[Row]]:
    """Return who was announced in each session, in order, with the part and whether heard."""
    found: dict[str, list[Row]] = {}
    for person in rows(
        db,
        "SELECT programme.session_id, programme.part, people.id, people.name,"
        " EXISTS (SELECT 1 FROM turns WHERE turns.session_id = programme.session_id"
        "   AND turns.person_id = people.id) AS heard"
        " FROM programme JOIN people ON people.id = programme.person_id"
        " JOIN sessions ON sessions.id = programme.session_id"
        " WHERE sessions.event_id = ? ORDER BY programme.position",
        event_id,
    ):
        found.setdefault(text(person["session_id"]), []).append(person)
    return found


def series(db: sqlite3.Connection, _visit: Visit, series_id: str) -> Row | None:
    """Return a series with its events, the first one first, and who spoke; None when unknown."""
    found = row(db, "SELECT * FROM series WHERE id = ?", series_id)
    if found is None:
        return None
    held = events(db, "series_id = ?", series_id)[::-1]
    people = rows(
        db,
        "SELECT people.id, people.name, SUM(turns.end_ms - turns.start_ms) AS spoken_ms,"
        " MAX(turns.origin != 'automatic') AS confirmed, COUNT(DISTINCT events.id) AS events"
        " FROM people JOIN turns ON turns.person_id = people.id"
        " JOIN sessions ON sessions.id = turns.session_id"
        " JOIN events ON events.id = sessions.event_id WHERE events.series_id = ?"
        " GROUP BY people.id ORDER BY events DESC, spoken_ms DESC, people.sort_name LIMIT ?",
        series_id,
        SERIES_PEOPLE,
    )
    spoken = sum(number(one["spoken_ms"]) for one in held)
    return {"series": found, "events": held, "people": people, "spoken_ms": spoken}


def organisers(db: sqlite3.Connection, value: object) -> list[Row]:
    """Return the organisers; with an id where the archive knows the organisation."""
    names = [str(name) for name in parsed(value)]
    known = {text(o["id"]): o for o in rows(db, "SELECT id, name FROM organisations")}
    return [known.get(name, {"id": None, "name": name}) for name in names]
