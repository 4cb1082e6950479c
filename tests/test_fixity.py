"""`plenary verify`: every original, a second copy, a published file, to the last byte."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from conftest import Archive
from small_archive import EVENT, programme_of, small_archive, write_hum
from sqlite_utils import Database
from test_hashing import flip

from archive.errors import ArchiveFault
from pipeline.fixity import Finding, Original, check_copy, check_originals
from pipeline.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Database(tmp_path / "work.db"), tmp_path)


@pytest.fixture
def films(tmp_path: Path, ledger: Ledger) -> tuple[Original, ...]:
    """Two cards whose files have one name and one size, as cameras number them."""
    made = []
    for card in ("card-1", "card-2"):
        path = tmp_path / "disk" / card / "00001.MTS"
        path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(6 << 20))
        ledger.sha256(path)
        made.append(Original("e/r", path))
    return tuple(made)


def states(found: list[Finding]) -> list[str]:
    return [finding.state for finding in found]


def originals(ledger: Ledger, films: tuple[Original, ...]) -> list[str]:
    return states(list(check_originals(ledger, films, lambda _: None)))


def copies(ledger: Ledger, films: tuple[Original, ...], copy: Path) -> list[Finding]:
    return list(check_copy(ledger, films, copy, lambda _: None))


def test_a_flipped_byte_is_found_and_vouched_for_no_more(
    ledger: Ledger, films: tuple[Original, ...]
) -> None:
    """Until it is put back: a second check finds it too, and a run takes it for another file."""
    assert originals(ledger, films) == ["unchanged", "unchanged"]
    (first, _) = films
    before = ledger.sha256(first.path)
    flip(first.path)
    assert ledger.sha256(first.path) == before, "the probes do not see it"
    assert sorted(originals(ledger, films)) == ["changed", "unchanged"]
    assert sorted(originals(ledger, films)) == ["changed", "unchanged"]
    assert ledger.sha256(first.path) != before
    flip(first.path)
    assert ledger.sha256(first.path) == before
    assert originals(ledger, films) == ["unchanged", "unchanged"]


def test_an_absent_disk_is_a_state_and_a_missing_file_is_an_alarm(
    ledger: Ledger, films: tuple[Original, ...], tmp_path: Path
) -> None:
    """The folder is gone, or empty under its mount point: absent. Else the file is missing."""
    (one, other) = films
    (one.path.parent / "beside").touch()
    one.path.rename(tmp_path / "away")
    other.path.unlink()
    assert sorted(originals(ledger, films)) == ["absent", "missing"]
    shutil.rmtree(tmp_path / "disk")
    assert originals(ledger, films) == ["absent", "absent"]
    (tmp_path / "disk").mkdir()
    one.path.parent.mkdir()
    one.path.symlink_to(tmp_path / "unmounted" / "00001.MTS")
    assert originals(ledger, films) == ["absent", "absent"]


def test_what_no_run_has_taken_is_told(ledger: Ledger, tmp_path: Path) -> None:
    """There is nothing to compare it with, and it is not read."""
    new = tmp_path / "new.mts"
    new.write_bytes(b"x")
    read: list[int] = []
    (found,) = check_originals(ledger, [Original("e/r", new)], read.append)
    assert (found.state, read) == ("never hashed", [])


def test_an_interrupted_check_goes_on_with_the_rest(
    ledger: Ledger, films: tuple[Original, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was verified longest ago, or never, comes first."""
    first = next(check_originals(ledger, films, lambda _: None))
    monkeypatch.setattr("archive.values.now", lambda: "2999-01-01T00:00:00+00:00")
    second = next(check_originals(ledger, films, lambda _: None))
    assert {first.file, second.file} == {film.path for film in films}
    assert next(check_originals(ledger, films, lambda _: None)).file == first.file


def test_a_second_copy_needs_no_original(
    ledger: Ledger, films: tuple[Original, ...], tmp_path: Path
) -> None:
    """Same structure or another one, other letter case: a file is told by name and hash."""
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "disk", copy)
    shutil.rmtree(tmp_path / "disk")
    assert states(copies(ledger, films, copy)) == ["unchanged", "unchanged"]
    (copy / "elsewhere").mkdir()
    (copy / "card-2" / "00001.MTS").rename(copy / "elsewhere" / "00001.mts")
    assert states(copies(ledger, films, copy)) == ["unchanged", "unchanged"]


