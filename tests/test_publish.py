"""Publication: only what is public, the same bytes for the same content, the link last."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from archive_fixture import (
    DAY,
    EVENING,
    PRIVATE,
    TODAY,
    day_event,
    day_recording,
    evening_event,
    evening_recording,
    make_public,
    make_work,
    passage,
    turn,
)

from archive import publish as publishing
from archive.errors import ArchiveFault
from archive.publish import KEPT, publish, rollback
from archive.site.serve import make_app
from archive.site.settings import SiteSettings
from archive.store import open_store

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def say(work: Path, text: str) -> None:
    """Let the second event's recording hold this one sentence."""
    recording, tables = evening_recording()
    with open_store(work) as store:
        turns = [turn(f"{EVENING}/soiree", 1_000, text, person="cleo-essai")]
        store.put_recording(recording, {**tables, "turns": turns})


def test_no_byte_of_what_is_private(tmp_path: Path) -> None:
    """Nothing said outside public sessions, no unwanted name, no work-only column is there."""
    public = make_public(tmp_path)
    work = (tmp_path / "work.db").read_bytes()
    data = public.read_bytes()
    for word in PRIVATE:
        assert word.encode() in work, word
        for encoded in (word.encode(), word.lower().encode(), word.encode("utf-16-le")):
            assert encoded not in data, word
        assert json.dumps(word).strip('"').encode() not in data, word


def test_what_is_public_is_there(tmp_path: Path) -> None:
    """Words, names, unfilmed sessions and a break's title are published."""
    public = make_public(tmp_path)
    sessions = [r[0] for r in rows(public, "SELECT id FROM sessions ORDER BY event_id, position")]
    assert sessions == [
        *(f"{DAY}/{name}" for name in ("ouverture", "pause", "table-ronde", "atelier")),
        f"{EVENING}/soiree",
    ]
    assert rows(public, "SELECT recording_id, from_ms FROM sessions WHERE kind = 'break'") == [
        (None, None)
    ]
    assert rows(public, "SELECT id FROM people ORDER BY id") == [
        ("ana-exemple",),
        ("bo-exemple",),
        ("cleo-essai",),
        ("une-personne",),
    ]
    assert rows(public, "SELECT id FROM organisations ORDER BY id") == [
        ("COOP",),
        ("PHARES",),
        ("RTD",),
    ]
    unnamed = "SELECT person_id, confidence, evidence FROM turns WHERE voice = 'voice-3'"
    assert rows(public, unnamed) == [("une-personne", 0.95, "[]")]


def test_evidence_quotes_public_words_only(tmp_path: Path) -> None:
    """A reason that lies in the break goes; one whose quote was published stays."""
    public = make_public(tmp_path)
    (evidence,) = rows(public, "SELECT evidence FROM turns WHERE start_ms = 30000")[0]
    assert json.loads(str(evidence)) == [
        {"kind": "hand-over", "start_ms": 16_400, "quote": "la parole à Bo Modèle"}
    ]


def test_words_are_cut_at_the_edge_of_a_session(tmp_path: Path) -> None:
    """A passage that runs into the break keeps its public words, their times, and no more."""
    work = make_work(tmp_path)
    recording, tables = day_recording()
    text = "Nous reprenons demain secretun secretdeux"
    across = {**turn(f"{DAY}/ouverture", 99_000, text, person="ana-exemple")}
    with open_store(work) as store:
        store.put_recording(recording, {**tables, "turns": [across]})
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    found = rows(path, "SELECT start_ms, end_ms, text, words FROM passages WHERE start_ms = 99000")
    assert found == [(99_000, 99_800, "Nous reprenons", "[[99000,99400,0.9],[99400,99800,0.9]]")]
    turns = rows(path, "SELECT start_ms, end_ms FROM turns WHERE start_ms = 99000")
    assert turns == [(99_000, 99_800)]
    assert b"secretun" not in path.read_bytes()


def test_a_break_inside_a_session_stays_private(tmp_path: Path) -> None:
    """Where a public session and a break claim the same stretch, the break wins."""
    work = make_work(tmp_path)
    event = dict(evening_event())
    event["sessions"] = [
        *event["sessions"],
        {
            "id": f"{EVENING}/pause",
            "event_id": EVENING,
            "position": 2,
            "title": "Pause",
            "kind": "break",
            "recording_id": f"{EVENING}/soiree",
            "from_ms": 15_000,
            "to_ms": 60_000,
            "access": "public",
        },
    ]
    with open_store(work) as store:
        store.put_event(EVENING, event)
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    said = rows(path, "SELECT text FROM passages WHERE text LIKE '%coop_ratives marchent%'")
    assert said == []
    assert rows(path, "SELECT COUNT(*) FROM passages WHERE text LIKE 'Bonsoir%'") == [(1,)]


def test_a_passage_without_word_times_is_whole_or_absent(tmp_path: Path) -> None:
    """Nothing is guessed about where in a passage the private words are."""
    work = make_work(tmp_path)
    recording, tables = day_recording()
    rough = [
        {**passage("Tout ceci est public.", 20_000), "words": None},
        {**passage("Tout ceci déborde.", 99_500), "words": None},
    ]
    turns = [{**turn(f"{DAY}/ouverture", 20_000, "x"), "passages": rough}]
    with open_store(work) as store:
        store.put_recording(recording, {**tables, "turns": turns})
    path = publish(work, tmp_path / "public", today=TODAY, names="all").path
    found = rows(path, "SELECT text FROM passages WHERE text LIKE 'Tout%'")
    assert found == [("Tout ceci est public.",)]


