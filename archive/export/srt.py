"""SubRip: captions, with the speaker where a turn opens.

SubRip has no escapes, and players read tags (< >), styles ({ }) and backslashes of other
formats in it: these signs become others that look alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.export.captions import captions
from archive.export.clock import clock
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from archive.export.transcript import Transcript

_HARMLESS = str.maketrans("<>{}\\", "‹›❴❵⧵")


def write(transcript: Transcript) -> str:
    """Return the transcript as SubRip; times are those of the recording."""
    blocks = []
    for number, caption in enumerate(captions(transcript), 1):
        opening = f"{transcript.label(caption.turn)}{transcript.word('colon')} "
        text = (opening if caption.opens else "") + one_line(caption.text)
        times = f"{clock(caption.start_ms, ',')} --> {clock(caption.end_ms, ',')}"
        blocks.append(f"{number}\n{times}\n{text.translate(_HARMLESS)}\n")
    return "\n".join(blocks)
