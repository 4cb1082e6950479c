"""What `plenary correct` brings about: a correction on record, the public file built anew.

A withdrawal also takes away what is online already: web copies, earlier published files, and,
where it is to be erased, all that the ledger keeps of the sound.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.corrections.applied import Corrected
from archive.corrections.desk import Desk
from archive.corrections.wishes import Mask, addresses, ids_of, mentions, spellings
from pipeline.config import load_settings
from pipeline.erasing import erase_what_is_due
from pipeline.night import held, refuse_unbegun
from pipeline.pictures import take_back
from pipeline.publication import publish_if_due, publish_now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from archive.corrections.desk import Author
    from archive.corrections.model import Wish
    from archive.corrections.wishes import Mention
    from archive.publish import Published
    from archive.store import Store
    from pipeline.config import Settings
    from pipeline.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a withdrawal leaves, since it is not ours to change: to be told to the archivist.

    `copies` are recordings whose web copies were taken away, to be made again by a run;
    `hosted` those played from an address; `captures` the names of the original files;
    `addresses` are ids of the programme that hold the name of somebody who is not to be named;
    `earlier` counts the published files that were deleted.
    """

    copies: tuple[str, ...]
    hosted: tuple[tuple[str, str], ...]
    captures: tuple[str, ...]
    addresses: tuple[str, ...]
    earlier: int


@dataclass(frozen=True)
class Workplace:
    """An archive that is held for corrections: its desk, its store, its ledger."""

    settings: Settings
    store: Store
    ledger: Ledger
    desk: Desk

    def publish(self) -> Published:
        """Show what stands now, and let nobody be heard who was just named and wishes not to be."""
        self._take_back()
        return publish_now(self.settings, self.store, self.ledger)

    def mentions(self, person: str, wish: Wish) -> list[Mention]:
        """Return where this person's name is said in words that stay, over the whole archive."""
        db = self.store.db.conn
        corrected, ids = Corrected(db), ids_of(db, person)
        names = spellings(db, ids)
        return [
            mention
            for recording in corrected.recordings
            for mention in mentions(corrected.laid(recording).turns, names)
            if wish == "no-name" or mention.speaker not in ids
        ]

    def spoken_by(self, person: str) -> dict[str, list[tuple[int, int]]]:
        """Return where a person speaks, by recording: start and end in ms."""
        db = self.store.db.conn
        corrected, ids = Corrected(db), ids_of(db, person)
        found = {
            recording: [
                (turn["start_ms"], turn["end_ms"])
                for turn in corrected.laid(recording).turns
                if turn["person_id"] in ids
            ]
            for recording in corrected.recordings
        }
        return {recording: spans for recording, spans in found.items() if spans}

    def take_away(self, recordings: Collection[str]) -> Elsewhere:
        """Take what was just withdrawn of recordings away, wherever it stands; say what is left."""
        public = self.settings.data / "public"
        before = set(public.glob("archive-*.db"))
        try:
            copies = self._take_back()
        finally:  # whatever the disk refuses, what is shown says no more
            shown = publish_now(self.settings, self.store, self.ledger).path
        erase_what_is_due(self.settings.data, self.store, self.ledger)
        publish_if_due(self.settings, self.store, self.ledger)
        db = self.store.db.conn
        return Elsewhere(
            copies,
            tuple(self._of(recordings, "id, media", "recordings", "id", "media LIKE '%://%'")),
            tuple(
                f"{recording}: {name}"
                for recording, name in self._of(
                    recordings, "recording_id, name", "captures", "recording_id", "TRUE"
                )
            ),
            tuple(addresses(db, Mask(spellings(db, Corrected(db).wishes)))),
            len(before - {shown} - set(public.glob("archive-*.db"))),
        )

    def _take_back(self) -> tuple[str, ...]:
        return take_back(self.settings.data, self.store, self.ledger)

    def _of(
        self, recordings: Collection[str], columns: str, table: str, key: str, where: str
    ) -> list[tuple[str, str]]:
        marks = ", ".join("?" for _ in recordings)
        query = f"SELECT {columns} FROM {table} WHERE {key} IN ({marks}) AND {where} ORDER BY 1"  # noqa: S608
        return self.store.db.execute(query, sorted(recordings)).fetchall()


@contextmanager
def workplace(config: Path, author: Author) -> Iterator[Workplace]:
    """Hold an archive for corrections by one author. Raises Busy; ArchiveFault as `held` does."""
    settings = load_settings(config)
    refuse_unbegun(settings)
    with held(settings) as (store, ledger):
        yield Workplace(settings, store, ledger, Desk(store, author))
