"""How right the archive is, where somebody measured it: figures for the page about it.

`plenary evaluate --json > data/public/accuracy.json` puts them beside the public file; both
of its forms are read: against a reference, or from a sheet of control samples.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.site.reading import Row, rows, text

if TYPE_CHECKING:
    import sqlite3

    from archive.site.texts import Texts

FILE = "accuracy.json"
LARGEST = 1024 * 1024  # bytes
RATES = ("word_error_rate", "named_precision", "named_coverage")


def accuracy(db: sqlite3.Connection, texts: Texts) -> Row | None:
    """Return the figures in words, and their day; None where nobody measured, or unreadably."""
    (file,) = [text(one["file"]) for one in rows(db, "PRAGMA database_list")][:1]
    path = Path(file).resolve().with_name(FILE)
    if not file or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    try:
        told = json.loads(path.read_text("utf-8"))
        figures = [*_rates(told, texts), *_shares(told, texts)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    day = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date().isoformat()
    return {"figures": figures, "date": day} if figures else None


def _rates(told: dict[str, dict[str, float | None]], texts: Texts) -> list[tuple[str, str]]:
    """Read the figures against a reference."""
    rates = told.get("all", {})
    return [(n, texts.percent(value)) for n in RATES if (value := rates.get(n)) is not None]


def _shares(told: dict[str, dict[str, Any]], texts: Texts) -> list[tuple[str, str]]:
    """Read the figures of a control sample: right, judged, and the 95 % interval."""
    found = []
    for name in ("text", "name"):
        share = told.get(name)
        if share and share["judged"]:
            low, high = map(texts.percent, share["interval"])
            counted = {"right": share["right"], "judged": share["judged"]}
            words = texts("accuracy.sample", low=low, high=high, **counted)
            found.append((f"sample_{name}", words))
    return found
