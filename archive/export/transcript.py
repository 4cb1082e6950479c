"""What every export writes: a session's words, who said them, and where they come from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.corrections.model import NOBODY_NAMED
from archive.errors import ArchiveFault
from archive.wording import Text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_WORDS = {
    "fr": {"doubt": "nom attribué automatiquement", "voice": "Voix", "colon": " :"},
    "en": {"doubt": "name attributed automatically", "voice": "Voice", "colon": ":"},
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word; times in ms of the recording."""

    start_ms: int
    end_ms: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Passage:
    """About a paragraph; `words` is empty where their times are not known."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says; `name` is None where nobody is named."""

    start_ms: int
    end_ms: int
    person: str | None
    name: str | None
    role: str | None
    organisation: str | None
    voice: str
    confidence: float
    origin: str
    passages: tuple[Passage, ...]

    @property
    def doubtful(self) -> bool:
        """Tell whether the name is one that no human confirmed."""
        return self.name is not None and self.origin == "automatic"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the camera."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step behind the words, such as transcribe, and what did it."""

    step: str
    tool: str
    version: str
    model: str
    made_at: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's words (or a whole recording's) with what is said about them.

    `id` is that of the session or recording; empty strings stand for what is unknown.
    """

    id: str
    title: str
    event: str
    event_title: str
    date: str
    language: str
    licence: str
    organisers: tuple[str, ...]
    recording: str
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    turns: tuple[Turn, ...]

    def word(self, key: str) -> str:
        """Return "doubt", "voice" or "colon" in the transcript's language."""
        return _WORDS["fr" if self.language[:2] in ("", "fr") else "en"][key]

    def label(self, turn: Turn) -> str:
        """Return who speaks as a reader sees it, with the doubt where there is one."""
        if turn.name is None:
            return f"{self.word('voice')} {turn.voice.rpartition('-')[2]}"
        doubt = f" ({self.word('doubt')})" if turn.doubtful else ""
        return f"{one_line(turn.name)}{doubt}"

    def about(self) -> tuple[str, ...]:
        """Return lines that say what this is, under which licence, and where it comes from."""
        lines = [
            f"{self.event_title} — {self.title}" if self.title else self.event_title,
            self.date,
            self.licence,
            *(f"{source.name} sha256:{source.sha256}" for source in self.sources),
            *(f"{s.step}: {s.tool} {s.version} {s.model} {s.made_at}" for s in self.steps),
        ]
        return tuple(one_line(line) for line in lines if line.strip())


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters or double spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def read_session(db: sqlite3.Connection, session_id: str) -> Transcript:
    """Read a session from a published file; ArchiveFault where it has none of that id."""
    row = db.execute(
        "SELECT title, event_id, COALESCE(recording_id, ''), date FROM sessions WHERE id = ?",
        [session_id],
    ).fetchone()
    if row is None:
        raise _unknown(Text("session"), session_id)
    title, event, recording, date = row
    return _read(db, (session_id, title, event, recording, date), "t.session_id")


def read_recording(db: sqlite3.Connection, recording_id: str) -> Transcript:
    """Read all that is public of a recording; ArchiveFault where there is none of that id."""
    row = db.execute("SELECT event_id FROM recordings WHERE id = ?", [recording_id]).fetchone()
    if row is None:
        raise _unknown(Text("recording"), recording_id)
    return _read(db, (recording_id, "", row[0], recording_id, None), "t.recording_id")


def _unknown(kind: Text, identifier: str) -> ArchiveFault:
    return ArchiveFault(
        "no public {kind} has the id {identifier}",
        "see the ids with `plenary status`, or publish it first",
        kind=kind,
        identifier=identifier,
    )


def _read(
    db: sqlite3.Connection, about: tuple[str, str, str, str, str | None], column: str
) -> Transcript:
    identifier, title, event, recording, date = about
    event_title, event_date, language, licence, organisers = db.execute(
        "SELECT title, date, COALESCE(language, ''), COALESCE(licence, ''), organisers "
        "FROM events WHERE id = ?",
        [event],
    ).fetchone()
    sources = db.execute(
        "SELECT name, COALESCE(sha256, '') FROM captures WHERE recording_id = ? ORDER BY position",
        [recording],
    )
    steps = db.execute(
        "SELECT step, COALESCE(tool, ''), COALESCE(version, ''), COALESCE(model, ''), "
        "COALESCE(made_at, '') FROM provenance WHERE recording_id = ? ORDER BY rowid",
        [recording],
    )
    return Transcript(
        identifier,
        title,
        event,
        event_title,
        date or event_date,
        language,
        licence,
        _organisers(organisers),
        recording,
        tuple(Source(*row) for row in sources),
        tuple(Step(*row) for row in steps),
        tuple(_turns(db, column, identifier, event)),
    )


def _organisers(column: str | None) -> tuple[str, ...]:
    """Return the names; none where the file is damaged: captions do not depend on them."""
    try:
        return tuple(map(str, json.loads(column or "[]")))
    except (ValueError, TypeError):
        return ()


def _turns(db: sqlite3.Connection, column: str, identifier: str, event: str) -> Iterator[Turn]:
    # Several people may wish not to be named: their voices tell them apart.
    rows = db.execute(
        "SELECT t.id, t.start_ms, t.end_ms, p.id, p.name, COALESCE(t.voice, ''), "  # noqa: S608
        "COALESCE(t.confidence, 0), t.origin FROM turns t LEFT JOIN people p "
        f"ON p.id = t.person_id AND p.id <> ? WHERE {column} = ? ORDER BY t.start_ms, t.id",
        [NOBODY_NAMED[0], identifier],
    ).fetchall()
    for number, start, end, person, name, voice, confidence, origin in rows:
        role, organisation = db.execute(
            "SELECT role, organisation_id FROM roles WHERE person_id = ? AND event_id = ? "
            "ORDER BY rowid LIMIT 1",
            [person, event],
        ).fetchone() or (None, None)
        passages = db.execute(
            "SELECT start_ms, end_ms, text, words FROM passages WHERE turn_id = ? ORDER BY id",
            [number],
        )
        yield Turn(
            start,
            end,
            person,
            name,
            role,
            organisation,
            voice,
            confidence,
            origin,
            tuple(Passage(a, b, text, _words(text, times)) for a, b, text, times in passages),
        )


def _words(text: str, times: str | None) -> tuple[Word, ...]:
    """Return the words with their times; none where the times are not those of the text."""
    said, known = text.split(" "), json.loads(times or "[]")
    if len(said) != len(known):
        return ()
    pairs = zip(said, known, strict=True)
    return tuple(Word(start, end, word, probability) for word, (start, end, probability) in pairs)
