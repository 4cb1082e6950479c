"""What of work.db may be published: which sessions, which stretches, whose names.

A stretch of a recording is public where a public session covers it and no break, closed or
later session does: where both claim it, it stays private.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Row = dict[str, Any]
Stretch = tuple[int, int]
"""Half-open, in milliseconds of the recording."""

_END_OF_TIME = 1 << 62


def rows(work: sqlite3.Connection, table: str, order: str) -> Iterator[Row]:
    """Yield a table's rows as dicts; `work` gives sqlite3.Row."""
    statement = f'SELECT * FROM "{table}" ORDER BY {order}'  # noqa: S608 - names of schema.py
    return (dict(row) for row in work.execute(statement))


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be published.

    `sessions` are the public ones and `breaks` those shown by their title alone, by id;
    `stretches` gives what is public of each session, `recordings` of each recording;
    `nameable` may be named, and what `silenced` say is left out.
    """

    sessions: Mapping[str, Row]
    breaks: Mapping[str, Row]
    stretches: Mapping[str, tuple[Stretch, ...]]
    recordings: Mapping[str, tuple[Stretch, ...]]
    nameable: frozenset[str]
    silenced: frozenset[str]
    only_confirmed: bool

    @property
    def events(self) -> frozenset[str]:
        """Events with something public in them."""
        return frozenset(s["event_id"] for s in self.sessions.values())

    def holds(self, recording: str, start_ms: int, end_ms: int) -> bool:
        """Tell whether a stretch of a recording is public as a whole."""
        return any(a <= start_ms and end_ms <= b for a, b in self.recordings.get(recording, ()))

    def holds_word(self, session: Row, start_ms: int, end_ms: int) -> bool:
        """Tell whether a word is this session's: its middle lies in it, all of it in public."""
        middle = (start_ms + end_ms) // 2
        return self.holds(session["recording_id"], start_ms, end_ms) and any(
            a <= middle < b for a, b in self.stretches[session["id"]]
        )


def read_scope(work: sqlite3.Connection, *, today: dt.date, only_confirmed: bool) -> Scope:
    """Read from work.db what is public on that day."""
    sessions: dict[str, Row] = {}
    breaks: dict[str, Row] = {}
    private: list[Row] = []
    for row in rows(work, "sessions", "id"):
        if row["kind"] == "break" or not _is_open(row, today):
            private.append(row)
            if row["kind"] == "break" and _is_open(row, today):
                breaks[row["id"]] = row
        else:
            sessions[row["id"]] = row
    stretches = {name: _stretches(row, private) for name, row in sessions.items()}
    of_recording: dict[str, list[Stretch]] = {}
    for name, row in sessions.items():
        if row["recording_id"]:
            of_recording.setdefault(row["recording_id"], []).extend(stretches[name])
    wishes = {row["id"]: row["publish"] for row in rows(work, "people", "id")}
    return Scope(
        sessions,
        breaks,
        stretches,
        {recording: _joined(parts) for recording, parts in of_recording.items()},
        frozenset(p for p, wish in wishes.items() if wish == "yes"),
        frozenset(p for p, wish in wishes.items() if wish == "nothing"),
        only_confirmed,
    )


def _is_open(session: Row, today: dt.date) -> bool:
    since = session["public_from"]
    return session["access"] != "closed" and (since is None or since <= today.isoformat())


def _stretch(session: Row) -> Stretch:
    start, end = session["from_ms"], session["to_ms"]
    return (0 if start is None else start, _END_OF_TIME if end is None else end)


def _stretches(session: Row, private: Sequence[Row]) -> tuple[Stretch, ...]:
    """Return the session's stretch, less those of what is private on the same recording."""
    free = [_stretch(session)] if session["recording_id"] else []
    for row in private:
        if row["recording_id"] == session["recording_id"]:
            start, end = _stretch(row)
            parts = (p for a, b in free for p in ((a, min(b, start)), (max(a, end), b)))
            free = [part for part in parts if part[0] < part[1]]
    return tuple(free)


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Sorted and disjoint, touching ones as one: a word may lie across two public sessions."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
