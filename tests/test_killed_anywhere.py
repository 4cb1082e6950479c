"""Killed anywhere, cut off from power, refused by the disk: the next run ends the same.

A recording of 20 s, a session with a transcript and one that the demo's model hears, is run
once while every durable operation is counted and logged below Python. From the log follows
what stood on the disk before each of them: what a SIGKILL there leaves, and what a power cut
there may leave. That is done for all of them.

Killing for real, and refusing, takes a run for each operation: the session with the transcript
is enough there, and a plain test run tries every EVERYth one, other ones each day; `make
killed` tries them all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT
from durable import Disk, Loss, State, lay_out, read
from faults import Kind, Operation, Runner, needed, operations

from archive.export import write_all
from archive.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

EVENT = "2025-10-09-sauvelande"
PROGRAMME = f"""\
event:
  id: {EVENT}
  title: "Essai"
  date: 2025-10-09
people:
  ines-tessier:
    name: "Inès Tessier"
  bruno-rousseau:
    name: "Bruno Rousseau"
recordings:
  - id: matin
    captures: [matin.mp4]
sessions:
  - id: une
    title: "La première"
    recording: matin
    from: "00:00"
    to: "00:12"
    transcripts: [matin.srt]
    speakers: [ines-tessier]
"""
HEARD = """\
  - id: deux
    title: "La deuxième"
    recording: matin
    from: "00:12"
    to: "00:20"
    chair: [ines-tessier]
    speakers: [bruno-rousseau]
"""
CUE = "1\n00:00:01,500 --> 00:00:05,000\nBonjour à toutes et à tous.\n"
CONFIG = """\
data: ./data
events: "{events}"
transcription:
  model: "{model}"
  language: fr
run: {{executor: inline}}
site: {{title: "Essai"}}
"""
# What a run may end with after the disk refused something: a recording failed, or the run did.
REFUSED = {0, 1, 2}
FIRST, LATER = "2020-01-01T00:00:00+00:00", "2020-01-02T00:00:00+00:00"
FORMATS = ("rttm", "vtt", "srt", "txt", "json", "csv", "tei")
# Which operations are killed or refused for real: OFFSET, OFFSET + EVERY, …
EVERY = int(os.environ.get("FAULTS_EVERY", "211"))
OFFSET = int(
    os.environ.get("FAULTS_OFFSET", dt.datetime.now(dt.UTC).date().toordinal() % EVERY + 1)
)
# Of the states in which work.db has to be mended first, every how manieth is gone on with; the
# others are like one in which it had not to, but for what SQLite does when it is opened.
MENDED = min(EVERY, 5)
# A run makes about a thousand; fewer than this would mean that they are not seen.
FEWEST = 20


@dataclass(frozen=True)
class Content:
    """What a visitor and an archivist find: every public row and export, every kept file."""

    rows: dict[str, list[tuple[object, ...]]]
    exports: dict[str, bytes]
    files: State


@dataclass(frozen=True)
class Uninterrupted:
    """What a run that nothing interrupts asks of the disk, and what it ends with."""

    operations: tuple[Operation, ...]
    content: Content


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    needed()
    with Runner(tmp_path_factory.mktemp("runner")) as made:
        yield made


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 20 s of the second demo event, its picture made small."""
    needed()
    made = tmp_path_factory.mktemp("capture") / "matin.mp4"
    source = ROOT / "demo" / "second" / "events" / EVENT / "captures" / "sauvelande.mp4"
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "error", "-ss", "1.5", "-t", "20", "-i", source),
            *("-vf", "scale=96:54", "-r", "5", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-c:a", "aac", "-ar", "16000", made),
        ],
        check=True,
        timeout=60,
    )
    return made


def _events(folder: Path, capture: Path, programme: str) -> Path:
    """Make an events folder with one event, that of the capture."""
    event = folder / "events" / EVENT
    event.mkdir(parents=True)
    event.joinpath("programme.yaml").write_text(programme, "utf-8")
    event.joinpath("matin.srt").write_text(CUE, "utf-8")
    event.joinpath("matin.mp4").symlink_to(capture)
    return event.parent


def _archive(folder: Path, events: Path, state: State | None = None) -> Path:
    """Make an archive over the events, with a data folder in that state (none: not begun)."""
    folder.mkdir()
    model = ROOT / "demo" / "model"
    folder.joinpath("config.yaml").write_text(CONFIG.format(events=events, model=model), "utf-8")
    if state is not None:
        lay_out(state, folder / "data")
    return folder


