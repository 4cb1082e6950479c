"""CSV, one line per passage, safe to open in a spreadsheet.

A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
Injection"). So does what follows a semicolon in it: a spreadsheet in French takes one for the
end of a cell.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from archive.export.clock import seconds
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.export.transcript import Transcript

COLUMNS = (
    *("event", "session", "recording", "start_s", "end_s", "person", "name", "role"),
    *("organisation", "voice", "confidence", "origin", "text", "licence", "text_origin"),
    *("date", "capture", "capture_sha256", "made_with", "made_at"),
)

# Before the sign may stand what a reader does not see, and apostrophes: so that no text looks
# as if one had been put before it.
_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(rf"(^|;)(?=['\s{_UNSEEN}]*[=+\-@＝＋－＠])")


def write(transcript: Transcript) -> str:
    """Return the transcript as CSV with a heading line; times in seconds of the recording."""
    about = (transcript.licence, transcript.date, transcript.made_with, transcript.made_at)
    licence, date, made_with, made_at = about
    rows = []
    for turn in transcript.turns:
        confidence = "" if turn.name is None else f"{turn.confidence:.3f}"
        for passage in turn.passages:
            capture = transcript.capture_at(passage.start_ms)
            rows.append(
                (
                    *(transcript.event, transcript.id, transcript.recording),
                    *(seconds(passage.start_ms), seconds(passage.end_ms)),
                    *(turn.person, turn.name, turn.role, turn.organisation, turn.voice),
                    *(confidence, turn.origin, passage.text, licence, passage.origin, date),
                    *(("", "") if capture is None else (capture.name, capture.sha256)),
                    *(made_with, made_at),
                )
            )
    return table(COLUMNS, rows)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return rows of cells as CSV under a heading line; None is an empty cell."""
    target = io.StringIO()
    lines = csv.writer(target, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([safe(cell or "") for cell in row] for row in rows)
    return target.getvalue()


def safe(cell: str) -> str:
    """Return one line that a spreadsheet takes for text.

    The text comes back by taking away one apostrophe at its beginning, and one after each
    semicolon, where such a sign follows them.
    """
    return _FORMULA.sub(r"\1'", one_line(cell))
