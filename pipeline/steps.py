"""The steps of one recording, each with its key and its work.

    captures → sound → hearing → words (per block) → gate → turns (per session)

A step's work is a pure stage of another module; here stands only what goes into it,
how its result is kept as JSON, and what it is called in the ledger. A stage whose
result changes for the same inputs gets a higher number in VERSIONS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from archive.errors import CaptureFault, Stopped
from pipeline.executors import Task
from pipeline.kept import (
    segments_from_json,
    segments_to_json,
    spans_from_json,
    spans_to_json,
    turn_from_json,
    turn_to_json,
    words_from_json,
    words_to_json,
)
from pipeline.ledger import Done, Ledger, Step, digest
from pipeline.model import Gap, Segment, Span, Turn, Withheld, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from pipeline.event import Recording
    from pipeline.executors import Executor
    from pipeline.model import Cast, Window
    from pipeline.split import Hearing
    from pipeline.transcribe import Recognition

VERSIONS = {"sound": 2, "hearing": 1, "words": 3, "sidecar": 1, "gate": 1, "turns": 2}
# Sound read at once for the voices: constant memory, whatever the session's length.
_VOICES_MS = 300_000


@dataclass(frozen=True)
class Part:
    """A capture's place on the recording's timeline, its container's format and its size."""

    span: Span
    format: str
    bytes: int


@dataclass(frozen=True)
class Sound:
    """A recording's sound as one 16 kHz mono FLAC file, and what is missing from it."""

    path: Path
    sha256: str
    duration_ms: int
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    done: Done

    @property
    def missing_ms(self) -> int:
        """Milliseconds that the captures should hold and do not."""
        return sum(gap.span.duration_ms for gap in self.gaps)


def sound(
    ledger: Ledger, recording: Recording, hashes: Sequence[str], progress: Callable[[float], None]
) -> Sound:
    """Extract a recording's sound, once. Raises CaptureFault."""
    from pipeline import media  # noqa: PLC0415 (PyAV is slow to import, and seldom needed)

    step = Step(
        "sound",
        VERSIONS["sound"],
        {f"capture-{n}": sha for n, sha in enumerate(hashes)},
        {"channel": recording.sound.channel},
    )
    path = ledger.kept / f"{step.key}.flac"
    done = ledger.find(step) if path.exists() else None
    if done is None:
        ledger.claim(step)
        made = media.extract_sound(
            recording.captures, path, channel=recording.sound.channel, progress=progress
        )
        result = {
            "duration_ms": made.duration_ms,
            "parts": _parts_json(recording.captures),
            "gaps": [[g.span.start_ms, g.span.end_ms, g.reason] for g in made.gaps],
        }
        tools = {"ffmpeg": made.ffmpeg_version}
        step = Step(step.name, step.version, step.inputs, step.options, tools)
        done = ledger.record(step, result, output_sha256=ledger.sha256(path))
    return Sound(
        path,
        done.output_sha256,
        done.result["duration_ms"],
        tuple(Part(Span(a, b), name, size) for a, b, name, size in done.result["parts"]),
        tuple(Gap(Span(a, b), reason) for a, b, reason in done.result["gaps"]),
        done,
    )


def _parts_json(captures: Sequence[Path]) -> list[object]:
    from pipeline import media  # noqa: PLC0415

    parts: list[object] = []
    start_ms = 0
    for capture in captures:
        container = media.probe(capture)
        end_ms = start_ms + container.duration_ms
        parts.append([start_ms, end_ms, container.format, capture.stat().st_size])
        start_ms = end_ms
    return parts


def hearing(ledger: Ledger, source: Sound) -> Hearing:
    """Find the speech in the sound, once."""
    from pipeline import split  # noqa: PLC0415 (onnxruntime is slow to import)

    step = Step(
        "hearing",
        VERSIONS["hearing"],
        {"sound": source.sha256},
        {"faster-whisper": version("faster-whisper")},
    )

    def work() -> dict[str, object]:
        from pipeline import media  # noqa: PLC0415

        heard = split.listen(media.stream_sound(source.path))
        return {
            "duration_ms": heard.duration_ms,
            "speech": spans_to_json(heard.speech),
            "level_db": [round(level, 1) for level in heard.level_db],
        }

    kept = ledger.once(step, work).result
    return split.Hearing(
        kept["duration_ms"], spans_from_json(kept["speech"]), tuple(kept["level_db"])
    )


