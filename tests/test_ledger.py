"""The ledger: same inputs, same key, one result, never half a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from archive.errors import CaptureFault, Stopped
from pipeline.hashing import fingerprint
from pipeline.ledger import Due, Ledger, Step

if TYPE_CHECKING:
    from pathlib import Path

STEP = Step("words", 1, {"sound": "aa"}, {"beam_size": 5})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Database(tmp_path / "work.db"), tmp_path)


@given(options=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_key_does_not_depend_on_the_order_of_options(options: dict[str, object]) -> None:
    """One set of options has one key, however it was written down."""
    turned = dict(reversed(options.items()))
    assert Step("words", 1, {}, options).key == Step("words", 1, {}, turned).key


@pytest.mark.parametrize(
    "other",
    [
        Step("gate", 1, {"sound": "aa"}, {"beam_size": 5}),
        Step("words", 2, {"sound": "aa"}, {"beam_size": 5}),
        Step("words", 1, {"sound": "bb"}, {"beam_size": 5}),
        Step("words", 1, {"sound": "aa"}, {"beam_size": 4}),
    ],
)
def test_anything_that_can_change_the_result_changes_the_key(other: Step) -> None:
    """Name, version, inputs and options are all in the key."""
    assert other.key != STEP.key


def test_versions_of_tools_are_recorded_and_not_in_the_key() -> None:
    """A new ffmpeg does not make a night's work due again."""
    assert Step("words", 1, {"sound": "aa"}, {"beam_size": 5}, {"ffmpeg": "7"}).key == STEP.key


def test_work_is_done_once(ledger: Ledger) -> None:
    """What is recorded as done is not done again."""
    first = ledger.once(STEP, lambda: ["bonjour"])
    again = ledger.once(STEP, lambda: pytest.fail("done twice"))
    assert first.result == again.result == ["bonjour"]
    assert first.output_sha256 == again.output_sha256


def test_failed_work_leaves_nothing(ledger: Ledger) -> None:
    """A step that raised is still due."""

    def broken() -> object:
        raise CaptureFault("broken", "mend it")

    with pytest.raises(CaptureFault):
        ledger.once(STEP, broken)
    assert ledger.find(STEP) is None


def test_a_ledger_that_is_only_asked_does_nothing(tmp_path: Path) -> None:
    """`--dry-run` names the step that is due instead of doing it."""
    asked = Ledger(Database(tmp_path / "work.db"), tmp_path, only_asked=True)
    with pytest.raises(Due) as due:
        asked.once(STEP, lambda: pytest.fail("worked"))
    assert due.value.step == STEP


def test_nothing_is_begun_after_the_hour(tmp_path: Path) -> None:
    """`--until` lets no step begin once its time has come; results still serve."""
    db = Database(tmp_path / "work.db")
    past = datetime.now(UTC) - timedelta(seconds=1)
    Ledger(db, tmp_path).record(STEP, 1)
    late = Ledger(db, tmp_path, until=past)
    assert late.once(STEP, lambda: 2).result == 1
    with pytest.raises(Stopped):
        late.once(Step("gate", 1, {}), lambda: 2)


def test_a_file_is_hashed_whole_once(ledger: Ledger, tmp_path: Path) -> None:
    """Afterwards size and five probes vouch for it, under any name and date."""
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(256)) * 40_000)
    whole = ledger.sha256(film)
    moved = film.rename(tmp_path / "elsewhere.mp4")
    assert fingerprint(moved) == fingerprint(moved)
    assert ledger.sha256(moved) == whole


def test_a_changed_file_has_another_hash(ledger: Ledger, tmp_path: Path) -> None:
    """A capture that was replaced is not taken for the old one."""
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a" * 1000)
    before = ledger.sha256(film)
    film.write_bytes(b"b" * 1000)
    assert ledger.sha256(film) != before


def test_missing_and_odd_captures_are_named(ledger: Ledger, tmp_path: Path) -> None:
    """A capture that is absent, or no file, gets a sentence and never hangs."""
    with pytest.raises(CaptureFault, match="cannot be read"):
        ledger.sha256(tmp_path / "absent.mp4")
    with pytest.raises(CaptureFault, match="is not a file"):
        ledger.sha256(tmp_path)
