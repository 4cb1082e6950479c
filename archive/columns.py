"""What filters, facets and ranking ask of each passage, as columns in memory.

A published file never changes, so they are read once for all the searches of a process: about
16 bytes a passage. To ask SQLite for the speaker of each hit costs over ten times what finding it
does.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

FACETS = ("person", "organisation", "event", "series", "year", "kind", "origin")
_OF_SESSION = ("event", "series", "year", "kind", "recording")
_FILES_KEPT = 2
"""The file that is shown, and the one before it while answers are still made from it."""

_SESSIONS = """
SELECT s.id, s.event_id, e.series_id, SUBSTR(COALESCE(s.date, e.date), 1, 4), s.kind, s.recording_id
FROM sessions s JOIN events e ON e.id = s.event_id
"""
_TURNS = "SELECT id, session_id, person_id, origin FROM turns ORDER BY id"
_HOMES = """
SELECT DISTINCT person_id, event_id, organisation_id FROM roles WHERE organisation_id IS NOT NULL
"""
_LABELS = {
    "person": "SELECT id, name FROM people",
    "organisation": "SELECT id, name FROM organisations",
    "event": "SELECT id, title FROM events",
    "series": "SELECT id, title FROM series",
}


class Coded:
    """Values in the order in which they were met; code 0 is None, "not told"."""

    def __init__(self) -> None:
        self.values: list[str | None] = [None]
        self._codes: dict[str | None, int] = {None: 0}

    def add(self, values: Sequence[str | None]) -> Codes:
        """Return the codes of some values, new ones for those that are new."""
        for value in dict.fromkeys(values):
            if value not in self._codes:
                self._codes[value] = len(self.values)
                self.values.append(value)
        return np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values))

    def code(self, value: str | None) -> int | None:
        """Return the code of a value; None where it was never met."""
        return self._codes.get(value)


@dataclass(frozen=True, slots=True)
class Columns:
    """One row for each passage number from 0 to `last`; row 0 and missing numbers are of nothing.

    `session`, `person`, `origin` and `speaker` hold codes; a speaker is a person with organisations
    at an event, 0 anybody else, and `homes` [pairs, 2] are speakers with each of their
    organisations. `of_session` has the codes by session of each facet that a session tells.
    """

    last: int
    session: Codes
    person: Codes
    origin: Codes
    speaker: Codes
    of_session: Mapping[str, Codes]
    homes: Codes
    coded: Mapping[str, Coded]
    labels: Mapping[str, Mapping[str, str]]

    def counts(self, facet: str, passages: Numbers) -> Numbers:
        """Return how many of some passages have each value of a facet, by its code."""
        values = len(self.coded[facet].values)
        if facet == "organisation":
            speaker, organisation = self.homes.T
            by_speaker = np.bincount(self.speaker[passages], minlength=len(self.homes) + 1)
            return np.bincount(organisation, by_speaker[speaker], values).astype(np.int64)
        if facet in self.of_session:
            codes = self.of_session[facet]
            by_session = np.bincount(self.session[passages], minlength=len(codes))
            return np.bincount(codes, by_session, values).astype(np.int64)
        return np.bincount(self._own(facet)[passages], minlength=values)

    def passing(self, filters: Mapping[str, str]) -> Mask:
        """Return which passages pass all filters, by facet or "recording"."""
        passing = self.session > 0
        for name, value in filters.items():
            passing &= self._having(name, self.coded[name].code(value))
        return passing

    def _having(self, facet: str, code: int | None) -> Mask:
        if code is None:
            return np.zeros(self.last + 1, np.bool_)
        if facet == "organisation":
            speaker, organisation = self.homes.T
            return np.isin(self.speaker, speaker[organisation == code])
        if facet in self.of_session:
            return np.isin(self.session, np.flatnonzero(self.of_session[facet] == code))
        return np.equal(self._own(facet), code)

    def _own(self, facet: str) -> Codes:
        return self.person if facet == "person" else self.origin


_Key = tuple[str, int, int, int]
_kept: OrderedDict[_Key, Columns] = OrderedDict()
_lock = Lock()


def columns_of(db: sqlite3.Connection) -> Columns:
    """Return the columns of a published file, read when it is asked for the first time."""
    file = db.execute("PRAGMA database_list").fetchone()[2]
    if not file:
        return _read(db)
    with _lock:
        key = _key(file)
        found = _kept.get(key)
    if found is None:
        found = _read(db)  # by several threads perhaps: none waits for another file's
        with _lock:
            _kept[key] = found
            while len(_kept) > _FILES_KEPT:
                _kept.popitem(last=False)
    return found


def _key(file: str) -> _Key:
    """Return what tells a file from others; of one that was deleted, what told it before.

    A withdrawal deletes the file that is shown, while its connections still answer.
    """
    try:
        status = Path(file).stat()
    except FileNotFoundError:
        return next((key for key in _kept if key[0] == file), (file, 0, 0, 0))
    return file, status.st_ino, status.st_size, status.st_mtime_ns


def numbers(
    db: sqlite3.Connection, select: str, values: Mapping[str, object] | None = None
) -> Numbers:
    """Return the whole numbers that a SELECT of one column `n` finds, none of them NULL.

    SQLite hands them over as one text: row by row each costs three times as much, and Python's
    lock is held.
    """
    together = f"SELECT group_concat(n) FROM ({select})"  # noqa: S608
    (listed,) = db.execute(together, values or {}).fetchone()
    return np.fromstring(listed or "", np.int64, sep=",")


def _read(db: sqlite3.Connection) -> Columns:
    """Read the columns: two seconds for a million passages."""
    coded = {name: Coded() for name in (*FACETS, "recording")}
    sessions = list(zip(*db.execute(_SESSIONS), strict=True)) or [()] * (len(_OF_SESSION) + 1)
    of_session = {
        name: coded[name].add([None, *values])
        for name, values in zip(_OF_SESSION, sessions[1:], strict=True)
    }
    places = Coded()
    places.add(sessions[0])
    spoken = list(zip(*db.execute(_TURNS), strict=True)) or [()] * 4
    turns, session = np.array(spoken[0], np.int64), places.add(spoken[1])
    person, origin = coded["person"].add(spoken[2]), coded["origin"].add(spoken[3])
    speaker, homes = _speakers(db, coded, person, of_session["event"][session])
    passages = numbers(db, "SELECT id AS n FROM passages ORDER BY turn_id, id")
    of_turn = numbers(db, "SELECT turn_id AS n FROM passages ORDER BY turn_id, id")
    turn = np.searchsorted(turns, of_turn)
    last = int(passages.max(initial=0))

    def spread(values: Codes) -> Codes:
        rows = np.zeros(last + 1, np.int32)
        rows[passages] = values[turn]
        return rows

    return Columns(
        last=last,
        session=spread(session),
        person=spread(person),
        origin=spread(origin),
        speaker=spread(speaker),
        of_session=of_session,
        homes=homes,
        coded=coded,
        labels={facet: dict(db.execute(select)) for facet, select in _LABELS.items()},
    )


def _speakers(
    db: sqlite3.Connection, coded: Mapping[str, Coded], person: Codes, event: Codes
) -> tuple[Codes, Codes]:
    """Return the speaker that each person at an event is, and the organisations of each."""
    told = list(zip(*db.execute(_HOMES), strict=True)) or [()] * 3
    people, events, organisations = (
        coded[name].add(values)
        for name, values in zip(("person", "event", "organisation"), told, strict=True)
    )
    width = len(coded["event"].values)
    known, of_home = np.unique(people.astype(np.int64) * width + events, return_inverse=True)
    homes = np.column_stack([of_home + 1, organisations]).astype(np.int32)
    asked = person.astype(np.int64) * width + event
    place = np.searchsorted(known, asked)
    found = known[np.minimum(place, len(known) - 1)] == asked if len(known) else asked < 0
    return np.where(found, place + 1, 0).astype(np.int32), homes