@dataclass(frozen=True)
class Model:
    """The recogniser's model: its name in the configuration, its files and their hash."""

    name: str
    folder: Path
    sha256: str


def words(
    ledger: Ledger,
    source: Sound,
    blocks: Sequence[Sequence[Window]],
    recognition: Recognition,
    model_sha256: str,
    executor: Executor,
    progress: Callable[[int], None],
) -> tuple[tuple[Segment, ...], tuple[Done, ...]]:
    """Recognise blocks of windows, each once.

    `progress` is told the milliseconds of each block as it is recorded. What was
    recorded stays when a later block raises.
    """
    results: dict[int, Done] = {}
    waiting: deque[tuple[int, Step, Future[tuple[Segment, ...]]]] = deque()

    def collect() -> None:
        place, step, future = waiting.popleft()
        start_ms = blocks[place][0].span.start_ms
        segments = [segment.shift(start_ms) for segment in future.result()]
        results[place] = ledger.record(step, segments_to_json(segments))
        progress(_length(blocks[place]))

    for place, block in enumerate(blocks):
        step = _words_step(source, block, recognition, model_sha256)
        known = ledger.find(step)
        if known is not None:
            results[place] = known
            progress(_length(block))
            continue
        if len(waiting) > executor.workers:
            collect()
        try:
            ledger.claim(step)
        except Stopped:
            while waiting:  # what was begun is kept
                collect()
            raise
        waiting.append((place, step, executor.submit(_task(source, block, recognition))))
    while waiting:
        collect()
    done = tuple(results[place] for place in range(len(blocks)))
    return tuple(s for d in done for s in segments_from_json(d.result)), done


def _words_step(
    source: Sound, block: Sequence[Window], recognition: Recognition, model_sha256: str
) -> Step:
    return Step(
        "words",
        VERSIONS["words"],
        {"sound": source.sha256, "model": model_sha256},
        {
            "windows": spans_to_json(window.span for window in block),
            **asdict(recognition),
            "faster-whisper": version("faster-whisper"),
            "ctranslate2": version("ctranslate2"),
        },
    )


def _task(source: Sound, block: Sequence[Window], recognition: Recognition) -> Task:
    import numpy as np  # noqa: PLC0415 (only where there is work)

    from pipeline import media  # noqa: PLC0415

    whole = Span(block[0].span.start_ms, block[-1].span.end_ms)
    samples = media.read_sound(source.path, whole)
    pcm = np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
    return Task(pcm, tuple(window.shift(-whole.start_ms) for window in block), recognition)


def sidecar(ledger: Ledger, transcript: Path, capture: Span) -> tuple[tuple[Segment, ...], Done]:
    """Take a transcript made elsewhere of the capture that stands at `capture`.

    The transcript's times count from its capture's start, ours from the recording's.
    """
    step = Step(
        "sidecar",
        VERSIONS["sidecar"],
        {"transcript": ledger.sha256(transcript)},
        {
            "start_ms": capture.start_ms,
            "duration_ms": capture.duration_ms,
            "suffix": transcript.suffix,
        },
    )

    def work() -> list[object]:
        from pipeline import sidecar as reader  # noqa: PLC0415

        segments = reader.read(transcript, capture.duration_ms)
        return segments_to_json(segment.shift(capture.start_ms) for segment in segments)

    done = ledger.once(step, work)
    return segments_from_json(done.result), done


