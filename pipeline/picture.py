"""What a capture's picture is, read with PyAV: its form from a few frames, its flow from packets.

Nothing here starts a process or writes a file; `pipeline/webcopy.py` decides what follows.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.sidedata.sidedata import Type

from archive.errors import CaptureFault
from pipeline.container import moving_picture, open_capture
from pipeline.webcopy import MOST_RATE, Flow, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

_LOOKS = 4
"""Places, spread over a capture, at which a frame is looked at."""

_DISORDERLY = Flow(orderly=False, first_ms=0, end_ms=0, keyframe_ms=0, kbps=0)

_TOP_FIRST, _BOTTOM_FIRST = (2, 4), (3, 5)
"""From libavcodec's AVFieldOrder: TT and TB, BB and BT."""


def look(path: Path) -> Picture | None:
    """Return what a capture's picture is; None where it has none.

    Raises CaptureFault when it cannot be opened, or none of its pictures decodes.
    """
    with open_capture(path) as container:
        stream = moving_picture(container)
        if stream is None:
            return None
        frames = list(_some_frames(container, stream))
        if not frames:
            raise CaptureFault(
                "none of its pictures can be decoded", "copy it again from the card", path=path
            )
        codec = stream.codec_context
        first = frames[0]
        square = (stream.sample_aspect_ratio or 1) == 1
        width, height = round(first.width * (stream.sample_aspect_ratio or 1)), first.height
        if first.rotation % 180:
            width, height = height, width
        alike = len({(frame.width, frame.height) for frame in frames}) == 1
        flagged = any(frame.interlaced_frame for frame in frames)
        # PyAV tells the container's field order in newer versions only.
        order = getattr(codec, "field_order", 0)
        told = "tff" if order in _TOP_FIRST else "bff" if order in _BOTTOM_FIRST else None
        return Picture(
            codec=codec.name,
            profile=codec.profile or "",
            level=codec.level or 0,
            pixels=codec.pix_fmt or "",
            width=width,
            height=height,
            plain=square and alike and not any(map(_is_turned, frames)),
            interlaced=flagged or told is not None,
            field_order=None if flagged else told,
            rate=_rate(stream),
            lead_ms=max(0, round((first.time or 0) * 1000 - _origin_ms(container))),
        )


def flow(path: Path) -> Flow:
    """Read all packets of a capture's picture, decoding none. Raises CaptureFault."""
    before, first_ms, end_ms, size = float("-inf"), float("inf"), 0.0, 0
    keys: list[float] = []
    with open_capture(path) as container:
        origin_ms = _origin_ms(container)
        for packet in _packets(container, moving_picture(container)):
            # Matroska tells no decoding times at first: libav finds them as it goes.
            backwards = packet.dts is not None and packet.dts <= before
            begun = bool(keys) or packet.is_keyframe
            if packet.pts is None or packet.is_corrupt or backwards or not begun:
                return _DISORDERLY
            before = before if packet.dts is None else packet.dts
            at_ms = float(packet.pts * packet.time_base) * 1000 - origin_ms
            first_ms = min(first_ms, at_ms)
            end_ms = max(end_ms, at_ms + float((packet.duration or 0) * packet.time_base) * 1000)
            size += packet.size
            if packet.is_keyframe:
                keys.append(at_ms)
    if not keys:
        return _DISORDERLY
    return Flow(
        orderly=True,
        first_ms=round(first_ms),
        end_ms=round(end_ms),
        keyframe_ms=round(max(b - a for a, b in pairwise([*keys, end_ms]))),
        kbps=round(size * 8 / max(1.0, end_ms - first_ms)),
    )


def _origin_ms(container: InputContainer) -> float:
    return (container.start_time or 0) * 1000 / av.time_base


def _packets(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Yield the packets that hold something; libav ends a stream with one that does not."""
    return (packet for packet in container.demux(stream) if packet.size)


def _some_frames(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Yield the first frame that decodes, and a few from later on, where they can be had."""
    start, length = container.start_time or 0, container.duration or 0
    for place in range(_LOOKS):
        try:
            if place:
                container.seek(start + length * place // _LOOKS)
            frame = next(_frames(container, stream), None)
        except (av.error.FFmpegError, EOFError):
            continue
        if frame is not None:
            yield frame


def _frames(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Yield the frames that decode; packets that do not are passed over."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _is_turned(frame: Any) -> bool:
    """Say whether players turn or mirror the frame: its matrix is none, or leaves it as it is."""
    matrix = next((data for data in frame.side_data if data.type is Type.DISPLAYMATRIX), None)
    return matrix is not None and bytes(matrix)[:20] != _IDENTITY


_IDENTITY = b"".join(n.to_bytes(4, "little") for n in (1 << 16, 0, 0, 0, 1 << 16))
"""The start of a display matrix in libav's form (16.16 fixed point) that turns nothing."""


def _rate(stream: Any) -> Fraction:
    """Pictures a second where they come evenly; where they do not, as many as the copy may have."""
    mean, nominal = stream.average_rate, stream.guessed_rate
    if not mean or not nominal:
        return Fraction(MOST_RATE)
    # A camera that counts fields has a nominal rate of twice its pictures.
    even = any(abs(nominal / (mean * n) - 1) < 0.01 for n in (1, 2))
    return Fraction(mean) if even and mean >= 1 else Fraction(MOST_RATE)
