"""The corrections.yaml files are followed when a run begins, and when a recording is heard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.corrections import model
from archive.corrections.entries import FILE, follow
from archive.errors import FileFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.errors import PlenaryError
    from archive.store import Store
    from pipeline.event import Event
    from pipeline.hear import Bench


def followed(
    bench: Bench, store: Store, events: Iterable[Event]
) -> tuple[Bench, tuple[PlenaryError, ...]]:
    """Return the bench with the corrections that hold now, and what cannot be corrected.

    Each such mistake tells file and line; the others are made.
    """
    faults: list[PlenaryError] = []
    for event in events:
        for entry, fault in follow(store, event.id, event.corrections):
            path, line = event.folder / FILE, entry.line
            facts = {k: v for k, v in fault.facts.items() if k not in {"path", "line"}}
            faults.append(FileFault(fault.sentence, fault.next_step, path=path, line=line, **facts))
    return replace(bench, corrections=model.read(store.db.conn)), tuple(faults)
