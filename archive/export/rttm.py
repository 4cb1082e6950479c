"""RTTM (NIST Rich Transcription): who spoke when, without overlaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.export.clock import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.export.transcript import Transcript, Turn

SILENCE_MS = 1_000
"""A pause this long inside a turn is left out: applause between two sentences is nobody's."""


def write(transcript: Transcript) -> str:
    """Return SPEAKER lines: the person's id, or the voice's label, where it is speaking.

    A turn has a line for each stretch of it without a long pause. Times are seconds of the
    recording; a line that starts before the last one ended starts at that end, and leaves if
    nothing of it remains.
    """
    session = _field(transcript.id.rpartition("/")[2])
    lines, free = [], 0
    for turn in transcript.turns:
        who = _field(turn.person or turn.voice)
        for begins, end in _stretches(turn):
            start = max(begins, free)
            if start < end:
                times = f"{seconds(start)} {seconds(end - start)}"
                lines.append(f"SPEAKER {session} 1 {times} <NA> <NA> {who} <NA> <NA>\n")
                free = end
    return "".join(lines)


def _stretches(turn: Turn) -> Iterator[tuple[int, int]]:
    """Yield start and end of the turn's stretches of speech, in ms; whole where words are not."""
    words = [word for passage in turn.passages for word in passage.words]
    if not words:
        yield turn.start_ms, turn.end_ms
        return
    start, end = words[0].start_ms, words[0].end_ms
    for word in words[1:]:
        if word.start_ms - end >= SILENCE_MS:
            yield start, end
            start = word.start_ms
        end = max(end, word.end_ms)
    yield start, end


def _field(text: str) -> str:
    return re.sub(r"\s+", "_", text) or "<NA>"
