"""Nights in the life of an archive: what becomes private, what is damaged, when to stop.

Every session brings its transcript, so that no model is needed: its path leads nowhere.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import socket
import sqlite3
import subprocess
from contextlib import closing
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from conftest import PLENARY, Archive
from site_client import SITE, Client
from small_archive import EVENT, edit, programme_of, small_archive

from archive.site.serve import make_app
from archive.store import open_store
from pipeline import publication
from pipeline.ledger import Ledger
from pipeline.night import Looking, Request, run_archive
from pipeline.pictures import audible
from pipeline.programme import load_events
from pipeline.progress import Progress
from pipeline.rows import event_tables

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive of one recording of 6 s, a hum, with two sessions and a break between."""
    return small_archive(tmp_path)


def _run(archive: Archive, until: dt.datetime | None = None) -> str:
    """Run, and tell what was done with the recording: heard, pictured, failed, stopped."""
    outcome = run_archive(Request(archive.config, until=until), Progress(StringIO()))
    done = {"heard": outcome.heard, "pictured": outcome.pictured, "failed": outcome.failed}
    words = [word for word, names in done.items() if names]
    return " ".join([*words, *(["stopped"] if outcome.stopped else [])])


def _public(archive: Archive, query: str) -> list[tuple[object, ...]]:
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        return db.execute(query).fetchall()


def test_transcripts_and_a_break_need_no_model(archive: Archive) -> None:
    """A break is not listened to: no model is asked for because of it."""
    assert archive.plenary("check").returncode == 0
    assert _run(archive) == "heard pictured"
    assert _run(archive) == ""


def test_a_copy_goes_at_once_when_a_session_is_closed(archive: Archive) -> None:
    """Its sound is not served until the disk with the capture is there for a new copy."""
    _run(archive)
    copy = archive.data / "media" / EVENT / "matin.m4a"
    assert copy.exists()
    edit(programme_of(archive), '    title: "La seconde"', '    title: "x"\n    access: closed')
    capture = programme_of(archive).with_name("matin.wav")
    capture.rename(capture.with_suffix(".away"))
    assert _run(archive) == "failed"
    assert not copy.exists()
    assert _public(archive, "SELECT media, status FROM recordings") == [(None, "waiting")]
    capture.with_suffix(".away").rename(capture)
    assert "pictured" in _run(archive)
    assert copy.exists()


def test_a_copy_goes_where_none_is_made_any_more(archive: Archive) -> None:
    """`web_copy: false` leaves what stands, but not what has become private."""
    _run(archive)
    archive.config.write_text(archive.config.read_text("utf-8") + "media: {web_copy: false}\n")
    copy = archive.data / "media" / EVENT / "matin.m4a"
    assert _run(archive) == ""
    assert copy.exists()
    edit(programme_of(archive), '    title: "La seconde"', '    title: "x"\n    access: closed')
    _run(archive)
    assert not copy.exists()


def test_the_copy_of_a_renamed_recording_goes(archive: Archive) -> None:
    """Nothing stays under an address that no page names any more."""
    _run(archive)
    edit(programme_of(archive), "id: matin", "id: journee")
    edit(programme_of(archive), "recording: matin", "recording: journee")
    assert _run(archive) == "heard pictured"
    folder = archive.data / "media" / EVENT
    assert [file.name for file in folder.iterdir()] == ["journee.m4a"]


def test_a_copy_stands_in_again_for_media_held_elsewhere(archive: Archive) -> None:
    """`media:` taken out of the programme again gives the recording its own copy back."""
    _run(archive)
    hosted = '    captures: [matin.wav]\n    media: {url: "https://example.org/film"}\n'
    edit(programme_of(archive), "    captures: [matin.wav]\n", hosted)
    _run(archive)
    assert _public(archive, "SELECT media FROM recordings") == [("https://example.org/film",)]
    edit(programme_of(archive), hosted, "    captures: [matin.wav]\n")
    assert _run(archive) == "pictured"
    assert _public(archive, "SELECT media FROM recordings") == [(f"media/{EVENT}/matin.m4a",)]


