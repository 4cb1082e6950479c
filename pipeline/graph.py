"""What ffmpeg is asked to do with captures: filter graphs in ffmpeg-python's terms.

Nothing here starts a process; media.py does. The graphs put each capture on the
recording's timeline exactly as long as its container says it is, so that every later
capture, word and picture stands at its true time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ffmpeg

from archive.errors import CaptureFault
from pipeline.container import (
    FORMATS,
    GAP_MS,
    PROTOCOLS,
    Container,
    file_address,
    heard_spans,
    probe,
)
from pipeline.model import Gap, Span, complement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Take:
    """A capture on the recording's timeline; `lead_ms` is where its sound really begins."""

    path: Path
    container: Container
    lead_ms: int
    gaps: tuple[Gap, ...]

    @property
    def length_s(self) -> float:
        """Length in seconds, as ffmpeg's filters want it."""
        return self.container.duration_ms / 1000


def takes_of(captures: Sequence[Path], channel: int | None) -> list[Take]:
    """Look at every capture once: how long, from where it is heard, what is lost in it.

    Raises CaptureFault when one cannot be used.
    """
    takes: list[Take] = []
    start_ms = 0
    for path in captures:
        container = probe(path)
        if channel is not None and not 1 <= channel <= container.channels:
            raise CaptureFault(
                "it has no channel {channel}: its sound has {channels}",
                "correct `sound: {{channel: …}}` in programme.yaml",
                path=path,
                channel=channel,
                channels=container.channels,
            )
        whole = Span(0, container.duration_ms)
        heard = heard_spans(path)
        if not heard:
            raise CaptureFault(
                "none of its sound can be decoded",
                "copy it again from the camera's card",
                path=path,
            )
        lost = [span for span in complement(heard, whole) if span.duration_ms >= GAP_MS]
        gaps = tuple(Gap(span.shift(start_ms), "the capture holds no sound here") for span in lost)
        takes.append(Take(path, container, heard[0].start_ms, gaps))
        start_ms += container.duration_ms
    return takes


def read_capture(path: Path, **options: object) -> Any:
    """Name a capture as an input, as data and nothing else."""
    return ffmpeg.input(
        file_address(path), protocol_whitelist=PROTOCOLS, format_whitelist=FORMATS, **options
    )


def sound_of(take: Take, channel: int | None, rate: int) -> Any:
    """One capture's sound, mono, exactly as long as the capture, every moment at its time.

    Newer ffmpegs count from the stream's start and older ones from the container's, so the
    stream is put at its measured lead.
    """
    sound = read_capture(take.path)["a:0"].filter(
        "asetpts", f"PTS-STARTPTS+{take.lead_ms / 1000}/TB"
    )
    if channel is not None:
        sound = sound.filter("channelmap", map=channel - 1, channel_layout="mono")
    return (
        sound.filter("aresample", rate, **{"async": 1, "first_pts": 0})
        .filter("aformat", channel_layouts="mono")
        .filter("apad", whole_dur=take.length_s)
        .filter("atrim", end=take.length_s)
    )


def joined(streams: Sequence[Any], *, v: int, a: int) -> Any:
    """Put streams of one kind one after the other."""
    return streams[0] if len(streams) == 1 else ffmpeg.concat(*streams, v=v, a=a)
