"""What ffmpeg is asked to do for the web copy: filter graphs in ffmpeg-python's terms.

Nothing here starts a process; media.py does. Each capture's picture becomes exactly as long
as its container says it is, so that every later picture stands at its true time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ffmpeg

from pipeline.graph import read_capture
from pipeline.webcopy import KEYFRAME_MS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.model import Span
    from pipeline.webcopy import Limits, Picture, Shape

WEB_SAMPLE_RATE = 48_000
"""Samples a second of the copies' sound."""

EDGE_S = 0.01
"""Sound is silenced in steps of this length, each step that touches what is not public whole."""

SOUND_CODEC = {"c:a": "aac", "profile:a": "aac_low", "b:a": "54k", "flags:a": "+bitexact"}
"""AAC-LC, mono: with the index about 25 MB an hour."""


def picture_of(path: Path, picture: Picture, length_s: float, shape: Shape) -> Any:
    """One capture's picture in the web copy's shape, exactly as long as the capture.

    ffmpeg counts from the stream's start in some containers and from the file's in others,
    so the stream is put at its measured lead. Where frames are missing the last one stands.
    """
    frames = read_capture(path)["v:0"].filter("setpts", f"PTS-STARTPTS+{picture.lead_ms / 1000}/TB")
    if picture.field_order is not None:
        frames = frames.filter("setfield", picture.field_order)
    return (
        frames.filter("yadif", deint="interlaced")
        .filter("scale", *shape.fitted(picture), out_range="tv")
        .filter("pad", shape.width, shape.height, -1, -1)
        .filter("setsar", 1)
        .filter("fps", str(shape.rate), start_time=0)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end=length_s)
        .filter("format", "yuv420p")
    )


def black_of(length_s: float, shape: Shape) -> Any:
    """A black picture of that length, for a capture that has none."""
    size = f"{shape.width}x{shape.height}"
    black = ffmpeg.input(f"color=black:s={size}:r={shape.rate}:d={length_s}", format="lavfi")
    return black["v:0"].filter("setsar", 1).filter("format", "yuv420p")


def blackened(picture: Any, spans: Sequence[Span]) -> Any:
    """Paint the spans black."""
    if not spans:
        return picture
    return picture.filter(
        "drawbox", w="iw", h="ih", color="black", t="fill", enable=_during(spans, 0)
    )


def silenced(sound: Any, spans: Sequence[Span]) -> Any:
    """Silence the spans; a filter is switched per frame, so frames are made short first."""
    if not spans:
        return sound
    short = sound.filter("asetnsamples", n=round(WEB_SAMPLE_RATE * EDGE_S), p=0)
    return short.filter("volume", 0, enable=_during(spans, EDGE_S))


def encoded(wanted: Limits) -> dict[str, object]:
    """Return ffmpeg's options for a picture that browsers play, within its limits."""
    return {
        "c:v": "libx264",
        "preset": "veryfast",
        "crf": wanted.crf,
        "maxrate": f"{wanted.kbps}k",
        "bufsize": f"{2 * wanted.kbps}k",
        "profile:v": "high",
        "level": "4.1",
        "force_key_frames": f"expr:gte(t,n_forced*{KEYFRAME_MS / 1000:g})",
        "flags:v": "+bitexact",
    }


def _during(spans: Sequence[Span], early_s: float) -> str:
    """Expression of ffmpeg's that is true in the sorted spans, and `early_s` before each.

    It halves the spans until one is left: ffmpeg refuses a sum of a hundred terms, and asks
    the whole expression for every frame.
    """
    if len(spans) == 1:
        start_s, end_s = spans[0].start_ms / 1000 - early_s, spans[0].end_ms / 1000
        return f"between(t,{start_s:.3f},{end_s:.3f})"
    middle = len(spans) // 2
    left, right = _during(spans[:middle], early_s), _during(spans[middle:], early_s)
    return f"if(lt(t,{spans[middle].start_ms / 1000 - early_s:.3f}),{left},{right})"
