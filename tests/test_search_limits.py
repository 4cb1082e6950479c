"""Search ends in time: what gives way, in which order, and that it says so."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, EVENING, public_archive

from archive import matching, ranking
from archive.search import Query, search
from pipeline.found import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["public_archive"]

FILTERS = [
    {"person": "bo-exemple"},
    {"organisation": "COOP"},
    {"event": EVENING},
    {"event": "nowhere"},
    {"series": "journees"},
    {"year": "2017"},
    {"kind": "round-table"},
    {"origin": "confirmed"},
    {"recording": f"{DAY}/matin"},
    {"person": "bo-exemple", "year": "2017"},
    {"event": DAY, "kind": "opening", "origin": "automatic"},
]


@pytest.fixture
def db(public_archive: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{public_archive}?immutable=1", uri=True)) as db:
        yield db


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the clock after every passage, so that a small archive is large."""
    monkeypatch.setattr(matching, "_FIRST_STRETCH", 1)
    monkeypatch.setattr(matching, "_WIDEN", 1)
    monkeypatch.setattr(matching, "FEW", 0)
    monkeypatch.setattr(ranking, "_FEW", 1)


def ticking(seconds: float) -> Callable[[], float]:
    """Return a clock that goes on by so much whenever somebody looks at it."""
    ticks = itertools.count()
    return lambda: next(ticks) * seconds


@pytest.mark.usefixtures("small_steps")
def test_when_time_is_over_counting_gives_way(db: sqlite3.Connection) -> None:
    """The newest hits stand there by date, with "more than" so many, and the answer says so."""
    full = search(db, Query("coop*", order="date"))
    found = search(db, Query("coop*"), clock=ticking(0.01))
    assert found.more_than
    assert (found.order, found.note) == ("date", "many")
    assert 0 < found.total < full.total
    assert found.hits[: found.total] == full.hits[: found.total]


@pytest.mark.usefixtures("small_steps")
def test_the_page_is_filled_though_counting_ended(db: sqlite3.Connection) -> None:
    """Counting ends before the answer does: a page that lacks hits goes on looking for them."""
    found = search(db, Query("coop*"), clock=ticking(0.008))
    assert len(found.hits) > found.total


@pytest.mark.usefixtures("small_steps")
def test_where_time_is_over_nothing_found_is_not_said_to_be_nothing_there(
    db: sqlite3.Connection,
) -> None:
    """Words that were not met together so far may yet be said: the answer tells so."""
    asked = Query("coop* bonjour maire")
    assert search(db, asked, clock=lambda: 0.0).note == ""
    found = search(db, asked, clock=ticking(10))
    assert (found.total, found.more_than, found.note) == (0, True, "unfinished")
    assert "une partie de l’archive n’a pas été regardée" in as_text(found, "fr")


@pytest.mark.usefixtures("small_steps")
def test_a_slow_clock_ends_the_search_and_a_still_one_does_not(db: sqlite3.Connection) -> None:
    """However slow it goes there is an answer; with time enough it is whole and ranked."""
    slow = search(db, Query("coop*"), clock=ticking(10))
    assert slow.more_than
    still = search(db, Query("coop*"), clock=lambda: 0.0)
    assert (still.total, still.order, still.note) == (5, "relevance", "")


@pytest.mark.usefixtures("small_steps")
def test_order_gives_way_by_itself(db: sqlite3.Connection) -> None:
    """When all is counted and no time is left to rank, order alone gives way."""
    looks = itertools.count()
    search(db, Query("coop*"), clock=lambda: 0.0 * next(looks))
    last = next(looks) - 1
    looks = itertools.count()
    found = search(db, Query("coop*"), clock=lambda: 0.0 if next(looks) < last else 1.0)
    assert (found.total, found.more_than, found.order, found.note) == (5, False, "date", "many")


def test_terms_said_everywhere_do_not_rank(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A term with too many hits of its own has no say in the order, and the others have."""
    monkeypatch.setattr(ranking, "MANY", 3)
    found = search(db, Query("coop* marché"))
    assert (found.total, found.order, found.note) == (1, "relevance", "")


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("text", ["coop*", "bonjour", "coop* commune", ""])
def test_filters_are_exact_where_time_is_over(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, text: str, filters: dict[str, str]
) -> None:
    """Where few passages pass, they are counted and listed although time ended at the first."""
    monkeypatch.setattr(matching, "FEW", 1_000)
    query = Query(text, order="date", **filters)  # type: ignore[arg-type]
    whole = search(db, query)
    found = search(db, query, clock=ticking(10))
    assert (found.total, found.more_than) == (whole.total, False)
    assert found.hits == whole.hits
    free = set(found.facets) - set(filters)
    assert {n: found.facets[n] for n in free} == {n: whole.facets[n] for n in free}


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("seconds", [0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.02])
def test_no_hit_stands_twice(db: sqlite3.Connection, seconds: float) -> None:
    """Wherever time ends, each hit of a page is there once, passes the filter and is the newest."""
    query = Query("co*", series="journees", order="date")
    whole = [hit.passage_id for hit in search(db, query).hits]
    assert len(whole) > 2
    found = [hit.passage_id for hit in search(db, query, clock=ticking(seconds)).hits]
    assert found == whole[: len(found)]
