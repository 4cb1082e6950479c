"""What a recording is headed by, on its page, in embeds and in data about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.site.reading import Row, row, rows, text

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Heading:
    """A recording with its event and its sessions, one at least, in order."""

    recording: Row
    event: Row
    sessions: list[Row]

    @property
    def id(self) -> str:
        """The recording's id, <event>/<recording>."""
        return text(self.recording["id"])

    @property
    def title(self) -> str:
        """The session's title; the event's where the recording holds several."""
        one = self.sessions[0] if len(self.sessions) == 1 else self.event
        return text(one["title"])

    @property
    def date(self) -> str:
        """The first session's day, ISO 8601; the event's first where it names none."""
        return text(self.sessions[0]["date"] or self.event["date"])

    @property
    def sounds(self) -> bool:
        """Tell whether there is nothing but sound."""
        return text(self.recording["media"]).endswith(".m4a")

    def shown(self) -> Row:
        """Return the heading as templates take it."""
        return {
            "recording": self.recording,
            "event": self.event,
            "sessions": self.sessions,
            "title": self.title,
            "date": self.date,
        }


def heading(db: sqlite3.Connection, recording_id: str) -> Heading | None:
    """Return a recording's heading; None where it is unknown or in no session."""
    found = row(db, "SELECT * FROM recordings WHERE id = ?", recording_id)
    sessions = rows(
        db, "SELECT * FROM sessions WHERE recording_id = ? ORDER BY from_ms, position", recording_id
    )
    if found is None or not sessions:
        return None
    event = row(db, "SELECT * FROM events WHERE id = ?", found["event_id"])
    assert event is not None
    return Heading(found, event, sessions)
