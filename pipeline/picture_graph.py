"""What ffmpeg is asked to do for the web copy: filter graphs in ffmpeg-python's terms.

Nothing here starts a process; media.py does. Each capture's picture becomes exactly as long
as its container says it is, so that every later picture stands at its true time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ffmpeg

from pipeline.container import FORMATS, PROTOCOLS, file_address
from pipeline.transport import is_transport
from pipeline.webcopy import KEYFRAME_MS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.model import Span
    from pipeline.webcopy import Limits, Picture, Shape


def read_capture(path: Path, **options: object) -> Any:
    """Name a capture as an input, as data and nothing else."""
    if is_transport(path):
        options["format"] = "mpegts"
    return ffmpeg.input(
        file_address(path), protocol_whitelist=PROTOCOLS, format_whitelist=FORMATS, **options
    )


def joined(streams: Sequence[Any], *, v: int, a: int) -> Any:
    """Put streams of one kind one after the other."""
    return streams[0] if len(streams) == 1 else ffmpeg.concat(*streams, v=v, a=a)


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
    return picture.filter("drawbox", w="iw", h="ih", color="black", t="fill", enable=_during(spans))


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


def _during(spans: Sequence[Span]) -> str:
    """Expression of ffmpeg's that is true in the sorted spans.

    It halves the spans until one is left: ffmpeg refuses a sum of a hundred terms, and asks
    the whole expression for every frame.
    """
    if len(spans) == 1:
        start_s, end_s = spans[0].start_ms / 1000, spans[0].end_ms / 1000
        return f"between(t,{start_s:.3f},{end_s:.3f})"
    middle = len(spans) // 2
    left, right = _during(spans[:middle]), _during(spans[middle:])
    return f"if(lt(t,{spans[middle].start_ms / 1000:.3f}),{left},{right})"
