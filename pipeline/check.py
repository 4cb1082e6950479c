"""Everything that could go wrong in a run, looked for before it: all at once, writing nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from archive.errors import (
    ArchiveFault,
    CaptureFault,
    Faults,
    FileFault,
    ModelFault,
    PlenaryError,
)
from pipeline.config import load_settings
from pipeline.event import transcribed
from pipeline.hear import is_recognised
from pipeline.model import Span
from pipeline.programme import Programmes, read_events
from pipeline.progress import clock
from pipeline.reading.people import likely_doubles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.config import Settings
    from pipeline.programme import Event, Recording, Session
    from pipeline.reading.people import Double

SOUND_BYTES_PER_HOUR = 60_000_000
"""16 kHz, 16 bits, one channel is 115 MB/h raw; FLAC keeps about half of speech."""
COPY_BYTES_PER_HOUR = 400_000_000
"""A web copy of a filmed room at 0.9 Mbit/s, sound included."""
REFERENCE_SPEED = 13 * 60 / 51
"""Hours of sound per hour of work: faster-whisper's README, `small` in int8, batches of 8."""
REFERENCE_BYTES, REFERENCE_CORES = 484_000_000, 8
"""The size of that model's weights, and the threads of that machine."""
END_TOLERANCE_MS = 2_000
"""How far past a recording's end a session may be said to last: containers round."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the whole archive takes, done or not; an order of magnitude, no promise.

    `hours_of_work` is recognition alone, scaled from one published figure by the size of
    the model and the cores of this machine, a GPU left aside; None where nothing is to be heard.
    `gigabytes` is sound and web copies, in 10^9 bytes.
    """

    hours_of_sound: float
    hours_of_work: float | None
    gigabytes: float

    def __str__(self) -> str:
        hours = self.hours_of_work
        work = "" if hours is None else f", about {_said(hours)} of work"
        return f"{_said(self.hours_of_sound)} of sound{work}, about {self.gigabytes:.2f} GB"


