"""A new archive: written once, understood by `check` at once."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from conftest import PLENARY

from archive.errors import ArchiveFault
from pipeline.check import check
from pipeline.config import load_settings
from pipeline.start import init

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_archive_passes_the_check_at_once(tmp_path: Path) -> None:
    """Nothing is filmed yet, so nothing is missing; the model is one for real speech."""
    config = init(tmp_path / "new" / "archive")
    found = check(config)
    assert (found.faults, found.capture_faults, found.doubles) == ((), (), ())
    (event,) = found.events
    assert {person.id for person in event.people} == {"ana-exemple", "bo-modele"}
    assert all(session.recording is None for session in event.sessions)
    settings = load_settings(config)
    assert settings.transcription.model == "large-v3-turbo"
    assert settings.data == config.parent / "data"
    assert (event.folder / "captures").is_dir()


def test_what_comes_next_can_be_typed(tmp_path: Path) -> None:
    """Without the virtual environment active, `init` says how `plenary` is found."""
    words = [str(PLENARY), "init", str(tmp_path / "new")]
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert f"source {PLENARY.parent / 'activate'}" in done.stdout


def test_what_the_example_suggests_is_right(tmp_path: Path) -> None:
    """With its commented lines uncommented, a capture is asked for and nothing else is wrong."""
    config = init(tmp_path)
    (programme,) = (tmp_path / "events").glob("*/programme.yaml")
    text = programme.read_text(encoding="utf-8").replace("    # captures:", "    captures:")
    programme.write_text(text, encoding="utf-8")
    found = check(config)
    assert [fault.path for fault in found.capture_faults] == [programme, programme]
    config.write_text(
        config.read_text(encoding="utf-8").replace("\n  # ", "\n  "), encoding="utf-8"
    )
    assert load_settings(config).site.contact == "mailto:archives@example.org"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """`init` writes over nothing."""
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(ArchiveFault, match="not empty"):
        init(tmp_path)
    with pytest.raises(ArchiveFault, match="not empty"):
        init(tmp_path / "kept.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
