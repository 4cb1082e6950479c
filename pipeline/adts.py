"""Frames of AAC in a transport stream (ADTS, ISO/IEC 13818-7, 6.2), cut where their heads say.

libav's own parser loses its way at each loss, and for seconds takes several frames for one, or
parts of two; each frame says how long it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import av

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = 7
_SAMPLES = 1_024
_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
          8_000, 7_350)  # fmt: skip


class Frame(NamedTuple):
    """One frame of AAC: its bytes, its time stamp and length in ticks of `time_base`."""

    data: bytes
    pts: int | None
    duration: int
    time_base: Any

    def packet(self) -> Any:
        """Return the frame as a decoder takes it."""
        packet: Any = av.Packet(self.data)
        packet.time_base, packet.pts = self.time_base, self.pts
        packet.duration = self.duration
        return packet


def cut(packets: Iterable[tuple[Any, int]]) -> Iterator[tuple[Frame, int]]:
    """Yield the frames of packets as the stream carries them, each with its time stamp.

    The stamp of a packet is that of the first frame that begins in it; the others are counted
    on. Bytes that belong to no frame are passed over.
    """
    rest, pts, before = b"", None, -1
    for packet, at in packets:
        data, place = rest + bytes(packet), 0
        base = packet.time_base
        tick = float(base)
        # What follows a loss has neither a head of its own nor a stamp; libav makes one up.
        told, before = None if at == before else packet.pts, at
        length = _length(data, place)
        while 0 <= place <= len(data) - _HEAD:
            end = place + length
            if place < end > len(data):
                break
            following = _length(data, end)
            if place < end and (end == len(data) or following):
                if place >= len(rest) and told is not None:
                    pts, told = told, None
                frame = Frame(
                    data[place:end], pts, round(_SAMPLES / _rate(data, place) / tick), base
                )
                pts = None if pts is None else pts + frame.duration
                yield frame, at
                place, length = end, following
            else:
                place = data.find(b"\xff", place + 1)
                length = _length(data, place) if place >= 0 else 0
        rest = data[place:] if place >= 0 else b""


def _length(data: bytes, at: int) -> int:
    """Return the length that the head of a frame there states; 0 where there is none."""
    if len(data) < at + _HEAD or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return length if length > _HEAD and data[at + 2] >> 2 & 15 < len(_RATES) else 0


def _rate(data: bytes, at: int) -> int:
    return _RATES[data[at + 2] >> 2 & 15]
