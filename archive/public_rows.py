"""Copy what is public of work.db into the empty tables of a public file, in a fixed order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archive.corrections.applied import Corrected
from archive.corrections.model import NOBODY_NAMED, newcomers
from archive.corrections.wishes import Mask, spellings
from archive.public_words import spoken
from archive.schema import BY_NAME
from archive.scope import read_scope, rows
from archive.values import canonical

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

    from archive.corrections.overlay import Laid
    from archive.scope import Row, Scope

_UNPUBLISHED_OPTIONS = frozenset(
    {"hotwords", "initial_prompt", "known", "looked_again", "prefix", "windows", "within"}
)
"""Options that hold the names of the people expected, whatever those people wish, or tell when
somebody spoke, in a closed session too."""


@dataclass
class _Spoken:
    """What was copied of words: whom they name, and the rows of the corrections in them."""

    people: set[str] = field(default_factory=set)
    corrections: list[Row] = field(default_factory=list)
    restored: set[tuple[str, int, int]] = field(default_factory=set)


def copy_public(
    work: sqlite3.Connection, public: sqlite3.Connection, *, today: dt.date, names: str
) -> None:
    """Copy what is public on that day; `names` is "all" or "confirmed"."""
    corrected = Corrected(work)
    scope = read_scope(work, corrected, today=today, only_confirmed=names == "confirmed")
    mask = Mask(spellings(work, corrected.wishes))
    told = _copy_words(public, corrected, scope, mask)
    for table, kept in _programme(work, corrected, scope, told.people).items():
        _insert(public, table, map(mask.row, kept))
    for table, kept in _recordings(work, scope, told).items():
        _insert(public, table, map(mask.row, kept))


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


def _copy_words(
    public: sqlite3.Connection, corrected: Corrected, scope: Scope, mask: Mask
) -> _Spoken:
    """Copy turns and passages, numbered from 1."""
    told = _Spoken()
    turns = passages = 0
    for recording in corrected.recordings:
        laid = corrected.laid(recording)
        for turn, own in spoken(recording, laid.turns, scope, mask):
            turns += 1
            _insert(public, "turns", [{**turn, "id": turns}])
            _insert(
                public,
                "passages",
                ({**p, "id": passages + i, "turn_id": turns} for i, p in enumerate(own, 1)),
            )
            passages += len(own)
            told.people |= {turn["person_id"]} - {None}
        told.corrections += _corrections(corrected, recording, laid, scope)
        told.restored |= {(recording, s.start_ms, s.end_ms) for s in laid.restored}
    return told


def _corrections(corrected: Corrected, recording: str, laid: Laid, scope: Scope) -> Iterator[Row]:
    """Yield what people put right of a recording's public words; who they are stays in work.db."""
    for correction in corrected.corrections:
        places: list[dict[str, object]] = [
            {"start_ms": found.stretch.start_ms, "end_ms": found.stretch.end_ms}
            for found in laid.landed.get(correction.id, ())
            if found.state != "lost"
            and scope.holds(recording, found.stretch.start_ms, found.stretch.end_ms)
        ]
        if any(scope.holds(recording, *times) for times in laid.mended.get(correction.id, ())):
            places = [{"from": correction.facts["from"], "to": correction.facts["to"]}]
        for place in places if correction.kind != "withdraw" else ():
            yield {
                **dict.fromkeys(c.name for c in BY_NAME["provenance"].columns),
                "recording_id": recording,
                "step": "correction",
                "tool": "a person",
                "options": canonical({"kind": correction.kind, **place}),
                "made_at": correction.made_at,
            }


def _programme(
    work: sqlite3.Connection, corrected: Corrected, scope: Scope, speaking: set[str]
) -> dict[str, list[Row]]:
    programme = [
        {**row, "person_id": NOBODY_NAMED[0]} if row["person_id"] in scope.unnamed else row
        for row in _of(work, "programme", "session_id, position", session_id=scope.sessions)
        if row["person_id"] not in scope.silenced
    ]
    people = speaking | {row["person_id"] for row in programme}
    roles = _of(
        work, "roles", "event_id, person_id, rowid", event_id=scope.events, person_id=people
    )
    roles += _new_roles(work, corrected, scope, people)
    events = _of(work, "events", "date, id", id=scope.events)
    organisations = {row["organisation_id"] for row in roles}
    organisations |= {o for e in events for o in json.loads(e["organisers"] or "[]")}
    return {
        "series": _of(work, "series", "id", id={e["series_id"] for e in events}),
        "events": events,
        "organisations": _of(work, "organisations", "id", id=organisations),
        "people": [*_of(work, "people", "id", id=people), *_nobody_named(people)],
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


def _nobody_named(people: set[str]) -> Iterator[Row]:
    identifier, name = NOBODY_NAMED
    if identifier in people:
        yield {"id": identifier, "name": name, "sort_name": name}


def _new_roles(
    work: sqlite3.Connection, corrected: Corrected, scope: Scope, people: set[str]
) -> list[Row]:
    """Return the roles that corrections give to people whom no programme knows, each once."""
    known = {row["id"] for row in rows(work, "organisations", "id")}
    found = []
    for person, correction in newcomers(corrected.corrections):
        event = str(correction.recording).partition("/")[0]
        role, organisation = (correction.facts.get(key) for key in ("role", "organisation"))
        row = {
            "person_id": person,
            "event_id": event,
            "role": role,
            "organisation_id": organisation if organisation in known else None,
        }
        if person in people and event in scope.events and role and row not in found:
            found.append(row)
    return found


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


def _recordings(work: sqlite3.Connection, scope: Scope, told: _Spoken) -> dict[str, list[Row]]:
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
            and (row["recording_id"], row["start_ms"], row["end_ms"]) not in told.restored
        ],
        "notices": _notices(scope),
        "provenance": [
            *({**row, "options": _without_names(row["options"])} for row in provenance),
            *(row for row in told.corrections if row["recording_id"] in shown),
        ],
    }


def _notices(scope: Scope) -> list[Row]:
    """Return a note in the place of each stretch that was withdrawn."""
    return [
        {
            "recording_id": recording,
            "start_ms": gone.start_ms,
            "end_ms": gone.end_ms,
            "kind": "withdrawn",
            "date": gone.date,
        }
        for recording in sorted(scope.withdrawn)
        for gone in scope.withdrawn[recording]
    ]


def _without_names(options: str | None) -> str | None:
    return None if options is None else canonical(_pruned(json.loads(options)))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _pruned(v) for k, v in value.items() if k not in _UNPUBLISHED_OPTIONS}
    return [_pruned(v) for v in value] if isinstance(value, list) else value