def _said(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{round(hours * 60)} min"


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found. `settings` is None when config.yaml cannot be read.

    `faults` stop a run before any work; `capture_faults` stop one recording each.
    """

    settings: Settings | None
    events: tuple[Event, ...]
    faults: tuple[PlenaryError, ...]
    capture_faults: tuple[PlenaryError, ...]
    doubles: tuple[Double, ...]
    estimate: Estimate | None


def check(settings_path: Path) -> Checked:
    """Look at everything: config, programmes, captures, transcripts, disk, ffmpeg, model."""
    try:
        settings = load_settings(settings_path)
    except Faults as wrong:
        return Checked(None, (), tuple(wrong.errors), (), (), None)
    programmes = read_events(settings.events)
    faults = [*_located(settings, programmes), *_tools(settings)]
    weights: int | None = None
    if any(is_recognised(event, r) for event in programmes.events for r in event.recordings):
        try:
            weights = _weights(settings)
        except ModelFault as fault:
            faults.append(fault)
    try:
        _check_voices(settings)
    except ModelFault as fault:
        faults.append(fault)
    capture_faults: list[PlenaryError] = []
    lengths: dict[tuple[str, str], int] = {}
    for event in programmes.events:
        for recording in event.recordings:
            duration_ms, wrong_here = look_at(event, recording)
            capture_faults += wrong_here
            lengths[event.id, recording.id] = duration_ms
    estimate = _estimate(settings, programmes.events, lengths, weights)
    faults += _room(settings, estimate)
    doubles = likely_doubles(programmes.events)
    return Checked(
        settings, programmes.events, tuple(faults), tuple(capture_faults), doubles, estimate
    )


def look_at(event: Event, recording: Recording) -> tuple[int, tuple[PlenaryError, ...]]:
    """Probe a recording's captures and read its transcripts: milliseconds of sound, and faults."""
    from pipeline.container import probe  # noqa: PLC0415 - PyAV loads only when captures are seen

    lengths: list[int] = []
    faults: list[PlenaryError] = []
    for capture, line in zip(recording.captures, recording.lines, strict=False):
        try:
            lengths.append(probe(capture).duration_ms)
        except CaptureFault as fault:
            faults.append(_at(event, line, fault))
    complete = len(lengths) == len(recording.captures)
    for session in (session for session in event.sessions if session.recording == recording.id):
        if complete:
            faults += _too_long(event, session, sum(lengths))
        faults += _unreadable(event, session, lengths if complete else None)
    return sum(lengths), tuple(faults)


def _too_long(event: Event, session: Session, length_ms: int) -> Iterator[PlenaryError]:
    """Refuse a session that is said to last longer than its recording."""
    if session.span is not None and session.span.end_ms > length_ms + END_TOLERANCE_MS:
        yield CaptureFault(
            "session `{session}` ends at {end}, and its recording lasts {length}",
            "correct `to:`, or name the missing captures",
            path=event.programme,
            line=session.lines.get("to"),
            session=session.id,
            end=clock(session.span.end_ms),
            length=clock(length_ms),
        )


def _unreadable(
    event: Event, session: Session, lengths: Sequence[int] | None
) -> Iterator[PlenaryError]:
    """Find the session's transcripts that cannot be read or belong to another sound."""
    from pipeline.sidecar import read  # noqa: PLC0415 - as above

    if not session.transcripts:
        return
    durations: list[int | None] = [None] * len(session.transcripts)
    line = session.lines.get("transcripts")
    if lengths is not None:
        try:
            captures = transcribed(session, _one_after_the_other(lengths))
        except FileFault as fault:
            yield _at(event, line, fault)
            return
        durations = [capture.duration_ms for capture in captures]
    for transcript, duration_ms in zip(session.transcripts, durations, strict=True):
        try:
            read(transcript, duration_ms)
        except FileFault as fault:
            yield _at(event, line, fault)


def _one_after_the_other(lengths: Sequence[int]) -> list[Span]:
    ends = list(accumulate(lengths))
    return [Span(end - length, end) for length, end in zip(lengths, ends, strict=True)]


def _at(event: Event, line: int | None, fault: PlenaryError) -> PlenaryError:
    """Return a file's fault as one of the programme's line that names the file."""
    sentence = "{file}: " + fault.sentence
    facts = {**fault.facts, "file": fault.path}
    return type(fault)(sentence, fault.next_step, path=event.programme, line=line, **facts)


def _located(settings: Settings, programmes: Programmes) -> Iterator[PlenaryError]:
    """Give the programmes' faults; one about the events folder itself is config.yaml's."""
    for fault in programmes.faults:
        if fault.path == settings.events:
            line = settings.lines.get("events")
            sentence, facts = "{folder}: " + fault.sentence, {"folder": settings.events}
            yield FileFault(sentence, fault.next_step, path=settings.path, line=line, **facts)
        else:
            yield fault


def _tools(settings: Settings) -> Iterator[PlenaryError]:
    """Find out whether ffmpeg is there, and whether the data folder can be written."""
    from pipeline.media import ffmpeg_path  # noqa: PLC0415 - as above

    try:
        ffmpeg_path()
    except ArchiveFault as fault:
        yield fault
    folder = _standing(settings.data)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield ArchiveFault(
            "the data folder {data} cannot be written",
            "choose another `data:`, or change the rights of {folder}",
            path=settings.path,
            line=settings.lines.get("data"),
            data=settings.data,
            folder=folder,
        )


def _weights(settings: Settings) -> int:
    """Return the size of the model's weights in bytes; raises ModelFault with config's line."""
    from pipeline.models import find_model  # noqa: PLC0415 - faster-whisper loads only here

    try:
        folder = find_model(settings.transcription.model, settings.data)
    except ModelFault as fault:
        line = settings.lines.get("transcription.model")
        facts = {**fault.facts, "model": settings.transcription.model}
        sentence = "transcription.model {model}: " + fault.sentence
        raise ModelFault(
            sentence, fault.next_step, path=settings.path, line=line, **facts
        ) from None
    return (folder / "model.bin").stat().st_size


def _check_voices(settings: Settings) -> None:
    """Raise ModelFault where a neural voice model was not fetched or cannot be loaded."""
    from pipeline.voices import embedder  # noqa: PLC0415

    try:
        embedder(settings.voices.model, settings.data)
    except ModelFault as fault:
        line = settings.lines.get("voices.model")
        sentence = f"voices.model {settings.voices.model}: {fault.sentence}"
        raise ModelFault(
            sentence, fault.next_step, path=settings.path, line=line, **fault.facts
        ) from None


def _estimate(
    settings: Settings,
    events: Sequence[Event],
    lengths: Mapping[tuple[str, str], int],
    weights: int | None,
) -> Estimate:
    recordings = [(event, recording) for event in events for recording in event.recordings]
    hours = {key: length / 3_600_000 for key, length in lengths.items()}
    copied = heard = 0.0
    for event, recording in recordings:
        length = hours[event.id, recording.id]
        copied += length if settings.media.web_copy and recording.media is None else 0
        heard += length if is_recognised(event, recording) else 0
    total = sum(hours.values())
    slower = REFERENCE_CORES / (os.cpu_count() or 1) / REFERENCE_SPEED / REFERENCE_BYTES
    return Estimate(
        hours_of_sound=total,
        hours_of_work=None if weights is None else heard * slower * weights,
        gigabytes=(total * SOUND_BYTES_PER_HOUR + copied * COPY_BYTES_PER_HOUR) / 1e9,
    )


def _room(settings: Settings, estimate: Estimate) -> Iterator[ArchiveFault]:
    """Refuse a disk without room for what is still to be made; what is there already counts."""
    needed = estimate.gigabytes * 1e9 - _bytes_kept(settings.data)
    free = shutil.disk_usage(_standing(settings.data)).free
    if needed > free:
        yield ArchiveFault(
            "this archive needs about {needed:.2f} GB more, and the disk of {data} has {free:.2f}",
            "free some space, choose another `data:`, or set `web_copy: false`",
            path=settings.path,
            line=settings.lines.get("data"),
            needed=needed / 1e9,
            free=free / 1e9,
            data=settings.data,
        )


def _bytes_kept(data: Path) -> int:
    """Bytes under the data folder that count against the estimate: all but models."""
    files = (path for path in data.rglob("*") if path.is_file() and not path.is_symlink())
    models = data / "models"
    return sum(path.stat().st_size for path in files if not path.is_relative_to(models))


def _standing(folder: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
