"""`plenary status`: where each recording stands, what is left, and since when it is public."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from small_archive import EVENT, edit, programme_of, small_archive

from archive.store import open_store
from pipeline.ledger import Ledger, Step
from pipeline.standing import Standing, standing, table

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Archive

NAME = f"{EVENT}/matin"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return small_archive(tmp_path)


def _one(archive: Archive) -> Standing:
    (one,) = standing(archive.config)
    return one


def test_minutes_are_told_while_a_recording_is_worked_on(archive: Archive) -> None:
    """Sound extracted, one of two blocks recorded: what is done and left, before storing."""
    edit(programme_of(archive), "    transcripts: [matin.srt]\n    glossary", "    glossary")
    archive.data.mkdir()
    assert (_one(archive).sound, _one(archive).left_ms) == (False, None)
    blocks = [Step("words", 1, {}, {"windows": n}) for n in range(2)]
    with open_store(archive.data / "work.db") as store:
        ledger = Ledger(store.db, archive.data)
        ledger.about(NAME).record(Step("sound", 1, {}), {"duration_ms": 6_000})
        session = ledger.about(NAME, "deux")
        session.plan([(blocks[0], 600_000), (blocks[1], 120_000)])
        session.record(blocks[0], [])
        ledger.about(NAME, "gone").plan([(Step("words", 1, {}, {"windows": 3}), 999)])
        one = _one(archive)
    assert (one.status, one.sound, one.duration_ms) == ("waiting", True, 6_000)
    assert (one.recognised_ms, one.left_ms) == (600_000, 120_000)
    text = table([one])
    assert "10:00     2:00" in text
    assert "done: sound, left: words pictures" in text


def test_publication_is_that_of_the_words_that_stand(archive: Archive) -> None:
    """Words that are stored anew are not said to be public since the old ones were."""
    archive.plenary("run")
    assert _one(archive).published
    with open_store(archive.data / "work.db") as store:
        ledger = Ledger(store.db, archive.data)
        ledger.note("processing", NAME, "storing", "success")
        assert not _one(archive).published
        ledger.published("archive-x.db", "ff")
        assert _one(archive).published


def test_originals_count_as_verified_when_all_are(archive: Archive) -> None:
    """The oldest of the last checks; one that failed is told until it is good again."""
    shutil.copy(
        programme_of(archive).with_name("matin.wav"), programme_of(archive).parent / "b.wav"
    )
    with (programme_of(archive).parent / "b.wav").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    edit(programme_of(archive), "captures: [matin.wav]", "captures: [matin.wav, b.wav]")
    edit(programme_of(archive), '"00:06"', '"00:05"')
    archive.plenary("run")
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        hashes = [row[0] for row in db.execute("SELECT sha256 FROM captures ORDER BY position")]
    assert len(hashes) == 2
    with open_store(archive.data / "work.db") as store:
        ledger = Ledger(store.db, archive.data)
        ledger.note("fixity check", NAME, "original", "success", object_id=hashes[0])
        assert (_one(archive).verified, _one(archive).fixity) == ("", "")
        ledger.note("fixity check", NAME, "original", "success", object_id=hashes[1])
        assert _one(archive).fixity == "good"
        ledger.note("fixity check", NAME, "original", "failure", object_id=hashes[1])
        assert _one(archive).fixity == "differs"
        assert "DIFFERS" in table([_one(archive)])
        ledger.note("fixity check", NAME, "original", "success", object_id=hashes[1])
        assert _one(archive).fixity == "good"


def test_the_table_fits_and_the_json_tells_the_same(archive: Archive) -> None:
    """At most 100 columns, whatever the names; every field for programs."""
    archive.plenary("run")
    one = _one(archive)
    long = Standing("2017-03-28-ile-saint-denis/table-ronde-de-l-apres-midi", "partial", 36_000_000)
    text = table([one, long])
    assert max(map(len, text.splitlines())) <= 100
    assert json.loads(archive.plenary("status", "--json").stdout) == [vars(one)]


def test_no_copy_is_missing_where_none_is_wanted(archive: Archive) -> None:
    """`web_copy: false` leaves nothing to do."""
    with archive.config.open("a") as file:
        file.write("media: {web_copy: false}\n")
    archive.plenary("run")
    assert "done: sound words pictures" in table([_one(archive)])


def test_a_ledger_of_an_earlier_version_is_read(archive: Archive) -> None:
    """`status` changes nothing, so that it must do without what an older run did not keep."""
    archive.plenary("run")
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        db.execute("DROP TABLE plans")
        db.execute("DROP INDEX history_by_object")
        db.execute("ALTER TABLE history DROP COLUMN object_id")
        db.commit()
    assert (_one(archive).status, _one(archive).published) == ("ok", "")
