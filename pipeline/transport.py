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

_LOOK = 192 * 400
"""Bytes that are looked at to tell a transport stream."""

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
