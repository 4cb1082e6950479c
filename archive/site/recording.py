"""The page of a recording: player, chapters, who speaks when, the transcript by speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from archive.site.described import film, metadata
from archive.site.downloads import EXPORTS
from archive.site.heading import heading
from archive.site.links import Links
from archive.site.player import moment, player
from archive.site.reading import Row, Visit, roles_at, rows, text
from archive.site.texts import clock
from archive.site.transcript import (
    chapters,
    cite,
    explain,
    glossary,
    in_order,
    lanes,
    length,
    notes_of,
    part_shown,
    parts,
    turns_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


def recording(db: sqlite3.Connection, visit: Visit, recording_id: str) -> Row | None:
    """Return what the page of a recording shows; None when unknown."""
    about = heading(db, recording_id)
    if about is None:
        return None
    found, event, sessions = about.recording, about.event, about.sessions
    turns = turns_of(db, visit, recording_id, roles_at(db, text(event["id"])))
    cited = moment(visit.query.get("t", ""))
    if cited:
        cite(turns, *cited)
    length_ms = length(found, turns)
    long_turns = chapters(turns)
    notes = notes_of(db, recording_id)
    for position, session in enumerate(sessions):
        session["turns"] = [t for t in turns if t["session_id"] == session["id"]]
        session["items"] = in_order(session, notes, last=position == len(sessions) - 1)
        session["chapters"] = [t for t in long_turns if t["session_id"] == session["id"]]
    all_parts = parts(sessions)
    part = part_shown(all_parts, visit.query.get("part", ""), cited)
    explain(part, glossary(db))
    far = Links.from_afar(visit.site.url)
    return {
        **about.shown(),
        "player": player(db, found, visit, cited),
        "lanes": lanes(turns, length_ms),
        "length_ms": length_ms,
        "cited": cited,
        "parts": all_parts,
        "part": part,
        "language": event["language"] or visit.site.language,
        "gaps": [note for note in notes if note["note"] == "gap"],
        "proof": proof(db, recording_id),
        "far": far,
        "exports": EXPORTS,
        "embeddable": bool(visit.site.url),
        "described": film(about, turns, length_ms, far),
        "metadata": metadata(db, about, visit),
        "report": reporter(visit, recording_id),
    }


def reporter(visit: Visit, recording_id: str) -> Callable[[int], str] | None:
    """Return what gives the address for reporting an error at a moment (ms); None without.

    A mail gets its subject and the page's address filled in (RFC 6068).
    """
    contact = visit.site.contact
    if not contact.startswith(("mailto:", "https://", "http://")):
        return None
    if not contact.startswith("mailto:"):
        return lambda _: contact
    far = Links.from_afar(visit.site.url)

    def mail(at_ms: int) -> str:
        page = far.recording(recording_id, at_ms)
        subject = visit.texts("recording.report_subject", time=clock(at_ms), recording=recording_id)
        joint = "&" if "?" in contact else "?"
        return contact + joint + urlencode({"subject": subject, "body": page}, quote_via=quote)

    return mail


def proof(db: sqlite3.Connection, recording_id: str) -> Row:
    """Return what a public word leads back to: captures with their hash, steps with tools."""
    return {
        "captures": rows(
            db,
            "SELECT name, bytes, sha256, duration_ms FROM captures WHERE recording_id = ?"
            " ORDER BY position",
            recording_id,
        ),
        "steps": rows(
            db,
            "SELECT step, tool, version, model, model_sha256, made_at FROM provenance"
            " WHERE recording_id = ? ORDER BY made_at, rowid",
            recording_id,
        ),
    }