def gate(
    ledger: Ledger,
    segments: Sequence[Segment],
    told: Sequence[Done],
    within: Span,
    heard: Hearing,
    source: Sound,
) -> tuple[tuple[Segment, ...], tuple[Withheld, ...], Done]:
    """Keep back what a silent room made the model say, once.

    `segments` are what the steps `told` gave, as far as they lie `within` the session.
    """
    step = Step(
        "gate",
        VERSIONS["gate"],
        {
            **{f"words-{n}": done.output_sha256 for n, done in enumerate(told)},
            "sound": source.sha256,
        },
        {"within": [within.start_ms, within.end_ms]},
    )

    def work() -> dict[str, object]:
        from pipeline import gate as keeper  # noqa: PLC0415

        gated = keeper.gate(segments, heard)
        return {
            "kept": segments_to_json(gated.kept),
            "withheld": [[words_to_json(w.words), w.reason] for w in gated.withheld],
        }

    done = ledger.once(step, work)
    withheld = tuple(
        Withheld(words_from_json(row), reason) for row, reason in done.result["withheld"]
    )
    return segments_from_json(done.result["kept"]), withheld, done


@dataclass(frozen=True)
class Hint:
    """What the programme and the configuration say about who may speak in a session.

    `voices` names the voice model; a neural one lies under `data`.
    """

    cast: Cast
    language: str
    min_confidence: float
    voices: str
    data: Path


def turns(
    ledger: Ledger, segments: Sequence[Segment], gated: Done, source: Sound, hint: Hint
) -> tuple[tuple[Turn, ...], Done]:
    """Decide who speaks in one session, once. Voice vectors live and die in here.

    `segments` are what the gate kept in the step `gated`.
    """
    step = Step(
        "turns",
        VERSIONS["turns"],
        {
            "gated": gated.output_sha256,
            "sound": source.sha256,
            "cast": digest(asdict(hint.cast)),
        },
        {
            "language": hint.language,
            "min_confidence": hint.min_confidence,
            "voices": hint.voices,
        },
    )

    def work() -> list[object]:
        said = tuple(word for segment in segments for word in segment.words)
        return [turn_to_json(turn) for turn in _attribute(said, source, hint)]

    done = ledger.once(step, work)
    return tuple(turn_from_json(row) for row in done.result), done


def _attribute(said: Sequence[Word], source: Sound, hint: Hint) -> tuple[Turn, ...]:
    import numpy as np  # noqa: PLC0415 (only where there is work)

    from pipeline import attribute, media, names, voices  # noqa: PLC0415
    from pipeline.speakers.stretches import stretches  # noqa: PLC0415

    if not said:
        return ()
    spans = stretches(said)
    embedder = voices.embedder(hint.voices, hint.data)
    vectors = []
    for batch in _batches(spans):
        start_ms = batch[0].start_ms
        samples = media.read_sound(source.path, Span(start_ms, batch[-1].end_ms))
        vectors.append(embedder.embed(samples, [span.shift(-start_ms) for span in batch]))
    cues = names.find_cues(said, hint.cast, hint.language)
    return attribute.attribute(
        said,
        hint.cast,
        cues,
        spans,
        np.concatenate(vectors),
        min_confidence=hint.min_confidence,
    )


def _batches(spans: Sequence[Span]) -> Iterable[Sequence[Span]]:
    """Runs of spans that start within the same few minutes."""
    batch: list[Span] = []
    for span in spans:
        if batch and span.end_ms - batch[0].start_ms > _VOICES_MS:
            yield batch
            batch = []
        batch.append(span)
    if batch:
        yield batch


def check_length(source: Sound, session_id: str, span: Span) -> None:
    """Refuse a session that begins after its recording has ended. Raises CaptureFault."""
    if span.start_ms >= source.duration_ms:
        raise CaptureFault(
            "session {session} begins at {start:.0f} s, after the end of the recording"
            " ({duration:.0f} s)",
            "mend `from:` in the programme, or name the missing captures",
            session=session_id,
            start=span.start_ms / 1000,
            duration=source.duration_ms / 1000,
        )


def _length(block: Sequence[Window]) -> int:
    return sum(window.span.duration_ms for window in block)
