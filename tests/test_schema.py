"""The tables: created as documented, documented as created."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database

from archive.schema import BY_NAME, TABLES, create_tables
from archive.schema_page import tables_page

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """
series(id, title)
events(id, title, series_id, label, date, end, place, language, licence, organisers)
links(event_id, session_id, kind, title, url)
organisations(id, name, url)
people(id, name, sort_name)
names(kind, id, spelling)
roles(person_id, event_id, role, organisation_id)
sessions(id, event_id, position, title, kind, date, start, room, place, recording_id, from_ms, \
to_ms, summary)
programme(session_id, person_id, part, position)
recordings(id, event_id, duration_ms, missing_ms, status, media, media_offset_ms, poster)
captures(id, recording_id, position, name, bytes, sha256, format, start_ms, duration_ms)
gaps(recording_id, start_ms, end_ms, reason)
turns(id, session_id, recording_id, start_ms, end_ms, person_id, voice, confidence, evidence, \
origin)
passages(id, turn_id, start_ms, end_ms, text, words, heard, origin)
forms(form, lemma)
glossary(term, means)
withheld(recording_id, start_ms, end_ms, reason)
notices(recording_id, start_ms, end_ms, kind, date)
"""


@pytest.mark.parametrize("line", CONTRACT.strip().splitlines())
def test_public_columns_are_the_contract(line: str) -> None:
    """The published tables have the names and columns that others rely on, in that order."""
    name, _, columns = line.partition("(")
    found = [c.name for c in BY_NAME[name].columns_of(public=True)]
    assert found == columns.rstrip(")").split(", ")


def test_the_page_is_written_from_the_tables(root: Path) -> None:
    """docs/tables.md is what archive.schema_page writes."""
    assert (root / "docs" / "tables.md").read_text(encoding="utf-8") == tables_page()


@pytest.mark.parametrize("public", [True, False])
def test_every_reference_leads_somewhere(public: bool) -> None:
    """Foreign keys point at a column of a table that stands in the same file."""
    db = Database(memory=True)
    create_tables(db, public=public)
    for table in TABLES:
        if table.in_public if public else table.in_work:
            for key in db.table(table.name).foreign_keys:
                assert str(key.other_column) in db.table(str(key.other_table)).columns_dict


def test_what_is_not_public_is_not_in_the_public_tables() -> None:
    """Access, wishes, withheld words and the tables of work.db alone stay behind."""
    db = Database(memory=True)
    create_tables(db, public=True)
    assert "mentions" not in db.table_names()
    assert "access" not in db.table("sessions").columns_dict
    assert "publish" not in db.table("people").columns_dict
    assert "words" not in db.table("withheld").columns_dict
