"""The one writer of work.db: programmes and recordings, each put whole in one transaction.

Rows are mappings from column to value, with the columns of `archive.schema`; a column
left out is NULL. Putting the same rows again leaves the same content.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from sqlite_utils import Database

from archive.errors import ArchiveFault
from archive.migrations import migrate
from archive.schema import BY_NAME, VERSION, create_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Row = Mapping[str, object]
Rows = Mapping[str, Sequence[Row]]

_OF_EVENT = ("links", "names", "roles", "glossary", "mentions")
"""Tables whose rows carry the event that they come from."""

_PROGRAMME = {
    *("series", "events", "links", "organisations", "people", "names"),
    *("roles", "sessions", "programme", "glossary", "recordings"),
}

_OF_RECORDING = ("captures", "gaps", "withheld", "provenance")

_DRAW_PEOPLE = """
INSERT INTO people(id, name, sort_name, publish)
SELECT id, name, sort_name, wish FROM (
    SELECT m.id, m.name, m.sort_name,
           CASE MAX(CASE m.publish WHEN 'nothing' THEN 2 WHEN 'no-name' THEN 1 ELSE 0 END)
               OVER (PARTITION BY m.id)
           WHEN 2 THEN 'nothing' WHEN 1 THEN 'no-name' ELSE 'yes' END AS wish,
           ROW_NUMBER() OVER (PARTITION BY m.id ORDER BY e.date DESC, e.id DESC) AS place
    FROM mentions m JOIN events e ON e.id = m.event_id WHERE m.kind = 'person')
WHERE place = 1
ON CONFLICT(id) DO UPDATE SET
    name = excluded.name, sort_name = excluded.sort_name, publish = excluded.publish
"""

_DRAW_ORGANISATIONS = """
INSERT INTO organisations(id, name, url)
SELECT id, name, url FROM (
    SELECT m.id, m.name, m.url,
           ROW_NUMBER() OVER (PARTITION BY m.id ORDER BY e.date DESC, e.id DESC) AS place
    FROM mentions m JOIN events e ON e.id = m.event_id WHERE m.kind = 'organisation')
WHERE place = 1
ON CONFLICT(id) DO UPDATE SET name = excluded.name, url = excluded.url
"""

_DRAW_NEWCOMERS = """
INSERT INTO people(id, name, sort_name, publish)
SELECT json_extract(value, '$.stretches[0][5]'), json_extract(value, '$.name'),
       json_extract(value, '$.sort_name'), 'yes'
FROM corrections
WHERE kind = 'speaker' AND undone_at IS NULL AND json_extract(value, '$.name') IS NOT NULL
ON CONFLICT(id) DO NOTHING
"""
"""People whom no programme gives, identified by a correction."""

_PERSON_GIVEN = """(
SELECT id FROM mentions WHERE kind = 'person'
UNION SELECT json_extract(value, '$.stretches[0][5]') FROM corrections
WHERE kind = 'speaker' AND undone_at IS NULL AND json_extract(value, '$.name') IS NOT NULL)"""
_ORGANISATION_GIVEN = "(SELECT id FROM mentions WHERE kind = 'organisation')"
_SERIES_GIVEN = "(SELECT series_id FROM events WHERE series_id IS NOT NULL)"


def open_store(path: Path) -> Store:
    """Open work.db at `path`, created where it is not yet; its folder must exist.

    Raises ArchiveFault where it is no database, or one of a newer version.
    """
    try:
        connection = sqlite3.connect(path, timeout=30)
        connection.execute("PRAGMA foreign_keys = ON")
        # One file without companions can be copied and looked at while nothing writes.
        connection.execute("PRAGMA journal_mode = DELETE")
        db = Database(connection, execute_plugins=False)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            with db.atomic():
                create_tables(db, public=False)
        if version < VERSION:
            migrate(db)
    except sqlite3.Error as error:
        raise ArchiveFault(
            "the working database cannot be opened: {reason}",
            "check the disk and the rights of the data folder, or put back a copy of the file",
            path=path,
            reason=error,
        ) from error
    if version > VERSION:
        raise ArchiveFault(
            "the working database was written by a newer version (tables {found}, known {known})",
            "install that version of plenary again",
            path=path,
            found=version,
            known=VERSION,
        )
    return Store(db)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open work.db for reading only, whatever its last writer left behind.

    A run that was killed leaves an unfinished transaction, and SQLite must write to undo it
    before anything can be read: `mode=rw` lets it, and still opens a file on a read-only
    disk; nothing else is written. Raises sqlite3.Error.
    """
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30)
    db.execute("PRAGMA query_only = ON")
    return db


