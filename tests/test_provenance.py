"""From any public passage to the capture's hash, by the public file alone; what breaks is told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, TODAY, day_recording, make_work, turn
from conftest import Archive, archive_of

from archive.chain import breaks
from archive.corrections.place import Place
from archive.errors import ArchiveFault
from archive.export import export_recording
from archive.provenance import origins, read_steps
from archive.publish import open_published, publish
from archive.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.store import Row

MORNING, OPENING, TABLE = f"{DAY}/matin", f"{DAY}/ouverture", f"{DAY}/table-ronde"
LINK = "https://archive.example/recordings/2025-03-14-rivemont/journee?t=50,60#now"
EVENT = "2025-03-14-ailleurs"
TAKEN = """\
event:
  id: {event}
  title: "Ailleurs"
  date: 2025-03-14
  language: fr
people: {{}}
sessions:
  - id: une
    title: "Une"
    captures: ["{film}"]
    transcripts: [mots.srt]
"""
CAPTURE, SOUND, MODEL, TRANSCRIPT = "a" * 64, "1" * 64, "b" * 64, "7" * 64


def step(
    name: str, made: str, *read: str, session: str | None = None, model: str = ""
) -> list[Row]:
    """Return the rows of a step that read and made what these hashes name."""
    return [
        {
            "session_id": session,
            "step": name,
            "tool": f"tool of {name}",
            "version": "1",
            "model": "demo" if model else None,
            "model_sha256": model or None,
            "options": json.dumps({"language": "fr"}),
            "made_at": "2025-12-01T10:00:00Z",
            "input_sha256": sha256,
            "output_sha256": made,
        }
        for sha256 in read
    ]


def correction(kind: str, **place: object) -> Row:
    return {
        "step": "correction",
        "tool": "a person",
        "options": json.dumps({"kind": kind, **place}),
        "made_at": "2026-01-01T09:00:00Z",
    }


PROVENANCE = [
    *step("sound", SOUND, CAPTURE),
    *step("words", "2" * 64, SOUND, session=OPENING, model=MODEL),
    *step("words", "3" * 64, SOUND, session=OPENING, model=MODEL),
    *step("gate", "4" * 64, "2" * 64, "3" * 64, SOUND, session=OPENING),
    *step("turns", "5" * 64, "4" * 64, SOUND, session=OPENING),
    *step("sidecar", "6" * 64, TRANSCRIPT, session=TABLE),
    *step("gate", "8" * 64, "6" * 64, SOUND, session=TABLE),
    *step("turns", "9" * 64, "8" * 64, SOUND, session=TABLE),
    *step("turns", "e" * 64, SOUND, session=f"{DAY}/embargo"),
    correction("confirm", start_ms=10_000, end_ms=20_000),
    correction("replace", **{"from": "pétécé", "to": "PTCE"}),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file whose chains are whole: one session recognised, one with a transcript."""
    folder = tmp_path_factory.mktemp("chain")
    work = make_work(folder)
    recording, tables = day_recording()
    with open_store(work) as store:
        store.put_recording(recording, {**tables, "provenance": PROVENANCE})
        store.remove_event("2019-10-05-soiree-demo")
    return publish(work, folder / "public", today=TODAY, names="all").path