def _uninterrupted(runner: Runner, folder: Path, events: Path) -> Uninterrupted:
    archive = _archive(folder / "whole", events)
    log = archive / "log"
    run = runner.run(archive, moment=FIRST, log=log)
    assert run.code == 0, run.words
    done = operations(log, archive / "data")
    disk = Disk()
    for operation in done:
        disk.do(operation)
    assert disk.state(Loss.NOTHING) == read(archive / "data"), "a change was not counted"
    return Uninterrupted(done, _content(archive))


def _content(archive: Path) -> Content:
    """Return what stands, moments aside; what must be true of every archive is asserted."""
    data = archive / "data"
    state = read(data)
    files = {k: v for k, v in state.items() if k.split("/")[0] in {"kept", "media"}}
    others = state.keys() - files.keys()
    published = {name for name in others if name.startswith("public/archive-")}
    assert others - published == {"run.lock", "work.db", "public", "public/archive.db"}
    assert len(published) <= 5
    public = (data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        rows = {
            table.name: _rows(db, table.name, [c.name for c in table.columns_of(public=True)])
            for table in TABLES
            if table.in_public
        }
        for format_ in FORMATS:
            write_all(db, format_, [], archive / "exports")
    exports = {
        name: content.replace(LATER[:10].encode(), FIRST[:10].encode())
        for name, content in read(archive / "exports").items()
        if isinstance(content, bytes)
    }
    shutil.rmtree(archive / "exports")
    return Content(rows, exports, files)


def _rows(db: sqlite3.Connection, table: str, columns: list[str]) -> list[tuple[object, ...]]:
    told = ", ".join(f'"{column}"' for column in columns if column != "made_at")
    return sorted(db.execute(f"SELECT {told} FROM {table}").fetchall(), key=repr)


@cache
def _fault_of(content: bytes, name: str) -> str:
    """Say what is wrong with a published file; nothing if it is whole."""
    if f"archive-{hashlib.sha256(content).hexdigest()[:16]}.db" != name:
        return "it does not hold what its name says"
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(content)
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "it is damaged"
        if db.execute("PRAGMA foreign_key_check").fetchall():
            return "it refers to what is not in it"
    return ""


def _assert_whole(state: State) -> None:
    """What is published is whole and alone, or nothing is published."""
    for name, content in state.items():
        if name.startswith("public/archive-"):
            assert name.endswith(".db"), f"{name} is a companion"
            assert isinstance(content, bytes)
            assert _fault_of(content, name.removeprefix("public/")) == "", name
    shown = state.get("public/archive.db")
    assert shown is None or (isinstance(shown, str) and f"public/{shown}" in state)
    assert not {f"public/archive.db-{word}" for word in ("journal", "wal", "shm")} & state.keys()


@lru_cache(maxsize=8)
def _recovered(work: bytes, journal: bytes | None, folder: Path) -> bytes:
    """Return what work.db is once SQLite has rolled an unfinished transaction back.

    It stands in `folder` then.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "work.db"
    path.write_bytes(work)
    if journal is not None:
        path.with_name("work.db-journal").write_bytes(journal)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return path.read_bytes()


def _work(state: State, folder: Path) -> bytes:
    work, journal = state.get("work.db", b""), state.get("work.db-journal")
    assert isinstance(work, bytes)
    assert not isinstance(journal, str)
    return _recovered(work, journal, folder)


def _steps(work: bytes) -> dict[str, str]:
    with closing(sqlite3.connect(":memory:")) as db:
        if work:
            db.deserialize(work)
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'steps'").fetchone():
            return {}
        return dict(db.execute("SELECT key, made_at FROM steps").fetchall())


def _assert_told(runner: Runner, archive: Path) -> None:
    """`status` answers at once, whatever a run has left behind."""
    status = runner.run(archive, words=("status",))
    assert status.code == 0, status.words


def _assert_goes_on(runner: Runner, archive: Path, whole: Uninterrupted, scratch: Path) -> None:
    """The next run ends well, with the uninterrupted content, and redoes nothing recorded."""
    state = read(archive / "data") if (archive / "data").exists() else {}
    _assert_whole(state)
    before = _steps(_work(state, scratch))
    run = runner.run(archive, moment=LATER)
    assert run.code == 0, run.words
    after = _steps((archive / "data" / "work.db").read_bytes())
    again = [key for key, moment in before.items() if after.get(key) != moment]
    assert not again, "a step that was recorded was done again"
    content = _content(archive)
    assert content.rows == whole.content.rows
    assert content.exports == whole.content.exports
    assert content.files == whole.content.files


def _likeness(state: State, scratch: Path) -> frozenset[object]:
    """Tell states apart as far as a run may.

    work.db counts as SQLite finds it, with the word whether it had to mend it. What is in a
    file under a temporary name, or in the lock, does not count: nobody reads it any more.
    """
    work = _work(state, scratch)
    told: set[object] = {work}
    if work != state.get("work.db", b""):
        told.add("mended")
    for name, content in state.items():
        if not name.startswith("work.db"):
            unread = name == "run.lock" or name.rpartition("/")[2].startswith(".")
            told.add((name, b"" if unread else content))
    return frozenset(told)


def test_wherever_it_ends_the_next_run_goes_on(
    runner: Runner, capture: Path, tmp_path: Path
) -> None:
    """Before each operation: SIGKILL, also half way through a write, and two kinds of power cut.

    The published file is whole, `status` answers, the next run ends with the same content and
    does no recorded step again, and nothing temporary is left. States that are alike to a run
    (`_likeness`) are tried once, those in which work.db must be mended less often (MENDED).
    """
    events = _events(tmp_path, capture, PROGRAMME + HEARD)
    whole = _uninterrupted(runner, tmp_path, events)
    assert len(whole.operations) >= FEWEST
    disk = Disk()
    tried: set[frozenset[object]] = set()
    mended = 0
    found: list[str] = []
    losses: Counter[str] = Counter()
    for operation in (*whole.operations, None):
        for loss in Loss:
            state = disk.state(loss, torn=operation)
            _assert_whole(state)
            likeness = _likeness(state, tmp_path / "scratch")
            if likeness in tried:
                continue
            tried.add(likeness)
            losses[loss.value] += 1
            mended += "mended" in likeness
            archive = _archive(tmp_path / "archive", events, state)
            where = f"{loss.value} at {operation}"
            try:
                _assert_told(runner, archive)
                if "mended" not in likeness or (mended + OFFSET) % MENDED == 0:
                    _assert_goes_on(runner, archive, whole, tmp_path / "scratch")
            except AssertionError as error:
                found.append(f"{where[:200]}: {error}")
            shutil.rmtree(archive)
        if operation is not None:
            disk.do(operation)
    told = f"{len(whole.operations)} operations; {mended} states to mend; tried: {dict(losses)}"
    sys.stdout.write(f"{told}\n")
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.EIO, Kind.ENOSPC], ids=lambda kind: kind.name)
def test_faults_for_real(runner: Runner, capture: Path, tmp_path: Path, kind: Kind) -> None:
    """At every EVERYth operation (`make killed`: at each) the run is killed, or the disk refuses.

    It refuses once (EIO), or from then on whatever needs room (ENOSPC). The run ends in a
    sentence; what is published and what the next run does are as after any other end. The loop
    ends when the operation's number is not reached.
    """
    events = _events(tmp_path, capture, PROGRAMME)
    whole = _uninterrupted(runner, tmp_path, events)
    found: list[str] = []
    at, reached = OFFSET, True
    while reached:
        archive = _archive(tmp_path / "archive", events)
        run = runner.run(archive, at=at, kind=kind)
        reached = run.operations >= at
        try:
            if reached and kind is Kind.KILL:
                assert run.code == -9, run.words
            else:
                assert run.code in REFUSED, run.words
                assert "Traceback" not in run.words
                assert "unforeseen" not in run.words
            _assert_told(runner, archive)
            _assert_goes_on(runner, archive, whole, tmp_path / "scratch")
        except AssertionError as error:
            found.append(f"{kind.name} at {at}: {error}\n{run.words}")
        shutil.rmtree(archive)
        at += EVERY
    told = f"{kind.name} at {OFFSET}, {OFFSET + EVERY}, … {at - 2 * EVERY}: {len(found)} failures"
    sys.stdout.write(f"{told}\n")
    assert at - EVERY > FEWEST
    assert not found, "\n\n".join(found)
