"""Exports: what each must hold, and that no text breaks out of any of them."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from archive_fixture import (
    DAY,
    EVENING,
    TODAY,
    evening_event,
    evening_recording,
    make_work,
    passage,
    public_archive,
    turn,
)
from lxml import etree
from relaxng import narrowed

from archive.errors import ArchiveFault
from archive.export import FORMATS, about, export, export_recording, write_all
from archive.export.csv_ import safe
from archive.export.tables import ORIGINALS_COLUMNS, SPEAKING_TIME_COLUMNS
from archive.publish import publish
from archive.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["public_archive"]

OPENING, TABLE = f"{DAY}/ouverture", f"{DAY}/table-ronde"
TEI = "{http://www.tei-c.org/ns/1.0}"
HOSTILE = (
    "=cmd|' /C' <script>alert(1)</script> --> ]]> & \"'; a;=1 {x} % \\ "
    "\u202e 🙂 \r\n1\n\x0b\ufffe\x00"
)


@pytest.fixture(scope="module")
def db(public_archive: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{public_archive}?immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as opened:
        yield opened


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An archive whose every text is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    event = dict(evening_event())
    for table, columns in {
        "events": ("title", "licence", "language"),
        "organisations": ("name",),
        "people": ("name",),
        "roles": ("role",),
        "sessions": ("title",),
    }.items():
        event[table] = [{**row, **dict.fromkeys(columns, HOSTILE)} for row in event[table]]
    recording, tables = evening_recording()
    said = " ".join(HOSTILE.split())
    work = make_work(folder)
    with open_store(work) as store:
        store.put_event(EVENING, event)
        captures = [{**row, "name": HOSTILE, "format": HOSTILE} for row in tables["captures"]]
        told = dict.fromkeys(("tool", "version", "model", "made_at"), HOSTILE)
        provenance = [{**row, **told} for row in tables["provenance"]]
        gaps = [{"start_ms": 5_000, "end_ms": 6_000, "reason": HOSTILE}]
        turns = [
            turn(f"{EVENING}/soiree", 1_000, said, person="cleo-essai"),
            turn(f"{EVENING}/soiree", 9_000, f"-{said}", person="bo-exemple", origin="confirmed"),
        ]
        tables = {"captures": captures, "provenance": provenance, "gaps": gaps, "turns": turns}
        store.put_recording(recording, tables)
    path = publish(work, folder / "public", today=TODAY, names="all").path
    with contextlib.closing(sqlite3.connect(path)) as opened:
        yield opened


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_exports_are_the_same_each_time(db: sqlite3.Connection, name: str) -> None:
    """The same published file gives the same text."""
    assert export(db, name, OPENING) == export(db, name, OPENING)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_unfilmed_session_is_no_error(db: sqlite3.Connection, name: str) -> None:
    """Without words there is a heading at most."""
    assert "Bonjour" not in export(db, name, f"{DAY}/atelier")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_unknown_session_is_named(db: sqlite3.Connection, name: str) -> None:
    """What is not public cannot be asked for."""
    with pytest.raises(ArchiveFault, match="clos"):
        export(db, name, f"{DAY}/clos")


def test_doubt_goes_with_an_unconfirmed_name(db: sqlite3.Connection) -> None:
    """A name that nobody confirmed carries its doubt; a confirmed one does not."""
    vtt, srt, txt = (export(db, name, OPENING) for name in ("vtt", "srt", "txt"))
    for text in (vtt, srt, txt):
        assert "Bo Modèle (nom attribué automatiquement)" in text
        assert "Ana Exemple (" not in text
    assert "<v Ana Exemple>" in vtt
    utterances = etree.fromstring(export(db, "tei", OPENING).encode()).iter(f"{TEI}u")
    assert [u.get("cert") for u in utterances] == ["high", "0.930"]
    turns = json.loads(export(db, "json", OPENING))["turns"]
    assert [(t["origin"], t["confidence"]) for t in turns] == [
        ("confirmed", 1.0),
        ("automatic", 0.93),
    ]
    lines = list(csv.DictReader(io.StringIO(export(db, "csv", OPENING))))
    assert [(r["origin"], r["confidence"]) for r in lines[:2]] == [
        ("confirmed", "1.000"),
        ("automatic", "0.930"),
    ]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_licence_source_model_and_date_go_along(
    db: sqlite3.Connection, tmp_path: Path, name: str
) -> None:
    """A transcript that leaves says under which licence and from which file and model it is.

    In itself, or in the file beside it where common readers would stop at such a line.
    """
    (path, *_) = write_all(db, name, [DAY], tmp_path)
    told = path.with_name("ouverture.about.txt") if name in ("rttm", "srt") else path
    text = told.read_text("utf-8")
    for fact in ("CC-BY-SA-4.0", "a" * 64, "faster-whisper 1.2.1", "b" * 64, "2017-03-28"):
        assert all(part in text for part in fact.split())


def read_table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_speaking_time_is_that_of_the_rttm(db: sqlite3.Connection, tmp_path: Path) -> None:
    """Beside the CSV: each speaker of a session with role, organisation, and what is doubtful."""
    write_all(db, "csv", [DAY], tmp_path)
    rows = read_table(tmp_path / f"{DAY}.speaking-time.csv")
    assert tuple(rows[0]) == SPEAKING_TIME_COLUMNS
    told = [(r["session"], r["name"], r["voice"], r["origin"], r["speech_s"]) for r in rows]
    assert told == [
        (OPENING, "Ana Exemple", "", "confirmed", "7.200"),
        (OPENING, "Bo Modèle", "", "automatic", "10.800"),
        (TABLE, "Bo Modèle", "", "automatic", "6.400"),
        (TABLE, "", "voice-3", "unknown", "4.800"),
        (TABLE, "", "voice-5", "unknown", "3.600"),
    ]
    assert [(r["role"], r["organisation"], r["words"], r["turns"]) for r in rows[:2]] == [
        ("déléguée générale", "RTD", "18", "1"),
        ("directeur", "PHARES", "26", "1"),
    ]
    for session in (OPENING, TABLE):
        lines = [line.split() for line in export(db, "rttm", session).splitlines()]
        spoken = [row["speech_s"] for row in rows if row["session"] == session]
        assert sum(float(f[4]) for f in lines) == pytest.approx(sum(map(float, spoken)))


def test_originals_are_listed(db: sqlite3.Connection, tmp_path: Path) -> None:
    """Beside the CSV: one line for each capture of the event."""
    write_all(db, "csv", [DAY], tmp_path)
    (row,) = read_table(tmp_path / f"{DAY}.originals.csv")
    assert tuple(row) == ORIGINALS_COLUMNS
    assert (row["recording"], row["position"], row["name"]) == (f"{DAY}/matin", "1", "00001.MTS")
    assert (row["bytes"], row["sha256"], row["format"]) == ("123456", "a" * 64, "mpegts")
    assert (row["start_s"], row["end_s"], row["licence"]) == ("0.000", "520.000", "CC-BY-SA-4.0")


def test_exports_do_not_depend_on_the_process(public_archive: Path, root: Path) -> None:
    """Two interpreters with other hash seeds write the same bytes, and so do two publications."""
    script = (
        "import hashlib, sys, pathlib, tempfile\n"
        "from archive.export import FORMATS, write_all\n"
        "from archive.publish import open_published\n"
        "db = open_published(pathlib.Path(sys.argv[1]))\n"
        "out = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[2]))\n"
        "[write_all(db, name, [], out) for name in sorted(FORMATS)]\n"
        "files = sorted(f for f in out.rglob('*') if f.is_file())\n"
        "told = [(str(f.relative_to(out)), f.read_bytes()) for f in files]\n"
        "print(len(told), hashlib.sha256(repr(told).encode()).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, public_archive, public_archive.parent],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_several_roles_stand_together(tmp_path: Path) -> None:
    """Who spoke for two organisations is listed with both; TEI keeps which role was for which."""
    work = make_work(tmp_path)
    event = dict(evening_event())
    event["roles"] = [
        {"person_id": "cleo-essai", "role": "géographe", "organisation_id": None},
        {"person_id": "cleo-essai", "role": "présidente", "organisation_id": "COOP"},
    ]
    with open_store(work) as store:
        store.put_event(EVENING, event)
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    with contextlib.closing(sqlite3.connect(path)) as db:
        first = next(csv.DictReader(io.StringIO(export(db, "csv", f"{EVENING}/soiree"))))
        document = etree.fromstring(export(db, "tei", f"{EVENING}/soiree").encode())
    assert (first["role"], first["organisation"]) == ("géographe; présidente", "COOP")
    person = document.xpath("//*[local-name()='person'][@xml:id='person.cleo-essai']")[0]
    assert person.findtext(f"{TEI}occupation") == "géographe"
    assert person.find(f"{TEI}affiliation").get("ref") == "#org.COOP"
    assert person.findtext(f"{TEI}affiliation/{TEI}roleName") == "présidente"
    assert "La Coopérative d'exemple" in document.xpath("string(//*[local-name()='listOrg'])")


def test_what_cannot_be_read_is_told(db: sqlite3.Connection) -> None:
    """Missing sound stands in the session that it is missing from, and in no other."""
    assert json.loads(export(db, "json", TABLE))["missing"] == [
        {"start_ms": 300_000, "end_ms": 302_000, "reason": "packets missing"}
    ]
    assert "00:05:00–00:05:02: packets missing" in export(db, "txt", TABLE)
    assert json.loads(export(db, "json", OPENING))["missing"] == []


def test_rttm_names_people_by_id_and_never_overlaps(db: sqlite3.Connection) -> None:
    """Person ids as in the programme, voices where there is none, seconds of the recording."""
    assert export(db, "rttm", TABLE) == (
        "SPEAKER table-ronde 1 160.000 6.400 <NA> <NA> bo-exemple 0.880 <NA>\n"
        "SPEAKER table-ronde 1 200.000 4.800 <NA> <NA> voice-3 <NA> <NA>\n"
        "SPEAKER table-ronde 1 280.000 3.600 <NA> <NA> voice-5 <NA> <NA>\n"
    )


def test_rttm_leaves_silence_to_nobody(tmp_path: Path) -> None:
    """A turn that goes on after applause has a line on either side of it."""
    work = make_work(tmp_path)
    recording, tables = evening_recording()
    session = f"{EVENING}/soiree"
    said = turn(session, 0, "un deux trois", person="cleo-essai")
    later = passage("quatre cinq", 12_000)
    with open_store(work) as store:
        turns = [
            {
                **said,
                "end_ms": later["end_ms"],
                "passages": [passage("un deux trois", 0), later],
            }
        ]
        store.put_recording(recording, {**tables, "turns": turns})
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    with contextlib.closing(sqlite3.connect(path)) as db:
        lines = [line.split() for line in export(db, "rttm", session).splitlines()]
    assert [(f[3], f[4]) for f in lines] == [("0.000", "1.200"), ("12.000", "0.800")]


def test_rttm_cuts_overlaps(tmp_path: Path) -> None:
    """Of two turns that overlap the second starts where the first ends; one inside it leaves."""
    work = make_work(tmp_path)
    recording, tables = evening_recording()
    session = f"{EVENING}/soiree"
    turns = [
        turn(session, 0, "un deux trois quatre cinq", person="cleo-essai"),
        turn(session, 400, "dedans", voice="voice-2"),
        turn(session, 1_600, "six sept huit", person="bo-exemple"),
    ]
    with open_store(work) as store:
        store.put_recording(recording, {**tables, "turns": turns})
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    with contextlib.closing(sqlite3.connect(path)) as db:
        lines = [line.split() for line in export(db, "rttm", session).splitlines()]
    assert [(f[3], f[4], f[7]) for f in lines] == [
        ("0.000", "2.000", "cleo-essai"),
        ("2.000", "0.800", "bo-exemple"),
    ]


@pytest.mark.parametrize("name", ["vtt", "srt"])
def test_captions_hold_every_word_once_in_time(db: sqlite3.Connection, name: str) -> None:
    """Captions are short, in order, and together are what was said."""
    text = export(db, name, TABLE)
    times = re.findall(r"(\d\d):(\d\d):(\d\d)[.,](\d{3})", text)
    stamps = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(t) for h, m, s, t in times]
    assert stamps == sorted(stamps)
    cues = re.findall(r"-->.*\n(.+)", text)
    assert all(len(re.sub(r"<[^>]*>|^[^:]* : ", "", cue)) <= 84 for cue in cues)
    said = " ".join(re.sub(r"</?v[^>]*>|^[^:]* : ", "", html.unescape(cue)) for cue in cues)
    spoken = [row[0] for row in db.execute(
        "SELECT p.text FROM passages p JOIN turns t ON t.id = p.turn_id "
        "WHERE t.session_id = ? ORDER BY p.start_ms", [TABLE]
    )]  # fmt: skip
    assert words(said) == words(" ".join(spoken))


def test_a_recording_has_its_captions(db: sqlite3.Connection) -> None:
    """All that is public of a recording, over its sessions, for the player."""
    text = export_recording(db, "vtt", f"{DAY}/matin")
    assert "Bonjour à toutes" in text
    assert "co-construction" in text
    assert "mandarine" not in text


def test_files_stand_by_event_and_session(db: sqlite3.Connection, tmp_path: Path) -> None:
    """write_all gives <event>/<session>.<ext> for each session with words, whole files only."""
    paths = write_all(db, "rttm", [DAY], tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in paths] == [
        f"{DAY}/ouverture.rttm",
        f"{DAY}/table-ronde.rttm",
    ]
    assert paths[0].read_text(encoding="utf-8") == export(db, "rttm", OPENING)
    assert len(write_all(db, "txt", [], tmp_path)) == 3
    assert not list(tmp_path.rglob("*.tmp"))
    with pytest.raises(ArchiveFault, match="nowhere"):
        write_all(db, "txt", ["nowhere"], tmp_path)


def test_hostile_vtt(hostile: sqlite3.Connection) -> None:
    """No tag, no arrow, no line break of the text's own reaches a player."""
    text = export(hostile, "vtt", f"{EVENING}/soiree")
    for block in text.split("\n\n")[1:]:
        if block.startswith("NOTE"):
            assert "-->" not in block
            continue
        times, *cue = block.rstrip("\n").split("\n")
        assert re.fullmatch(r"[\d:.]+ --> [\d:.]+", times)
        assert len(cue) == 1
        assert re.fullmatch(r"<v [^<>]+>[^<>]*</v>", cue[0])
    assert "<script" not in text


