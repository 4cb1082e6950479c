"""What a capture holds, read with PyAV: its streams, its packets, the sound we made of it.

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
from av.stream import Discard, Disposition

from archive.errors import CaptureFault
from pipeline.boxes import Mended, boxes_of
from pipeline.headers import stated_ms
from pipeline.transport import goes_back, is_transport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from numpy.typing import NDArray

    from pipeline.model import Span

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

BARE = frozenset({"aac", "ac3", "eac3", "amr", "mp3", "h264", "hevc", "mpegvideo"})
"""Bare streams: libav counts their time stamps itself, and guesses their length by the bit rate."""


_LOCKED = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}

FROM_ZERO = frozenset({"matroska,webm", "flv", "ogg", "asf"})
"""Formats whose times and length count from 0, wherever the capture begins."""


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
        stream = sound_stream(container, path)
        picture = moving_picture(container)
        name = container.format.name
        told = 0 if name in BARE else container.duration or 0
        if name == "mpegts" and goes_back(path):
            told = 0
        if name in FROM_ZERO:
            told = max(0, told - max(0, container.start_time or 0))
        known_ms = max(round(told / 1000), stated_ms(path, name) or 0)
        return Container(
            duration_ms=known_ms or _length_ms(container, stream),
            format=name,
            audio_streams=len(container.streams.audio),
            audio_codec=stream.codec_context.name,
            channels=stream.codec_context.channels,
            sample_rate=stream.codec_context.sample_rate,
            video_codec=picture and picture.codec_context.name,
            width=picture.codec_context.width if picture else 0,
            height=picture.codec_context.height if picture else 0,
        )


@contextmanager
def open_capture(path: Path, *, raw: bool = False) -> Iterator[InputContainer]:
    """Open a capture for reading; raises CaptureFault when that cannot be done.

    `raw` gives packets as the container carries them, not cut into frames.
    """
    _must_be_plain_file(path)
    try:
        with (
            _readable(path) as file,
            av.open(
                file,
                "r",
                format="mpegts" if is_transport(path) else None,
                options=_LOCKED | ({"fflags": "noparse"} if raw else {}),
                metadata_errors="replace",
            ) as container,
        ):
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


@contextmanager
def _readable(path: Path) -> Iterator[str | Mended]:
    """Give what libav is to open: the file itself, or a fragmented one with its damage masked.

    Raises CaptureFault when it is an MP4 without an index.
    """
    boxes = boxes_of(path)
    if boxes is None or (boxes.has_index and not (boxes.has_fragments and boxes.damaged)):
        yield file_address(path)
    elif boxes.has_index:
        with Mended(path, boxes.damaged) as file:
            yield file
    else:
        raise CaptureFault(
            "it has no index (`moov`): it was cut off before the camera had finished it",
            "copy it again from the card; if it is so there too, a repair program may mend it"
            " with the help of a whole file from the same camera",
            path=path,
        )


def file_address(path: Path) -> str:
    """Address of a local file that libav takes as data, whatever characters its name holds."""
    return f"file:{path.absolute()}"


def moving_picture(container: InputContainer) -> Any | None:
    """Return the first video stream that is no cover image, or None."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    return None


def sound_stream(container: InputContainer, path: Path, track: int | None = None) -> Any:
    """Return a capture's sound of that number, from 1 (None: the first), and leave out the rest.

    What is left out is neither parsed nor, where the container has an index, read.
    Raises CaptureFault when there is none.
    """
    sounds = container.streams.audio
    if not sounds:
        raise CaptureFault(
            "it holds no sound",
            "name the capture that holds the sound, or take this one out of the programme",
            path=path,
        )
    if not 1 <= (track or 1) <= len(sounds):
        raise CaptureFault(
            "it has no sound track {track}: it has {tracks}",
            "correct `sound: {{track: …}}` in programme.yaml",
            path=path,
            track=track,
            tracks=len(sounds),
        )
    chosen = sounds[(track or 1) - 1]
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def sound_packets(container: InputContainer, stream: Any) -> Iterator[tuple[Any, int]]:
    """Yield a capture's packets of sound, damaged ones too, until nothing more can be read.

    With each goes its position in the file, or that of the last one that tells it.

    Raises OSError when the disk fails.
    """
    places = _places(stream) if container.format.name == "avi" else {}
    packets, at = container.demux(stream), 0
    while True:
        try:
            packet = next(packets)
        except av.error.BlockingIOError:
            # A transport stream lost its rhythm and looks for it again a little further on.
            packets = container.demux(stream)
            continue
        except (StopIteration, EOFError):
            return
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            return
        if packet.size:
            if packet.pos in places:
                packet.pts = places[packet.pos]
            at = at if packet.pos is None else packet.pos
            yield packet, at


def _places(stream: Any) -> dict[int, int]:
    """Return an AVI's time stamps by byte position, from its index.

    libav counts the packets that it finds, and would count on after damage as if all were there.
    """
    # The index tells where a chunk's head of 8 bytes begins.
    return {entry.pos + 8: entry.timestamp for entry in stream.index_entries}


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


def _length_ms(container: InputContainer, stream: Any) -> int:
    """Length of a stream whose container states none, or a wrong one: that of all its packets."""
    ticks = sum(packet.duration or 0 for packet, _ in sound_packets(container, stream))
    return round(ticks * float(stream.time_base) * 1000)


_LAST_FRAMES = 5 * av.time_base
"""In microseconds, more than two frames of the sound that we write."""


def _pieces(path: Path, start: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (first sample's number, samples) from a frame at or before `start`."""
    with open_capture(path) as container:
        stream = container.streams.audio[0]
        if start >= _LAST_FRAMES * SAMPLE_RATE // av.time_base:
            _seek(container, start * av.time_base // SAMPLE_RATE)
        for frame in container.decode(stream):
            samples = frame.to_ndarray()[0].astype(np.float32) / 32768
            yield round((frame.time or 0) * SAMPLE_RATE), samples


def _seek(container: InputContainer, at: int) -> None:
    """Go to a place in microseconds, or before it."""
    try:
        container.seek(at)
    except av.error.FFmpegError:
        # libav finds no way to the last frame but one of some FLAC files, nor to a lone one.
        container.seek(at - _LAST_FRAMES)
