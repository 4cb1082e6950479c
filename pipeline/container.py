"""What a capture holds, read with PyAV: its streams, where it is heard, the sound we made of it.

PyAV comes with faster-whisper, so that no ffprobe is needed. Nothing here starts a process
or writes a file. Captures are opened read-only, by absolute `file:` address and with
whitelists: a playlist that calls itself a video leads nowhere.
"""

from __future__ import annotations

import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
from av.stream import Disposition

from archive.errors import CaptureFault
from pipeline.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second of the sound that recognition hears (Whisper and Silero VAD want this)."""

PER_MS = SAMPLE_RATE // 1000
"""Samples in a millisecond."""

PROTOCOLS = "file"
"""What an address inside a file may use, for libav and for ffmpeg alike."""

FORMATS = (
    "mov,mp4,m4a,3gp,matroska,webm,mpegts,mpeg,mpegvideo,avi,asf,flv,mxf,gxf,dv,"
    "wav,w64,aiff,caf,mp3,aac,ac3,eac3,flac,ogg,amr,h264,hevc"
)
"""Demuxers that cameras and recorders need. Playlists and image sequences are not among them."""

GUESSED_LENGTH = frozenset({"aac", "ac3", "eac3", "amr", "mp3", "h264", "hevc", "mpegvideo"})
"""Bare streams: their length is stated nowhere, and libav's guess is the bit rate's."""

GAP_MS = 100
"""Sound missing for less than this is jitter of time stamps; the same as swresample's
`min_hard_comp`, under which ffmpeg's resampler does not fill a hole either."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a capture says it holds; `video_codec` is None for sound without picture.

    `width` and `height` are those of the stored picture, in pixels, 0 without one.
    """

    duration_ms: int
    format: str
    audio_streams: int
    audio_codec: str
    channels: int
    sample_rate: int
    video_codec: str | None = None
    width: int = 0
    height: int = 0

    @property
    def has_video(self) -> bool:
        """Whether there is a moving picture (a cover image is none)."""
        return self.video_codec is not None


def probe(path: Path) -> Container:
    """Look into a capture without decoding it, unless its length is stated nowhere.

    Raises CaptureFault when it is missing, no plain file, unreadable, no media, or silent.
    """
    with open_capture(path) as container:
        sounds = container.streams.audio
        if not sounds:
            raise CaptureFault(
                "it holds no sound",
                "name the capture that holds the sound, or take this one out of the programme",
                path=path,
            )
        picture = moving_picture(container)
        name = container.format.name
        stated = None if name in GUESSED_LENGTH else container.duration
        length_ms = round(stated / 1000) if stated else _last_ms(container)
        return Container(
            duration_ms=length_ms,
            format=name,
            audio_streams=len(sounds),
            audio_codec=sounds[0].codec_context.name,
            channels=sounds[0].codec_context.channels,
            sample_rate=sounds[0].codec_context.sample_rate,
            video_codec=picture and picture.codec_context.name,
            width=picture.codec_context.width if picture else 0,
            height=picture.codec_context.height if picture else 0,
        )


@contextmanager
def open_capture(path: Path) -> Iterator[InputContainer]:
    """Open a capture for reading; raises CaptureFault when that cannot be done."""
    _must_be_plain_file(path)
    try:
        with av.open(
            file_address(path),
            options={"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS},
            metadata_errors="replace",
        ) as container:
            yield container
    except av.error.PermissionError as error:
        raise _not_permitted(path) from error
    except (av.error.FFmpegError, EOFError) as error:
        raise CaptureFault(
            "it is no video or sound recording that can be read ({reason})",
            "play it to see whether it is whole; copy it again from the card, or name another",
            path=path,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def file_address(path: Path) -> str:
    """Address of a local file that libav takes as data, whatever characters its name holds."""
    return f"file:{path.absolute()}"


def moving_picture(container: InputContainer) -> Any | None:
    """Return the first video stream that is no cover image, or None."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    return None


def heard_spans(path: Path) -> tuple[Span, ...]:
    """Where the capture's first sound stream can really be decoded, from the capture's start.

    Spans are sorted, disjoint, and GAP_MS or more apart: what lies between them is lost.
    Damaged packets and those that never arrived are both found this way.
    Raises CaptureFault when the capture cannot be opened.
    """
    spans: list[Span] = []
    with open_capture(path) as container:
        origin = (container.start_time or 0) / av.time_base
        for start_s, length_s in _decoded(container):
            start_ms = max(0, round((start_s - origin) * 1000))
            end_ms = max(start_ms, round((start_s - origin + length_s) * 1000))
            if spans and start_ms < spans[-1].end_ms + GAP_MS:
                spans[-1] = Span(min(start_ms, spans[-1].start_ms), max(end_ms, spans[-1].end_ms))
            else:
                spans.append(Span(start_ms, end_ms))
    return tuple(spans)


