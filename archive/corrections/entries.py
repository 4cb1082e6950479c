"""Corrections that stand in a file beside the programme: the file is followed, entry by entry.

What is added to the file is corrected, what is deleted from it is undone; but for a withdrawal,
which only `plenary correct undo` takes back, so that a file that is lost shows nothing again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from archive import values
from archive.corrections import model
from archive.corrections.desk import Author, Desk
from archive.corrections.place import read_place
from archive.errors import ArchiveFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.corrections.desk import Reach
    from archive.corrections.model import Kind
    from archive.store import Store

FILE = "corrections.yaml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One correction as a file says it; texts that its kind does not need are empty.

    `at` is a place, `what` "name" or "words", `within` the id of a session of the event.
    `line` is where it stands.
    """

    kind: Kind
    at: str = ""
    reach: Reach = "turn"
    person: str = ""
    name: str = ""
    role: str = ""
    organisation: str = ""
    words: str = ""
    what: str = "name"
    wrong: str = ""
    right: str = ""
    within: str = ""
    by: str = ""
    why: str = ""
    line: int = field(default=1, compare=False)

    @property
    def digest(self) -> str:
        """What tells it from any other entry, wherever it stands in the file."""
        told = {k: v for k, v in asdict(self).items() if k != "line"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def follow(store: Store, event: str, entries: Sequence[Entry]) -> list[tuple[Entry, ArchiveFault]]:
    """Make the corrections of an event's file be those that hold; return what cannot be.

    An entry whose recording has not been heard yet waits, and is no fault.
    """
    db = store.db.conn
    prefix = f"{event}/{FILE} "
    standing = {
        c.source.removeprefix(prefix): c for c in model.read(db) if c.source.startswith(prefix)
    }
    wanted = {entry.digest: entry for entry in entries}
    for digest, correction in standing.items():
        if digest not in wanted and correction.kind != "withdraw":
            store.undo_correction(correction.id, values.now())
    faults = []
    for digest, entry in wanted.items():
        if digest in standing or not _is_ready(store, event, entry):
            continue
        desk = Desk(store, Author(entry.by, entry.why, prefix + digest))
        try:
            _correct(desk, store, event, entry)
        except ArchiveFault as fault:
            faults.append((entry, fault))
    return faults


def _is_ready(store: Store, event: str, entry: Entry) -> bool:
    """Tell whether the recordings that an entry may be about have words."""
    if entry.kind == "replace":
        return True
    heard = store.db.execute(
        "SELECT id FROM recordings WHERE event_id = ? AND status IN ('ok', 'partial')", [event]
    )
    return any(row[0].partition("/")[2] in entry.at for row in heard.fetchall())


def _correct(desk: Desk, store: Store, event: str, entry: Entry) -> None:
    if entry.kind == "replace":
        within = f"{event}/{entry.within}" if entry.within else event
        desk.mend_spelling(entry.wrong, entry.right, within)
        return
    place = read_place(store.db.conn, entry.at, event)
    if entry.kind == "speaker":
        desk.name_speaker(place, entry.person, entry.reach, _newcomer(entry))
    elif entry.kind == "text":
        desk.write_text(place, entry.words)
    elif entry.kind == "confirm" and entry.what == "words":
        desk.confirm_words(place, entry.reach)
    elif entry.kind == "confirm":
        desk.confirm_names(place, entry.reach)
    elif entry.kind == "restore":
        desk.restore(place)
    else:
        desk.withdraw(place)


def _newcomer(entry: Entry) -> dict[str, str]:
    return newcomer(entry.name, entry.role, entry.organisation) if entry.name else {}


def newcomer(name: str, role: str | None, organisation: str | None) -> dict[str, str]:
    """Return what a correction tells of somebody whom no programme gives."""
    words = name.split()
    told = {
        "name": " ".join(words),
        "sort_name": " ".join(words[-1:] + words[:-1]),
        "role": role,
        "organisation": organisation,
    }
    return {key: value for key, value in told.items() if value}
