"""From a published passage back to the camera's files, told by the public file alone.

A step's rows name the SHA-256 of what it read and of what it made, so that one step stands
behind another where its output is the other's input:

    captures → sound → words, or a transcript made elsewhere → gate → turns → passages

What people corrected stands beside it, on the recording's time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from archive.corrections.place import Place

CORRECTION = "correction"
"""The step under which a person's correction stands in `provenance`."""

_COLUMNS = (
    "session_id, step, COALESCE(tool, ''), COALESCE(version, ''), COALESCE(model, ''), "
    "COALESCE(model_sha256, ''), COALESCE(options, '{}'), COALESCE(made_at, ''), "
    "COALESCE(output_sha256, ''), COALESCE(input_sha256, '')"
)


@dataclass(frozen=True, slots=True)
class Capture:
    """A file of the camera; times in ms of the recording, half-open."""

    name: str
    bytes: int | None
    sha256: str
    format: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one tool did; empty strings stand for what is not recorded.

    `session` is None for a step about the whole recording; `options` is JSON; `inputs` and
    `output` are the SHA-256 of what it read and of what it made.
    """

    session: str | None
    step: str
    tool: str
    version: str
    model: str
    model_sha256: str
    options: str
    made_at: str
    output: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person put right in a stretch of the recording, in ms, half-open.

    One that mends a spelling wherever it is has no stretch; `options` is the row's JSON.
    """

    kind: str
    start_ms: int | None
    end_ms: int | None
    made_at: str
    options: str

    def touches(self, start_ms: int, end_ms: int) -> bool:
        """Tell whether it may have changed something in a stretch."""
        if self.start_ms is None or self.end_ms is None:
            return True
        return self.start_ms < end_ms and start_ms < self.end_ms


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a passage comes from: the captures it lies in, the steps behind it in their order.

    `name` is None where nobody is named; `name_origin` and `text_origin` are automatic,
    confirmed or corrected.
    """

    recording: str
    session: str
    start_ms: int
    end_ms: int
    text: str
    name: str | None
    name_origin: str
    text_origin: str
    captures: tuple[Capture, ...]
    steps: tuple[Step, ...]
    corrections: tuple[Correction, ...]


def read_captures(db: sqlite3.Connection, recording: str) -> tuple[Capture, ...]:
    """Return the captures of a recording in their order."""
    rows = db.execute(
        "SELECT name, bytes, COALESCE(sha256, ''), COALESCE(format, ''), COALESCE(start_ms, 0), "
        "COALESCE(start_ms, 0) + COALESCE(duration_ms, 0) "
        "FROM captures WHERE recording_id = ? ORDER BY position",
        [recording],
    )
    return tuple(Capture(*row) for row in rows)


def read_steps(
    db: sqlite3.Connection, recording: str, session: str | None = None
) -> tuple[Step, ...]:
    """Return the steps behind a recording in their order, or those behind one of its sessions."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM provenance WHERE recording_id = :recording "  # noqa: S608
        "AND step <> :correction "
        "AND (:session IS NULL OR session_id IS NULL OR session_id = :session) ORDER BY rowid",
        {"recording": recording, "session": session, "correction": CORRECTION},
    )
    return tuple(
        Step(*(*told, tuple(row[-1] for row in read if row[-1])))
        for told, read in groupby(rows.fetchall(), key=lambda row: row[:-1])
    )


def told_once(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps without those that only another block of sound tells apart.

    Of such the last one stays, at the place of the first.
    """
    last = {(s.step, s.tool, s.version, s.model, s.model_sha256, s.options): s for s in steps}
    return tuple(last.values())


def read_corrections(db: sqlite3.Connection, recording: str) -> tuple[Correction, ...]:
    """Return what people corrected in a recording, in the order in which it is told.

    Raises ArchiveFault where a row does not tell what.
    """
    rows = db.execute(
        "SELECT COALESCE(options, ''), COALESCE(made_at, '') FROM provenance "
        "WHERE recording_id = ? AND step = ? ORDER BY rowid",
        [recording, CORRECTION],
    ).fetchall()
    try:
        return tuple(_correction(options, made_at) for options, made_at in rows)
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveFault(
            "a correction of {recording} does not say what it changed",
            "run `plenary publish` to build the file again",
            recording=recording,
        ) from error


def _correction(options: str, made_at: str) -> Correction:
    told = json.loads(options)
    start, end = (int(told[key]) if key in told else None for key in ("start_ms", "end_ms"))
    return Correction(str(told["kind"]), start, end, made_at, options)


def origins(db: sqlite3.Connection, place: Place) -> tuple[Origin, ...]:
    """Tell where each passage of a place comes from. Raises ArchiveFault where there is none."""
    end_ms = max(place.end_ms or 0, place.start_ms + 1)
    rows = db.execute(
        "SELECT t.session_id, p.start_ms, p.end_ms, p.text, people.name, t.origin, p.origin "
        "FROM passages p JOIN turns t ON t.id = p.turn_id "
        "LEFT JOIN people ON people.id = t.person_id "
        "WHERE t.recording_id = ? AND p.start_ms < ? AND p.end_ms > ? ORDER BY p.start_ms, p.id",
        [place.recording, end_ms, place.start_ms],
    ).fetchall()
    if not rows:
        raise ArchiveFault(
            "no words of {recording} are public at {seconds} s",
            "follow the link on the site: it shows the passages around",
            recording=place.recording,
            seconds=place.start_ms / 1000,
        )
    captures = read_captures(db, place.recording)
    corrections = read_corrections(db, place.recording)
    steps = {session: read_steps(db, place.recording, session) for session, *_ in rows}
    return tuple(
        Origin(
            recording=place.recording,
            session=session,
            start_ms=start,
            end_ms=end,
            text=text,
            name=name,
            name_origin=name_origin,
            text_origin=text_origin,
            captures=tuple(c for c in captures if c.start_ms < end and start < c.end_ms),
            steps=steps[session],
            corrections=tuple(c for c in corrections if c.touches(start, end)),
        )
        for session, start, end, text, name, name_origin, text_origin in rows
    )