class Store:
    """work.db, open for writing; close it, or use it in a `with`."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.db.conn.close()

    def put_event(self, event_id: str, tables: Rows) -> None:
        """Replace what the programme of one event says.

        `tables` may hold rows of series, events (one), links, organisations, people, names,
        roles, sessions, programme, glossary and recordings. People and organisations are
        merged over events: the newest event's name, the strictest wish. A recording that is
        new waits; one that is known keeps its status and content; one that is no longer
        given leaves with its words. Raises ValueError for another table, sqlite3.IntegrityError
        for a reference to nothing; then nothing is changed.
        """
        if unknown := tables.keys() - _PROGRAMME:
            message = f"no tables of a programme: {sorted(unknown)}"
            raise ValueError(message)
        with self._transaction():
            self._clear_programme(event_id)
            self._upsert("series", tables.get("series", ()))
            self._upsert("events", tables.get("events", ()))
            self._put_recordings_of(event_id, tables.get("recordings", ()))
            for name in ("sessions", "programme"):
                self._insert(name, tables.get(name, ()))
            for name in ("links", "roles", "glossary"):
                self._insert(name, ({**row, "event_id": event_id} for row in tables.get(name, ())))
            self._put_mentions(event_id, "person", tables.get("people", ()))
            self._put_mentions(event_id, "organisation", tables.get("organisations", ()))
            self._put_names(event_id, tables)
            self._leave_sessions(event_id)
            self._settle()

    def remove_event(self, event_id: str) -> None:
        """Remove an event with its programme, recordings, turns and passages."""
        with self._transaction():
            self._clear_programme(event_id)
            self._put_recordings_of(event_id, ())
            self.db.table("events").delete_where("id = ?", [event_id])
            self._settle()

    def put_recording(self, recording: Row, tables: Rows) -> None:
        """Replace what is known of one recording's sound and words.

        `recording` is its row, known from its event's programme: columns left out are kept;
        without a status it is partial where sound is missing, else ok. `tables` may hold rows
        of captures, gaps, turns, withheld and provenance, all without ids and without
        recording_id; a turn's row carries its passages' rows, in order, under "passages".
        Raises ValueError for another table, sqlite_utils.db.NotFoundError for a recording
        that no programme gives, sqlite3.IntegrityError for a person that none gives; then
        nothing is changed.
        """
        if unknown := tables.keys() - {*_OF_RECORDING, "turns"}:
            message = f"no tables of a recording: {sorted(unknown)}"
            raise ValueError(message)
        identifier = str(recording["id"])
        status = "partial" if recording.get("missing_ms") else "ok"
        with self._transaction():
            self.db.table("recordings").update(identifier, {"status": status, **recording})
            self._clear_recording(identifier)
            for name in _OF_RECORDING:
                rows = tables.get(name, ())
                self._insert(name, ({**row, "recording_id": identifier} for row in rows))
            self._put_turns(identifier, tables.get("turns", ()))

    def set_status(self, recording_id: str, status: str) -> None:
        """Set a recording's status: ok, partial, failed or waiting."""
        with self._transaction():
            self.db.table("recordings").update(recording_id, {"status": status})

    def set_media(self, recording_id: str, media: str | None, poster: str | None) -> None:
        """Set where a recording is played from and its still picture."""
        with self._transaction():
            self.db.table("recordings").update(recording_id, {"media": media, "poster": poster})

    def add_correction(self, row: Row) -> int:
        """Keep a correction; return its number. Nothing that stands is changed.

        Raises ArchiveFault for what no UTF-8 can hold.
        """
        try:
            with self._transaction():
                self._insert("corrections", [row])
                number: int = self.db.execute("SELECT MAX(id) FROM corrections").fetchone()[0]
                self._settle()
        except UnicodeEncodeError as error:
            raise ArchiveFault(
                "the correction is no text: {reason}", "write it anew, in UTF-8", reason=error
            ) from error
        return number

    def undo_correction(self, number: int, at: str) -> None:
        """Let a correction hold no more, from that moment (ISO 8601); it is kept.

        Raises sqlite_utils.db.NotFoundError where there is none of that number.
        """
        with self._transaction():
            self.db.table("corrections").update(number, {"undone_at": at})
            self._settle()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self.db.atomic():
            # References are checked at the end, so that the order of writes does not matter.
            self.db.conn.execute("PRAGMA defer_foreign_keys = ON")
            yield

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        blank = dict.fromkeys(c.name for c in BY_NAME[table].columns_of(public=False))
        self.db.table(table).insert_all({**blank, **row} for row in rows)

    def _upsert(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            self.db.table(table).upsert(dict(row), pk="id")

    def _clear_programme(self, event_id: str) -> None:
        self.db.execute(
            "DELETE FROM programme WHERE session_id IN "
            "(SELECT id FROM sessions WHERE event_id = ?)",
            [event_id],
        )
        for table in (*_OF_EVENT, "sessions"):
            self.db.table(table).delete_where("event_id = ?", [event_id])

    def _put_recordings_of(self, event_id: str, rows: Sequence[Row]) -> None:
        known = {
            row[0]
            for row in self.db.execute("SELECT id FROM recordings WHERE event_id = ?", [event_id])
        }
        given = {str(row["id"]) for row in rows}
        for identifier in sorted(known - given):
            self._clear_recording(identifier)
            self.db.table("recordings").delete(identifier)
        for row in rows:
            if row["id"] in known:
                told = {k: v for k, v in row.items() if v is not None and k != "status"}
                self.db.table("recordings").update(str(row["id"]), told)
                if "media" in row and row["media"] is None:  # perhaps held elsewhere before
                    self.db.execute(
                        "UPDATE recordings SET media = NULL WHERE id = ? AND media LIKE '%://%'",
                        [row["id"]],
                    )
            else:
                self._insert("recordings", [{**row, "event_id": event_id, "status": "waiting"}])

    def _leave_sessions(self, event_id: str) -> None:
        """Take turns out of sessions that are gone: there, nothing is published."""
        self.db.execute(
            "UPDATE turns SET session_id = NULL "
            "WHERE recording_id IN (SELECT id FROM recordings WHERE event_id = :event) "
            "AND session_id NOT IN (SELECT id FROM sessions WHERE event_id = :event)",
            {"event": event_id},
        )

    def _put_mentions(self, event_id: str, kind: str, rows: Sequence[Row]) -> None:
        wish = {"publish": "yes"} if kind == "person" else {}
        self._insert(
            "mentions", ({**wish, **row, "kind": kind, "event_id": event_id} for row in rows)
        )

    def _put_names(self, event_id: str, tables: Rows) -> None:
        own = [
            {"kind": kind, "id": row["id"], "spelling": row["name"]}
            for kind, table in (("person", "people"), ("organisation", "organisations"))
            for row in tables.get(table, ())
        ]
        seen = {(r["kind"], r["id"], r["spelling"]): r for r in (*own, *tables.get("names", ()))}
        self._insert("names", ({**row, "event_id": event_id} for row in seen.values()))

    def _settle(self) -> None:
        self.db.execute(_DRAW_PEOPLE)
        self.db.execute(_DRAW_NEWCOMERS)
        self.db.execute(_DRAW_ORGANISATIONS)
        # A name that no programme gives any more leaves every turn; the words stay. Only the
        # turns of those who are gone are looked at: an archive has millions.
        self.db.execute(
            "UPDATE turns SET person_id = NULL, confidence = 0, evidence = '[]', "  # noqa: S608
            "origin = 'automatic' WHERE person_id IN "
            f"(SELECT id FROM people WHERE id NOT IN {_PERSON_GIVEN})"
        )
        self.db.table("people").delete_where(f"id NOT IN {_PERSON_GIVEN}")
        self.db.table("organisations").delete_where(f"id NOT IN {_ORGANISATION_GIVEN}")
        self.db.table("series").delete_where(f"id NOT IN {_SERIES_GIVEN}")

    def _clear_recording(self, recording_id: str) -> None:
        self.db.table("passages").delete_where(
            "turn_id IN (SELECT id FROM turns WHERE recording_id = ?)", [recording_id]
        )
        for table in ("turns", *_OF_RECORDING):
            self.db.table(table).delete_where("recording_id = ?", [recording_id])

    def _put_turns(self, recording_id: str, turns: Sequence[Row]) -> None:
        newest = self.db.execute("SELECT COALESCE(MAX(id), 0) FROM turns").fetchone()[0]
        passages: list[Row] = []
        rows: list[Row] = []
        for number, turn in enumerate(turns, newest + 1):
            own = turn.get("passages", ())
            assert isinstance(own, Sequence)
            passages += [{"origin": "automatic", **row, "turn_id": number} for row in own]
            rest = {k: v for k, v in turn.items() if k != "passages"}
            rows.append({"origin": "automatic", **rest, "id": number, "recording_id": recording_id})
        self._insert("turns", rows)
        self._insert("passages", passages)
