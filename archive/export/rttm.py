"""RTTM (NIST Rich Transcription, RT-09 evaluation plan): who spoke when, without overlaps.

No line but SPEAKER is written: the `;;` comments of the plan stop common readers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.export.clock import seconds
from archive.export.speech import stretches
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from archive.export.transcript import Transcript, Turn


def write(transcript: Transcript) -> str:
    """Return SPEAKER lines: the person's id, or the voice's label, where it is speaking.

    Times are seconds of the recording. The ninth field is the confidence of a name that nobody
    confirmed, and <NA> for one that somebody did and for a voice.
    """
    session = _field(transcript.id.rpartition("/")[2])
    lines = []
    for stretch in stretches(transcript):
        times = f"{seconds(stretch.start_ms)} {seconds(stretch.end_ms - stretch.start_ms)}"
        who = f"{_field(stretch.turn.person or stretch.turn.voice)} {_confidence(stretch.turn)}"
        lines.append(f"SPEAKER {session} 1 {times} <NA> <NA> {who} <NA>\n")
    return "".join(lines)


def _confidence(turn: Turn) -> str:
    return f"{turn.confidence:.3f}" if turn.doubtful else "<NA>"


def _field(text: str) -> str:
    return re.sub(r"\s+", "_", one_line(text)) or "<NA>"
