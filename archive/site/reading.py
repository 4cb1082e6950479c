"""Small readings of the public file that several pages share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from archive.site.links import Links
    from archive.site.settings import SiteSettings
    from archive.site.texts import Texts

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page may know besides the public file: who asks is not among it.

    `query` holds the first value of each name of the address's query.
    """

    site: SiteSettings
    texts: Texts
    links: Links
    query: dict[str, str]


def rows(db: sqlite3.Connection, sql: str, *values: object) -> list[Row]:
    """Run a reading and return its rows by column name, whatever the row factory is."""
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def row(db: sqlite3.Connection, sql: str, *values: object) -> Row | None:
    """Return the first row of a reading; None when there is none."""
    found = rows(db, sql, *values)
    return found[0] if found else None


def number(value: object) -> int:
    """Return an integer column's value; 0 where it is NULL."""
    return value if isinstance(value, int) else 0


def text(value: object) -> str:
    """Return a text column's value; "" where it is NULL."""
    return "" if value is None else str(value)


def roles_at(db: sqlite3.Connection, event_id: str) -> dict[str, str]:
    """Return each person's roles at an event in words, as "role, organisation; …"."""
    spoken: dict[str, list[str]] = {}
    for found in rows(
        db,
        "SELECT person_id, role, organisations.name AS organisation FROM roles"
        " LEFT JOIN organisations ON organisations.id = organisation_id"
        " WHERE event_id = ? ORDER BY roles.rowid",
        event_id,
    ):
        words = ", ".join(text(found[k]) for k in ("role", "organisation") if found[k])
        spoken.setdefault(text(found["person_id"]), []).append(words)
    return {person: "; ".join(words) for person, words in spoken.items()}


def events(db: sqlite3.Connection, where: str = "1", *values: object) -> list[Row]:
    """Return events, the latest first, with their minutes, sessions and first poster.

    `where` is one of this package's own conditions on `events`, never a visitor's words.
    """
    return rows(
        db,
        # `where` is written in this package; what visitors give is bound.
        "SELECT events.*, series.title AS series,"  # noqa: S608
        " (SELECT COUNT(*) FROM sessions WHERE event_id = events.id AND kind IS NOT 'break')"
        "   AS sessions,"
        " (SELECT COALESCE(SUM(turns.end_ms - turns.start_ms), 0) FROM turns"
        "   JOIN sessions ON sessions.id = session_id WHERE event_id = events.id) AS spoken_ms,"
        " (SELECT poster FROM recordings WHERE event_id = events.id AND poster IS NOT NULL"
        "   ORDER BY id LIMIT 1) AS poster"
        " FROM events LEFT JOIN series ON series.id = events.series_id"
        f" WHERE {where} ORDER BY date DESC, events.id",
        *values,
    )


def speakers(db: sqlite3.Connection, limit: int) -> list[Row]:
    """Return who speaks most, with the length and how much of it a person confirmed."""
    return rows(
        db,
        "SELECT people.id, people.name, SUM(turns.end_ms - turns.start_ms) AS spoken_ms,"
        " MAX(turns.origin IN ('confirmed', 'corrected')) AS confirmed,"
        " COUNT(DISTINCT turns.recording_id) AS recordings"
        " FROM people JOIN turns ON turns.person_id = people.id"
        " GROUP BY people.id ORDER BY spoken_ms DESC, people.sort_name LIMIT ?",
        limit,
    )


def parsed(value: object) -> list[object]:
    """Return a JSON column's list; an empty one where it is NULL or no list."""
    try:
        found = json.loads(text(value) or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []
