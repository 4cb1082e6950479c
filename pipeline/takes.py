"""Captures as takes: how long each one is, and what its time stamps of sound amount to.

A take is a capture whose packets were all looked at once and none decoded; decoding.py does
that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av

from archive.errors import CaptureFault
from pipeline.adts import cut
from pipeline.boxes import boxes_of
from pipeline.clock import Placed, Run, Stamp, first_sound, place, runs_of
from pipeline.container import (
    BARE,
    FROM_ZERO,
    Container,
    open_capture,
    probe,
    sound_packets,
    sound_stream,
)
from pipeline.headers import stated_ms
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


_TAGGED = re.compile(r"(\d+):(\d+):([\d.]+)")
"""When a Matroska stream ends, as the tag tells that most programs write."""


@dataclass(frozen=True, slots=True)
class Take:
    """A capture, which of its sounds is taken, and when its packets of sound say they are.

    `length_ms` is how long it lasts; None for a bare stream, whose length shows when it is
    decoded. `first_s` and `last_s` are where its packets of sound begin and
    end, or are said to end, in seconds
    from the capture's start. `track` and `channel` count from 1; no channel means all, mixed.
    `is_raw` where its frames must be cut out of what the container carries (`adts.py`).
    """

    path: Path
    container: Container
    track: int
    channel: int | None
    is_raw: bool
    placed: tuple[Placed, ...]
    first_s: float
    last_s: float
    length_ms: int | None

    @property
    def is_set_anew(self) -> bool:
        """Whether its clock was set anew somewhere in it."""
        return any(one.anew for one in self.placed)


def take_of(path: Path, track: int | None = None, channel: int | None = None) -> Take:
    """Look at all packets of a capture's sound. Raises CaptureFault when it cannot be used."""
    container = probe(path)
    form = container.format
    with open_capture(path) as opened:
        stream = sound_stream(opened, path, track)
        _must_have(channel, stream.codec_context.channels, path)
        is_raw = form == "mpegts" and stream.codec_context.name == "aac"
        origin_s = (opened.start_time or 0) / av.time_base
        stated_s = 0.0 if form in STREAMED | BARE else _stated_end_s(stream)
    with open_capture(path, raw=is_raw) as opened:
        runs = runs_of(_stamps(opened, sound_stream(opened, path, track), is_raw))
    if not runs:
        raise unheard(path)
    length_ms = container.duration_ms
    if form in FROM_ZERO and _lost_beginning(runs, path.stat().st_size):
        length_ms += round(origin_s * 1000)
        origin_s = 0.0
    placed, last_s = place(runs, origin_s, _lasting(container, path, runs, origin_s))
    last_s = max(last_s, stated_s - origin_s, (stated_ms(path, form) or 0) / 1000)
    if form in STREAMED and any(one.anew for one in placed):
        length_ms = 0  # libav takes the last stamp less the first, of whatever clocks
    boxes = boxes_of(path)
    if boxes is not None:
        # How long lost fragments at the end were stands nowhere: as long as their bytes tell.
        length_ms += round(max(length_ms, last_s * 1000) * boxes.share_lost_at_end)
    return Take(
        path=path,
        container=container,
        track=track or 1,
        channel=channel,
        is_raw=is_raw,
        placed=tuple(placed),
        first_s=max(0.0, first_sound(runs).start_s - origin_s),
        last_s=last_s,
        length_ms=None if form in BARE else max(length_ms, round(last_s * 1000)),
    )


def _must_have(channel: int | None, channels: int, path: Path) -> None:
    if channel is not None and not 1 <= channel <= channels:
        raise CaptureFault(
            "it has no channel {channel}: its sound has {channels}",
            "correct `sound: {{channel: …}}` in programme.yaml",
            path=path,
            channel=channel,
            channels=channels,
        )


def unheard(path: Path) -> CaptureFault:
    """Return the error about a capture without any sound that can be had."""
    return CaptureFault(
        "none of its sound can be decoded", "copy it again from the camera's card", path=path
    )


def _stated_end_s(stream: Any) -> float:
    """Return where the sound ends by its own clock, as its container says; 0 where it does not."""
    if stream.duration is not None:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    told = _TAGGED.fullmatch(stream.metadata.get("DURATION", ""))
    if told is None:
        return 0.0
    hours, minutes, seconds = map(float, told.groups())
    return hours * 3600 + minutes * 60 + seconds


def _lost_beginning(runs: Sequence[Run], size: int) -> bool:
    """Tell whether time stamps start late because the bytes before them cannot be read."""
    first, last = first_sound(runs), runs[-1]
    if first.start_s <= 0 or last.end_s <= first.start_s:
        return False
    expected = (size - first.at) * first.start_s / (last.end_s - first.start_s)
    return first.at > expected / 2


def _lasting(
    container: Container, path: Path, runs: Sequence[Run], origin_s: float
) -> Callable[[Run, Run], bool]:
    """Return what tells lost time from a clock that was set anew; see `clock.place`."""
    heard_s = sum(run.end_s - run.start_s for run in runs)

    def lasting(before: Run, run: Run) -> bool:
        leap_s = run.start_s - before.end_s
        if container.format in STREAMED:
            if leap_s > max(BEYOND_LOSS_S, heard_s):
                return False
            return leap_s <= RESET_S or not is_unbroken(path, before.last_at, run.at)
        # A garbled stamp may lie beyond the end that the container states.
        return (
            not container.duration_ms
            or (run.start_s - origin_s) * 1000 < container.duration_ms + 1000
        )

    return lasting


def packets_of(opened: InputContainer, stream: Any, is_raw: bool) -> Iterator[tuple[Any, int]]:
    """Yield a take's packets of sound, each one frame or what no frame can be found in."""
    packets = sound_packets(opened, stream)
    return cut(packets) if is_raw else packets


def _stamps(opened: InputContainer, stream: Any, is_raw: bool) -> Iterator[Stamp]:
    """Yield when each packet says it is; one that does not say stands next to its neighbour.

    The first ones without a stamp may be rubbish far from where the sound begins: they take
    the byte of the first that has one.
    """
    end_s, tick = 0.0, float(stream.time_base)
    early: list[float] | None = []
    for packet, at in packets_of(opened, stream, is_raw):
        length_s = (packet.duration or 0) * tick
        if early is not None:
            if packet.pts is None:
                early.append(length_s)
                continue
            end_s = packet.pts * tick - sum(early)
            yield from _in_a_row(end_s, early, at)
            early = None
        start_s = end_s if packet.pts is None else packet.pts * tick
        end_s = start_s + length_s
        yield Stamp(start_s, end_s, at)
    yield from _in_a_row(0.0, early or [], 0)


def _in_a_row(start_s: float, lengths_s: Sequence[float], at: int) -> Iterator[Stamp]:
    for length_s in lengths_s:
        yield Stamp(start_s, start_s + length_s, at)
        start_s += length_s
