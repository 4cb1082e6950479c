"""Recordings as they are with everything that people put right: read from work.db, one by one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archive.corrections import model
from archive.corrections.ground import Landed, land, read_grounds
from archive.corrections.overlay import Laid, overlay, words_of
from archive.corrections.wishes import effective, same_people

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from archive.corrections.ground import Grounds
    from archive.corrections.model import Correction, Wish

Row = dict[str, Any]

# Newest recording first, then by time: the order in which search lists by date.
_RECORDINGS = """
SELECT r.id FROM recordings r JOIN events e ON e.id = r.event_id
ORDER BY (SELECT MIN(COALESCE(s.date, e.date)) FROM sessions s WHERE s.recording_id = r.id) DESC,
         r.event_id, r.id
"""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A stretch of a recording, in ms, that somebody asked to take away, and the day of it."""

    start_ms: int
    end_ms: int
    date: str


class Corrected:
    """work.db with its corrections; whatever it tells is read once and taken as it then is."""

    def __init__(self, work: sqlite3.Connection) -> None:
        self._work = work
        self.corrections: tuple[Correction, ...] = model.read(work)
        self.wishes: Mapping[str, Wish] = effective(work, model.wishes(self.corrections))

    @cached_property
    def grounds(self) -> Grounds:
        """Where the captures stand."""
        return read_grounds(self._work)

    @cached_property
    def recordings(self) -> tuple[str, ...]:
        """Every recording, the newest first."""
        return tuple(row[0] for row in self._work.execute(_RECORDINGS).fetchall())

    def laid(self, recording: str) -> Laid:
        """Return a recording's turns with the corrections laid over them."""
        turns = self._turns(recording)
        concerned = [c for c in self.corrections if self._concerns(c, recording)]
        if not concerned:
            return Laid(turns)
        sessions = _rows(
            self._work,
            "SELECT id, from_ms, to_ms FROM sessions WHERE recording_id = ? ORDER BY position",
            recording,
        )
        return overlay(recording, turns, sessions, concerned, self.grounds)

    def _concerns(self, correction: Correction, recording: str) -> bool:
        """Tell whether a correction may be about a recording's words or names."""
        if correction.kind == "replace":
            within = correction.facts["within"]
            return not within or recording.startswith(f"{within}/") or "/" in within
        return correction.recording == recording or any(
            name == recording
            for stretch in correction.stretches
            for name, _ in self.grounds.captures.get(stretch.capture, ())
        )

    def _turns(self, recording: str) -> list[Row]:
        passages: dict[int, list[Row]] = defaultdict(list)
        for row in _rows(
            self._work,
            "SELECT p.* FROM passages p JOIN turns t ON t.id = p.turn_id "
            "WHERE t.recording_id = ? ORDER BY p.start_ms, p.id",
            recording,
        ):
            passages[row["turn_id"]].append(row)
        turns = _rows(
            self._work,
            "SELECT * FROM turns WHERE recording_id = ? ORDER BY start_ms, end_ms, id",
            recording,
        )
        return [{**turn, "passages": passages[turn["id"]]} for turn in turns]

    def withdrawn(self, recording: str) -> list[Withdrawal]:
        """Return what was withdrawn of a recording: stretches, and all that people said.

        A stretch whose sound cannot be found again is withdrawn where it was, too: what is
        taken away by mistake can be put back, what is shown by mistake cannot.
        """
        found = [
            Withdrawal(place.stretch.start_ms, place.stretch.end_ms, day)
            for place, day in self._withdrawn.get(recording, ())
        ]
        if recording in self._speaking_of_silenced:
            found += [
                Withdrawal(turn["start_ms"], turn["end_ms"], self._silenced[turn["person_id"]])
                for turn in self.laid(recording).turns
                if turn["person_id"] in self._silenced
            ]
        return found

    @cached_property
    def _withdrawn(self) -> Mapping[str, Sequence[tuple[Landed, str]]]:
        """Stretches that were withdrawn, and the day of it, by the recording they are in now."""
        found: dict[str, list[tuple[Landed, str]]] = defaultdict(list)
        for correction in self.corrections:
            if correction.takes_away:
                for place in self.places(correction):
                    found[place.recording].append((place, correction.made_at[:10]))
        return found

    @cached_property
    def _speaking_of_silenced(self) -> frozenset[str]:
        """Recordings in which somebody may speak who asked for all that she said to go."""
        said = self._work.execute("SELECT DISTINCT recording_id, person_id FROM turns").fetchall()
        named = {recording for recording, person in said if person in self._silenced}
        for correction in self.corrections:
            people = {s.person for s in correction.stretches if correction.is_about_names}
            if people & self._silenced.keys():
                named |= {r for r in self.recordings if self._concerns(correction, r)}
        return frozenset(named)

    @cached_property
    def _silenced(self) -> Mapping[str, str]:
        """The day on which people asked for all that they said to go, by each of their ids."""
        same = same_people(self._work)
        days: dict[str, str] = {}
        for correction in self.corrections:
            if correction.facts.get("wish") == "nothing":
                for person in correction.whose:
                    for one in same.get(person, {person}):
                        days.setdefault(one, correction.made_at[:10])
        return days

    def places(self, correction: Correction) -> Iterator[Landed]:
        """Yield wherever what a correction takes away is today; if that is lost, where it was."""
        for stretch in correction.stretches:
            recording = str(correction.recording)
            holding = tuple(self.grounds.holding(stretch))
            yield from (land(ground, recording, stretch, ()) for ground in holding)
            if holding:
                continue
            yield Landed(recording, stretch, "lost")
            ground = self.grounds.of(recording, stretch)
            if ground is not None and stretch.heard:
                said = words_of(self._turns(recording))
                place = land(ground, recording, stretch, said)
                if place.state == "moved":
                    yield place


def _rows(db: sqlite3.Connection, query: str, *values: object) -> list[Row]:
    found = db.execute(query, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
