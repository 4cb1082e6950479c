"""A new archive outside the checkout: a commented config.yaml, a folder of events, an example."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = "2026-03-21-journee-exemple"


def init(folder: Path) -> Path:
    """Write a new archive into an absent or empty folder; returns its config.yaml.

    `plenary check` finds no mistake in what is written. Raises ArchiveFault.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArchiveFault("the folder is not empty", "name a new or an empty folder", path=folder)
    event = folder / "events" / EXAMPLE
    try:
        (event / "captures").mkdir(parents=True)
        (event / "programme.yaml").write_bytes(_template("new_programme.yaml"))
        config = folder / "config.yaml"
        config.write_bytes(_template("new_config.yaml"))
    except OSError as error:
        raise ArchiveFault(
            "the folder cannot be written ({reason})",
            "name a folder that you may write to",
            path=folder,
            reason=error.strerror,
        ) from error
    return config


def _template(name: str) -> bytes:
    return (files("pipeline") / name).read_bytes()
