"""`docs/tables.md`, written from the tables of `archive.schema`.

python -m archive.schema_page > docs/tables.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from archive.schema import CREATE_FTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.table import Column, Table


def _column_line(table: Table, column: Column) -> str:
    marks = [
        *(["key"] if column.name in table.primary_key else []),
        *([f"→ {column.references}"] if column.references else []),
        *(["required"] if column.required else []),
        *(["work.db only"] if not column.public else []),
    ]
    kind = {int: "integer", float: "real", str: "text"}[column.type]
    return f"| `{column.name}` | {kind} | {column.meaning} | {', '.join(marks)} |"


def _page_lines() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield "Written from `archive/schema.py` by `python -m archive.schema_page > docs/tables.md`."
    yield ""
    yield "Times are integer milliseconds of the recording; spans hold their start, not their end."
    yield "A citation is recording and time, so that it outlives a new transcription."
    for table in TABLES:
        place = {
            (True, True): "",
            (True, False): " (work.db only)",
            (False, True): " (published file only)",
        }[table.in_work, table.in_public]
        yield ""
        yield f"## {table.name}{place}"
        yield ""
        yield table.meaning
        yield ""
        yield "| column | type | meaning | |"
        yield "|---|---|---|---|"
        yield from (_column_line(table, column) for column in table.columns)
    yield ""
    yield "## passages_fts (published file only)"
    yield ""
    yield "Full-text index over `passages.text`, external content:"
    yield ""
    yield f"    {CREATE_FTS}"


def tables_page() -> str:
    """Return `docs/tables.md`."""
    return "\n".join(_page_lines()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(tables_page())
