"""The home page, the list of events, the list of people, and the page about the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.corrections.model import NOBODY_NAMED
from archive.search import Query, search
from archive.site.accuracy import accuracy
from archive.site.reading import Row, Visit, events, number, row, rows, speakers, text

if TYPE_CHECKING:
    import sqlite3

NEWEST_EVENTS = 6
HOME_PEOPLE = 12
HOME_TERMS = 20


def figures(db: sqlite3.Connection) -> Row:
    """Count what the archive holds: events, sessions, people, lengths, share confirmed."""
    found = row(
        db,
        "SELECT (SELECT COUNT(*) FROM events) AS events,"
        " (SELECT COUNT(*) FROM recordings WHERE status IN ('ok', 'partial')) AS recordings,"
        " (SELECT COUNT(DISTINCT person_id) FROM turns WHERE person_id <> ?1) AS people,"
        " (SELECT COALESCE(SUM(end_ms - start_ms), 0) FROM turns) AS spoken_ms,"
        " (SELECT COALESCE(SUM(end_ms - start_ms), 0) FROM turns WHERE person_id <> ?1)"
        "   AS named_ms,"
        " (SELECT COALESCE(SUM(end_ms - start_ms), 0) FROM turns"
        "   WHERE person_id <> ?1 AND origin IN ('confirmed', 'corrected')) AS confirmed_ms",
        NOBODY_NAMED[0],
    )
    assert found is not None
    spoken = number(found["spoken_ms"])
    minutes = round(spoken / 60_000)
    share = round(100 * number(found["confirmed_ms"]) / spoken) if spoken else 0
    return {**found, "minutes": minutes, "confirmed_percent": share}


def home(db: sqlite3.Connection, _visit: Visit) -> Row:
    """Return what the home page shows."""
    return {
        "figures": figures(db),
        "events": events(db)[:NEWEST_EVENTS],
        "people": speakers(db, HOME_PEOPLE),
        "terms": terms(db)[:HOME_TERMS],
    }


def terms(db: sqlite3.Connection) -> list[Row]:
    """Return the terms of glossaries and programmes that are said, the most frequent first.

    Counted as search counts them, in passages.
    """
    known = rows(
        db,
        "SELECT term, MAX(means) AS means FROM (SELECT term, means FROM glossary"
        " UNION ALL SELECT name, NULL FROM organisations) GROUP BY term",
    )
    for term in known:
        term["passages"] = search(db, Query(text=text(term["term"]), size=1)).total
    said = [term for term in known if term["passages"]]
    return sorted(said, key=lambda term: (-number(term["passages"]), text(term["term"])))


def event_list(db: sqlite3.Connection, _visit: Visit) -> Row:
    """Return every event, the latest first, year by year."""
    years: dict[str, list[Row]] = {}
    for event in events(db):
        years.setdefault(str(event["date"])[:4], []).append(event)
    return {"years": years}


def people_list(db: sqlite3.Connection, _visit: Visit) -> Row:
    """Return everyone who speaks or was announced, by name."""
    people = rows(
        db,
        "SELECT people.id, people.name, people.sort_name,"
        " COALESCE(SUM(turns.end_ms - turns.start_ms), 0) AS spoken_ms,"
        " COALESCE(MAX(turns.origin = 'automatic') AND NOT"
        "   MAX(turns.origin IN ('confirmed', 'corrected')), 0) AS doubtful"
        " FROM people LEFT JOIN turns ON turns.person_id = people.id"
        " GROUP BY people.id ORDER BY people.sort_name, people.name",
    )
    return {"people": people, "unlisted": True}


def about(db: sqlite3.Connection, visit: Visit) -> Row:
    """Return the figures, the tools behind the words, how right they are, and the licences."""
    tools = rows(
        db,
        "SELECT DISTINCT step, tool, version, model FROM provenance WHERE step <> 'correction'"
        " ORDER BY step, tool, version",
    )
    licences = rows(
        db, "SELECT DISTINCT licence FROM events WHERE licence IS NOT NULL ORDER BY licence"
    )
    return {
        "figures": figures(db),
        "tools": tools,
        "accuracy": accuracy(db, visit.texts),
        "licences": licences,
    }


def missing(_db: sqlite3.Connection, _visit: Visit) -> Row:
    """Return what the page for an unknown address shows: nothing of the file."""
    return {}
