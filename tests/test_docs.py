"""The documentation says what the code does: commands, exit codes, no dead link."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

import archive.errors
from archive.errors import PlenaryError
from archive.export import FORMATS, csv_, tables
from archive.export.transcript import Transcript
from pipeline.cli import main
from pipeline.command_page import page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


PAGES = [
    *("README.md", "CHANGELOG.md", "demo/README.md"),
    *("docs/keeping.md", "docs/exports.md", "docs/correcting.md", "docs/serving.md"),
    "docs/scaling.md",
]


def test_the_page_of_commands_is_up_to_date(root: Path) -> None:
    """docs/commands.md is what `python -m pipeline.command_page` writes."""
    assert (root / "docs" / "commands.md").read_text("utf-8") == page()


def test_the_readme_names_every_command(root: Path) -> None:
    """Each verb stands in the README's table, and no other."""
    told = re.findall(
        r"^\| `plenary ([a-z-]+)", (root / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(told) == sorted(main.commands)


def test_the_readme_names_every_make_target_it_uses(root: Path) -> None:
    """`make …` in the README and in .ci/run is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    readme, ci = ((root / name).read_text("utf-8") for name in ("README.md", ".ci/run"))
    told = set(re.findall(r"`?\bmake ([a-z]+)\b(?=`|\s+#|$)", readme, re.MULTILINE))
    called = set(re.findall(r"^make ([a-z]+)$", ci, re.MULTILINE))
    assert {"run", "test", "serve", "check", "quick"} <= targets
    assert told <= targets
    assert called <= told


def test_the_tree_of_errors_is_drawn_whole() -> None:
    """The tree at the top of errors.py has every class with its exit code."""
    drawn = dict(re.findall(r"[├└]── (\w+) +(\d+) ", archive.errors.__doc__ or ""))
    classes = {
        name: str(kind.exit_code)
        for name, kind in vars(archive.errors).items()
        if isinstance(kind, type) and issubclass(kind, PlenaryError) and kind is not PlenaryError
    }
    assert drawn == classes


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(root: Path, name: str) -> None:
    """Every relative link of a page is a file of the repository."""
    file = root / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", file.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert not [link for link in local if not (file.parent / link).exists()]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Which one", FORMATS),
        ("CSV", csv_.COLUMNS),
        ("Speaking time", tables.SPEAKING_TIME_COLUMNS),
        ("Originals", tables.ORIGINALS_COLUMNS),
        ("JSON", [field.name for field in fields(Transcript)]),
    ],
)
def test_exports_hold_what_their_page_says(root: Path, heading: str, names: Iterable[str]) -> None:
    """docs/exports.md has every format, column and field, and no other; columns in their order."""
    page = (root / "docs" / "exports.md").read_text("utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([a-z_0-9]+)` \|", section, re.MULTILINE)
    assert (sorted(told) if heading == "Which one" else told) == list(names)
