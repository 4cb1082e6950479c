"""`plenary search`: the visitor's search in the shell, for people and for programs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from archive_fixture import DAY, EVENING, public_archive
from click.testing import CliRunner
from conftest import archive_of

from pipeline.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

__all__ = ["public_archive"]


@pytest.fixture(scope="module")
def config(public_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shell")
    (folder / "events").mkdir()
    made = archive_of(folder, folder / "events")
    (made.data / "public").mkdir(parents=True)
    shutil.copy(public_archive, made.data / "public" / "archive.db")
    return made.config


def ask(config: Path, *words: str) -> Result:
    """Ask the command, without a process of its own for each."""
    return CliRunner().invoke(main, ["--config", str(config), "search", *words])


def test_a_hit_tells_who_when_and_where(config: Path) -> None:
    """Recording and time, name with its doubt, role, event; matched words stand in brackets."""
    done = ask(config, "solidaire")
    assert done.exit_code == 0
    first, second, third, *_ = done.output.splitlines()
    assert first == (
        f"{DAY}/matin 0:33  Bo Modèle (name given automatically), directeur, Le Phares"
    )
    assert second == "    PTCE et citoyenneté, Ouverture (2017-03-28)"
    assert "sociale et [solidaire]" in third


def test_what_would_narrow_is_told_as_options(config: Path) -> None:
    """Facets stand below as options that can be typed, with the count that would stay."""
    told = ask(config, "coop*").output
    assert f"    --event         {DAY} (3), {EVENING} (2)" in told.splitlines()
    narrowed = ask(config, "coop*", "--event", EVENING)
    assert "2 passages" in narrowed.output
    assert "--event" not in narrowed.output


@pytest.mark.parametrize(
    ("options", "total"),
    [
        (("--person", "bo-exemple"), 4),
        (("--organisation", "COOP"), 1),
        (("--series", "journees"), 8),
        (("--year", "2017"), 6),
        (("--kind", "round-table"), 3),
        (("--origin", "confirmed"), 1),
        (("--recording", f"{EVENING}/soiree"), 2),
    ],
)
def test_filters_alone_list_what_passes(config: Path, options: tuple[str, ...], total: int) -> None:
    """Every facet is an option, which needs no words."""
    told = json.loads(ask(config, *options, "--json").output)
    assert told["total"] == len(told["hits"]) == total


def test_order_and_pages(config: Path) -> None:
    """By date the newest comes first; a page past the end is empty and says so by its exit."""
    told = ask(config, "commune", "--order", "date").output
    assert told.index(EVENING) < told.index(DAY)
    past = ask(config, "commune", "--page", "9")
    assert past.exit_code == 1
    assert "2 passages" in past.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("coperation", "Try instead: coopération"),
        ("le la de l'", "too common"),
        ("", "Type a word"),
        ("xqzkw", "No passage"),
    ],
)
def test_nothing_found_says_why(config: Path, text: str, said: str) -> None:
    """A suggestion, stop words, nothing asked: each has its answer, and the exit code is 1."""
    done = ask(config, text)
    assert done.exit_code == 1
    assert said in done.output


def test_programs_get_everything(config: Path) -> None:
    """JSON holds the page with confidence, facets with labels, and what gave way."""
    told = json.loads(ask(config, "solidaire", "--json").output)
    (hit,) = told["hits"]
    assert (hit["person_id"], hit["origin"], hit["confidence"]) == ("bo-exemple", "automatic", 0.93)
    assert told["facets"]["event"] == [{"value": DAY, "label": "PTCE et citoyenneté", "count": 1}]
    assert (told["more_than"], told["order"], told["note"]) == (False, "relevance", "")
