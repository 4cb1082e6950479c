"""docs/files.md and the code name the same keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.reading.keys import CONFIG, CORRECTIONS, PROGRAMME

if TYPE_CHECKING:
    from pathlib import Path


def documented(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the keys of each table under a heading with a mapping's name."""
    parts = re.split(r"^### `(.+)`$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    names, texts = parts[::2], parts[1::2]
    assert len(set(names)) == len(names)
    return {
        name: tuple(re.findall(r"^\| `(.+?)` \|", text, flags=re.MULTILINE))
        for name, text in zip(names, texts, strict=True)
    }


def test_every_key_is_documented_and_every_documented_key_exists(root: Path) -> None:
    """Mapping by mapping, in the same order."""
    assert documented(root / "docs" / "files.md") == {**CONFIG, **PROGRAMME, **CORRECTIONS}
