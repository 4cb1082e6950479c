"""The frames of a take's sound, each at its time from the capture's start.

What cannot be decoded is passed over: where frames are missing, sound is.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import av
import av.error

from pipeline.container import BARE, open_capture, sound_stream
from pipeline.headers import first_byte
from pipeline.takes import packets_of, unheard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer

    from pipeline.takes import Take

_TRUSTED = 8
"""Packets that decode one after the other: rubbish does not do so by chance."""


_INTRODUCTION = 2_048
"""Bytes before the first packet that may be a frame without sound (Xing's), at most."""


def frames(take: Take) -> Iterator[tuple[float, Any]]:
    """Decode a take's sound: seconds from its start, and the frame.

    Raises CaptureFault when nothing can be decoded.
    """
    heard = False
    with open_capture(take.path, raw=take.is_raw) as opened:
        for start_s, frame in _frames(opened, take):
            heard = True
            yield start_s, frame
    if not heard:
        raise unheard(take.path)


def _frames(opened: InputContainer, take: Take) -> Iterator[tuple[float, Any]]:
    add_s = end_s = 0.0
    stream = sound_stream(opened, take.path, take.track)
    tick = float(stream.time_base)
    decoder = _Decoder(stream.codec_context)
    skipped = _Skipped(first_byte(take.path)) if take.container.format in BARE else None
    places = deque(take.placed)
    for number, (told, _) in enumerate(packets_of(opened, stream, take.is_raw)):
        while places and places[0].first <= number:
            add_s = places.popleft().add_s
        packet = told.packet() if take.is_raw else told
        decoded = decoder.decode(packet)
        if skipped is not None:
            skipped.count(packet, decodes=bool(decoded))
        for frame in decoded:
            start_s = end_s if frame.pts is None else frame.pts * tick + add_s
            start_s += 0 if skipped is None else skipped.seconds
            end_s = start_s + frame.samples / frame.sample_rate
            yield start_s, frame
    yield from ((end_s, frame) for frame in decoder.decode(None))


class _Decoder:
    """A decoder that forgets what damage taught it.

    libav's AAC decoder takes rubbish for a new layout of channels, and may then decode every
    later packet to silence, without an error.
    """

    def __init__(self, codec: Any) -> None:
        self._codec = codec
        self._forgetful = codec.name.startswith("aac")
        self._since_failed = _TRUSTED + 1

    def decode(self, packet: Any) -> list[Any]:
        """Return a packet's frames, none where it cannot be decoded; None: what is held back."""
        self._since_failed += 1
        if self._since_failed == _TRUSTED:
            self._forget()  # rubbish may have passed for sound since then
        try:
            return list(self._codec.decode(packet))
        except av.error.FFmpegError:
            self._since_failed = 0
            self._forget()
            return []

    def _forget(self) -> None:
        if self._forgetful:
            fresh: Any = av.CodecContext.create(self._codec.name, "r")
            fresh.extradata = self._codec.extradata
            self._codec = fresh


class _Skipped:
    """How much of a bare stream is lost: its time stamps count packets, so bytes must tell."""

    def __init__(self, first: int) -> None:
        self.seconds = 0.0
        self._next, self._first = first, True
        self._size = self._unknown = 0
        self._heard_s = 0.0

    def count(self, packet: Any, *, decodes: bool) -> None:
        """Take note of a packet, and of the bytes before it that belong to none."""
        length_s = float(packet.duration * packet.time_base)
        if packet.pos is not None:
            strange = packet.pos - self._next
            if strange > (_INTRODUCTION if self._first else 0):
                self._lose(strange, 0.0)
            self._first = False
            self._next = packet.pos + packet.size
        if not decodes:
            self._lose(packet.size, length_s)
            return
        first = not self._size
        self._size += packet.size
        self._heard_s += length_s
        if first:
            self._lose(self._unknown, 0.0)

    def _lose(self, size: int, told_s: float) -> None:
        """Count bytes that the time stamps take for `told_s` seconds, as long as they are."""
        if self._size:
            self.seconds += max(0.0, size * self._heard_s / self._size - told_s)
        else:
            self._unknown += size
            self.seconds -= told_s
