"""What MPEG transport streams (.ts, .MTS) say below their time stamps: ISO/IEC 13818-1.

Every packet carries a counter of 4 bits for its stream. Where the counters go on and the
time stamps leap, nothing was lost: the clock was set anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LENGTHS = ((188, 0), (192, 4), (204, 0))
"""Bytes from packet to packet and before each sync byte: plain, on a camera's card (BDAV), DVB."""

_LOOK = 192 * 1000
"""Bytes that are looked at in one place."""

_PLACES = 16
"""Places in a capture at which its clock is looked at."""

_SECOND = 90_000
"""The clock's ticks in a second."""

_MOST = 16 << 20
"""Bytes that two packets of sound lie apart at most; further apart, something is lost."""


def is_transport(path: Path) -> bool:
    """Tell whether a file is a transport stream, damaged or not; libav needs a whole beginning.

    Raises OSError when it cannot be read.
    """
    with path.open("rb") as file:
        for place in (0, path.stat().st_size // 2):
            file.seek(place)
            data = file.read(_LOOK)
            for length, _ in _LENGTHS:
                wanted = len(data) // length
                if wanted > 8 and any(
                    data[first::length].count(0x47) > 0.8 * wanted for first in range(length)
                ):
                    return True
    return False


def goes_back(path: Path) -> bool:
    """Tell from a few places whether the clock was set back: then its end tells no length.

    Raises OSError when it cannot be read.
    """
    before: dict[int, int] = {}
    size = path.stat().st_size
    with path.open("rb") as file:
        for place in range(_PLACES):
            file.seek(size * place // _PLACES)
            for stream, stamp in _stamps(file.read(_LOOK)).items():
                back = before.get(stream, stamp) - stamp
                # Halfway round and more is a clock that is full and begins at 0.
                if _SECOND < back < 1 << 32:
                    return True
                before[stream] = stamp
    return False


def _stamps(data: bytes) -> dict[int, int]:
    """Return the first time stamp of each stream in this piece of a file, at 90 kHz."""
    found: dict[int, int] = {}
    start = data.find(b"\0\0\1")
    while 0 <= start < len(data) - 14:
        # A head that begins a packet: behind the sync byte, or behind more of the packet's own.
        at = data.rfind(b"\x47", max(0, start - 188), start)
        while at >= 0 and not _begins(data, at, start):
            at = data.rfind(b"\x47", max(0, start - 188), at)
        if at >= 0 and data[start + 7] & 0x80:
            stream = (data[at + 1] & 0x1F) << 8 | data[at + 2]
            a, b, c, d, e = data[start + 9 : start + 14]
            stamp = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
            found.setdefault(stream, stamp)
        start = data.find(b"\0\0\1", start + 3)
    return found


def _begins(data: bytes, at: int, start: int) -> bool:
    """Tell whether the packet at that sync byte begins a stream's head at `start`."""
    if not data[at + 1] & 0x40:
        return False
    return start == at + 4 + (data[at + 4] + 1 if data[at + 3] & 0x20 else 0)


def is_unbroken(path: Path, first: int, last: int) -> bool:
    """Tell whether nothing was lost between the packets at those two byte positions.

    That is so where the counters of all streams go on from packet to packet, and where the
    stream itself declares that it begins anew. Raises OSError when it cannot be read.
    """
    if not 0 <= first < last <= first + _MOST:
        return False
    with path.open("rb") as file:
        file.seek(first)
        data = file.read(last - first + 204)
    for length, before in _LENGTHS:
        syncs = data[before : last - first + before + 1 : length]
        if (last - first) % length == 0 and syncs == b"\x47" * len(syncs):
            return _goes_on(data[: last - first + length], length, before)
    return False


def _goes_on(data: bytes, length: int, before: int) -> bool:
    counters: dict[int, int] = {}
    for at in range(before, len(data) - 5, length):
        stream = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        has_more, has_payload = data[at + 3] & 0x20, data[at + 3] & 0x10
        if has_more and data[at + 4] and data[at + 5] & 0x80:
            return True
        counter, told = data[at + 3] & 0x0F, counters.get(stream)
        if has_payload and stream != 0x1FFF:
            # A packet may be sent twice.
            if told is not None and counter not in {told, (told + 1) % 16}:
                return False
            counters[stream] = counter
    return True
