"""WebVTT: captions with the speaker's name as a voice, doubt in the name and in a note."""

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
    if any(turn.doubtful for turn in transcript.turns):
        blocks.append(f"NOTE {transcript.word('doubt')} = automatic, not confirmed by a person")
    for caption in captions(transcript):
        speaker = _escaped(transcript.label(caption.turn))
        times = f"{clock(caption.start_ms)} --> {clock(caption.end_ms)}"
        blocks.append(f"{times}\n<v {speaker}>{_escaped(one_line(caption.text))}</v>")
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
