"""Sound, copies for the web and poster, made of captures; the only module that starts ffmpeg.

`timeline.py` makes sound, ffmpeg makes pictures: ffmpeg-python builds its commands, with
absolute `file:` addresses and whitelists of protocols and formats. `processes.py` runs both.
Results appear whole: a temporary name in the same folder, fsync, rename.

Captures stay as they are. A recording's timeline is its captures one after the other; inside
a capture, times count from where its container starts.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ffmpeg
import imageio_ffmpeg

from archive.errors import ArchiveFault, CaptureFault, retold
from pipeline.clock import LONGEST_LOSS_S
from pipeline.container import Container, file_address, probe, read_sound, stream_sound
from pipeline.model import Gap, Span, complement
from pipeline.picture import flow, look
from pipeline.picture_graph import (
    black_of,
    blackened,
    encoded,
    joined,
    picture_of,
    read_capture,
)
from pipeline.processes import STALL_S, run_process
from pipeline.sink import HEARD, PLAYED
from pipeline.takes import take_of
from pipeline.timeline import Laid, Order, laid_from_told
from pipeline.webcopy import first_seen, shape_of, why_encoded, why_unsteady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.webcopy import Limits, Picture

__all__ = [
    "Container",
    "Sound",
    "WebCopy",
    "extract_sound",
    "ffmpeg_path",
    "ffmpeg_version",
    "make_poster",
    "make_sound_copy",
    "make_web_copy",
    "probe",
    "read_sound",
    "stream_sound",
]

WALL_FACTOR = 20
"""Times its own length that a recording may take, plus STALL_S."""

_TO_MP4 = {
    "format": "mp4",
    "movflags": "+faststart",
    "map_metadata": -1,
    "fflags": "+bitexact",
}
"""The index in front, so that a browser seeks at once; nothing of what the camera wrote."""


@dataclass(frozen=True, slots=True)
class WebCopy:
    """What `make_web_copy` made: why its picture is encoded and not copied (None: copied).

    `still_ms` is the moment of the recording that its poster should show, if any can.
    """

    encoded_because: str | None
    still_ms: int | None


@dataclass(frozen=True, slots=True)
class Sound:
    """What `extract_sound` made: the captures' places and formats, and what is lost of them.

    The gaps, sorted, are the parts of [0, duration_ms) that no capture holds any more.
    `decoder` names what decoded the captures, with its version.
    """

    duration_ms: int
    parts: tuple[tuple[Span, str], ...]
    gaps: tuple[Gap, ...]
    decoder: str


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


@cache
def _version_of(command: str) -> str:
    lines: list[str] = []

    def keep(line: str) -> bool:
        lines.append(line)
        return True

    run_process([command, "-version"], Path(command), keep, STALL_S)
    return lines[0].removeprefix("ffmpeg version ").split()[0]


def extract_sound(
    captures: Sequence[Path],
    target: Path,
    *,
    track: int | None = None,
    channel: int | None = None,
    erased: Sequence[tuple[int, Span]] = (),
    progress: Callable[[float], None] | None = None,
) -> Sound:
    """Write the recording's sound to `target`: FLAC, 16 kHz, mono, one timeline.

    `track` (from 1) takes another sound than the first, `channel` (from 1) one channel instead
    of mixing all. What is `erased` of a capture, told by its place, is silent. `progress` hears
    fractions from 0 to 1. Where a capture lost sound there is silence, so that what follows
    keeps its time, and a Gap. Raises CaptureFault, ArchiveFault.
    """
    order = Order(*(tuple(captures), _partial(target), HEARD, track, channel), erased=tuple(erased))
    laid = _lay(order, target, sum(probe(path).duration_ms for path in captures), progress)
    gaps = tuple(Gap(span, "the capture holds no sound here") for span in laid.gaps)
    return Sound(laid.parts[-1][0].end_ms, laid.parts, gaps, laid.decoder)


def make_sound_copy(
    captures: Sequence[Path],
    target: Path,
    *,
    public: Sequence[Span],
    duration_ms: int,
    track: int | None = None,
    channel: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write an M4A that browsers play and seek, on the recording's times: AAC-LC, mono.

    What lies outside `public` is silent. Raises CaptureFault, ArchiveFault.
    """
    private = complement(public, Span(0, duration_ms))
    order = Order(
        *(tuple(captures), _partial(target), PLAYED, track, channel, private),
        length_ms=duration_ms,
    )
    _lay(order, target, duration_ms, progress)


def _lay(
    order: Order, target: Path, length_ms: int, progress: Callable[[float], None] | None
) -> Laid:
    """Lay sound in a process of its own, and rename what it made."""
    told: dict[str, Any] = {}

    def alive(line: str) -> bool:
        told.update(json.loads(line))
        if progress is not None and length_ms:
            progress(min(1.0, told.get("reached", length_ms) / length_ms))
        return True

    # -P: whatever lies in the folder where the archivist stands is no module.
    command = [sys.executable, "-P", "-m", "pipeline.timeline", order.to_json()]
    with _appearing(order.target, target):
        run_process(command, order.captures[0], alive, WALL_FACTOR * length_ms / 1000 + STALL_S)
        if "fault" in told:
            raise retold(told["fault"])
    return laid_from_told(told["laid"])


