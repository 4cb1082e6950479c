"""WebVTT (W3C): captions with the speaker's name as a voice.

A name that nobody confirmed carries its doubt, and a note before the turn tells how sure it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.export.captions import captions
from archive.export.clock import clock
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from archive.export.transcript import Transcript


def write(transcript: Transcript) -> str:
    """Return the transcript as WebVTT; times are those of the recording."""
    about = "\n".join(_escaped(line) for line in transcript.about())
    blocks = ["WEBVTT", f"NOTE\n{about}"]
    for caption in captions(transcript):
        speaker = _escaped(transcript.label(caption.turn))
        if caption.opens and caption.turn.doubtful:
            blocks.append(f"NOTE {speaker}: {caption.turn.confidence:.3f}")
        times = f"{clock(caption.start_ms)} --> {clock(caption.end_ms)}"
        blocks.append(f"{times}\n<v {speaker}>{_escaped(one_line(caption.text))}</v>")
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
