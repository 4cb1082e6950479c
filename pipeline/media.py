"""Sound, web copy and poster, made from captures by ffmpeg; the only module that starts it.

ffmpeg-python builds every command, with absolute `file:` addresses and whitelists of protocols
and formats, and `processes.py` runs it. Results appear whole: a temporary name in the same
folder, fsync, rename.

Captures stay as they are. A recording's timeline is its captures one after the other, each
as long as `probe` says; inside a capture, times count from where its container starts.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ffmpeg
import imageio_ffmpeg

from archive.errors import ArchiveFault, CaptureFault
from pipeline.container import (
    GAP_MS,
    SAMPLE_RATE,
    Container,
    file_address,
    probe,
    read_sound,
    stream_sound,
)
from pipeline.graph import (
    WEB_SAMPLE_RATE,
    blackened,
    joined,
    picture_of,
    read_capture,
    silenced,
    sound_of,
    takes_of,
    web_shape,
)
from pipeline.model import Gap, Span, complement
from pipeline.processes import STALL_S, run_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Container",
    "Sound",
    "extract_sound",
    "ffmpeg_path",
    "ffmpeg_version",
    "make_poster",
    "make_web_copy",
    "probe",
    "read_sound",
    "stream_sound",
]

WALL_FACTOR = 20
"""Times its own length that a recording may take, plus STALL_S."""

KEYFRAME_S = 2
"""Seconds between the web copy's key frames: how far a seek may have to decode."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What `extract_sound` made, measured, and what the captures' containers promised.

    The gaps, sorted, are the parts of [0, expected_ms) that no capture holds any more.
    """

    duration_ms: int
    gaps: tuple[Gap, ...]
    expected_ms: int
    ffmpeg_version: str


def ffmpeg_path() -> str:
    """Return the system's ffmpeg, else the one that the imageio-ffmpeg package brings.

    Raises ArchiveFault when there is neither.
    """
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ArchiveFault(
            "ffmpeg was not found", "install it (on Debian: apt install ffmpeg)"
        ) from error


def ffmpeg_version() -> str:
    """Return what the ffmpeg in use calls its version; raises as `ffmpeg_path` does."""
    return _version_of(ffmpeg_path())


def extract_sound(
    captures: Sequence[Path],
    target: Path,
    *,
    channel: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Sound:
    """Write the recording's sound to `target`: FLAC, 16 kHz, mono, one timeline.

    `channel` (from 1) takes one channel instead of mixing all. `progress` hears fractions
    from 0 to 1. Where a capture lost sound there is silence, so that what follows keeps its
    time (`aresample=async=1:first_pts=0`), and a Gap. Raises CaptureFault, ArchiveFault.
    """
    takes = takes_of(captures, channel)
    expected_ms = sum(take.container.duration_ms for take in takes)
    timeline = joined([sound_of(take, channel, SAMPLE_RATE) for take in takes], v=0, a=1)
    output = ffmpeg.output(
        timeline,
        file_address(_partial(target)),
        format="flac",
        sample_fmt="s16",
        map_metadata=-1,
        **{"flags:a": "+bitexact", "fflags": "+bitexact"},
    )
    _make(output, target, captures[0], expected_ms, progress)
    made_ms = probe(target).duration_ms
    gaps = [gap for take in takes for gap in take.gaps]
    if made_ms + GAP_MS < expected_ms:
        gaps.append(Gap(Span(made_ms, expected_ms), "the sound ends early"))
    return Sound(made_ms, tuple(gaps), expected_ms, ffmpeg_version())


def make_web_copy(
    captures: Sequence[Path],
    target: Path,
    *,
    public: Sequence[Span],
    duration_ms: int,
    channel: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write an MP4 that browsers play and seek, on the recording's times.

    What lies outside `public` is silent and black. There is a picture when every capture
    has one. Raises CaptureFault, ArchiveFault.
    """
    takes = takes_of(captures, channel)
    private = complement(public, Span(0, duration_ms))
    streams: list[Any] = []
    options: dict[str, object] = {"c:a": "aac", "profile:a": "aac_low", "b:a": "64k"}
    if all(take.container.has_video for take in takes):
        shape = web_shape(captures[0])
        picture = joined([picture_of(take, shape) for take in takes], v=1, a=0)
        streams.append(blackened(picture, private))
        options |= {
            "c:v": "libx264",
            "preset": "veryfast",
            "crf": 26,
            "profile:v": "high",
            "level": "4.1",
            "pix_fmt": "yuv420p",
            "force_key_frames": f"expr:gte(t,n_forced*{KEYFRAME_S})",
            "flags:v": "+bitexact",
        }
    sound = joined([sound_of(take, channel, WEB_SAMPLE_RATE) for take in takes], v=0, a=1)
    streams.append(silenced(sound, private))
    output = ffmpeg.output(
        *streams,
        file_address(_partial(target)),
        format="mp4",
        movflags="+faststart",
        map_metadata=-1,
        t=duration_ms / 1000,
        **options,
        **{"flags:a": "+bitexact", "fflags": "+bitexact"},
    )
    _make(output, target, captures[0], duration_ms, progress)


def make_poster(captures: Sequence[Path], target: Path, at_ms: int) -> bool:
    """Write the picture at that time of the recording as a JPEG; False when there is none.

    Raises CaptureFault, ArchiveFault.
    """
    start_ms = 0
    for path in captures:
        container = probe(path)
        if at_ms < start_ms + container.duration_ms:
            return container.has_video and _take_picture(path, target, at_ms - start_ms)
        start_ms += container.duration_ms
    return False


def _take_picture(capture: Path, target: Path, at_ms: int) -> bool:
    picture = read_capture(capture, ss=at_ms / 1000).video.filter("scale", "min(960,iw)", -2)
    output = ffmpeg.output(
        picture, file_address(_partial(target)), format="mjpeg", vframes=1, **{"q:v": 4}
    )
    try:
        _make(output, target, capture, 0, None)
    except _NothingMade:
        return False
    return True


class _NothingMade(CaptureFault):
    """ffmpeg ended well and wrote nothing."""


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _make(
    output: Any,
    target: Path,
    subject: Path,
    length_ms: int,
    progress: Callable[[float], None] | None,
) -> None:
    """Run ffmpeg on `output`, which writes `_partial(target)`, and rename what it made."""
    partial = _partial(target)
    command = ffmpeg.compile(
        output.global_args(
            "-nostdin", "-hide_banner", "-loglevel", "error", "-max_error_rate", "1",
            "-progress", "pipe:1",
        ),
        cmd=ffmpeg_path(),
        overwrite_output=True,
    )  # fmt: skip
    reached_us = 0

    def alive(line: str) -> bool:
        nonlocal reached_us
        name, _, value = line.partition("=")
        if name != "out_time_us" or not value.isdecimal() or int(value) <= reached_us:
            return False
        reached_us = int(value)
        if progress is not None and length_ms:
            progress(min(1.0, reached_us / 1000 / length_ms))
        return True

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        run_process(command, subject, alive, WALL_FACTOR * length_ms / 1000 + STALL_S)
        if not partial.is_file() or partial.stat().st_size == 0:
            raise _NothingMade("nothing could be made of it", "play it to see", path=subject)
        with partial.open("rb") as made:
            os.fsync(made.fileno())
        partial.replace(target)
        _sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _version_of(command: str) -> str:
    lines: list[str] = []

    def keep(line: str) -> bool:
        lines.append(line)
        return True

    run_process([command, "-version"], Path(command), keep, STALL_S)
    return lines[0].removeprefix("ffmpeg version ").split()[0]
