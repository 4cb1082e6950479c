"""`plenary collect`: what nothing uses goes, what is used or merely waits stays."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from small_archive import EVENT, edit, programme_of, small_archive

from archive.errors import ArchiveFault
from pipeline.collect import Collected, collect
from pipeline.night import Request, due_in, run_archive
from pipeline.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """A small archive after its first run."""
    made = small_archive(tmp_path)
    _run(made)
    return made


def _run(archive: Archive) -> set[str]:
    """Run, and return the steps that were done."""
    before = _results(archive)
    run_archive(Request(archive.config), Progress(StringIO()))
    after = _results(archive)
    return {after[key].rpartition(" ")[0] for key in after if after[key] != before.get(key)}


def _results(archive: Archive) -> dict[str, str]:
    work = archive.data / "work.db"
    if not work.exists():
        return {}
    with closing(sqlite3.connect(work)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'steps'").fetchone():
            return {}
        return dict(db.execute("SELECT key, step || ' ' || made_at FROM steps").fetchall())


def _counts(found: Collected) -> tuple[dict[str, int], int, int]:
    return found.results, found.rows, len(found.files)


def _raise_confidence(archive: Archive, share: float = 0.9) -> None:
    text = archive.config.read_text("utf-8").partition("attribution:")[0]
    archive.config.write_text(f"{text}attribution: {{min_confidence: {share}}}\n", "utf-8")


def test_a_finished_archive_uses_all_that_it_keeps(archive: Archive) -> None:
    """There is nothing to drop, twice."""
    assert collect(archive.config).is_empty
    assert _run(archive) == set()
    assert collect(archive.config).is_empty


def test_results_of_an_earlier_option_go(archive: Archive) -> None:
    """First told, then dropped; what is used stays, so that nothing is due."""
    _raise_confidence(archive)
    assert _run(archive)
    before = _results(archive)
    told = collect(archive.config, dry_run=True)
    assert told.results == {"turns": 2}
    assert told.result_bytes > 0
    assert _results(archive) == before
    assert collect(archive.config) == told
    assert len(_results(archive)) == len(before) - 2
    assert due_in(Request(archive.config)) == {}
    assert _run(archive) == set()
    assert collect(archive.config).is_empty


def test_an_unfinished_recording_keeps_everything(archive: Archive) -> None:
    """An option that was changed and not run yet may be changed back."""
    before = _results(archive)
    _raise_confidence(archive)
    found = collect(archive.config)
    assert (found.is_empty, found.unfinished) == (True, (f"{EVENT}/matin",))
    assert _results(archive) == before


def test_a_recording_whose_disk_is_absent_keeps_everything(archive: Archive) -> None:
    """Finished or with work that waits for it; back again, nothing that was done is due."""
    capture = programme_of(archive).with_name("matin.wav")
    away = capture.rename(capture.with_name("away"))
    assert collect(archive.config).is_empty
    edit(programme_of(archive), '"00:06"', '"00:05"')
    sound = next((archive.data / "kept").glob("*.flac"))
    sound.unlink()
    before = _results(archive)
    assert collect(archive.config).is_empty
    assert _results(archive) == before
    away.rename(capture)
    assert "sidecar" not in _run(archive), "what was done is not done again"


def test_an_absent_disk_with_events_keeps_everything(archive: Archive) -> None:
    """Its programmes cannot be read, so that nobody knows what is used."""
    event = programme_of(archive).parent
    away = archive.config.parent / "away"
    event.rename(away)
    event.mkdir()
    before = _results(archive)
    found = collect(archive.config)
    assert (found.is_empty, found.absent) == (True, True)
    assert _results(archive) == before
    event.rmdir()
    away.rename(event)
    assert _run(archive) == set()


def test_with_a_disk_absent_only_what_is_known_goes(archive: Archive) -> None:
    """What belonged to finished recordings can be told from the rest."""
    _raise_confidence(archive)
    _run(archive)
    (archive.config.parent / "events" / "other-disk").mkdir()
    found = collect(archive.config)
    assert (found.results, found.absent) == ({"turns": 2}, True)


def test_what_was_made_of_a_removed_event_goes(archive: Archive) -> None:
    """Results, kept sound, and the records of its files."""
    other = archive.config.parent / "events" / "other"
    shutil.copytree(programme_of(archive).parent, other)
    edit(other / "programme.yaml", f"id: {EVENT}", "id: other")
    with (other / "matin.wav").open("r+b") as sound:
        sound.seek(-1, 2)
        sound.write(b"\x7f")
    _run(archive)
    assert collect(archive.config).is_empty
    shutil.rmtree(other)
    _run(archive)
    found = collect(archive.config)
    assert found.results["sound"] == 1
    assert [file.suffix for file in found.files] == [".flac"]
    assert found.rows > 0
    assert len(list((archive.data / "kept").iterdir())) == 1
    assert _run(archive) == set()
    assert collect(archive.config).is_empty


def test_a_renamed_recording_uses_what_was_made_of_it(archive: Archive) -> None:
    """Keys know contents, not names."""
    edit(programme_of(archive), "id: matin", "id: journee")
    edit(programme_of(archive), "recording: matin", "recording: journee")
    assert not collect(archive.config).results
    assert _run(archive) <= {"sound copy", "pictures"}


def test_what_interrupted_work_left_goes(archive: Archive) -> None:
    """Half files, and a sound that no result names."""
    stray = [
        archive.data / "kept" / ".abc.flac.part",
        archive.data / "kept" / "abc.flac",
        archive.data / "media" / EVENT / ".matin.mp4.part",
        archive.data / "public" / ".archive-x.tmp",
    ]
    for file in stray:
        file.write_bytes(b"half")
    assert sorted(collect(archive.config).files) == sorted(stray)
    assert not any(file.exists() for file in stray)
    assert _run(archive) == set()


def test_an_interrupted_collection_is_finished_by_the_next(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the rows and before the files, nothing is lost that is used."""
    (archive.data / "kept" / "abc.flac").write_bytes(b"x")
    _raise_confidence(archive)
    _run(archive)
    with monkeypatch.context() as broken:
        broken.setattr("pathlib.Path.unlink", _killed)
        with pytest.raises(KeyboardInterrupt):
            collect(archive.config)
    assert _counts(collect(archive.config)) == ({}, 0, 1)
    assert _run(archive) == set()


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_nothing_is_dropped_where_the_programmes_cannot_be_read(archive: Archive) -> None:
    """A mistake in a programme must not make its recordings look unused."""
    before = _results(archive)
    edit(programme_of(archive), "sessions:", "sesions:")
    done = archive.plenary("collect")
    assert done.returncode == 2
    assert _results(archive) == before


def test_the_command_says_what_it_frees(archive: Archive) -> None:
    """In results, files and bytes; a dry run in the conditional."""
    assert "nothing to drop" in archive.plenary("collect").stdout
    _raise_confidence(archive)
    _run(archive)
    assert "results would be dropped: 2 turns" in archive.plenary("collect", "--dry-run").stdout
    assert "results dropped: 2 turns" in archive.plenary("collect").stdout


def test_nothing_is_collected_where_nothing_was_done(tmp_path: Path) -> None:
    """A sentence, and no database is made."""
    empty = small_archive(tmp_path)
    with pytest.raises(ArchiveFault):
        collect(empty.config)
    assert not (empty.data / "work.db").exists()
