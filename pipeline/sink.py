"""Where sound is laid: an encoder and its file, mono, counted in samples."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import av
import numpy as np
from av.codec.context import Flags as CodecFlags
from av.container import Flags as FormatFlags

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model import Span

    Samples: TypeAlias = NDArray[np.int16]

_AT_ONCE = 1 << 16
"""Samples that are encoded at once."""


@dataclass(frozen=True, slots=True)
class Form:
    """How sound is written: in libav's words, samples and bits a second (None: lossless).

    `frame` is the number of samples in a frame where the codec leaves it open.
    """

    muxer: str
    codec: str
    samples: str
    rate: int
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    frame: int | None = None


HEARD = Form("flac", "flac", "s16", 16_000, frame=8_192)
"""What recognition hears; Whisper and Silero VAD want 16 kHz. Frames of half a second: it is read
three times, and each frame costs as much as another."""

PLAYED = Form("ipod", "aac", "fltp", 48_000, 54_000, {"movflags": "+faststart"})
"""What visitors play: M4A, AAC-LC, index in front; with the index about 25 MB an hour."""


class Sink:
    """Takes 16-bit samples and writes them; silent in the given spans of the recording.

    Raises OSError when the disk fails or is full.
    """

    def __init__(self, path: Path, form: Form, silent: Iterable[Span] = ()) -> None:
        self.rate = form.rate
        self.laid = 0
        self._silent = [(self.at(span.start_ms), self.at(span.end_ms)) for span in silent]
        self._waiting: list[Samples] = []
        self._count = self._encoded = self._written = 0
        self._path, self._samples = path, form.samples
        file: Any = av.open(f"file:{path}", "w", format=form.muxer, options=form.options)
        file.flags |= FormatFlags.bitexact.value
        self._file, self._stream = file, file.add_stream(form.codec, rate=form.rate, layout="mono")
        encoder: Any = self._stream.codec_context
        encoder.format = form.samples
        encoder.flags |= CodecFlags.bitexact
        if form.bit_rate is not None:
            encoder.bit_rate = form.bit_rate
        if form.frame is not None:
            encoder.options = {"frame_size": str(form.frame)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Finish the file, whole or not."""
        self._file.close()

    def at(self, ms: int) -> int:
        """Return the number of the sample at that time."""
        return ms * self.rate // 1000

    def hush(self, spans: Iterable[Span]) -> None:
        """Be silent in these spans too, which lie after all others."""
        self._silent += [(self.at(span.start_ms), self.at(span.end_ms)) for span in spans]

    def write(self, samples: Samples) -> None:
        """Append samples."""
        start, self.laid = self.laid, self.laid + len(samples)
        while self._silent and self._silent[0][1] <= start:
            self._silent.pop(0)
        for first, last in self._silent:
            if first >= self.laid:
                break
            samples = samples.copy()
            samples[max(0, first - start) : last - start] = 0
        self._waiting.append(samples)
        self._count += len(samples)
        if self._count >= _AT_ONCE:
            self._encode()

    def silence(self, end: int) -> None:
        """Append silence up to sample number `end`."""
        while self.laid < end:
            self.write(np.zeros(min(_AT_ONCE, end - self.laid), np.int16))

    def finish(self) -> None:
        """Write what is still held back, and make sure that all of it is in the file."""
        self._encode()
        self._mux(None)
        self._file.close()
        # libav closes a file without telling that its last bytes found no room.
        if self._path.stat().st_size < self._written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def _encode(self) -> None:
        samples = np.concatenate([np.zeros(0, np.int16), *self._waiting])
        self._waiting, self._count = [], 0
        if not len(samples):
            return
        if self._samples == "fltp":
            frame = av.AudioFrame.from_ndarray(
                (samples / np.float32(32768))[None].astype(np.float32), "fltp", "mono"
            )
        else:
            frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.sample_rate = self.rate
        frame.pts, self._encoded = self._encoded, self._encoded + len(samples)
        self._mux(frame)

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._written += packet.size
            self._file.mux(packet)
