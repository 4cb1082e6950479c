"""RTTM (NIST Rich Transcription): who spoke when, without overlaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.export.clock import seconds

if TYPE_CHECKING:
    from archive.export.transcript import Transcript


def write(transcript: Transcript) -> str:
    """Return one SPEAKER line per turn: the person's id, or the voice's label.

    Times are seconds of the recording; a turn that starts before the last one ended
    starts at that end, and leaves if nothing of it remains.
    """
    session = _field(transcript.id.rpartition("/")[2])
    lines, free = [], 0
    for turn in transcript.turns:
        start = max(turn.start_ms, free)
        if start < turn.end_ms:
            who = _field(turn.person or turn.voice)
            times = f"{seconds(start)} {seconds(turn.end_ms - start)}"
            lines.append(f"SPEAKER {session} 1 {times} <NA> <NA> {who} <NA> <NA>\n")
            free = turn.end_ms
    return "".join(lines)


def _field(text: str) -> str:
    return re.sub(r"\s+", "_", text) or "<NA>"
