"""How a work.db of an earlier version becomes one of this version, step by step.

A step is never changed once it was released, and leaves alone what is there already.
`tests/data/work-<version>.sql` holds what each version left; the tests bring up each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils import Migrations

from archive.schema import VERSION

if TYPE_CHECKING:
    from sqlite_utils import Database

_STEPS = Migrations("plenary-archive")


@_STEPS()
def version_2(db: Database) -> None:
    """Corrections; the notes in place of what was withdrawn are made of them at publication."""
    if not db.table("corrections").exists():
        db.table("corrections").create(
            {
                "id": int,
                "recording_id": str,
                "start_ms": int,
                "end_ms": int,
                "kind": str,
                "value": str,
                "by": str,
                "made_at": str,
                "why": str,
                "source": str,
                "undone_at": str,
            },
            pk="id",
            not_null={"kind", "value", "by", "made_at", "why", "source"},
        )
    if "session_id" not in db.table("provenance").columns_dict:
        db.table("provenance").add_column("session_id", str)
    db.table("notices").drop(ignore=True)


def migrate(db: Database) -> None:
    """Bring work.db to `VERSION`; one that was just made is noted to need no step.

    Each step is whole or not at all; killed between two, the next call goes on.
    """
    _STEPS.apply(db)
    with db.atomic():
        db.execute(f"PRAGMA user_version = {VERSION}")