def test_hostile_srt(hostile: sqlite3.Connection) -> None:
    """Nothing in it can be read as a tag or as another caption."""
    text = export(hostile, "srt", f"{EVENING}/soiree")
    for number, block in enumerate(text.rstrip("\n").split("\n\n"), 1):
        counted, times, *lines = block.split("\n")
        assert counted == str(number)
        assert times.count("-->") == 1
        assert len(lines) == 1
        assert "<" not in lines[0]


@pytest.mark.parametrize("path", ["/soiree.csv", ".speaking-time.csv", ".originals.csv"])
def test_hostile_csv(hostile: sqlite3.Connection, tmp_path: Path, path: str) -> None:
    """No cell starts a formula, no cell breaks its line, every line has every column."""
    write_all(hostile, "csv", [EVENING], tmp_path)
    text = (tmp_path / f"{EVENING}{path}").read_text("utf-8")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(line) for line in lines} == {len(lines[0])}
    for line in lines:
        for cell in line:
            assert not re.search(r"(^|;)[=+\-@]", cell)
            assert not re.search(r"[\x00-\x1f]", cell)
    assert any(cell.startswith("'=cmd") for cell in lines[1])


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("\ufeff @x", "'\ufeff @x"),
        ("oui;-1", "oui;'-1"),
        ("a; '+b;c", "a;' '+b;c"),
        ("c’est - dit-il - 1 + 1", "c’est - dit-il - 1 + 1"),
    ],
)
def test_what_a_spreadsheet_would_compute_is_text(text: str, cell: str) -> None:
    """Also behind what nobody sees, and where a spreadsheet in French begins a new cell."""
    assert safe(text) == cell


