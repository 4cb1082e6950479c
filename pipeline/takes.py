"""Captures as takes: how long each one is, and what its time stamps of sound amount to.

A take is a capture whose packets were all looked at once and none decoded. Then `frames`
decodes its sound, each frame at its time from the capture's start.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import av.error

from archive.errors import CaptureFault
from pipeline.boxes import boxes_of
from pipeline.clock import Placed, Run, Stamp, place, runs_of
from pipeline.container import (
    BARE,
    Container,
    open_capture,
    probe,
    sound_packets,
    sound_stream,
)
from pipeline.transport import is_unbroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from av.container import InputContainer

STREAMED = frozenset({"mpegts", "mpeg"})
"""Formats that state no length: libav's is the last time stamp less the first."""

RESET_S = 10.0
"""A transport stream's clock that leaps ahead by more, with nothing lost, was set anew."""

BEYOND_LOSS_S = 600.0
"""So was one that leaps by more than this and by more than all the sound that there is."""


@dataclass(frozen=True, slots=True)
class Take:
    """A capture, which of its sounds is taken, and when its packets of sound say they are.

    `length_ms` is how long it lasts; None for a bare stream, whose length shows when it is
    decoded. `first_s` and `last_s` are where its packets of sound begin and end, in seconds
    from the capture's start. `track` and `channel` count from 1; no channel means all, mixed.
    """

    path: Path
    container: Container
    track: int
    channel: int | None
    placed: tuple[Placed, ...]
    first_s: float
    last_s: float
    length_ms: int | None


def take_of(path: Path, track: int | None = None, channel: int | None = None) -> Take:
    """Look at all packets of a capture's sound. Raises CaptureFault when it cannot be used."""
    container = probe(path)
    form = container.format
    with open_capture(path) as opened:
        channels = sound_stream(opened, path, track).codec_context.channels
        if channel is not None and not 1 <= channel <= channels:
            raise CaptureFault(
                "it has no channel {channel}: its sound has {channels}",
                "correct `sound: {{channel: …}}` in programme.yaml",
                path=path,
                channel=channel,
                channels=channels,
            )
        runs = runs_of(_stamps(opened, path, track))
    if not runs:
        raise _unheard(path)
    placed, last_s = place(runs, _lasting(container, path, runs))
    stated_ms = 0 if _is_misled(form, placed) else container.duration_ms
    boxes = boxes_of(path)
    if boxes is not None:
        # How long lost fragments at the end were stands nowhere: as long as their bytes tell.
        stated_ms += round(max(stated_ms, last_s * 1000) * boxes.share_lost_at_end)
    return Take(
        path,
        container,
        track or 1,
        channel,
        tuple(placed),
        max(0.0, runs[0].start_s),
        last_s,
        None if form in BARE else max(stated_ms, round(last_s * 1000)),
    )


def frames(take: Take) -> Iterator[tuple[float, Any]]:
    """Decode a take's sound: seconds from its start, and the frame; what fails is passed over.

    Raises CaptureFault when nothing can be decoded.
    """
    heard = False
    with open_capture(take.path) as opened:
        for start_s, frame in _decoded(opened, take):
            heard = True
            yield start_s, frame
    if not heard:
        raise _unheard(take.path)


def _unheard(path: Path) -> CaptureFault:
    return CaptureFault(
        "none of its sound can be decoded", "copy it again from the camera's card", path=path
    )


def _is_misled(form: str, placed: list[Placed]) -> bool:
    """Tell whether libav takes the last stamp less the first for the length, and errs."""
    return form in STREAMED and any(one.anew for one in placed)


def _lasting(container: Container, path: Path, runs: Sequence[Run]) -> Callable[[Run, Run], bool]:
    """Return what tells lost time from a clock that was set anew; see `clock.place`."""
    heard_s = sum(run.end_s - run.start_s for run in runs)

    def lasting(before: Run, run: Run) -> bool:
        leap_s = run.start_s - before.end_s
        if container.format in STREAMED:
            if leap_s > max(BEYOND_LOSS_S, heard_s):
                return False
            return leap_s <= RESET_S or not is_unbroken(path, before.last_at, run.at)
        # A garbled stamp may lie beyond the end that the container states.
        return not container.duration_ms or run.start_s * 1000 < container.duration_ms + 1000

    return lasting


def _origin_s(opened: InputContainer) -> float:
    return (opened.start_time or 0) / av.time_base


def _stamps(opened: InputContainer, path: Path, track: int | None) -> Iterator[Stamp]:
    origin_s, end_s, at = _origin_s(opened), 0.0, 0
    for packet in sound_packets(opened, sound_stream(opened, path, track)):
        tick = float(packet.time_base)
        start_s = end_s if packet.pts is None else packet.pts * tick - origin_s
        end_s = start_s + (packet.duration or 0) * tick
        at = at if packet.pos is None else packet.pos
        yield Stamp(start_s, end_s, at)


def _decoded(opened: InputContainer, take: Take) -> Iterator[tuple[float, Any]]:
    origin_s, add_s, end_s = _origin_s(opened), 0.0, 0.0
    stream = sound_stream(opened, take.path, take.track)
    skipped = _Skipped() if take.container.format in BARE else None
    places = deque(take.placed)
    for number, packet in enumerate(sound_packets(opened, stream)):
        while places and places[0].first <= number:
            add_s = places.popleft().add_s - origin_s
        if skipped is not None:
            skipped.before(packet)
        for frame in _frames(packet, skipped):
            start_s = end_s if frame.time is None else frame.time + add_s
            start_s += 0 if skipped is None else skipped.seconds
            end_s = start_s + frame.samples / frame.sample_rate
            yield start_s, frame
    yield from ((end_s, frame) for frame in _held_back(stream))


class _Skipped:
    """How much of a bare stream is lost: its time stamps count packets, so that bytes must tell."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._size = self._next = 0
        self._heard_s = 0.0

    def before(self, packet: Any) -> None:
        """Count the bytes before a packet that belong to none."""
        if packet.pos is not None:
            if self._next:
                self.seconds += self._length_s(max(0, packet.pos - self._next))
            self._next = packet.pos + packet.size

    def decoded(self, packet: Any) -> None:
        """Learn from a packet how long a byte sounds."""
        self._size += packet.size
        self._heard_s += float(packet.duration * packet.time_base)

    def failed(self, packet: Any) -> None:
        """Count a packet that is longer than its time stamp says, for it is rubbish."""
        told_s = float(packet.duration * packet.time_base)
        self.seconds += max(0.0, self._length_s(packet.size) - told_s)

    def _length_s(self, size: int) -> float:
        return size * self._heard_s / self._size if self._size else 0.0


def _frames(packet: Any, skipped: _Skipped | None) -> list[Any]:
    try:
        decoded: list[Any] = packet.decode()
    except av.error.FFmpegError:
        if skipped is not None:
            skipped.failed(packet)
        return []
    if decoded and skipped is not None:
        skipped.decoded(packet)
    return decoded


def _held_back(stream: Any) -> list[Any]:
    """Return what the decoder still has at the end."""
    try:
        return list(stream.codec_context.decode(None))
    except av.error.FFmpegError:
        return []
