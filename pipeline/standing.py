"""Where each recording stands, told from work.db without changing it, even while a run works."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archive.errors import ArchiveFault, retold
from archive.store import open_to_read
from archive.wording import Text, look_up, say
from pipeline.config import load_settings
from pipeline.hear import recognised
from pipeline.ledger import CREATION, DISSEMINATION, FIXITY_CHECK
from pipeline.programme import load_events
from pipeline.progress import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.event import Event

Fixity: TypeAlias = Literal["", "good", "differs"]


@dataclass(frozen=True)
class Standing:
    """One recording: its state, which stages stand, what is missing, unnamed or withheld.

    `sound`, `words` and `pictures` tell whether the sound is extracted, the words stored and
    attributed, the web copy made (or the video is held elsewhere, has no picture, or no copy is
    wanted). `foreign`: a minute or more is spoken, the programme names people, and nobody of
    them was found.
    `recognised_ms` and `left_ms` tell how much of the speech that a model has to hear is
    recorded and how much is not; both None before that speech is known, or where transcripts
    are taken. `published` says when these words were (ISO 8601, or empty); `verified` when all
    captures had been verified, and `fixity` what was found then. `failure` says in words what
    stopped it, and `fault` the same as data (`errors.retold`).
    """

    recording: str
    status: str
    duration_ms: int = 0
    missing_ms: int = 0
    speech_ms: int = 0
    unnamed_ms: int = 0
    withheld: int = 0
    failure: str = ""
    sound: bool = False
    words: bool = False
    pictures: bool = False
    foreign: bool = False
    recognised_ms: int | None = None
    left_ms: int | None = None
    published: str = ""
    verified: str = ""
    fixity: Fixity = ""
    fault: dict[str, Any] | None = None


_QUERY = """
SELECT r.id, r.status, COALESCE(r.duration_ms, 0), COALESCE(r.missing_ms, 0),
       COALESCE(SUM(t.end_ms - t.start_ms), 0),
       COALESCE(SUM(CASE WHEN t.person_id IS NULL THEN t.end_ms - t.start_ms END), 0),
       (SELECT COUNT(*) FROM withheld w WHERE w.recording_id = r.id),
       COALESCE((SELECT sentence FROM failures f WHERE f.recording_id = r.id), ''),
       r.duration_ms IS NOT NULL,
       EXISTS (SELECT 1 FROM provenance p WHERE p.recording_id = r.id AND p.step = 'turns'),
       COALESCE(r.media LIKE '%://%' OR r.media LIKE '%.mp4', 0)
           OR EXISTS (SELECT 1 FROM applied a
                      WHERE a.target = 'pictures:' || r.id AND a.key LIKE '% no picture'),
       COALESCE(SUM(t.end_ms - t.start_ms), 0) >= 60000 AND MAX(t.person_id) IS NULL AND EXISTS (
           SELECT 1 FROM programme JOIN sessions s ON s.id = session_id
           WHERE s.recording_id = r.id)
FROM recordings r LEFT JOIN turns t ON t.recording_id = r.id
GROUP BY r.id ORDER BY r.id
"""
_PLANNED = """
SELECT p.recording_id, p.session_id, SUM(p.ms),
       COALESCE(SUM(CASE WHEN s.key IS NOT NULL THEN p.ms END), 0)
FROM plans p LEFT JOIN steps s ON s.key = p.key GROUP BY 1, 2
"""


@dataclass
class _Told:
    """What work.db tells besides the recordings' own rows, by recording."""

    extracted: dict[str, int] = field(default_factory=dict)
    planned: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    verified: dict[str, tuple[str, Fixity]] = field(default_factory=dict)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)


def standing(config: Path) -> tuple[Standing, ...]:
    """Return every recording of the programmes, known to work.db or not.

    Raises Faults, ArchiveFault.
    """
    settings = load_settings(config)
    events = load_events(settings.events)
    known, told = _known(settings.data / "work.db")
    return tuple(
        _with(
            known.get(name, Standing(name, "waiting")),
            told,
            _recognised(event, name),
            wants_pictures=settings.media.web_copy,
        )
        for event in events
        for name in (f"{event.id}/{recording.id}" for recording in event.recordings)
    )


def _recognised(event: Event, name: str) -> set[str]:
    """Return the sessions of a recording that a model has to hear."""
    (recording,) = (r for r in event.recordings if f"{event.id}/{r.id}" == name)
    return {session.id for session in recognised(event, recording)}


def _with(one: Standing, told: _Told, sessions: Iterable[str], *, wants_pictures: bool) -> Standing:
    """Add to a recording's own row what the ledger tells of it."""
    name = one.recording
    plans = [told.planned[name, s] for s in sessions if (name, s) in told.planned]
    verified, fixity = told.verified.get(name, ("", ""))
    return replace(
        one,
        duration_ms=one.duration_ms or told.extracted.get(name, 0),
        sound=one.sound or name in told.extracted,
        pictures=one.pictures or not wants_pictures,
        recognised_ms=sum(done for _, done in plans) if plans else None,
        left_ms=sum(whole - done for whole, done in plans) if plans else None,
        published=told.published.get(name, ""),
        verified=verified,
        fixity=fixity,
        fault=told.faults.get(name),
    )


def _known(work: Path) -> tuple[dict[str, Standing], _Told]:
    if not work.exists():
        return {}, _Told()
    try:
        with closing(open_to_read(work)) as db:
            # A first run that was killed at its start has made no table, or half of them.
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'failures'").fetchone():
                return {}, _Told()
            rows = db.execute(_QUERY).fetchall()
            columns = {row[1] for row in db.execute("PRAGMA table_info(history)")}
            # A ledger of an earlier version, before its next run, tells no more.
            told = _told(db) if "object_id" in columns else _Told()
    except sqlite3.Error as error:
        raise ArchiveFault(
            "the working database cannot be read: {reason}",
            "check the disk and the rights of the data folder, or put back a copy of the file",
            path=work,
            reason=error,
        ) from error
    return {row[0]: Standing(*row[:8], *map(bool, row[8:])) for row in rows}, told