def test_a_wish_is_heard_in_the_run_that_follows_it(archive: Archive, tmp_path: Path) -> None:
    """`publish: nothing` silences a person's turns before the store has learnt of it."""
    (event,) = load_events(tmp_path / "events")
    edit(programme_of(archive), '"Zoé Exemple"', '"Zoé Exemple"\n    publish: nothing')
    (wished,) = load_events(tmp_path / "events")
    with open_store(tmp_path / "work.db") as store:
        Ledger(store.db, tmp_path)
        store.put_event(EVENT, event_tables(event))
        turn = {"person_id": "zoe", "session_id": f"{EVENT}/une", "start_ms": 1000, "end_ms": 2000}
        store.put_recording({"id": f"{EVENT}/matin", "duration_ms": 6000}, {"turns": [turn]})
        recording = event.recordings[0]
        assert len(audible(store, event, recording, 6000)) == 2
        assert len(audible(store, wished, recording, 6000)) == 3


@pytest.mark.parametrize("private", ["access: closed", '"public from 2999-01-01"', "kind: break"])
def test_the_glossary_of_a_private_session_is_private(archive: Archive, private: str) -> None:
    """What a session behind closed doors is about shows in no table."""
    line = private if private[0] != '"' else f"access: {private}"
    edit(programme_of(archive), '    title: "La seconde"', f'    title: "x"\n    {line}')
    _run(archive)
    public = (archive.data / "public" / "archive.db").resolve()
    assert b"motsecret" not in public.read_bytes()


def test_what_failed_is_said_in_public_by_the_same_run(archive: Archive) -> None:
    """The status that visitors see is not one run behind."""
    programme_of(archive).with_name("matin.wav").write_text("this is no sound\n" * 200)
    assert _run(archive) == "failed"
    assert _public(archive, "SELECT status FROM recordings") == [("failed",)]
    assert _run(archive) == "failed"


def test_the_hour_of_until_is_no_failure(archive: Archive) -> None:
    """A run that stops when it was asked to says so; what was done is published."""
    past = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    assert _run(archive, until=past) == "stopped"
    assert _public(archive, "SELECT status FROM recordings") == [("waiting",)]
    assert _run(archive) == "heard pictured"


def test_damage_is_said_in_a_sentence(archive: Archive, tmp_path: Path) -> None:
    """Files in the place of folders, databases that are none: no traceback."""
    archive.data.mkdir()
    (archive.data / "kept").touch()
    (archive.data / "public").mkdir()
    (archive.data / "public" / "archive.db").write_text("this is no database\n" * 9)
    reference = tmp_path / "reference" / EVENT
    reference.mkdir(parents=True)
    for words in (["run"], ["search", "x"], ["export", "--format", "txt", "--out", "x"]):
        done = archive.plenary(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "→" in done.stderr
    (archive.data / "work.db").write_text("this is no database\n" * 9)
    (archive.data / "kept").unlink()
    assert "→" in archive.plenary("status").stderr


def test_a_port_in_use_is_named(archive: Archive) -> None:
    """`serve` says that the port is taken, and does not say that the archive is there."""
    _run(archive)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = archive.plenary("serve", "--port", str(port))
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert not done.stdout


def test_an_event_under_another_id_is_one_event(archive: Archive) -> None:
    """The old one leaves, words and sound: what it let hear may be private in the new one."""
    _run(archive)
    edit(programme_of(archive), "id: 2020-01-01-essai", "id: 2020-01-01-autre")
    assert _run(archive) == "heard pictured"
    assert _public(archive, "SELECT id FROM events") == [("2020-01-01-autre",)]
    assert [folder.name for folder in (archive.data / "media").iterdir()] == ["2020-01-01-autre"]
    edit(programme_of(archive), "id: 2020-01-01-autre", "id: 2020-01-01-essai")
    _run(archive)
    assert _public(archive, "SELECT id, status FROM recordings") == [(f"{EVENT}/matin", "ok")]


def test_an_absent_disk_with_events_takes_nothing_away(archive: Archive) -> None:
    """A mount point with nothing mounted is no event that was removed."""
    other = archive.config.parent / "events" / "other"
    other.mkdir()
    programme = programme_of(archive).read_text("utf-8")
    (other / "programme.yaml").write_text(
        programme.partition("people:")[0].replace(EVENT, "other"), "utf-8"
    )
    _run(archive)
    (other / "programme.yaml").unlink()
    _run(archive)
    assert len(_public(archive, "SELECT 1 FROM sessions")) == 3
    with closing(sqlite3.connect(archive.data / "work.db")) as work:
        assert work.execute("SELECT COUNT(*) FROM events").fetchone() == (2,)
    other.rmdir()
    _run(archive)
    with closing(sqlite3.connect(archive.data / "work.db")) as work:
        assert work.execute("SELECT COUNT(*) FROM events").fetchone() == (1,)


def test_an_absent_disk_changes_nothing_that_stands(archive: Archive) -> None:
    """With its capture away a finished recording stays as it is; only new work on it waits."""
    assert _run(archive) == "heard pictured"
    capture = programme_of(archive).with_name("matin.wav")
    away = capture.rename(capture.with_name("away"))
    assert _run(archive) == ""
    edit(programme_of(archive), "La seconde", "La deuxième")
    assert _run(archive) == ""
    assert _public(archive, "SELECT status FROM recordings") == [("ok",)]
    edit(programme_of(archive), '"00:06"', '"00:05"')
    assert _run(archive) == "heard failed"
    assert _public(archive, "SELECT status FROM recordings") == [("waiting",)]
    away.rename(capture)
    assert _run(archive) == "heard pictured"
    assert _public(archive, "SELECT status FROM recordings") == [("ok",)]


def test_status_tells_the_stages(archive: Archive) -> None:
    """Before and after a run, the archivist sees which stages stand."""
    assert "done: none," in archive.plenary("status").stdout
    _run(archive)
    assert "sound words pictures" in archive.plenary("status").stdout


def test_a_full_disk_ends_in_a_sentence_and_the_next_night_goes_on(archive: Archive) -> None:
    """Writes that fail at any size end without a traceback; what stands stays whole."""
    codes = []
    for room in (1 << 12, 1 << 15, 1 << 17, 200_000, 300_000):
        done = subprocess.run(
            [PLENARY, "--config", archive.config, "run"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room)),
        )
        assert "Traceback" not in done.stderr, (room, done.stderr)
        assert done.returncode in {0, 1, 2}, (room, done.stderr)
        codes.append(done.returncode)
    assert any(codes), "no write failed: the limits are too wide for this test"
    assert archive.plenary("run").returncode == 0
    assert _public(archive, "SELECT status FROM recordings") == [("ok",)]
    assert _public(archive, "PRAGMA integrity_check") == [("ok",)]


