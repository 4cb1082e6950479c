"""A place as people paste or write it."""

from __future__ import annotations

import sqlite3

import pytest

from archive.corrections.place import Place, read_place
from archive.errors import ArchiveFault

RECORDING = "2017-03-28-île/matin"


@pytest.fixture
def db() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE recordings(id, duration_ms)")
    made.execute("INSERT INTO recordings(id) VALUES (?)", [RECORDING])
    return made


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (
            "http://127.0.0.1:8001/recordings/2017-03-28-%C3%AEle/matin?t=754.2,790.1",
            754_200,
            790_100,
        ),
        ("https://archive.example/plenieres/recordings/2017-03-28-île/matin?t=3#now", 3_000, None),
        ("/recordings/2017-03-28-%C3%AEle/matin?t=0.5", 500, None),
        (f"{RECORDING} 12:34–13:10", 754_000, 790_000),
        (f"  {RECORDING}  1:02:03.5 - 1:02:04,25 ", 3_723_500, 3_724_250),
        (f"{RECORDING} 12:34 à 13:10", 754_000, 790_000),
        (f"{RECORDING} 754", 754_000, None),
    ],
)
def test_links_and_times_are_read(
    db: sqlite3.Connection, text: str, start: int, end: int | None
) -> None:
    """What the site gives and what a person writes are the same place, to the millisecond."""
    assert read_place(db, text) == Place(RECORDING, start, end)


def test_within_an_event_its_name_is_left_out(db: sqlite3.Connection) -> None:
    """In a corrections.yaml the recording's own id is enough."""
    assert read_place(db, "matin 0:10", "2017-03-28-île") == Place(RECORDING, 10_000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no place"),
        ("http://127.0.0.1:8001/recordings/2017-03-28-île/matin", "is no place"),
        ("http://127.0.0.1:8001/people/ana?t=3", "is no place"),
        (f"{RECORDING}", "is no place"),
        (f"{RECORDING} 13:10–12:34", "ends before it begins"),
        ("2017-03-28-île/soir 0:10", "no recording 2017-03-28-île/soir"),
    ],
)
def test_what_is_no_place_says_how_to_write_one(
    db: sqlite3.Connection, text: str, told: str
) -> None:
    """The error has the text, and an example of the archive's own."""
    with pytest.raises(ArchiveFault, match=told):
        read_place(db, text)