def _told(db: sqlite3.Connection) -> _Told:
    extracted = db.execute(
        "SELECT h.recording_id, s.result FROM history h JOIN steps s ON s.key = h.object_id"
        " WHERE h.kind = ? AND h.step = 'sound' ORDER BY h.rowid",
        [CREATION],
    )
    return _Told(
        extracted={name: json.loads(result)["duration_ms"] for name, result in extracted},
        planned={(name, s): (whole, done) for name, s, whole, done in db.execute(_PLANNED)},
        published=_published(db),
        verified=_verified(db),
        faults=_faults(db),
    )


def _faults(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return what stopped recordings, as data; an earlier version kept the words alone."""
    if "told" not in {row[1] for row in db.execute("PRAGMA table_info(failures)")}:
        return {}
    rows = db.execute("SELECT recording_id, told FROM failures WHERE told <> ''")
    return {name: json.loads(told) for name, told in rows}


def _published(db: sqlite3.Connection) -> dict[str, str]:
    """Return when the words that stand were first published."""
    stored: set[str] = set()
    found: dict[str, str] = {}
    for moment, kind, name in db.execute(
        "SELECT happened_at, kind, recording_id FROM history"
        " WHERE kind = ? OR (step = 'storing' AND outcome = 'success') ORDER BY rowid",
        [DISSEMINATION],
    ):
        if kind == DISSEMINATION:
            found |= dict.fromkeys(stored, moment)
            stored = set()
        else:
            stored.add(name)
            found.pop(name, None)
    return found


def _verified(db: sqlite3.Connection) -> dict[str, tuple[str, Fixity]]:
    """Return the oldest of the last checks of a recording's captures, once all were checked."""
    last: dict[str, tuple[str, str]] = {
        sha256: (moment, outcome)
        for sha256, moment, outcome in db.execute(
            "SELECT object_id, happened_at, outcome FROM history"
            " WHERE kind = ? AND step = 'original' ORDER BY rowid",
            [FIXITY_CHECK],
        )
    }
    checks: dict[str, list[tuple[str, str]]] = {}
    for name, sha256 in db.execute("SELECT recording_id, sha256 FROM captures"):
        checks.setdefault(name, []).append(last.get(sha256, ("", "")))
    return {name: _worst(found) for name, found in checks.items()}


def _worst(checks: Sequence[tuple[str, str]]) -> tuple[str, Fixity]:
    moment = min(moment for moment, _ in checks)
    if any(outcome == "failure" for _, outcome in checks):
        return max(moment for moment, _ in checks), "differs"
    return (moment, "good") if moment else ("", "")


_COLUMNS = (
    Text("length"),
    Text("missing"),
    Text("words"),
    Text("left"),
    Text("unnamed"),
    Text("withheld"),
)
_STATES = {
    "ok": Text("ok"),
    "partial": Text("partial"),
    "failed": Text("failed"),
    "waiting": Text("waiting"),
}
_NAME = 36


def table(found: Sequence[Standing]) -> str:
    """Return two lines for each recording, and below them what failed and what to do.

    No line of a table is wider than 100 columns; a long name has a line of its own.
    """
    heads = "".join(f"{look_up(name):>9}" for name in _COLUMNS)
    lines = [f"{say('recording'):{_NAME}} {say('state'):8}{heads}"]
    for one in found:
        if len(one.recording) > _NAME:
            lines.append(one.recording)
        name = one.recording if len(one.recording) <= _NAME else ""
        state = look_up(_STATES[one.status])
        cells = (
            clock(one.duration_ms) if one.duration_ms else "-",
            clock(one.missing_ms) if one.words else "-",
            "-" if one.recognised_ms is None else clock(one.recognised_ms),
            "-" if one.left_ms is None else clock(one.left_ms),
            clock(one.unnamed_ms) if one.words else "-",
            str(one.withheld) if one.words else "-",
        )
        lines.append(f"{name:{_NAME}} {state:8}" + "".join(f"{cell:>9}" for cell in cells))
        lines.append(f"    {_below(one)}")
        failure = one.failure if one.fault is None else retold(one.fault).shown()
        lines += [f"    {line}" for line in failure.splitlines()]
        if one.foreign:
            told = say("nobody of the programme was found: does it belong to this recording?")
            lines.append(f"    {told}")
    if any(one.status in {"waiting", "failed"} for one in found):
        lines.append(say("`plenary run` goes on with what is waiting or failed."))
    if any(one.fixity == "differs" for one in found):
        lines.append(say("An original differs from what it was: `plenary verify` tells which."))
    return "\n".join(lines)


def _below(one: Standing) -> str:
    """Say which stages stand, and when the words were published and the originals verified."""
    stages: Mapping[str, bool] = {
        say("sound"): one.sound,
        say("words"): one.words,
        say("pictures"): one.pictures,
    }
    done = " ".join(name for name, stands in stages.items() if stands) or say("none")
    left = " ".join(name for name, stands in stages.items() if not stands)
    parts = [say("done: {stages}", stages=done), left and say("left: {stages}", stages=left)]
    if one.published:
        parts.append(say("published {day}", day=one.published[:10]))
    if one.fixity == "good":
        parts.append(say("originals verified {day}", day=one.verified[:10]))
    if one.fixity == "differs":
        parts.append(say("originals verified {day} DIFFERS", day=one.verified[:10]))
    return ", ".join(part for part in parts if part)