def test_a_damaged_capture_is_partial_for_everybody(archive: Archive) -> None:
    """Its words stand at their times; the archivist and the visitor are told what is missing."""
    capture = programme_of(archive).with_name("matin.wav")
    capture.write_bytes(capture.read_bytes()[: 44 + 2 * 16_000 * 9 // 2])
    assert archive.plenary("check").returncode == 0
    assert _run(archive) == "heard pictured"
    assert _public(archive, "SELECT status, duration_ms, missing_ms FROM recordings") == [
        ("partial", 6000, 1500)
    ]
    assert _public(archive, "SELECT start_ms, end_ms FROM gaps") == [(4500, 6000)]
    assert _public(archive, "SELECT duration_ms FROM captures") == [(6000,)]
    (told,) = json.loads(archive.plenary("status", "--json").stdout)
    assert (told["status"], told["missing_ms"]) == ("partial", 1500)
    assert "partial" in archive.plenary("status").stdout
    public = (archive.data / "public" / "archive.db").resolve()
    visitor = Client(make_app(public, archive.data / "media", SITE))
    page = visitor.page(f"/recordings/{EVENT}/matin").text_content()
    assert "Il manque" in page
    assert "00:04" in page or "0:04" in page


def test_a_publication_that_takes_long_waits_for_the_end(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where publishing would take more of the night than work, it comes first and last only."""
    monkeypatch.setattr(publication, "QUICK_S", -1.0)
    monkeypatch.setattr(publication, "SHARE", 1e9)
    outcome = run_archive(Request(archive.config), Progress(StringIO()))
    assert outcome.heard
    assert outcome.published is not None
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        shown = db.execute("SELECT detail FROM history WHERE kind = 'dissemination'").fetchall()
    assert len(shown) == 2
    assert shown[-1] == (outcome.published.path.name,)


def test_a_long_look_for_what_is_due_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a large archive it lasts; in a small one nothing is said."""
    told = StringIO()
    looking = Looking(Progress(told))
    looking(1, 9_000)
    assert told.getvalue() == ""
    monkeypatch.setattr("pipeline.night._SILENT_S", -1)
    looking(4_500, 9_000)
    assert "4500 of 9000 recordings" in told.getvalue()
