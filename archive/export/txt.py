"""Plain text to read: a heading, then each turn with its time and speaker, then its words.

[00:12:34] Ana Exemple (nom attribué automatiquement) :
Bonjour à toutes et à tous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.export.clock import hours
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from archive.export.transcript import Transcript


def write(transcript: Transcript) -> str:
    """Return the transcript as text; a paragraph is a passage."""
    blocks = ["\n".join(transcript.about())]
    for turn in transcript.turns:
        speaker = f"{transcript.label(turn)}{transcript.word('colon')}"
        # An empty line would end the turn: what follows could pass for another's heading.
        said = "\n".join(filter(None, (one_line(passage.text) for passage in turn.passages)))
        if said:
            blocks.append(f"[{hours(turn.start_ms)}] {speaker}\n{said}")
    return "\n\n".join(blocks) + "\n"
