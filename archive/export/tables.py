"""Tables about an event, as CSV: who spoke for how long, and which files it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.export.clock import seconds
from archive.export.csv_ import table
from archive.export.reading import read_session
from archive.export.speech import stretches
from archive.provenance import read_captures

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from archive.export.transcript import Transcript, Turn

SPEAKING_TIME_COLUMNS = (
    *("event", "session", "date", "person", "name", "role", "organisation", "voice", "origin"),
    *("speech_s", "words", "turns", "licence", "captures_sha256", "made_with", "made_at"),
)
ORIGINALS_COLUMNS = (
    *("event", "recording", "position", "name", "bytes", "sha256", "format", "start_s", "end_s"),
    *("date", "licence"),
)


@dataclass
class _Spoken:
    """What is counted of one speaker in a session."""

    turn: Turn
    speech_ms: int = 0
    words: int = 0
    turns: int = 0


def speaking_time(db: sqlite3.Connection, event: str) -> str:
    """Return how long each person, and each voice without a name, spoke in each session.

    Speech is that of the RTTM: turns without pauses of a second or more, each moment one
    voice's. Names that a person confirmed and names given automatically have lines of their
    own; `origin` is unknown for a voice without a name.
    """
    sessions = db.execute("SELECT id FROM sessions WHERE event_id = ? ORDER BY position", [event])
    transcripts = [read_session(db, session) for (session,) in sessions.fetchall()]
    return table(SPEAKING_TIME_COLUMNS, (row for told in transcripts for row in _spoken(told)))


def _spoken(transcript: Transcript) -> Iterator[tuple[str | None, ...]]:
    counted: dict[tuple[str, str], _Spoken] = {}
    for turn in transcript.turns:
        spoken = counted.setdefault(_who(turn), _Spoken(turn))
        spoken.words += sum(_words(passage.text) for passage in turn.passages)
        spoken.turns += 1
    for stretch in stretches(transcript):
        counted[_who(stretch.turn)].speech_ms += stretch.end_ms - stretch.start_ms
    for (_, origin), spoken in counted.items():
        turn = spoken.turn
        yield (
            *(transcript.event, transcript.id, transcript.date),
            *(turn.person, turn.name, turn.role, turn.organisation),
            *(turn.voice if turn.name is None else "", origin),
            *(seconds(spoken.speech_ms), str(spoken.words), str(spoken.turns)),
            transcript.licence,
            " ".join(capture.sha256 for capture in transcript.captures),
            *(transcript.made_with, transcript.made_at),
        )


def _words(text: str) -> int:
    """Count words; the spaced punctuation of French is none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _who(turn: Turn) -> tuple[str, str]:
    if turn.name is None:
        return turn.voice, "unknown"
    return turn.person or turn.name, turn.origin


def originals(db: sqlite3.Connection, event: str) -> str:
    """Return the captures of an event, one line each; times in seconds of the recording."""
    recordings = db.execute(
        "SELECT r.id, e.date, e.licence FROM recordings r JOIN events e ON e.id = r.event_id "
        "WHERE e.id = ? ORDER BY r.id",
        [event],
    )
    return table(
        ORIGINALS_COLUMNS,
        (
            (
                *(event, recording, str(position), capture.name),
                *("" if capture.bytes is None else str(capture.bytes), capture.sha256),
                *(capture.format, seconds(capture.start_ms), seconds(capture.end_ms)),
                *(date, licence),
            )
            for recording, date, licence in recordings.fetchall()
            for position, capture in enumerate(read_captures(db, recording), 1)
        ),
    )
