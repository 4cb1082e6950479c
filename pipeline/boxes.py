"""The boxes of an MP4 (ISO/IEC 14496-12), where libav gives up at the first broken one.

A recorder that writes fragments (`moof`, `mdat`, again and again) leaves a file of which every
whole fragment can be had, wherever another one is damaged. An MP4 without fragments has one
index (`moov`), which a camera writes last: a recording that was cut off has none.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"})
"""What a file of this kind begins with."""

_KNOWN = _FIRST | {b"moof", b"mfra", b"sidx", b"uuid", b"udta", b"meta", b"emsg", b"prft", b"pdin"}

_FRAGMENT = b"moof\x00\x00\x00\x10mfhd"
"""A fragment's head begins with its number, in a box of 16 bytes."""

_HEAD_MOST = 1 << 24
"""No head of a fragment is longer."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """What of an MP4 of `size` bytes is damaged: byte ranges between its whole boxes."""

    size: int
    damaged: tuple[tuple[int, int], ...]
    has_index: bool
    has_fragments: bool

    @property
    def share_lost_at_end(self) -> float:
        """What is lost after the last whole fragment, over all that can be had."""
        lost = sum(last - first for first, last in self.damaged)
        if not (self.has_fragments and lost and self.damaged[-1][1] == self.size):
            return 0.0
        return (self.size - self.damaged[-1][0]) / (self.size - lost)


def boxes_of(path: Path) -> Boxes | None:
    """Return what of an MP4 is damaged; None when it is no MP4. Raises OSError."""
    size = path.stat().st_size
    damaged: list[tuple[int, int]] = []
    names: set[bytes] = set()
    at = 0
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST:
            return None
        for name, start, end in _whole(file, size):
            names.add(name)
            if start > at:
                damaged.append((at, start))
            at = end
    if at < size:
        damaged.append((at, size))
    return Boxes(size, tuple(damaged), b"moov" in names, b"moof" in names)


def _whole(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first and last byte of the boxes that are whole; of the last, what there is."""
    at = 0
    while at + 8 <= size:
        name, end = _box(_read(file, at, 16), at, size)
        if name in _KNOWN and end <= size and (name != b"moof" or _fits(file, at, end, size)):
            yield name, at, end
            at = end
            continue
        following = _find(file, _FRAGMENT, at + 8)
        if following is None:
            if name == b"mdat":
                yield name, at, size
            return
        at = following - 4


def _box(head: bytes, at: int, size: int) -> tuple[bytes, int]:
    """Return a box's name and where it ends; past the file's end where that cannot be."""
    length, name = int.from_bytes(head[:4], "big"), head[4:8]
    if length == 1:
        length = int.from_bytes(head[8:16], "big")
    elif length == 0:
        length = size - at
    return name, at + length if length >= 8 else size + 1


def _fits(file: BinaryIO, start: int, end: int, size: int) -> bool:
    """Tell whether a fragment's head is whole and fits to what follows it.

    The boxes in it fill it exactly, and the sound and pictures that it tells of, the `mdat`
    behind it.
    """
    if end - start > _HEAD_MOST:
        return False
    told = _told(_read(file, start, end - start), 8)
    name, last = _box(_read(file, end, 16), end, size)
    return told is not None and name == b"mdat" and told <= last - end - 8


def _told(data: bytes, at: int) -> int | None:
    """Return how many bytes of samples the boxes tell of; None where they fill no whole."""
    told = 0
    while at + 8 <= len(data):
        name, end = _box(data[at : at + 16], at, len(data))
        if end > len(data):
            return None
        inner: int | None = 0
        if name == b"traf":
            inner = _told(data[at:end], 8)
        elif name == b"trun":
            inner = _samples(data[at + 8 : end])
        if inner is None:
            return None
        told, at = told + inner, end
    return told if at == len(data) else None


def _samples(run: bytes) -> int | None:
    """Return the bytes of a track run's samples; 0 where it does not tell them."""
    flags, count = int.from_bytes(run[1:4], "big"), int.from_bytes(run[4:8], "big")
    start = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    step = 4 * (flags >> 8 & 0xF).bit_count()
    if start + step * count != len(run):
        return None
    if not flags & 0x200:
        return 0
    first = start + 4 * bool(flags & 0x100)
    return sum(int.from_bytes(run[at : at + 4], "big") for at in range(first, len(run), step))


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _find(file: BinaryIO, wanted: bytes, start: int) -> int | None:
    at, kept = start, b""
    file.seek(start)
    while data := file.read(1 << 20):
        found = (kept + data).find(wanted)
        if found >= 0:
            return at - len(kept) + found
        at += len(data)
        kept = (kept + data)[1 - len(wanted) :]
    return None


class Mended(io.RawIOBase):
    """A file in which each of the given ranges reads as one empty box of the same length.

    Every other byte keeps its position, for a fragment may tell where its sound lies.
    """

    def __init__(self, path: Path, ranges: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._ranges = ranges
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def read(self, count: int = -1, /) -> bytes:
        """Return at most `count` bytes, none at the end."""
        data = bytearray(_read(self._file, self._at, count))
        start, end = self._at, self._at + len(data)
        for first, last in self._ranges:
            if first < end and start < last:
                head = b"\0\0\0\1free" + (last - first).to_bytes(8, "big")
                inner, outer = max(first, start), min(last, end)
                shown = head[inner - first : outer - first]
                data[inner - start : outer - start] = shown.ljust(outer - inner, b"\0")
        self._at = end
        return bytes(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a byte, counted as `whence` says; return which."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Return the next byte's number."""
        return self._at

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
