"""Versions of the packages that are installed, looked up once: each look reads files."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version(package: str) -> str:
    """Return the version of an installed package. Raises PackageNotFoundError."""
    return metadata.version(package)
