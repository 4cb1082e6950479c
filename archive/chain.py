"""Whether every published passage leads back to a capture, told by the public file alone.

The rules, for each recording with words: each capture has its SHA-256; the sound was made of
these captures and no other; each session's turns were made by steps that read what the step
before them made, down to that sound; the words come from a model that is named by its hash, or
from a transcript made elsewhere that is named by its own; each passage lies in a capture.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from archive.provenance import read_captures, read_corrections, read_steps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from archive.provenance import Capture, Step

SOUND, WORDS, SIDECAR, TURNS, LANGUAGE = "sound", "words", "sidecar", "turns", "language"
"""Steps that the rules tell apart, by their names in `provenance`."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain of a recording does not hold."""

    recording: str
    reason: str

    def __str__(self) -> str:
        # The file may be anybody's: what steers a terminal is left out.
        return "".join(filter(str.isprintable, f"{self.recording}: {self.reason}"))


def breaks(db: sqlite3.Connection) -> Iterator[Break]:
    """Yield every place where a chain of the published file does not hold."""
    recordings = db.execute("SELECT DISTINCT recording_id FROM turns ORDER BY recording_id")
    for (recording,) in recordings.fetchall():
        for reason in _recording(db, recording):
            yield Break(recording, reason)
    yield from (Break(recording, reason) for recording, reason in _strayed(db))


def _recording(db: sqlite3.Connection, recording: str) -> Iterator[str]:
    captures = read_captures(db, recording)
    if not captures:
        yield "no capture is recorded"
    for capture in captures:
        if not _SHA256.fullmatch(capture.sha256):
            yield f"capture {capture.name} has no SHA-256"
    sessions = db.execute(
        "SELECT DISTINCT session_id FROM turns WHERE recording_id = ? ORDER BY session_id",
        [recording],
    ).fetchall()
    told: dict[str, None] = {}
    for (session,) in sessions:
        steps = read_steps(db, recording, session)
        told |= dict.fromkeys(_steps(steps, captures))
        told |= dict.fromkeys(f"{session}: {reason}" for reason in _session(steps))
    yield from told
    yield from _outside(db, recording, captures)
    try:
        read_corrections(db, recording)
    except ArchiveFault as fault:
        yield fault.sentence.format(**fault.facts)


def _steps(steps: Sequence[Step], captures: Sequence[Capture]) -> Iterator[str]:
    """Yield what is wrong with single steps, or with what they read."""
    made = {step.output for step in steps}
    files = {capture.sha256 for capture in captures}
    for step in steps:
        yield from _described(step)
        if not step.inputs:
            yield f"step {step.step} does not tell what it read"
        elif step.step == SOUND and set(step.inputs) != files:
            yield "its sound was not made of the captures recorded"
        elif step.step not in {SOUND, SIDECAR}:
            for sha256 in step.inputs:
                if sha256 not in made:
                    yield f"step {step.step} read {sha256[:12]}…, which no step made"


def _described(step: Step) -> Iterator[str]:
    lacking = [
        what
        for what, told in {
            "tool": step.tool,
            "version": step.version,
            "date": step.made_at,
            "SHA-256 of what it made": _SHA256.fullmatch(step.output),
            "SHA-256 of its model": step.step not in {WORDS, LANGUAGE}
            or (step.model and _SHA256.fullmatch(step.model_sha256)),
            "options": _is_object(step.options),
        }.items()
        if not told
    ]
    if lacking:
        yield f"step {step.step} has no {', no '.join(lacking)}"


def _is_object(options: str) -> bool:
    try:
        return isinstance(json.loads(options), dict)
    except ValueError:
        return False


def _session(steps: Sequence[Step]) -> Iterator[str]:
    """Yield what keeps a session's turns from leading back to sound and words."""
    last = [step for step in steps if step.step == TURNS]
    if not last:
        yield f"no step {TURNS} is recorded"
        return
    makers: dict[str, list[Step]] = {}
    for step in steps:
        makers.setdefault(step.output, []).append(step)
    behind, waiting = set(last), last
    while waiting:
        read = {maker for sha256 in waiting.pop().inputs for maker in makers.get(sha256, ())}
        waiting += read - behind
        behind |= read
    names = {step.step for step in behind}
    if SOUND not in names:
        yield "its turns do not lead back to the sound"
    if not names & {WORDS, SIDECAR}:
        yield "its turns lead back neither to a model nor to a transcript"
    for step in steps:
        if step not in behind and step.step != LANGUAGE:
            yield f"step {step.step} made {step.output[:12]}…, which no step read"


def _outside(db: sqlite3.Connection, recording: str, captures: Sequence[Capture]) -> Iterator[str]:
    passages = db.execute(
        "SELECT p.start_ms FROM passages p JOIN turns t ON t.id = p.turn_id "
        "WHERE t.recording_id = ? ORDER BY p.start_ms",
        [recording],
    )
    for (start,) in passages.fetchall():
        if captures and not any(c.start_ms <= start < c.end_ms for c in captures):
            yield f"the passage at {start / 1000} s lies in no capture"


def _strayed(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield recordings with turns of a session that is not theirs, and what is wrong."""
    rows = db.execute(
        "SELECT t.recording_id, t.start_ms FROM turns t LEFT JOIN sessions s "
        "ON s.id = t.session_id WHERE s.recording_id IS NOT t.recording_id "
        "ORDER BY t.recording_id, t.start_ms"
    )
    for recording, start in rows.fetchall():
        yield recording, f"the turn at {start / 1000} s belongs to no session of the recording"
