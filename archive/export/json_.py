"""JSON: everything, with the time and probability of each word."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from archive.export.transcript import storable

if TYPE_CHECKING:
    from archive.export.transcript import Transcript


def write(transcript: Transcript) -> str:
    """Return the transcript as JSON (RFC 8259): the fields of `Transcript`, by their names."""
    return storable(json.dumps(asdict(transcript), ensure_ascii=False, indent=1) + "\n")
