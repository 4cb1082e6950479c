"""Every table of the archive, documented column by column in one place.

work.db holds all of it; the published file holds the public tables and columns only.
`docs/tables.md` is written from this module by `archive.schema_page`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.table import Column, Table

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 2
"""Kept in `PRAGMA user_version` of work.db and of every published file; `migrations.py` brings
a work.db of an earlier version to this one."""


def _text(
    name: str,
    meaning: str,
    references: str | None = None,
    *,
    required: bool = False,
    public: bool = True,
) -> Column:
    return Column(name, str, meaning, references, required=required, public=public)


def _whole(
    name: str, meaning: str, references: str | None = None, *, required: bool = False
) -> Column:
    return Column(name, int, meaning, references, required=required)


_START = _whole("start_ms", "start, in ms of the recording", required=True)
_END = _whole("end_ms", "end (not included), in ms of the recording", required=True)

TABLES: tuple[Table, ...] = (
    Table(
        "series",
        "Events that belong together, such as the acts of one cycle.",
        (_text("id", "identifier"), _text("title", "title", required=True)),
        ("id",),
    ),
    Table(
        "events",
        "One gathering: a day or several.",
        (
            _text("id", "identifier, the name of its address"),
            _text("title", "title", required=True),
            _text("series_id", "the series it belongs to", "series.id"),
            _text("label", "its name within the series, such as “Acte 2”"),
            _text("date", "first day, ISO 8601", required=True),
            _text("end", "last day where there are several, ISO 8601"),
            _text("place", "where"),
            _text("language", "BCP 47"),
            _text("licence", "SPDX"),
            _text("organisers", "JSON list: ids of organisations, or plain names"),
        ),
        ("id",),
        (("series_id",), ("date",)),
    ),
    Table(
        "organisations",
        "Organisations that people speak for or that hold an event.",
        (
            _text("id", "identifier, often the acronym"),
            _text("name", "full name", required=True),
            _text("url", "their own site"),
        ),
        ("id",),
    ),
    Table(
        "people",
        "One row for one human, over all events.",
        (
            _text("id", "identifier"),
            _text("name", "name as shown", required=True),
            _text("sort_name", "name as sorted"),
            _text(
                "publish",
                "the strictest wish of all programmes: yes, no-name or nothing",
                public=False,
            ),
        ),
        ("id",),
    ),
    Table(
        "mentions",
        "What each event's programme says of a person or an organisation; "
        "`people` and `organisations` are drawn from it.",
        (
            _text("kind", "person or organisation", required=True),
            _text("id", "identifier of the person or organisation", required=True),
            _text("event_id", "the event whose programme says it", "events.id", required=True),
            _text("name", "the name given there", required=True),
            _text("sort_name", "the name as sorted; people only"),
            _text("url", "the site; organisations only"),
            _text("publish", "yes, no-name or nothing; people only"),
        ),
        ("kind", "id", "event_id"),
        (("event_id",),),
        in_public=False,
    ),
    Table(
        "names",
        "Every spelling under which a person or an organisation is known.",
        (
            _text("kind", "person, organisation, or same (another id of a person)", required=True),
            _text("id", "identifier of the person or organisation", required=True),
            _text("spelling", "the spelling; for same, the other id", required=True),
            _text("event_id", "the programme it comes from", "events.id", public=False),
        ),
        indexes=(("kind", "id"), ("event_id",)),
    ),
    Table(
        "roles",
        "What a person was at an event: the role of that day, never today's.",
        (
            _text("person_id", "who", "people.id", required=True),
            _text("event_id", "at which event", "events.id", required=True),
            _text("role", "the role, in the programme's words"),
            _text("organisation_id", "for whom", "organisations.id"),
        ),
        indexes=(("person_id", "event_id"), ("event_id",), ("organisation_id",)),
    ),
    Table(
        "recordings",
        "One timeline of sound and picture, from one or several captures.",
        (
            _text("id", "<event>/<recording>"),
            _text("event_id", "the event", "events.id", required=True),
            _whole("duration_ms", "length of the timeline in ms"),
            _whole("missing_ms", "sound that the captures should hold and do not, in ms"),
            _text("status", "ok, partial (sound is missing), failed, or waiting", required=True),
            _text(
                "media",
                "web copy, relative to the data folder, or a URL; beside our .mp4 stands its sound "
                "alone, .m4a, which is itself the web copy where there is no picture, or not yet",
            ),
            _whole("media_offset_ms", "added to a time of the recording to give that of `media`"),
            _text("poster", "still picture, relative to the data folder"),
        ),
        ("id",),
        (("event_id",),),
    ),
    Table(
        "sessions",
        "One item of an event's programme.",
        (
            _text("id", "<event>/<session>"),
            _text("event_id", "the event", "events.id", required=True),
            _whole("position", "order in the programme, from 1", required=True),
            _text("title", "title", required=True),
            _text("kind", "plenary, workshop, round-table, opening or break"),
            _text("date", "ISO 8601"),
            _text("start", "time of day, HH:MM"),
            _text("room", "room"),
            _text("place", "place, where it is not the event's"),
            _text("recording_id", "the recording; empty where it was not filmed", "recordings.id"),
            _whole("from_ms", "start in the recording; empty: from its start"),
            _whole("to_ms", "end in the recording; empty: to its end"),
            _text("summary", "written by a person"),
            _text("access", "public or closed", public=False),
            _text("public_from", "not public before this ISO date", public=False),
        ),
        ("id",),
        (("event_id", "position"), ("recording_id",)),
    ),
    Table(
        "links",
        "Documents about an event or a session, held elsewhere.",
        (
            _text("event_id", "the event", "events.id", required=True),
            _text("session_id", "the session, where it is about one", "sessions.id"),
            _text("kind", "such as report, slides, photos"),
            _text("title", "title"),
            _text("url", "address", required=True),
        ),
        indexes=(("event_id",), ("session_id",)),
    ),
    Table(
        "programme",
        "Who was announced to chair or to speak, in order.",
        (
            _text("session_id", "the session", "sessions.id", required=True),
            _text("person_id", "who", "people.id", required=True),
            _text("part", "“chair”, the part announced, or empty for a speaker"),
            _whole("position", "order announced, from 1; chairs first", required=True),
        ),
        ("session_id", "position"),
        (("person_id",),),
    ),
    Table(
        "captures",
        "Files of the camera, as they were received.",
        (
            _whole("id", "number"),
            _text("recording_id", "the recording", "recordings.id", required=True),
            _whole("position", "order in the recording, from 1", required=True),
            _text("name", "file name", required=True),
            _whole("bytes", "size in bytes"),
            _text("sha256", "SHA-256 of the whole file"),
            _text("format", "container and codecs"),
            _whole("start_ms", "where it starts in the recording, in ms"),
            _whole("duration_ms", "its length in ms"),
        ),
        ("id",),
        (("recording_id",),),
    ),
    Table(
        "gaps",
        "Stretches of a recording whose sound is missing.",
        (
            _text("recording_id", "the recording", "recordings.id", required=True),
            _START,
            _END,
            _text("reason", "what was found"),
        ),
        indexes=(("recording_id",),),
    ),
    Table(
        "turns",
        "Words of one voice without another's between.",
        (
            _whole("id", "number; not stable: cite the recording and a time"),
            _text("session_id", "the session; empty outside every session", "sessions.id"),
            _text("recording_id", "the recording", "recordings.id", required=True),
            _START,
            _END,
            _text("person_id", "who; empty where unknown", "people.id"),
            _text("voice", "label of the voice within the recording: voice-1, …"),
            Column("confidence", float, "probability that the name is right, 0 to 1"),
            _text("evidence", "JSON list: kind, start_ms, quote, likeness of each reason"),
            _text("origin", "of the name: automatic, confirmed or corrected", required=True),
        ),
        ("id",),
        (("session_id", "start_ms"), ("person_id",), ("recording_id", "start_ms")),
    ),
    Table(
        "passages",
        "About a paragraph of a turn; ends with a sentence. What search finds.",
        (
            _whole("id", "number; in the published file, newest session first, then by time"),
            _whole("turn_id", "the turn", "turns.id", required=True),
            _START,
            _END,
            _text("text", "the words, with single spaces", required=True),
            _text("words", "JSON [[start_ms, end_ms, probability], …], one per word of text"),
            _text("heard", "JSON {position of a word: the form heard}, where mended"),
            _text("origin", "of the words: automatic, confirmed or corrected", required=True),
        ),
        ("id",),
        (("turn_id",),),
    ),
    Table(
        "forms",
        "The words of the passages and the lemmas they share; for search.",
        (
            _text("form", "as indexed; one of several words is a phrase", required=True),
            _text("lemma", "base form, folded", required=True),
        ),
        ("form", "lemma"),
        (("lemma",),),
        in_work=False,
    ),
    Table(
        "glossary",
        "Terms and what they mean; search finds one by the other.",
        (
            _text("term", "the term", required=True),
            _text("means", "what it stands for"),
            _text("event_id", "the programme it comes from", "events.id", public=False),
        ),
        indexes=(("event_id",),),
    ),
    Table(
        "withheld",
        "Words that are not shown because the sound does not bear them out.",
        (
            _text("recording_id", "the recording", "recordings.id", required=True),
            _START,
            _END,
            _text("reason", "why"),
            _text("words", "the words, so that they can be put back", public=False),
        ),
        indexes=(("recording_id",),),
    ),
    Table(
        "corrections",
        "What people put right, laid over the rest at every publication; kept whatever becomes "
        "of the recording.",
        (
            _whole("id", "number, in the order in which they were made"),
            _text("recording_id", "the recording as it was then; empty: several"),
            _whole("start_ms", "start of what it is about, in ms of the recording as it was then"),
            _whole("end_ms", "its end (not included)"),
            _text("kind", "speaker, text, confirm, replace, withdraw or restore", required=True),
            _text(
                "value",
                "JSON: what else it says, by kind (`archive/corrections/model.py`); `stretches`: "
                "[[start_ms, end_ms, SHA-256 of the capture, its ms there, words heard, person, "
                "words said], …]",
                required=True,
            ),
            _text("by", "who", required=True),
            _text("made_at", "when, ISO 8601", required=True),
            _text("why", "why", required=True),
            _text("source", "the file that says it; empty: the command", required=True),
            _text("undone_at", "when it was undone, ISO 8601; it is kept and no longer holds"),
        ),
        ("id",),
        in_public=False,
    ),
    Table(
        "notices",
        "Dated public notes in place of what was withdrawn; they name nobody.",
        (
            _text("recording_id", "the recording", "recordings.id", required=True),
            _START,
            _END,
            _text("kind", "what was done: withdrawn"),
            _text("date", "when, ISO 8601"),
        ),
        indexes=(("recording_id",),),
        in_work=False,
    ),
    Table(
        "provenance",
        "One row per step behind each recording (PREMIS words for events).",
        (
            _text("recording_id", "the recording", "recordings.id", required=True),
            _text("session_id", "the session whose words it made; empty: of the whole recording"),
            _text("step", "the step, such as words", required=True),
            _text("tool", "what did it"),
            _text("version", "its version"),
            _text("model", "the model it used"),
            _text("model_sha256", "the model's SHA-256"),
            _text("options", "JSON; what holds names or times of speech is not published"),
            _text("made_at", "when, ISO 8601"),
            _text("input_sha256", "SHA-256 of what it read"),
            _text("output_sha256", "SHA-256 of what it made"),
        ),
        indexes=(("recording_id",),),
    ),
)

BY_NAME = {table.name: table for table in TABLES}

TOKENIZE = "unicode61 remove_diacritics 2"

CREATE_FTS = (
    "CREATE VIRTUAL TABLE passages_fts USING fts5("
    f"text, content='passages', content_rowid='id', tokenize='{TOKENIZE}', prefix='2 3 4')"
)
"""The full-text index of the published file: no extension, no copy of the text.

Beginnings of two to four letters have an index of their own: to join all words in "de" before the
first hit takes 46 ms in a hundred thousand passages, and cannot be interrupted.
"""

PAGE_BYTES = 16_384
"""The page size of a published file: in SQLite's usual one of 4096 a passage with its times leaves
so much room that a third of the file is empty."""

CREATE_HIT_SPEAKERS = "CREATE INDEX hit_speakers ON turns(id, session_id, person_id, origin)"
"""What `archive/columns.py` reads of all turns, without the evidence of each."""


def create_tables(db: Database, *, public: bool) -> None:
    """Create every table of work.db or of a published file, and note the version."""
    for table in TABLES:
        if table.in_public if public else table.in_work:
            table.create(db, public=public)
    if public:
        for statement in (CREATE_FTS, CREATE_HIT_SPEAKERS):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
