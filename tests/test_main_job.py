"""The main job, whole: a filmed plenary becomes named, searchable text, and nothing else."""

from __future__ import annotations

import fcntl
import json
import resource
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import PLENARY

from pipeline.evaluate import parse_rttm
from pipeline.media import extract_sound, read_sound
from pipeline.model import Span, complement
from pipeline.programme import load_events

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Archive

    from pipeline.event import Event

pytestmark = pytest.mark.slow


@pytest.fixture(params=["demo", "second"])
def made(request: pytest.FixtureRequest, root: Path) -> tuple[Archive, Path, Event]:
    """Return an archive, the folder of its truth, and its event."""
    base = root / "demo" if request.param == "demo" else root / "demo" / "second"
    (event,) = load_events(base / "events")
    return request.getfixturevalue(request.param), base / "reference", event


def _public(archive: Archive) -> Path:
    return (archive.data / "public" / "archive.db").resolve()


def test_words_and_names_are_right(made: tuple[Archive, Path, Event]) -> None:
    """Word error rate at most 0.08; names right in 98 % of the time named, 90 % covered."""
    archive, reference, _ = made
    done = archive.plenary("evaluate", "--reference", str(reference), "--json")
    assert done.returncode == 0, done.stderr
    total = json.loads(done.stdout)["all"]
    assert total["word_error_rate"] <= 0.08, total
    assert total["named_precision"] >= 0.98, total
    assert total["named_coverage"] >= 0.90, total


def test_who_is_not_in_the_programme_gets_no_name(made: tuple[Archive, Path, Event]) -> None:
    """The question from the floor is heard, and stays a voice."""
    archive, reference, event = made
    asked = [
        (f"{event.id}/{session.id}", start, end)
        for session in event.sessions
        if (truth := reference / event.id / f"{session.id}.rttm").exists()
        for start, end, who in parse_rttm(truth.read_text("utf-8"), truth)
        if who.startswith("unlisted")
    ]
    assert asked
    with closing(sqlite3.connect(_public(archive))) as db:
        for session, start, end in asked:
            middle = (start + end) // 2
            (person,) = db.execute(
                "SELECT person_id FROM turns"
                " WHERE session_id = ? AND ? BETWEEN start_ms AND end_ms",
                [session, middle],
            ).fetchone()
            assert person is None, (session, start, end, person)


def test_no_word_where_nobody_speaks(made: tuple[Archive, Path, Event]) -> None:
    """Over the silence and the noise, of 5 s and more, not one word is published."""
    archive, reference, event = made
    with closing(sqlite3.connect(_public(archive))) as db:
        for session in event.sessions:
            truth = reference / event.id / f"{session.id}.rttm"
            if not truth.exists() or session.span is None:
                continue
            spoken = [Span(a, b) for a, b, _ in parse_rttm(truth.read_text("utf-8"), truth)]
            quiet = [s for s in complement(spoken, session.span) if s.duration_ms >= 5_000]
            words = [
                (start, end)
                for (row,) in db.execute(
                    "SELECT words FROM passages JOIN turns ON turns.id = turn_id"
                    " WHERE session_id = ?",
                    [f"{event.id}/{session.id}"],
                )
                for start, end, _ in json.loads(row)
            ]
            inside = [
                (w, s) for w in words for s in quiet if s.start_ms + 500 < w[0] < s.end_ms - 500
            ]
            assert not inside


def test_the_break_is_neither_read_nor_heard(
    made: tuple[Archive, Path, Event], tmp_path: Path
) -> None:
    """No byte of the private sentence is in the public file; the web copy is silent there."""
    archive, reference, event = made
    truth = reference / event.id
    private = " ".join(p.read_text("utf-8") for p in (truth / "private").glob("*.txt")).split()
    spoken = " ".join(p.read_text("utf-8") for p in truth.glob("*.txt")).lower()
    public = _public(archive).read_bytes().lower()
    bare = {word.strip(".,!?").lower() for word in private}
    telling = [word for word in bare if len(word) > 5 and word not in spoken]
    assert telling
    assert not [word for word in telling if word.encode() in public]
    pauses = [s for s in event.sessions if s.kind == "break"]
    assert pauses
    for pause in pauses:
        assert pause.span is not None
        copy = archive.data / "media" / event.id / f"{pause.recording}.mp4"
        sound = tmp_path / "copy.flac"
        extract_sound([copy], sound)
        heard = read_sound(sound, Span(pause.span.start_ms + 200, pause.span.end_ms - 200))
        assert np.abs(heard).max() < 0.001
        assert np.abs(read_sound(sound)).max() > 0.05


def test_nothing_is_done_twice(demo: Archive) -> None:
    """A second run finds nothing due, changes no byte of what stands, and needs under 2 s."""
    stands = {
        path: path.stat().st_mtime_ns
        for folder in ("public", "media", "kept")
        for path in (demo.data / folder).rglob("*")
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = demo.plenary("run")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "0 recordings heard, 0 web copies made" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in stands} == stands
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 2
    assert "0 recordings are due" in demo.plenary("run", "--dry-run").stdout


def test_a_visitor_finds_a_phrase_without_its_accents(demo: Archive) -> None:
    """The search of the command line answers with who, when and the marked words."""
    done = demo.plenary("search", "economie solidaire")
    assert done.returncode == 0
    assert "[économie] [solidaire]" in done.stdout
    assert "Claire Morel" in done.stdout
    assert "name given automatically" in done.stdout


@pytest.mark.parametrize("kind", ["rttm", "vtt", "srt", "txt", "json", "csv", "tei"])
def test_every_export_is_written(demo: Archive, tmp_path: Path, kind: str) -> None:
    """Each public session that was filmed is written, in every format, never the break."""
    done = demo.plenary("export", "--format", kind, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    written = {path.stem for path in tmp_path.rglob("*") if path.is_file()}
    assert written
    assert "pause" not in written
    assert all(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())


def test_status_tells_each_recording(demo: Archive) -> None:
    """The archivist sees in the morning what was done, as a table and as JSON."""
    (one,) = json.loads(demo.plenary("status", "--json").stdout)
    assert one["status"] == "ok"
    assert one["duration_ms"] > 180_000
    assert one["missing_ms"] == 0
    assert one["pictures"]
    assert one["recording"] in demo.plenary("status").stdout


def test_two_runs_at_once(demo: Archive) -> None:
    """Where another run holds the archive, the second says who and ends with 75."""
    with (demo.data / "run.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = demo.plenary("run")
    assert done.returncode == 75
    assert "another run holds the archive" in done.stderr


def test_the_published_file_stands_alone(demo: Archive) -> None:
    """It opens, passes its checks, and has no companions."""
    folder = demo.data / "public"
    assert not [p for p in folder.iterdir() if p.name.endswith(("-wal", "-shm", "-journal"))]
    with closing(sqlite3.connect(f"{_public(demo).as_uri()}?immutable=1", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not db.execute("PRAGMA foreign_key_check").fetchall()


def test_every_command_has_help_with_an_example(root: Path) -> None:
    """`--help` of each command shows how it is used."""

    def helped(*words: str) -> str:
        return subprocess.run(
            [PLENARY, *words, "--help"], capture_output=True, text=True, check=True, cwd=root
        ).stdout

    commands = [line.split()[0] for line in helped().split("Commands:")[1].splitlines() if line]
    assert {"init", "check", "fetch-models", "run", "status", "serve"} <= set(commands)
    assert {"publish", "search", "export", "evaluate"} <= set(commands)
    for command in commands:
        assert "Example" in helped(command)
