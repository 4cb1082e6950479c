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
    moving_picture,
    open_capture,
    probe,
)
from pipeline.model import Gap, Span, complement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WEB_SAMPLE_RATE = 48_000
"""Samples a second of the web copy's sound."""

WEB_WIDTH, WEB_HEIGHT, WEB_RATE = 1280, 720, 30
"""Limits of the web copy's picture: pixels, and pictures a second."""

EDGE_S = 0.01
"""The web copy's sound is silenced in steps of this length, each step that touches what is
not public whole."""


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


def web_shape(path: Path) -> tuple[int, int, int]:
    """Width, height and rate of the web copy's picture, after a capture's first picture.

    Raises CaptureFault when no picture can be decoded.
    """
    with open_capture(path) as container:
        stream: Any = moving_picture(container)
        first: Any = next(container.decode(stream), None)
        if first is None:
            raise CaptureFault("it holds no picture", "copy it again from the card", path=path)
        width = first.width * float(stream.codec_context.sample_aspect_ratio or 1)
        size = (first.height, width) if first.rotation % 180 else (width, first.height)
        scale = min(1, WEB_WIDTH / size[0], WEB_HEIGHT / size[1])
        # H.264 with 4:2:0 colours wants even numbers.
        wide, high = (max(2, 2 * round(length * scale / 2)) for length in size)
        return wide, high, min(WEB_RATE, max(1, round(stream.average_rate or WEB_RATE)))


def picture_of(take: Take, shape: tuple[int, int, int]) -> Any:
    """One capture's picture in the web copy's shape, exactly as long as the capture."""
    width, height, rate = shape
    return (
        read_capture(take.path)["v:0"]
        .filter("yadif", deint="interlaced")
        .filter("scale", width, height, force_original_aspect_ratio="decrease")
        .filter("pad", width, height, -1, -1)
        .filter("setsar", 1)
        .filter("fps", rate, start_time=0)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end=take.length_s)
        .filter("format", "yuv420p")
    )


def joined(streams: Sequence[Any], *, v: int, a: int) -> Any:
    """Put streams of one kind one after the other."""
    return streams[0] if len(streams) == 1 else ffmpeg.concat(*streams, v=v, a=a)


def silenced(sound: Any, spans: Sequence[Span]) -> Any:
    """Silence the spans; a filter is switched per frame, so frames are made short first."""
    if not spans:
        return sound
    short = sound.filter("asetnsamples", n=round(WEB_SAMPLE_RATE * EDGE_S), p=0)
    return short.filter("volume", 0, enable=_during(spans, EDGE_S))


def blackened(picture: Any, spans: Sequence[Span]) -> Any:
    """Paint the spans black."""
    if not spans:
        return picture
    return picture.filter(
        "drawbox", w="iw", h="ih", color="black", t="fill", enable=_during(spans, 0)
    )


def _during(spans: Sequence[Span], early_s: float) -> str:
    """Expression of ffmpeg's that is true in the spans, and `early_s` before each."""
    return "+".join(
        f"between(t,{span.start_ms / 1000 - early_s},{span.end_ms / 1000})" for span in spans
    )
