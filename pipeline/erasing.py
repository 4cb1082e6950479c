"""Erase what somebody wished to be erased: words, results and sound that the archive keeps."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from archive.corrections import model
from archive.corrections.applied import Corrected
from archive.corrections.erasing import erase_words
from archive.errors import ArchiveFault
from pipeline.dropping import drop_results_of
from pipeline.ledger import DELETION

if TYPE_CHECKING:
    from pathlib import Path

    from archive.corrections.model import Correction
    from archive.store import Store
    from pipeline.ledger import Ledger


def erase_what_is_due(data: Path, store: Store, ledger: Ledger) -> None:
    """Erase what corrections say is erased, where that was not done or was cut short.

    Their recordings are heard again by the next run, with silence in its place. Raises
    ArchiveFault where the disk has no room to rewrite work.db; then it stays due.
    """
    due = [
        correction
        for correction in model.read(store.db.conn)
        if correction.facts.get("erased") and ledger.made_from(_target(correction)) is None
    ]
    if not due:
        return
    store.db.conn.execute("PRAGMA secure_delete = ON")
    for correction in due:
        places = tuple(Corrected(store.db.conn).places(correction))
        with store.db.atomic():
            store.db.conn.execute("PRAGMA defer_foreign_keys = ON")
            for place in places:
                erase_words(store.db.conn, place.recording, place.stretch)
        for recording in {place.recording for place in places}:
            drop_results_of(data, store.db, recording)
    try:
        # What was deleted before, by whatever run, still lies in the free pages.
        store.db.conn.execute("VACUUM")
    except sqlite3.OperationalError as error:
        raise ArchiveFault(
            "what is erased cannot be written out of the working database: {reason}",
            "free as much space as it takes, then run `plenary run`: it goes on with this first",
            path=data / "work.db",
            reason=error,
        ) from error
    for correction in due:
        with store.db.atomic():
            detail = f"{len(correction.stretches)} stretches erased at somebody's wish"
            ledger.note(DELETION, str(correction.recording), "erase", "success", detail)
            ledger.apply(_target(correction), correction.made_at)


def _target(correction: Correction) -> str:
    return f"erased {correction.id}"
