"""A recording's sound on its timeline: decoded once, frame by frame, each at its true time.

A program of its own (`python -m pipeline.timeline ORDER`), so that a capture that crashes or
hangs a decoder takes nothing with it; media.py starts it and reads what it prints.

The captures stand one after the other. Where sound is lost there is silence, so that what
follows keeps its time, and a gap. Sound and gaps come from the same decoding: together they
are all that was to be expected. Why not ffmpeg's filters: docs/adr/0014.
"""

from __future__ import annotations

import errno
import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import av
import av.error
import numpy as np

from archive.errors import ArchiveFault, PlenaryError
from pipeline.decoding import frames
from pipeline.model import Span, union
from pipeline.sink import Form, Sink
from pipeline.takes import Take, take_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.int16]

DRIFT_S = 0.05
"""Sound may stand this far from its time stamps before it is moved: half of what is promised."""

WHOLE = 0.9
"""Sound is lost in whole packets: time stamps that leap by less than this of one are jitter."""

RUN_UP_MS = 100
"""What a codec throws away of its first and last packets is less."""

ENDS_MS = 500
"""Sound and picture seldom begin and end together; less than this is not missing."""

_TELL_S = 0.2
"""Seconds between two words of how far it is."""

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be laid, and how. `track` and `channel` count from 1; None: the first, all.

    `silent` are sorted stretches of the recording, `erased` sorted ones of its captures, each
    told by its place from 0. `length_ms` cuts or fills the file.
    """

    captures: tuple[Path, ...]
    target: Path
    form: Form
    track: int | None = None
    channel: int | None = None
    silent: tuple[Span, ...] = ()
    erased: tuple[tuple[int, Span], ...] = ()
    length_ms: int | None = None

    def to_json(self) -> str:
        """Return what `order_from_json` takes, in ASCII whatever the names hold."""
        return json.dumps(asdict(self), default=str)


@dataclass(frozen=True, slots=True)
class Laid:
    """Where each capture stands on the timeline, its libav format, and what is lost.

    `decoder` is PyAV's version, and that of the libavcodec in it.
    """

    parts: tuple[tuple[Span, str], ...]
    gaps: tuple[Span, ...]
    decoder: str


def laid_from_told(told: Mapping[str, Any]) -> Laid:
    """Return what `main` printed as plain data."""
    return Laid(
        tuple((Span(**span), form) for span, form in told["parts"]),
        tuple(Span(**span) for span in told["gaps"]),
        told["decoder"],
    )


def order_from_json(text: str) -> Order:
    """Return what `to_json` was called on."""
    told = json.loads(text)
    return Order(
        tuple(map(Path, told["captures"])),
        Path(told["target"]),
        Form(**told["form"]),
        told["track"],
        told["channel"],
        tuple(Span(**span) for span in told["silent"]),
        tuple((place, Span(**span)) for place, span in told["erased"]),
        told["length_ms"],
    )


def lay(order: Order, reached: Callable[[int], None]) -> Laid:
    """Write the sound of captures to one file; `reached` is told milliseconds.

    Raises CaptureFault when a capture cannot be used, ArchiveFault when the disk is full.
    """
    takes = [take_of(path, order.track, order.channel) for path in order.captures]
    parts: list[tuple[Span, str]] = []
    gaps: list[Span] = []
    try:
        with Sink(order.target, order.form, order.silent) as sink:
            for place, take in enumerate(takes):
                start_ms = parts[-1][0].end_ms if parts else 0
                sink.hush(span.shift(start_ms) for at, span in order.erased if at == place)
                layer = _Layer(take, start_ms, sink)
                gaps += layer.lay(reached)
                parts.append((layer.span, take.container.format))
            if order.length_ms is not None:
                sink.silence(sink.at(order.length_ms))
            sink.finish()
    except OSError as error:
        if error.errno in _FULL:
            raise ArchiveFault("the disk is full", "make room, then run again") from error
        raise
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    return Laid(tuple(parts), union(gaps), f"{av.__version__} (libavcodec {version})")


class _Layer:
    """One capture on its way to the sink."""

    def __init__(self, take: Take, start_ms: int, sink: Sink) -> None:
        self.span = Span(start_ms, start_ms + (take.length_ms or 0))
        self._take = take
        self._sink = sink
        self._begin = sink.at(start_ms)
        self._end = math.inf if take.length_ms is None else sink.at(self.span.end_ms)
        self._stretch: _Stretch | None = None

    def lay(self, reached: Callable[[int], None]) -> list[Span]:
        """Lay all its sound; return what is lost of it."""
        sink, lost = self._sink, []
        before_s = length_s = 0.0
        for start_s, frame in frames(self._take):
            at = self._begin + start_s * sink.rate
            ahead_s = (at - self._here()) / sink.rate
            end_s = start_s + frame.samples / frame.sample_rate
            if ahead_s <= -DRIFT_S:  # the clock is slower than the sound
                before_s = end_s
                continue
            is_hole = start_s - before_s > WHOLE * length_s and ahead_s > length_s / 2
            if is_hole or ahead_s >= DRIFT_S or not self._goes_on(frame):
                stretch = _Stretch(frame, sink.rate, self._take.channel)
                if stretch.is_rubbish:
                    continue
                self._flush()
                if is_hole and (self._stretch is not None or self._is_late(start_s)):
                    lost.append(Span(self._ms(sink.laid), self._ms(max(at, sink.laid))))
                sink.silence(round(min(at, self._end)))
                self._stretch, stretch.begin = stretch, sink.laid
                self._write(stretch.ready)
            elif self._stretch is not None:
                self._write(self._stretch.feed(frame))
            before_s, length_s = end_s, end_s - start_s
            reached(self._ms(sink.laid))
        self._flush()
        return [*lost, *self._close()]

    def _here(self) -> float:
        return self._sink.laid if self._stretch is None else self._stretch.position

    def _goes_on(self, frame: Any) -> bool:
        return self._stretch is not None and self._stretch.form == _form(frame)

    def _is_late(self, start_s: float) -> bool:
        """Tell whether sound is missing before the first that decodes."""
        return (start_s - self._take.first_s) * 1000 >= RUN_UP_MS or start_s * 1000 >= ENDS_MS

    def _flush(self) -> None:
        if self._stretch is not None:
            self._write(self._stretch.feed(None))

    def _write(self, pieces: Iterable[Samples]) -> None:
        for samples in pieces:
            self._sink.write(samples[: max(0, int(min(len(samples), self._end - self._sink.laid)))])

    def _close(self) -> list[Span]:
        """Fill what is left of the capture; return it where sound is missing there."""
        heard_ms, last_ms = self._ms(self._sink.laid), self.span.start_ms + self._take.last_s * 1000
        if self._take.length_ms is None:
            stated_ms = self.span.start_ms + self._take.container.duration_ms
            self.span = Span(self.span.start_ms, max(heard_ms, stated_ms))
        end_ms = self.span.end_ms
        self._sink.silence(self._sink.at(end_ms))
        missing = last_ms - heard_ms >= RUN_UP_MS or end_ms - heard_ms >= ENDS_MS
        return [Span(min(heard_ms, end_ms), end_ms)] if missing else []

    def _ms(self, sample: float) -> int:
        return round(sample * 1000 / self._sink.rate)


class _Stretch:
    """Sound without a hole, resampled in one go from sample `begin` of the sink on.

    `ready` is what its first frame gave; one that cannot be resampled is rubbish that a
    decoder took for sound.
    """

    def __init__(self, frame: Any, rate: int, channel: int | None) -> None:
        self.form = _form(frame)
        self.begin = 0
        self._channel, self._rate = channel, rate
        self._given_s = 0.0
        self._resampler = av.AudioResampler("s16", "mono", rate, frame_size=rate)
        self.ready: list[Samples] = []
        self.is_rubbish = False
        try:
            self.ready += self.feed(frame)
        except av.error.FFmpegError:
            self.is_rubbish = True

    @property
    def position(self) -> float:
        """Where the next sample comes, counted in the sink's."""
        return self.begin + self._given_s * self._rate

    def feed(self, frame: Any) -> Iterator[Samples]:
        """Take a frame (None: there are no more) and give what is ready."""
        if frame is not None:
            self._given_s += frame.samples / frame.sample_rate
            if self._channel is not None:
                frame = _one_channel(frame, self._channel)
        for resampled in self._resampler.resample(frame):
            yield resampled.to_ndarray()[0]


def _form(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _one_channel(frame: Any, channel: int) -> Any:
    samples = frame.to_ndarray()
    count = frame.layout.nb_channels
    if not frame.format.is_planar:
        samples = samples.reshape(-1, count).T
    # A decoder may find fewer channels than the container stated; the last one then serves.
    chosen = np.ascontiguousarray(samples[min(channel, count) - 1][None])
    mono = av.AudioFrame.from_ndarray(chosen, frame.format.planar.name, "mono")
    mono.sample_rate = frame.sample_rate
    return mono


def main() -> None:
    """Lay what the order on the command line says; print how far it is, then what was laid."""
    told = time.monotonic()

    def reached(ms: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_S:
            told = time.monotonic()
            print(json.dumps({"reached": ms}), flush=True)  # noqa: T201 (it is heard by media.py)

    try:
        laid = lay(order_from_json(sys.argv[1]), reached)
    except PlenaryError as fault:
        said: dict[str, Any] = {"fault": fault.told()}
    else:
        said = {"laid": asdict(laid)}
    print(json.dumps(said, default=str))  # noqa: T201 (as above)


if __name__ == "__main__":
    main()
