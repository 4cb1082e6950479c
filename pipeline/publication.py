"""Publish what the store holds, and remember what it was made from."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from archive.corrections import model as corrections
from archive.publish import publish
from pipeline.ledger import digest

if TYPE_CHECKING:
    from archive.publish import Published
    from archive.store import Store
    from pipeline.config import Settings
    from pipeline.ledger import Ledger

# Raised when the way from the store to the public file changes.
_VERSION = 3


QUICK_S, SHARE = 5.0, 20
"""A publication costs as much as the whole archive is large: one that takes longer than QUICK_S
waits until the night has gone on for SHARE times as long."""


class Publisher:
    """Publishes what one run does; `shown` is what it published last, None where nothing."""

    def __init__(self, settings: Settings, store: Store, ledger: Ledger) -> None:
        self._held = settings, store, ledger
        self._took_s = self._ended_s = 0.0
        self.shown: Published | None = None

    def if_due(self) -> None:
        """Publish, unless that very content is what is published. Raises as `publish_now`."""
        began_s = time.monotonic()
        made = publish_if_due(*self._held)
        if made is not None:
            self.shown, self._ended_s = made, time.monotonic()
            self._took_s = self._ended_s - began_s

    def now_and_then(self) -> None:
        """Publish if due, unless that would take more of the night than work does."""
        if self._took_s < QUICK_S or time.monotonic() - self._ended_s > SHARE * self._took_s:
            self.if_due()


def publish_if_due(settings: Settings, store: Store, ledger: Ledger) -> Published | None:
    """Publish, unless that very content is what is published. Raises as `publish_now`."""
    shown = (settings.data / "public" / "archive.db").exists()
    if shown and ledger.is_applied("public", _key(settings, store, ledger)):
        return None
    return publish_now(settings, store, ledger)


def publish_now(settings: Settings, store: Store, ledger: Ledger) -> Published:
    """Build a new public file and show it. Raises ArchiveFault where it fails a check."""
    key = _key(settings, store, ledger)
    made = publish(
        settings.data / "work.db",
        settings.data / "public",
        today=_today(),
        names=settings.site.names,
    )
    with store.db.atomic():
        ledger.published(made.path.name, made.sha256)
        ledger.apply("public", key)
    return made


def _today() -> date:
    # An access date is a day of the archivist's calendar.
    return date.today()  # noqa: DTZ011


def _key(settings: Settings, store: Store, ledger: Ledger) -> str:
    """Return a hash over all that a public file comes from."""
    return digest(
        [
            _VERSION,
            settings.site.names,
            ledger.applied(),
            store.db.execute(
                "SELECT id, status, media, poster FROM recordings ORDER BY id"
            ).fetchall(),
            store.db.execute(
                "SELECT id FROM sessions WHERE public_from <= ? ORDER BY id",
                [_today().isoformat()],
            ).fetchall(),
            corrections.mark(store.db.conn),
        ]
    )
