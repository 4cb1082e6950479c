"""work.db opened for the verbs that keep an archive rather than make one."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from archive.store import open_store
from pipeline.ledger import Ledger
from pipeline.run import holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def kept_ledger(data: Path) -> Iterator[Ledger]:
    """Hold an archive that exists and open its ledger.

    Raises Busy while a run holds it, ArchiveFault where there is none or its disk fails.
    """
    work = data / "work.db"
    if not work.exists():
        raise ArchiveFault("nothing was done here yet", "run `plenary run` first", path=work)
    try:
        with holding(data), open_store(work) as store:
            yield Ledger(store.db, data / "kept")
    except sqlite3.Error as error:
        raise ArchiveFault(
            "the working database cannot be used: {reason}",
            "free some space on its disk, or put back a copy of the file (docs/keeping.md)",
            path=work,
            reason=error,
        ) from error
