"""What crosses the wire: a block goes out as FLAC with its SHA-256, words come back as JSON.

An answer is data from another machine. It is read only after its size, and believed only after
every part of it, has been checked against what was asked: the hash of the very sound, words
inside its windows and in their order, numbers that are numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from archive.errors import CaptureFault, ClusterFault, ModelFault, PlenaryError
from pipeline.container import SAMPLE_RATE
from pipeline.executors import Task
from pipeline.executors.schema import (
    Refused,
    languages_from,
    looks_from,
    mapping,
    segments_from,
    text,
    whole,
)
from pipeline.model import Recognised, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.model import Segment, Window
    from pipeline.transcribe import Recognition

# Fast speech has about six words a second, each about 60 bytes, in at most four versions.
_MOST_BYTES, _MOST_BYTES_A_SECOND = 100_000, 10_000
# A worker's clock may say anything; a week is more than any block takes.
_MOST_MS = 7 * 24 * 3_600_000
# What a worker may raise; anything else comes as the error that they all are.
_KINDS = {kind.__name__: kind for kind in (CaptureFault, ClusterFault, ModelFault)}


@dataclass(frozen=True)
class Parcel:
    """A block on its way: its sound as FLAC, the sound's hash, its windows, and how to hear it.

    `identity` is what the worker must have in common with the coordinator (wire.identity).
    """

    identity: str
    flac: bytes
    sha256: str
    windows: tuple[Window, ...]
    recognition: Recognition


@dataclass(frozen=True)
class Answer:
    """What a machine gave for a parcel, and how many milliseconds it worked on it."""

    machine: str
    took_ms: int
    outcome: Recognised | PlenaryError


def pack(task: Task, identity: str) -> Parcel:
    """Return a task as it travels."""
    flac = _flac(task.sound)
    return Parcel(identity, flac, sha256(flac).hexdigest(), task.windows, task.recognition)


def unpack(parcel: Parcel) -> Task:
    """Return the task as it was packed. Raises CaptureFault where its sound arrived otherwise."""
    if sha256(parcel.flac).hexdigest() != parcel.sha256:
        raise CaptureFault(
            "a block's sound arrived damaged",
            "look at the network between the machines, and run again",
        )
    return Task(_pcm(parcel.flac), parcel.windows, parcel.recognition)


def _flac(pcm: bytes) -> bytes:
    """Pack 16-bit samples, 16 kHz, one channel, without loss."""
    made = BytesIO()
    samples = np.frombuffer(pcm, dtype="<i2")
    file: Any = av.open(made, "w", format="flac")
    with file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], "s16", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        for part in (frame, None):
            for packet in stream.encode(part):
                file.mux(packet)
    return made.getvalue()


def _pcm(flac: bytes) -> bytes:
    file: Any = av.open(BytesIO(flac), format="flac")
    with file:
        return b"".join(
            frame.to_ndarray().astype("<i2", copy=False).tobytes() for frame in file.decode(audio=0)
        )


def answered(
    parcel: Parcel, machine: str, took_ms: int, outcome: Recognised | PlenaryError
) -> bytes:
    """Return an answer as it travels."""
    told: dict[str, object] = {"sound": parcel.sha256, "machine": machine, "took_ms": took_ms}
    if isinstance(outcome, PlenaryError):
        told["error"] = _told(outcome)
    else:
        told["heard"] = {
            "segments": _segments(outcome.segments),
            "looks": [
                [
                    [look.window.start_ms, look.window.end_ms],
                    look.kept,
                    [[v.way, v.untold_ms, _segments(v.segments)] for v in look.versions],
                ]
                for look in outcome.looks
            ],
            "languages": outcome.languages,
        }
    return json.dumps(told, ensure_ascii=False).encode()


def _segments(segments: tuple[Segment, ...]) -> list[object]:
    return [
        [[[w.start_ms, w.end_ms, w.text, w.probability] for w in s.words], s.log_probability]
        for s in segments
    ]


def read_answer(answer: object, parcel: Parcel) -> Answer:
    """Return what an answer says. Raises Refused where it cannot be the answer to this parcel."""
    if not isinstance(answer, bytes):
        raise Refused(f"it is no bytes but {type(answer).__name__}")
    within = Span(
        min(window.span.start_ms for window in parcel.windows),
        max(window.span.end_ms for window in parcel.windows),
    )
    most = _MOST_BYTES + _MOST_BYTES_A_SECOND * within.duration_ms // 1000
    if len(answer) > most:
        raise Refused(f"it has {len(answer)} bytes, and {most} are the most for its sound")
    told = _loaded(answer)
    if told.get("sound") != parcel.sha256:
        raise Refused("it answers another sound")
    machine = text(told.get("machine"), most=200)
    took_ms = whole(told.get("took_ms"), Span(0, _MOST_MS))
    if "error" in told:
        return Answer(machine, took_ms, _error(mapping(told["error"])))
    heard = mapping(told.get("heard"))
    return Answer(
        machine,
        took_ms,
        Recognised(
            segments_from(heard.get("segments"), within),
            looks_from(heard.get("looks"), within),
            languages_from(heard.get("languages"), len(parcel.windows)),
        ),
    )


def _loaded(answer: bytes) -> Mapping[str, Any]:
    def no_number(literal: str) -> None:
        raise Refused(f"it holds {literal}")

    try:
        return mapping(json.loads(answer.decode(), parse_constant=no_number))
    except (ValueError, RecursionError) as error:
        raise Refused(f"it is no JSON: {type(error).__name__}") from error


def _told(error: PlenaryError) -> dict[str, str]:
    """Return an error as finished text: its facts and its path are those of another machine."""
    facts = {"path": error.path, "line": error.line, **error.facts}
    return {
        "kind": type(error).__name__,
        "sentence": error.sentence.format(**facts),
        "next_step": error.next_step.format(**facts),
    }


def _error(told: Mapping[str, Any]) -> PlenaryError:
    """Return an error that a worker met, its text taken as it stands."""
    sentence, next_step = (
        text(told.get(part), most=2000).replace("{", "{{").replace("}", "}}")
        for part in ("sentence", "next_step")
    )
    return _KINDS.get(text(told.get("kind"), most=50), PlenaryError)(sentence, next_step)