def test_what_a_copy_lacks_or_holds_otherwise_is_named(
    ledger: Ledger, films: tuple[Original, ...], tmp_path: Path
) -> None:
    """The other card's file of that name does not stand in, nor does one cut short."""
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "disk", copy)
    flip(copy / "card-2" / "00001.MTS")
    found = copies(ledger, films, copy)
    assert states(found) == ["unchanged", "changed"]
    assert found[1].file == copy / "card-2" / "00001.MTS"
    os.truncate(copy / "card-2" / "00001.MTS", 1000)
    assert states(copies(ledger, films, copy)) == ["unchanged", "changed"]
    shutil.rmtree(copy / "card-2")
    assert states(copies(ledger, films, copy)) == ["unchanged", "changed"]
    shutil.rmtree(copy / "card-1")
    assert states(copies(ledger, films, copy)) == ["missing", "missing"]
    with pytest.raises(ArchiveFault):
        copies(ledger, films, tmp_path / "unmounted")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A small archive after its first run; it is copied, never changed."""
    made = small_archive(tmp_path_factory.mktemp("finished"))
    assert made.plenary("run").returncode == 0
    return made


@pytest.fixture
def archive(finished: Archive, tmp_path: Path) -> Archive:
    """A copy of it in another folder, as after a restore."""
    folder = tmp_path / "archive"
    shutil.copytree(finished.config.parent, folder, symlinks=True)
    config = folder / "config.yaml"
    text = config.read_text("utf-8").replace(str(finished.config.parent), str(folder))
    config.write_text(text, "utf-8")
    return Archive(config)


def test_the_command_tells_by_its_exit_code(archive: Archive) -> None:
    """0 where all is good, 1 where something differs; `status` and the history know it."""
    done = archive.plenary("verify")
    assert (done.returncode, done.stdout) == (0, "2 unchanged\n")
    assert "originals verified" in archive.plenary("status").stdout
    capture = programme_of(archive).with_name("matin.wav")
    write_hum(capture, 7)
    done = archive.plenary("verify")
    assert done.returncode == 1
    assert f"{capture}: changed" in done.stdout
    assert "put it back" in done.stdout
    (standing,) = json.loads(archive.plenary("status", "--json").stdout)
    assert standing["fixity"] == "differs"
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        told = db.execute(
            "SELECT step, outcome, agent LIKE 'plenary-archive _%' FROM history"
            " WHERE kind = 'fixity check' ORDER BY step, outcome DESC"
        ).fetchall()
    assert told == [("original", "success", 1)] * 3 + [("original", "failure", 1)]
    assert "capture changed: matin.wav" in archive.plenary("run", "--dry-run").stdout
    assert archive.plenary("run").returncode == 0
    assert archive.plenary("verify").returncode == 0


def test_verify_leaves_originals_and_folders_as_they_are(archive: Archive) -> None:
    """It reads only; dates and contents stay."""
    event = archive.config.parent / "events" / EVENT
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in event.iterdir()}
    assert archive.plenary("verify").returncode == 0
    assert {f: (f.stat().st_mtime_ns, f.read_bytes()) for f in event.iterdir()} == before


def test_a_published_file_is_what_was_published(archive: Archive, tmp_path: Path) -> None:
    """By its name, by what the ledger recorded, and by its checks; under another name too."""
    shown = archive.data / "public" / "archive.db"
    renamed = tmp_path / "copy.db"
    shutil.copy(shown, renamed)
    for file in (shown, shown.resolve(), renamed):
        assert archive.plenary("verify", "--public", str(file)).returncode == 0
    other = shown.resolve()
    content = bytearray(other.read_bytes())
    content[-10] ^= 1
    other.write_bytes(content)
    renamed.write_bytes(content)
    for file in (shown, other, renamed):
        done = archive.plenary("verify", "--public", str(file))
        assert (done.returncode, "changed" in done.stdout) == (1, True)


def test_a_companion_beside_a_published_file_is_told(archive: Archive) -> None:
    """A journal would be read with it and change what it says."""
    shown = (archive.data / "public" / "archive.db").resolve()
    shown.with_name(shown.name + "-wal").write_bytes(b"")
    assert archive.plenary("verify", "--public", str(shown)).returncode == 1


def test_nothing_is_verified_where_nothing_was_done(tmp_path: Path) -> None:
    """A sentence, exit 2, and no database is made."""
    empty = small_archive(tmp_path)
    done = empty.plenary("verify")
    assert (done.returncode, "plenary run" in done.stderr) == (2, True)
    assert not (empty.data / "work.db").exists()
