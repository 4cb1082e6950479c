"""The control sample: drawn by time, filled in by a person, read back with its interval."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections import Counter
from contextlib import closing
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from archive_fixture import PRIVATE, public_archive
from site_client import SITE, Client

from archive.errors import FileFault
from archive.site.serve import make_app
from pipeline.control import (
    HEAD,
    Share,
    Stretch,
    draw,
    read_sheet,
    shares_table,
    write_sample,
    write_sheet,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["public_archive"]


def test_stretches_are_public_and_none_twice(public_archive: Path) -> None:
    """Every moment of speech is as likely; asked for more than there is, all are given."""
    with closing(sqlite3.connect(public_archive)) as db:
        everything = draw(db, 10_000, random.Random(1))
        first = Counter(draw(db, 1, random.Random(seed))[0] for seed in range(2_000))
    assert len(set(everything)) == len(everything) > 5
    assert not any(word in one.text for one in everything for word in PRIVATE)
    total = sum(one.end_ms - one.start_ms for one in everything)
    longest = max(everything, key=lambda one: one.end_ms - one.start_ms)
    share = (longest.end_ms - longest.start_ms) / total
    assert first[longest] == pytest.approx(2_000 * share, rel=0.35)


def filled(public_archive: Path, path: Path, answers: list[tuple[str, str]], mark: str) -> Path:
    """Draw a sheet and fill it in, as a spreadsheet saves it."""
    with closing(sqlite3.connect(public_archive)) as db:
        stretches = draw(db, len(answers), random.Random(7))
    rows = list(csv.reader(StringIO(write_sheet(stretches, "https://example.org/"))))
    assert rows[0] == list(HEAD)
    assert rows[1][1].startswith(f"https://example.org/recordings/{stretches[0].recording}?t=")
    text = StringIO()
    table = csv.writer(text, delimiter=mark)
    table.writerow(rows[0])
    table.writerows([*row[:-2], *told] for row, told in zip(rows[1:], answers, strict=True))
    path.write_text(text.getvalue(), "utf-8-sig")
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_sheet_is_read_back(public_archive: Path, tmp_path: Path, mark: str) -> None:
    """Yes and no in both languages; what is left empty is not judged."""
    answers = [("oui", "yes"), ("Non", ""), ("x", "no"), ("", ""), ("y", "OUI")]
    shares = read_sheet(filled(public_archive, tmp_path / "s.csv", answers, mark))
    assert shares == {"text": Share(3, 4), "name": Share(2, 3)}
    assert "3 of 4 right" in shares_table(shares)


def test_every_stretch_can_be_played(public_archive: Path, tmp_path: Path) -> None:
    """The address of each row is one that the site answers."""
    with closing(sqlite3.connect(public_archive)) as db:
        sheet = write_sheet(draw(db, 10_000, random.Random(1)), "http://site")
    visitor = Client(make_app(public_archive, tmp_path, SITE))
    rows = list(csv.DictReader(StringIO(sheet)))
    assert rows
    for address in {row["play"] for row in rows}:
        assert visitor.get(address.removeprefix("http://site")).status_code == 200, address


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    """Neither a name nor words that begin as one."""
    (row,) = csv.DictReader(StringIO(write_sheet([Stretch("e/r", 0, 1, "=A1", "+1")], None)))
    assert (row["speaker"], row["text"]) == ("'=A1", "'+1")


def test_the_interval_is_wilsons() -> None:
    """27 of 30 lies between 74.4 % and 96.5 %; all of 30 still leaves 11 % of doubt."""
    assert Share(27, 30).interval == pytest.approx((0.744, 0.965), abs=0.001)
    assert Share(30, 30).interval == pytest.approx((0.886, 1.0), abs=0.001)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_sheet_that_cannot_be_read_says_so(public_archive: Path, tmp_path: Path) -> None:
    """Another answer, another file, no file: each with its sentence and line."""
    sheet = filled(public_archive, tmp_path / "s.csv", [("yes", ""), ("perhaps", "")], ",")
    with pytest.raises(FileFault, match=r"s\.csv:3[\s\S]*perhaps"):
        read_sheet(sheet)
    sheet.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(FileFault, match="no column"):
        read_sheet(sheet)
    with pytest.raises(FileFault, match="cannot be read"):
        read_sheet(tmp_path / "absent.csv")


def test_a_sheet_is_never_written_over(public_archive: Path, tmp_path: Path) -> None:
    """Thirty stretches are drawn once; what may be filled in stays."""
    sheet = tmp_path / "s.csv"
    with closing(sqlite3.connect(public_archive)) as db:
        count = write_sample(db, 30, sheet, None)
        assert len(list(csv.reader(StringIO(sheet.read_text("utf-8-sig"))))) == count + 1
        with pytest.raises(FileFault, match="already"):
            write_sample(db, 30, sheet, None)
