"""Copy what is public of work.db into the empty tables of a public file, in a fixed order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.public_words import compact, spoken
from archive.schema import BY_NAME
from archive.scope import read_scope, rows

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Collection, Iterable

    from archive.scope import Row, Scope

_UNPUBLISHED_OPTIONS = frozenset(
    {"hotwords", "initial_prompt", "looked_again", "prefix", "windows", "within"}
)
"""Options that hold the names of the people expected, whatever those people wish, or tell when
somebody spoke, in a closed session too."""


def copy_public(
    work: sqlite3.Connection, public: sqlite3.Connection, *, today: dt.date, names: str
) -> None:
    """Copy what is public on that day; `names` is "all" or "confirmed"."""
    scope = read_scope(work, today=today, only_confirmed=names == "confirmed")
    speaking = _copy_words(work, public, scope)
    for table, kept in _programme(work, scope, speaking).items():
        _insert(public, table, kept)
    for table, kept in _recordings(work, scope).items():
        _insert(public, table, kept)


def _insert(public: sqlite3.Connection, table: str, given: Iterable[Row]) -> None:
    columns = [c.name for c in BY_NAME[table].columns_of(public=True)]
    into = ", ".join(f'"{c}"' for c in columns)
    values = ", ".join("?" for _ in columns)
    public.executemany(
        f'INSERT INTO "{table}"({into}) VALUES ({values})',  # noqa: S608 - names of schema.py
        ([row[c] for c in columns] for row in given),
    )


def _of(
    work: sqlite3.Connection, table: str, order: str, **among: Collection[str | None]
) -> list[Row]:
    """Return the rows whose named columns hold one of the given values."""
    return [
        row
        for row in rows(work, table, order)
        if all(row[column] in values for column, values in among.items())
    ]


def _copy_words(work: sqlite3.Connection, public: sqlite3.Connection, scope: Scope) -> set[str]:
    """Copy turns and passages, numbered from 1; return the people that they name."""
    speaking: set[str] = set()
    passages = 0
    for number, (turn, own) in enumerate(spoken(work, scope), 1):
        _insert(public, "turns", [{**turn, "id": number}])
        _insert(
            public,
            "passages",
            ({**p, "id": passages + i, "turn_id": number} for i, p in enumerate(own, 1)),
        )
        passages += len(own)
        speaking |= {turn["person_id"]} - {None}
    return speaking


def _programme(work: sqlite3.Connection, scope: Scope, speaking: set[str]) -> dict[str, list[Row]]:
    programme = _of(
        work,
        "programme",
        "session_id, position",
        session_id=scope.sessions,
        person_id=scope.nameable,
    )
    people = speaking | {row["person_id"] for row in programme}
    roles = _of(
        work, "roles", "event_id, person_id, rowid", event_id=scope.events, person_id=people
    )
    events = _of(work, "events", "date, id", id=scope.events)
    organisations = {row["organisation_id"] for row in roles}
    organisations |= {o for e in events for o in json.loads(e["organisers"] or "[]")}
    return {
        "series": _of(work, "series", "id", id={e["series_id"] for e in events}),
        "events": events,
        "organisations": _of(work, "organisations", "id", id=organisations),
        "people": _of(work, "people", "id", id=people),
        "names": _names(work, scope, people, organisations),
        "roles": roles,
        "sessions": _sessions(scope),
        "links": _of(
            work,
            "links",
            "event_id, rowid",
            event_id=scope.events,
            session_id={None, *scope.sessions},
        ),
        "programme": programme,
        "glossary": _glossary(work, scope),
    }


def _sessions(scope: Scope) -> list[Row]:
    """Public sessions whole; of a break the title and the time of day alone."""
    bare = {"recording_id": None, "from_ms": None, "to_ms": None, "summary": None}
    breaks = [{**r, **bare} for r in scope.breaks.values() if r["event_id"] in scope.events]
    return sorted((*scope.sessions.values(), *breaks), key=lambda r: (r["event_id"], r["position"]))


def _names(
    work: sqlite3.Connection, scope: Scope, people: set[str], organisations: set[str]
) -> list[Row]:
    known = {"person": people, "same": people, "organisation": organisations}
    kept = {
        (row["kind"], row["id"], row["spelling"]): row
        for row in _of(work, "names", "kind, id, spelling, event_id", event_id=scope.events)
        if row["id"] in known[row["kind"]]
    }
    return list(kept.values())


def _glossary(work: sqlite3.Connection, scope: Scope) -> list[Row]:
    found = _of(work, "glossary", "term, means, event_id", event_id=scope.events)
    return list({(row["term"], row["means"]): row for row in found}.values())


def _recordings(work: sqlite3.Connection, scope: Scope) -> dict[str, list[Row]]:
    shown = scope.recordings
    captures = _of(work, "captures", "recording_id, position", recording_id=shown)
    by_time = "recording_id, start_ms, end_ms, rowid"
    withheld = _of(work, "withheld", by_time, recording_id=shown)
    provenance = _of(
        work,
        "provenance",
        "recording_id, rowid",
        recording_id=shown,
        session_id={None, *scope.sessions},
    )
    return {
        "recordings": _of(work, "recordings", "id", id=shown),
        "captures": [{**row, "id": number} for number, row in enumerate(captures, 1)],
        "gaps": _of(work, "gaps", by_time, recording_id=shown),
        "withheld": [
            row
            for row in withheld
            if scope.holds(row["recording_id"], row["start_ms"], row["end_ms"])
        ],
        "notices": _of(work, "notices", by_time, recording_id=shown),
        "provenance": [{**row, "options": _without_names(row["options"])} for row in provenance],
    }


def _without_names(options: str | None) -> str | None:
    return None if options is None else compact(_pruned(json.loads(options)))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _pruned(v) for k, v in value.items() if k not in _UNPUBLISHED_OPTIONS}
    return [_pruned(v) for v in value] if isinstance(value, list) else value
