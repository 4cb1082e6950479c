"""Lengths that a file's own header states, where libav tells what is left of it instead.

A recording that was cut off still says how long it was to be: that is how much sound to
expect. Pure readings of a few bytes; what cannot be made out states nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENDLESS = 0xFFFF_FFFF
"""What a recorder writes as a length that it does not know yet."""

_HEAD = 262_144
"""Bytes from the start in which a header is looked for: an ID3 tag holds a cover image."""

_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Samples a second by MPEG version (3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5), from ISO 11172-3."""


def stated_ms(path: Path, form: str) -> int | None:
    """Return the length of sound that the header of a capture of that libav format states.

    Raises OSError when it cannot be read.
    """
    read = {"wav": _wav, "avi": _avi, "mp3": _mp3}.get(form)
    if read is None:
        return None
    with path.open("rb") as file:
        seconds = read(file)
    return None if seconds is None else round(seconds * 1000)


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, first byte, size) of a RIFF list's chunks, from where the file stands."""
    at = file.tell()
    while at + 8 <= end:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        yield head[:4], at + 8, size
        at += 8 + size + size % 2


def _wav(file: BinaryIO) -> float | None:
    """RIFF and RF64 (EBU Tech 3306): bytes of `data` over bytes a second."""
    if file.read(12)[8:] != b"WAVE":
        return None
    per_second, long = 0, 0
    for name, at, size in _chunks(file, 1 << 62):
        if name == b"ds64":
            file.seek(at + 8)
            long = int.from_bytes(file.read(8), "little")
        elif name == b"fmt ":
            file.seek(at + 8)
            per_second = int.from_bytes(file.read(4), "little")
        elif name == b"data":
            length = long if size == _ENDLESS else size
            return length / per_second if length and per_second else None
    return None


def _avi(file: BinaryIO) -> float | None:
    """The sound's length, from its stream's `strh` (Microsoft's AVI)."""
    if file.read(12)[8:] != b"AVI ":
        return None
    lengths: list[float] = []
    for name, at, size in _chunks(file, _HEAD):
        if name == b"LIST" and _named(file, at) == b"hdrl":
            lengths += _streams(file, at + 4, at + size)
    return max(lengths, default=None)


def _streams(file: BinaryIO, start: int, end: int) -> Iterator[float]:
    file.seek(start)
    for name, at, size in _chunks(file, end):
        if name == b"LIST" and _named(file, at) == b"strl":
            yield from _streams(file, at + 4, at + size)
        elif name == b"strh" and _named(file, at) == b"auds":
            file.seek(at + 20)
            scale, rate, _, length = (int.from_bytes(file.read(4), "little") for _ in range(4))
            if rate and length != _ENDLESS:
                yield length * scale / rate


def _named(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    return file.read(4)


def first_byte(path: Path) -> int:
    """Return where a bare stream begins: behind its ID3 tag, if it has one. Raises OSError."""
    with path.open("rb") as file:
        return _tag(file)


def _tag(file: BinaryIO) -> int:
    head = file.read(10)
    if head[:3] != b"ID3":
        return 0
    return 10 + sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10]))


def _mp3(file: BinaryIO) -> float | None:
    """Number of frames in the first frame's Xing or Info tag, or in its VBRI tag."""
    file.seek(_tag(file))
    frame = file.read(2_048)
    if len(frame) < 64 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    version, rate = frame[1] >> 3 & 3, frame[2] >> 2 & 3
    if version not in _MP3_RATES or rate > 2:
        return None
    for name, place, flagged in ((b"Xing", 8, True), (b"Info", 8, True), (b"VBRI", 14, False)):
        at = frame.find(name, 4, 64)
        if at >= 0 and (not flagged or frame[at + 7] & 1):
            frames = int.from_bytes(frame[at + place : at + place + 4], "big")
            samples = 1_152 if version == 3 else 576
            return frames * samples / _MP3_RATES[version][rate] or None
    return None
