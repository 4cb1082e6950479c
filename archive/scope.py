"""What of work.db may be published: which sessions, which stretches, whose names.

A stretch of a recording is public where a public session covers it and no break, closed or
later session does: where both claim it, it stays private.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.corrections.applied import Withdrawal

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archive.corrections.applied import Corrected

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
    `hidden` is what is kept from the public of each recording, `withdrawn` the part of it that
    would be public and was taken away. `closed` sessions are not public today. Who is `unnamed`
    is not named, and what `silenced` say is left out.
    """

    sessions: Mapping[str, Row]
    breaks: Mapping[str, Row]
    stretches: Mapping[str, tuple[Stretch, ...]]
    recordings: Mapping[str, tuple[Stretch, ...]]
    hidden: Mapping[str, Sequence[Stretch]]
    withdrawn: Mapping[str, tuple[Withdrawal, ...]]
    closed: frozenset[str]
    unnamed: frozenset[str]
    silenced: frozenset[str]
    only_confirmed: bool

    @property
    def events(self) -> frozenset[str]:
        """Events with something public in them."""
        return frozenset(s["event_id"] for s in self.sessions.values())

    def holds(self, recording: str, start_ms: int, end_ms: int) -> bool:
        """Tell whether a stretch of a recording is public as a whole."""
        return any(a <= start_ms and end_ms <= b for a, b in self.recordings.get(recording, ()))

    def holds_all(self, session: Row, start_ms: int, end_ms: int) -> bool:
        """Tell whether every word from one time to another is this session's and public.

        False tells nothing: each word must be asked.
        """
        return any(a <= start_ms and end_ms <= b for a, b in self.stretches[session["id"]])

    def holds_word(self, session: Row, start_ms: int, end_ms: int) -> bool:
        """Tell whether a word is this session's: its middle lies in it, all of it in public."""
        middle = (start_ms + end_ms) // 2
        return self.holds(session["recording_id"], start_ms, end_ms) and any(
            a <= middle < b for a, b in self.stretches[session["id"]]
        )


def read_scope(
    work: sqlite3.Connection, corrected: Corrected, *, today: dt.date, only_confirmed: bool
) -> Scope:
    """Read from work.db, as it is corrected, what is public on that day."""
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
    hidden: dict[str, list[Stretch]] = {}
    for row in private:
        hidden.setdefault(row["recording_id"], []).append(_stretch(row))
    announced = {name: _less(row, hidden) for name, row in sessions.items()}
    withdrawn = {r: gone for r in corrected.recordings if (gone := corrected.withdrawn(r))}
    for recording, gone in withdrawn.items():
        hidden.setdefault(recording, []).extend((w.start_ms, w.end_ms) for w in gone)
    stretches = {name: _less(row, hidden) for name, row in sessions.items()}
    wishes = corrected.wishes
    return Scope(
        sessions,
        breaks,
        stretches,
        _by_recording(sessions, stretches),
        hidden,
        _notes(withdrawn, _by_recording(sessions, announced)),
        frozenset(row["id"] for row in private) - breaks.keys(),
        frozenset(p for p, wish in wishes.items() if wish == "no-name"),
        frozenset(p for p, wish in wishes.items() if wish == "nothing"),
        only_confirmed,
    )


def _by_recording(
    sessions: Mapping[str, Row], stretches: Mapping[str, Sequence[Stretch]]
) -> dict[str, tuple[Stretch, ...]]:
    found: dict[str, list[Stretch]] = {}
    for name, row in sessions.items():
        if row["recording_id"]:
            found.setdefault(row["recording_id"], []).extend(stretches[name])
    return {recording: _joined(parts) for recording, parts in found.items()}


def _notes(
    withdrawn: Mapping[str, Sequence[Withdrawal]], public: Mapping[str, Sequence[Stretch]]
) -> dict[str, tuple[Withdrawal, ...]]:
    """Return of what was withdrawn the parts that would be public; one note for several wishes."""
    return {
        recording: tuple(
            Withdrawal(start, end, _last_day(gone, start, end))
            for whole in _joined((w.start_ms, w.end_ms) for w in gone)
            for start, end in _common(whole, public.get(recording, ()))
        )
        for recording, gone in withdrawn.items()
    }


def _last_day(gone: Sequence[Withdrawal], start_ms: int, end_ms: int) -> str:
    return max(w.date for w in gone if w.start_ms < end_ms and w.end_ms > start_ms)


def _common(stretch: Stretch, among: Iterable[Stretch]) -> Iterator[Stretch]:
    start, end = stretch
    return ((max(start, a), min(end, b)) for a, b in among if max(start, a) < min(end, b))


def _is_open(session: Row, today: dt.date) -> bool:
    since = session["public_from"]
    return session["access"] != "closed" and (since is None or since <= today.isoformat())


def _stretch(session: Row) -> Stretch:
    start, end = session["from_ms"], session["to_ms"]
    return (0 if start is None else start, _END_OF_TIME if end is None else end)


def _less(session: Row, hidden: Mapping[str, Sequence[Stretch]]) -> tuple[Stretch, ...]:
    """Return the session's stretch, less what is hidden of the same recording."""
    free = [_stretch(session)] if session["recording_id"] else []
    for start, end in hidden.get(session["recording_id"], ()):
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