def test_hostile_json(hostile: sqlite3.Connection) -> None:
    """What was said comes back as it was said."""
    turns = json.loads(export(hostile, "json", f"{EVENING}/soiree"))["turns"]
    said = turns[1]["passages"][0]
    assert said["text"] == " ".join(word["text"] for word in said["words"])
    assert "<script>alert(1)</script>" in said["text"]


def test_hostile_txt_and_rttm(hostile: sqlite3.Connection) -> None:
    """Control characters are gone; a line of RTTM has its ten fields."""
    text = export(hostile, "txt", f"{EVENING}/soiree") + about(hostile, f"{EVENING}/soiree")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    for line in export(hostile, "rttm", f"{EVENING}/soiree").splitlines():
        assert len(line.split(" ")) == 10


@pytest.mark.parametrize("session", [OPENING, TABLE, f"{DAY}/atelier", f"{EVENING}/soiree"])
def test_tei_is_valid(
    db: sqlite3.Connection, hostile: sqlite3.Connection, material: Path, session: str
) -> None:
    """TEI validates against Parla-CLARIN's RelaxNG, hostile text included."""
    source = hostile if session.startswith(EVENING) else db
    document = etree.fromstring(export(source, "tei", session).encode())
    used = {etree.QName(element).localname for element in document.iter()}
    schema = narrowed(material / "schemas" / "parla-clarin.rng", used)
    assert schema.validate(document), schema.error_log
    next(document.iter(f"{TEI}head")).set("nonsense", "x")
    assert not schema.validate(document)


def test_tei_refers_to_what_it_holds(db: sqlite3.Connection) -> None:
    """Every who, start, end and synch points at an id of the document."""
    document = etree.fromstring(export(db, "tei", TABLE).encode())
    ids = set(document.xpath("//@xml:id"))
    for name in ("who", "start", "end", "synch", "since", "origin"):
        for reference in document.xpath(f"//@{name}"):
            assert reference.removeprefix("#") in ids
