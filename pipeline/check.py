"""Everything that could go wrong in a run, looked for before it: all at once, writing nothing."""

from __future__ import annotations

import os
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
from pipeline.estimate import Estimate, Looked, estimate, standing_folder, too_small
from pipeline.event import transcribed
from pipeline.hear import recognised
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

END_TOLERANCE_MS = 2_000
"""How far past a recording's end a session may be said to last: containers round."""


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


def check(settings_path: Path, only: Mapping[str, str] | None = None) -> Checked:
    """Look at everything: config, programmes, captures, transcripts, disk, ffmpeg, model.

    With `only`, recordings with the first step that each needs, captures and transcripts of these
    alone are opened, and the disk must have room for them.
    """
    try:
        settings = load_settings(settings_path)
    except Faults as wrong:
        return Checked(None, (), tuple(wrong.errors), (), (), None)
    programmes = read_events(settings.events)
    faults = [*_located(settings, programmes), *_tools(settings)]
    if any(recognised(event, r) for event in programmes.events for r in event.recordings):
        faults += _no_model(settings)
    faults += _no_voices(settings)
    capture_faults: list[PlenaryError] = []
    looked: dict[str, Looked] = {}
    for event in programmes.events:
        for recording in event.recordings:
            name = f"{event.id}/{recording.id}"
            if only is None or name in only:
                looked[name], wrong_here = look_at(event, recording)
                capture_faults += wrong_here
    found = estimate(settings, looked, only)
    faults += too_small(settings, found)
    doubles = likely_doubles(programmes.events)
    return Checked(
        settings, programmes.events, tuple(faults), tuple(capture_faults), doubles, found
    )


def look_at(event: Event, recording: Recording) -> tuple[Looked, tuple[PlenaryError, ...]]:
    """Probe a recording's captures and read its transcripts: what they state, and faults."""
    from pipeline.container import probe  # noqa: PLC0415 - PyAV loads only when captures are seen

    lengths: list[int] = []
    has_picture = True
    faults: list[PlenaryError] = []
    for capture, line in zip(recording.captures, recording.lines, strict=False):
        try:
            container = probe(capture)
            lengths.append(container.duration_ms)
            has_picture &= container.has_video
        except CaptureFault as fault:
            faults.append(_at(event, line, fault))
    complete = len(lengths) == len(recording.captures)
    for session in (session for session in event.sessions if session.recording == recording.id):
        if complete:
            faults += _too_long(event, session, sum(lengths))
        faults += _unreadable(event, session, lengths if complete else None)
    return Looked(event, recording, sum(lengths), has_picture), tuple(faults)


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
    return type(fault)(
        fault.sentence,
        fault.next_step,
        path=event.programme,
        line=line,
        lead="{file}: ",
        **{**fault.facts, "file": fault.path},
    )


def _located(settings: Settings, programmes: Programmes) -> Iterator[PlenaryError]:
    """Give the programmes' faults; one about the events folder itself is config.yaml's."""
    for fault in programmes.faults:
        if fault.path == settings.events:
            yield FileFault(
                fault.sentence,
                fault.next_step,
                path=settings.path,
                line=settings.lines.get("events"),
                lead="{folder}: ",
                folder=settings.events,
            )
        else:
            yield fault


def _tools(settings: Settings) -> Iterator[PlenaryError]:
    """Find out whether ffmpeg is there, and whether the data folder can be written."""
    from pipeline.media import ffmpeg_path  # noqa: PLC0415 - as above

    try:
        ffmpeg_path()
    except ArchiveFault as fault:
        yield fault
    folder = standing_folder(settings.data)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield ArchiveFault(
            "the data folder {data} cannot be written",
            "choose another `data:`, or change the rights of {folder}",
            path=settings.path,
            line=settings.lines.get("data"),
            data=settings.data,
            folder=folder,
        )


def _no_model(settings: Settings) -> Iterator[ModelFault]:
    """Find a recogniser's model that is not there."""
    from pipeline.models import find_model  # noqa: PLC0415 - faster-whisper loads only here

    try:
        find_model(settings.transcription.model, settings.data)
    except ModelFault as fault:
        yield _of_config(fault, settings, "transcription.model", settings.transcription.model)


def _no_voices(settings: Settings) -> Iterator[ModelFault]:
    """Find a neural voice model that was not fetched or cannot be loaded."""
    from pipeline.voices import embedder  # noqa: PLC0415 (onnxruntime is slow to import)

    try:
        embedder(settings.voices.model, settings.data)
    except ModelFault as fault:
        yield _of_config(fault, settings, "voices.model", settings.voices.model)


def _of_config(fault: ModelFault, settings: Settings, key: str, model: str) -> ModelFault:
    """Return what is wrong with a model at the key, and line, of config.yaml that names it."""
    return ModelFault(
        fault.sentence,
        fault.next_step,
        path=settings.path,
        line=settings.lines.get(key),
        lead="{key} {model}: ",
        **{**fault.facts, "key": key, "model": model},
    )