def read_sound(path: Path, span: Span | None = None) -> NDArray[np.float32]:
    """Samples of sound made by `media.extract_sound`, in [-1, 1], 16 per millisecond.

    A span is cut to what the file holds. Raises CaptureFault when it cannot be read.
    """
    start = 0 if span is None else span.start_ms * PER_MS
    end = None if span is None else span.end_ms * PER_MS
    pieces = [np.zeros(0, np.float32)]
    for position, samples in _pieces(path, start):
        first = max(0, start - position)
        last = len(samples) if end is None else min(len(samples), end - position)
        if last > first:
            pieces.append(samples[first:last])
        if end is not None and position + len(samples) >= end:
            break
    return np.concatenate(pieces)


def stream_sound(path: Path, chunk_ms: int = 30_000) -> Iterator[NDArray[np.float32]]:
    """Yield the same samples as `read_sound(path)`, in chunks; memory does not grow."""
    size = chunk_ms * PER_MS
    waiting: list[NDArray[np.float32]] = []
    count = 0
    for _, samples in _pieces(path, 0):
        waiting.append(samples)
        count += len(samples)
        while count >= size:
            joined = np.concatenate(waiting)
            yield joined[:size]
            waiting, count = [joined[size:]], count - size
    if count:
        yield np.concatenate(waiting)


def capture_sound(path: Path, span: Span) -> NDArray[np.float32]:
    """About a span of a capture's first sound stream, mixed to one channel, as `read_sound`.

    For a trial: quick, from the nearest place that can be sought; damage is not looked for.
    Raises CaptureFault when it cannot be decoded.
    """
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    pieces = [np.zeros(0, np.float32)]
    wanted = span.duration_ms * PER_MS
    with open_capture(path) as container:
        if not container.streams.audio:
            raise CaptureFault("it holds no sound", "name the capture that holds it", path=path)
        if span.start_ms:
            container.seek((container.start_time or 0) + span.start_ms * (av.time_base // 1000))
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                pieces.append(part.to_ndarray()[0].astype(np.float32) / 32768)
                wanted -= len(pieces[-1])
            if wanted <= 0:
                break
    return np.concatenate(pieces)[: span.duration_ms * PER_MS]


def _must_be_plain_file(path: Path) -> None:
    """Refuse what would hang (a FIFO) or cannot be a capture, before anything opens it."""
    try:
        status = path.stat()
    except PermissionError as error:
        raise _not_permitted(path) from error
    except (OSError, ValueError) as error:
        raise CaptureFault(
            "there is no such file",
            "connect the disk that holds it, or correct its name in programme.yaml",
            path=path,
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise CaptureFault(
            "it is not a file",
            "name the video file itself, not a folder or a device",
            path=path,
        )
    if status.st_size == 0:
        raise CaptureFault(
            "it is empty (0 bytes)", "copy it again from the camera's card", path=path
        )


def _not_permitted(path: Path) -> CaptureFault:
    return CaptureFault(
        "it may not be read", "give yourself the right to read it (chmod u+r)", path=path
    )


def _last_ms(container: InputContainer) -> int:
    """Length of a stream whose container states none: where its last sound packet ends."""
    origin = (container.start_time or 0) / av.time_base
    last = 0.0
    for packet in container.demux(container.streams.audio[0]):
        if packet.pts is not None and packet.time_base is not None:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return max(0, round((last - origin) * 1000))


def _decoded(container: InputContainer) -> Iterator[tuple[float, float]]:
    """Start and length in seconds of every frame of sound that decodes; the rest is passed over."""
    if not container.streams.audio:
        return
    stream = container.streams.audio[0]
    packets = container.demux(stream)
    after = 0.0
    while True:
        try:
            packet = next(packets)
        except av.error.BlockingIOError:
            # A transport stream lost its rhythm and looks for it again a little further on.
            packets = container.demux(stream)
            continue
        except (StopIteration, EOFError, av.error.InvalidDataError):
            # After invalid data ffmpeg stops reading as well; the rest is a gap.
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            start = after if frame.time is None else frame.time
            after = start + frame.samples / frame.sample_rate
            yield start, after - start


def _pieces(path: Path, start: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (first sample's number, samples) from a frame at or before `start`."""
    with open_capture(path) as container:
        stream = container.streams.audio[0]
        if start:
            container.seek(start * av.time_base // SAMPLE_RATE)
        for frame in container.decode(stream):
            samples = frame.to_ndarray()[0].astype(np.float32) / 32768
            yield round((frame.time or 0) * SAMPLE_RATE), samples
