"""How values are written into rows: JSON with one spelling, moments in UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime


def canonical(value: object) -> str:
    """JSON with one spelling for one value, so that it can be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def now() -> str:
    """Return this moment in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
