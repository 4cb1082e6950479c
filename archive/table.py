"""What a table of the archive is: columns that say what they mean, a key, indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `references` is "table.column", `public` False keeps it out of publication."""

    name: str
    type: type[int | float | str]
    meaning: str
    references: str | None = None
    required: bool = False
    public: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table; the stores it stands in, its key and the columns that are indexed together."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    in_work: bool = True
    in_public: bool = True

    def columns_of(self, *, public: bool) -> tuple[Column, ...]:
        """Return the columns of the published file, or those of work.db."""
        return tuple(c for c in self.columns if c.public or not public)

    def create(self, db: Database, *, public: bool) -> None:
        """Create the table and its indexes in `db`, as published or as in work.db."""
        columns = self.columns_of(public=public)
        names = {c.name for c in columns}
        key = self.primary_key if names.issuperset(self.primary_key) else ()
        table = db.table(self.name)
        table.create(
            {c.name: c.type for c in columns},
            pk=(key[0] if len(key) == 1 else key) or None,
            not_null={c.name for c in columns if c.required},
            foreign_keys=[
                (c.name, c.references.partition(".")[0], c.references.partition(".")[2])
                for c in columns
                if c.references
            ],
        )
        for index in self.indexes:
            if names.issuperset(index):
                table.create_index(index)
