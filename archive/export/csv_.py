"""CSV, one line per passage, safe to open in a spreadsheet.

A cell that a spreadsheet would take for a formula gets an apostrophe in front
(OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from archive.export.clock import seconds
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from archive.export.transcript import Transcript

COLUMNS = (
    *("event", "session", "recording", "start_s", "end_s", "person", "name", "role"),
    *("organisation", "voice", "confidence", "origin", "text", "licence"),
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write(transcript: Transcript) -> str:
    """Return the transcript as CSV with a heading line; times in seconds of the recording."""
    target = io.StringIO()
    lines = csv.writer(target, lineterminator="\n")
    lines.writerow(COLUMNS)
    for turn in transcript.turns:
        for passage in turn.passages:
            cells = (
                *(transcript.event, transcript.id, transcript.recording),
                *(seconds(passage.start_ms), seconds(passage.end_ms)),
                *(turn.person, turn.name, turn.role, turn.organisation, turn.voice),
                *(f"{turn.confidence:.3f}", turn.origin, passage.text, transcript.licence),
            )
            lines.writerow([safe(cell or "") for cell in cells])
    return target.getvalue()


def safe(cell: str) -> str:
    """Return one line that a spreadsheet takes for text."""
    line = one_line(cell)
    return f"'{line}" if line.startswith(_FORMULA) else line