def make_web_copy(
    captures: Sequence[Path],
    sound: Path,
    target: Path,
    *,
    public: Sequence[Span],
    lengths_ms: Sequence[int],
    wanted: Limits,
    damaged: bool = False,
    progress: Callable[[float], None] | None = None,
) -> WebCopy | None:
    """Write an MP4 that browsers play and seek, on the recording's times; None without picture.

    `sound` is the recording's sound copy: its stream is taken as it is; `lengths_ms` is how
    long each capture is in it. The picture is black
    outside `public`, and where a capture has none. It is copied where browsers can play it
    as it is (`webcopy.why_encoded`) and every frame of it decodes, else encoded within what
    is `wanted`. Raises CaptureFault, ArchiveFault.
    """
    pictures = [look(path) for path in captures]
    if not any(pictures):
        return None
    duration_ms = sum(lengths_ms)
    private = complement(public, Span(0, duration_ms))
    heard = read_capture(sound)["a:0"]
    reason = why_encoded(pictures, wanted, all_public=not private, damaged=damaged)
    reason = reason or why_unsteady(flow(captures[0]), duration_ms, wanted)
    if reason is None:
        try:
            output = _copied(captures[0], heard, target, duration_ms)
            _make(output, target, captures[0], duration_ms, progress)
        except CaptureFault:
            reason = "not every frame of it decodes"
    if reason is not None:
        picture = blackened(_timeline(captures, pictures, lengths_ms, wanted), private)
        output = ffmpeg.output(
            picture,
            heard,
            file_address(_partial(target)),
            t=duration_ms / 1000,
            **encoded(wanted),
            **{"c:a": "copy"},
            **_TO_MP4,
        )
        if not any(take_of(path).is_set_anew for path in captures):
            # ffmpeg takes every leap of 10 s in a transport stream for a clock that was set anew.
            output = output.global_args("-dts_delta_threshold", f"{LONGEST_LOSS_S:g}")
        _make(output, target, captures[0], duration_ms, progress)
    return WebCopy(reason, first_seen(public, _seen(pictures, lengths_ms)))


def _copied(capture: Path, sound: Any, target: Path, duration_ms: int) -> Any:
    """Ask ffmpeg to copy a picture, and to decode it for nothing but to end at an error."""
    # ffmpeg 5 mends what it can and says that all is well, unless it is told to explode.
    picture = read_capture(capture, err_detect="explode")["v:0"]
    length = duration_ms / 1000
    copy = ffmpeg.output(
        picture, sound, file_address(_partial(target)), c="copy", t=length, **_TO_MP4
    )
    decoded = ffmpeg.output(picture, "-", format="null", t=length)
    return ffmpeg.merge_outputs(copy, decoded).global_args("-xerror")


def _timeline(
    captures: Sequence[Path],
    pictures: Sequence[Picture | None],
    lengths_ms: Sequence[int],
    wanted: Limits,
) -> Any:
    """Put the captures' pictures one after the other, in the shape of the first there is."""
    shape = shape_of(next(filter(None, pictures)), wanted)
    pieces = [
        black_of(length_ms / 1000, shape)
        if picture is None
        else picture_of(path, picture, length_ms / 1000, shape)
        for path, picture, length_ms in zip(captures, pictures, lengths_ms, strict=True)
    ]
    return joined(pieces, v=1, a=0)


def _seen(pictures: Sequence[Picture | None], lengths_ms: Sequence[int]) -> list[Span]:
    """Return where on the recording's timeline there is a picture."""
    ends = list(accumulate(lengths_ms))
    whole = (Span(end - length, end) for end, length in zip(ends, lengths_ms, strict=True))
    return [span for span, picture in zip(whole, pictures, strict=True) if picture is not None]


def make_poster(copy: Path, target: Path, at_ms: int) -> bool:
    """Write the picture that the web copy shows at that time as a JPEG; False if there is none.

    At most 960 pixels wide. Raises CaptureFault, ArchiveFault.
    """
    picture = read_capture(copy, ss=at_ms / 1000)["v:0"].filter("scale", "min(960,iw)", -2)
    output = ffmpeg.output(
        picture, file_address(_partial(target)), format="mjpeg", vframes=1, **{"q:v": 4}
    )
    try:
        _make(output, target, copy, 0, None)
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

    with _appearing(partial, target):
        run_process(command, subject, alive, WALL_FACTOR * length_ms / 1000 + STALL_S)
        if not partial.is_file() or partial.stat().st_size == 0:
            raise _NothingMade("nothing could be made of it", "play it to see", path=subject)


@contextmanager
def _appearing(partial: Path, target: Path) -> Iterator[None]:
    """Give `target` what the block wrote to `partial`, whole or not at all."""
    try:
        _make_folder(target.parent)
        yield
        with partial.open("rb") as made:
            os.fsync(made.fileno())
        partial.replace(target)
        _sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not; a power cut takes none away."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