@pytest.fixture
def db(published: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a copy of it that may be changed."""
    copy = shutil.copy(published, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(copy)) as opened:
        yield opened


def reasons(db: sqlite3.Connection) -> list[str]:
    return [str(one) for one in breaks(db)]


def test_a_whole_chain_has_no_break(db: sqlite3.Connection) -> None:
    """Nothing is said of a file whose every passage leads back."""
    assert reasons(db) == []


def test_a_passage_leads_to_capture_model_options_steps_and_corrections(
    db: sqlite3.Connection,
) -> None:
    """All of it, of its own session and time, and of no other."""
    (origin,) = origins(db, Place(MORNING, 30_000, None))[:1]
    assert origin.text.startswith("Merci Ana")
    assert (origin.name, origin.name_origin) == ("Bo Modèle", "automatic")
    assert [(c.name, c.sha256) for c in origin.captures] == [("00001.MTS", CAPTURE)]
    assert [s.step for s in origin.steps] == ["sound", "words", "words", "gate", "turns"]
    assert {s.model_sha256 for s in origin.steps if s.step == "words"} == {MODEL}
    assert json.loads(origin.steps[1].options) == {"language": "fr"}
    assert [c.kind for c in origin.corrections] == ["replace"]
    (confirmed,) = origins(db, Place(MORNING, 10_000, None))
    assert [c.kind for c in confirmed.corrections] == ["confirm", "replace"]
    (taken,) = origins(db, Place(MORNING, 280_000, 281_000))
    assert [(s.step, s.inputs[0]) for s in taken.steps][1] == ("sidecar", TRANSCRIPT)


def test_silence_has_no_origin(db: sqlite3.Connection) -> None:
    """Where nothing is public a sentence says so."""
    with pytest.raises(ArchiveFault, match="public at"):
        origins(db, Place(MORNING, 110_000, None))


def test_steps_of_what_is_not_public_stay_behind(db: sqlite3.Connection) -> None:
    """A session under embargo leaves no step in the public file."""
    assert {s.session for s in read_steps(db, MORNING)} == {None, OPENING, TABLE}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DELETE FROM captures", "no capture is recorded"),
        ("UPDATE captures SET name = char(27) || 'x', sha256 = ''", "capture x has no SHA-256"),
        ("UPDATE captures SET sha256 = NULL", "capture 00001.MTS has no SHA-256"),
        (f"UPDATE captures SET sha256 = '{'f' * 64}'", "sound was not made of the captures"),
        ("DELETE FROM provenance WHERE step = 'sound'", "step words read 111111111111…"),
        (
            f"DELETE FROM provenance WHERE output_sha256 = '{'2' * 64}'",
            "step gate read 222222222222…, which no step made",
        ),
        ("DELETE FROM provenance WHERE step = 'sidecar'", "step gate read 666666666666…"),
        ("DELETE FROM provenance WHERE step = 'gate'", "step turns read 444444444444…"),
        (
            f"DELETE FROM provenance WHERE input_sha256 = '{'3' * 64}'",
            "step words made 333333333333…, which no step read",
        ),
        (
            f"DELETE FROM provenance WHERE step = 'turns' AND session_id = '{TABLE}'",
            f"{TABLE}: no step turns is recorded",
        ),
        ("UPDATE provenance SET model_sha256 = NULL", "step words has no SHA-256 of its model"),
        ("UPDATE provenance SET options = '[' WHERE step = 'gate'", "step gate has no options"),
        ("UPDATE provenance SET tool = '' WHERE step = 'turns'", "step turns has no tool"),
        ("UPDATE provenance SET made_at = NULL", "step sound has no date"),
        (
            "UPDATE provenance SET input_sha256 = NULL WHERE step = 'sidecar'",
            "step sidecar does not tell what it read",
        ),
        ("UPDATE captures SET duration_ms = 250000", "the passage at 280.0 s lies in no capture"),
        (
            "UPDATE turns SET session_id = NULL WHERE start_ms = 280000",
            "the turn at 280.0 s belongs to no session",
        ),
        (
            "UPDATE provenance SET options = '{}' WHERE step = 'correction'",
            "does not say what it changed",
        ),
    ],
)
def test_each_break_is_told(db: sqlite3.Connection, change: str, told: str) -> None:
    """A link that is missing, or leads elsewhere, is named with the recording it belongs to."""
    db.execute(change)
    found = reasons(db)
    assert any(told in reason for reason in found)
    assert all(reason.startswith(f"{MORNING}: ") for reason in found)


def test_a_turn_that_came_from_nowhere_is_told(tmp_path: Path) -> None:
    """Words of a recording without a single step: what is missing is named."""
    work = make_work(tmp_path)
    recording, tables = day_recording()
    with open_store(work) as store:
        turns = [turn(OPENING, 10_000, "Bonjour.")]
        store.put_recording(recording, {"captures": tables["captures"], "turns": turns})
        store.remove_event("2019-10-05-soiree-demo")
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    with contextlib.closing(open_published(path)) as opened:
        assert reasons(opened) == [f"{MORNING}: {OPENING}: no step turns is recorded"]


def shown_by(archive: Archive) -> Path:
    return archive.data / "public" / "archive.db"


def test_a_run_leaves_a_whole_chain(demo: Archive) -> None:
    """`verify --public` is content with what a real run published, and traces its words."""
    done = demo.plenary("verify", "--public", str(shown_by(demo)), "--passage", LINK)
    assert (done.returncode, done.stderr) == (0, "")
    with contextlib.closing(open_published(shown_by(demo))) as opened:
        ((capture,),) = opened.execute("SELECT sha256 FROM captures").fetchall()
        ((model,),) = opened.execute(
            "SELECT DISTINCT model_sha256 FROM provenance WHERE step = 'words'"
        ).fetchall()
    for fact in ("rivemont.mp4", capture, model, "sound by PyAV", '"beam_size":5', "turns by"):
        assert fact in done.stdout


def test_a_run_with_a_transcript_made_elsewhere_leaves_one_too(
    demo: Archive, root: Path, tmp_path: Path
) -> None:
    """The transcript stands where the model would, by its own hash."""
    with contextlib.closing(open_published(shown_by(demo))) as opened:
        captions = export_recording(opened, "srt", "2025-03-14-rivemont/journee")
    event = tmp_path / "events" / EVENT
    event.mkdir(parents=True)
    event.joinpath("mots.srt").write_text(captions, "utf-8")
    film = root / "demo" / "events" / "2025-03-14-rivemont" / "captures" / "rivemont.mp4"
    event.joinpath("programme.yaml").write_text(TAKEN.format(event=EVENT, film=film), "utf-8")
    archive = archive_of(tmp_path, tmp_path / "events")
    with archive.config.open("a", encoding="utf-8") as config:
        config.write("media:\n  web_copy: false\n")
    assert archive.plenary("run").returncode == 0
    link = f"https://archive.example/recordings/{EVENT}/une?t=50"
    done = archive.plenary("verify", "--public", str(shown_by(archive)), "--passage", link)
    assert f"transcript, sha256 {hashlib.sha256(captions.encode()).hexdigest()}\n" in done.stdout
    assert done.returncode == 0


def test_a_broken_chain_is_an_alarm(demo: Archive, tmp_path: Path) -> None:
    """Exit 1: that it is not the file published, what is broken, and what to do."""
    copy = tmp_path / "copy.db"
    shutil.copy(shown_by(demo), copy)
    with contextlib.closing(sqlite3.connect(copy)) as opened, opened:
        opened.execute("DELETE FROM provenance WHERE step = 'gate'")
    done = demo.plenary("verify", "--public", str(copy))
    assert done.returncode == 1
    assert "no publication of this archive has its hash" in done.stdout
    assert "unproven (2025-03-14-rivemont/journee: step turns read" in done.stdout
    assert "unproven → " in done.stdout


def test_a_researcher_needs_no_archive(demo: Archive, tmp_path: Path) -> None:
    """Elsewhere the name alone tells what it was; under another name nothing does."""
    shown = shown_by(demo).resolve()
    elsewhere = Archive(tmp_path / "config.yaml")
    copy = tmp_path / shown.name
    shutil.copy(shown, copy)
    done = elsewhere.plenary("verify", "--public", str(copy))
    assert (done.returncode, "its name alone" in done.stdout) == (0, True)
    renamed = copy.rename(tmp_path / "file.db")
    done = elsewhere.plenary("verify", "--public", str(renamed))
    assert (done.returncode, "neither its name nor a record" in done.stdout) == (1, True)


def test_a_file_of_another_version_is_told(demo: Archive, tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    other = tmp_path / "archive.db"
    shutil.copy(shown_by(demo), other)
    with contextlib.closing(sqlite3.connect(other)) as opened, opened:
        opened.execute("ALTER TABLE provenance DROP COLUMN session_id")
    done = demo.plenary("verify", "--public", str(other))
    assert (done.returncode, "tables of today" in done.stdout) == (1, True)
    done = demo.plenary("verify", "--public", str(other), "--passage", LINK)
    assert (done.returncode, "of this version" in done.stderr) == (2, True)