def test_embargo_ends_on_its_day(tmp_path: Path) -> None:
    """A session that is public from a date is whole on that date."""
    work = make_work(tmp_path)
    late = publish(work, tmp_path / "public", today=dt.date(2042, 1, 1), names="all").path
    assert "prématurée".encode() in late.read_bytes()


def test_confirmed_names_only(tmp_path: Path) -> None:
    """With `names: confirmed` a name that nobody confirmed is not published with a turn."""
    work = make_work(tmp_path)
    path = publish(work, tmp_path / "public", today=TODAY, names="confirmed").path
    named = rows(path, "SELECT DISTINCT person_id, origin FROM turns WHERE person_id IS NOT NULL")
    assert named == [("ana-exemple", "confirmed")]


def test_same_content_same_bytes(tmp_path: Path) -> None:
    """The name is a hash of the content: another order of writing gives the same file."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = make_public(tmp_path / "a")
    with open_store(tmp_path / "b" / "work.db") as store:
        store.put_event(EVENING, evening_event())
        store.put_recording(*evening_recording())
        store.put_event(DAY, day_event())
        store.put_recording(*day_recording())
    second = publish(
        tmp_path / "b" / "work.db", tmp_path / "b" / "public", today=TODAY, names="all"
    )
    assert second.path.name == first.resolve().name
    assert second.path.read_bytes() == first.read_bytes()


def test_publishing_twice_writes_nothing(tmp_path: Path) -> None:
    """An unchanged archive keeps its file and its link untouched."""
    pointer = make_public(tmp_path)
    before = (pointer.lstat().st_ino, pointer.stat().st_ino, pointer.stat().st_mtime_ns)
    publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert (pointer.lstat().st_ino, pointer.stat().st_ino, pointer.stat().st_mtime_ns) == before


def test_the_file_stands_alone(tmp_path: Path) -> None:
    """No journal beside it; it opens read-only and passes its checks; the link is relative."""
    pointer = make_public(tmp_path)
    names = sorted(p.name for p in pointer.parent.iterdir())
    assert names == [pointer.resolve().name, "archive.db"]
    assert os.readlink(pointer) == pointer.resolve().name  # noqa: PTH115 - the text itself
    db = sqlite3.connect(f"file:{pointer}?immutable=1", uri=True)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    db.close()
    assert sorted(p.name for p in pointer.parent.iterdir()) == names


def test_counts_are_those_of_the_file(tmp_path: Path) -> None:
    """What publish reports can be counted in the file."""
    published = publish(make_work(tmp_path), tmp_path / "public", today=TODAY, names="all")
    for table, count in published.counts.items():
        assert rows(published.path, f'SELECT COUNT(*) FROM "{table}"') == [(count,)]
    assert published.counts["passages"] == 8


@pytest.mark.parametrize("step", ["_check", "_link", "_sha256"])
def test_killed_between_steps_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Until the link moves, readers find what was published before; leftovers are swept."""
    pointer = make_public(tmp_path)
    before = pointer.resolve()
    say(tmp_path / "work.db", "Tout autre chose.")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, step, die)
        with pytest.raises(KeyboardInterrupt):
            publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert pointer.resolve() == before
    after = publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert pointer.resolve() == after.path.resolve() != before
    assert not list(pointer.parent.glob(".*"))


def test_rollback_shows_the_one_before(tmp_path: Path) -> None:
    """Rollback goes one step back at a time, and says when there is no earlier one."""
    pointer = make_public(tmp_path)
    first = pointer.resolve()
    say(tmp_path / "work.db", "Une deuxième version.")
    publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert rollback(tmp_path / "public").resolve() == first == pointer.resolve()
    with pytest.raises(ArchiveFault, match="no earlier"):
        rollback(tmp_path / "public")


def test_old_files_are_kept_but_not_for_ever(tmp_path: Path) -> None:
    """The newest few stay for rollback; a day of many recordings does not fill the disk."""
    pointer = make_public(tmp_path)
    for number in range(KEPT + 2):
        say(tmp_path / "work.db", f"Version {number}.")
        publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    kept = list(pointer.parent.glob("archive-*.db"))
    assert len(kept) == KEPT
    assert pointer.resolve() in [p.resolve() for p in kept]


def test_an_empty_archive_can_be_published(tmp_path: Path) -> None:
    """Before the first recording there is a public file, with nothing in it."""
    open_store(tmp_path / "work.db").close()
    published = publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert published.counts["passages"] == 0


def test_a_spoilt_working_database_is_named(tmp_path: Path) -> None:
    """What cannot be read is an ArchiveFault; what was published stays."""
    pointer = make_public(tmp_path)
    before = pointer.resolve()
    (tmp_path / "work.db").write_bytes(b"x" * 4096)
    with pytest.raises(ArchiveFault, match="cannot be built"):
        publish(tmp_path / "work.db", tmp_path / "public", today=TODAY, names="all")
    assert pointer.resolve() == before


def test_a_file_of_another_version_is_neither_served_nor_rolled_back_to(tmp_path: Path) -> None:
    """Search asks for indexes that an earlier version did not make: it says to publish again."""
    public = make_public(tmp_path)
    old = public.resolve()
    with contextlib.closing(sqlite3.connect(tmp_path / "work.db")) as work, work:
        work.execute("UPDATE events SET title = 'Un autre titre'")
    publish(tmp_path / "work.db", public.parent, today=TODAY, names="all")
    with contextlib.closing(sqlite3.connect(old)) as db:
        db.execute("PRAGMA user_version = 1")
    os.utime(old, (0, 0))  # it was shown long ago
    with pytest.raises(ArchiveFault, match="published by another version"):
        rollback(public.parent)
    public.unlink()
    public.symlink_to(old.name)
    with pytest.raises(ArchiveFault, match="published by another version"):
        make_app(public, tmp_path, SiteSettings())
