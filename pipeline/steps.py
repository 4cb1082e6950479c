"""The steps of one recording, each with its key and its work.

    (listening.py: captures → sound → hearing → recognising.py: words, per block →) gate → turns

A step's work is a pure stage of another module; here stands only what goes into it,
how its result is kept as JSON, and what it is called in the ledger. A stage whose
result changes for the same inputs gets a higher number in VERSIONS.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from pipeline.installed import version
from pipeline.kept import (
    segments_from_json,
    segments_to_json,
    spans_to_json,
    turn_from_json,
    turn_to_json,
    words_from_json,
    words_to_json,
)
from pipeline.ledger import Done, Ledger, Step, digest
from pipeline.model import Segment, Span, Turn, Withheld, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.listening import Sound
    from pipeline.model import Cast, Known
    from pipeline.split import Hearing

VERSIONS = {"words": 4, "sidecar": 2, "gate": 2, "turns": 4}
OURS = "plenary-archive"
"""The distribution that does what no other tool does; its version is told with each result."""

# Sound read at once for the voices: constant memory, whatever the session's length.
_VOICES_MS = 300_000


@dataclass(frozen=True)
class Model:
    """The recogniser's model: its name in the configuration, its files and their hash."""

    name: str
    folder: Path
    sha256: str


def sidecar(
    ledger: Ledger, transcript: Path, capture: Span, erased: Sequence[Span]
) -> tuple[tuple[Segment, ...], Done]:
    """Take a transcript made elsewhere of the capture that stands at `capture`.

    The transcript's times count from its capture's start, ours from the recording's. Words in
    what is `erased` of the recording are not taken.
    """
    step = Step(
        "sidecar",
        VERSIONS["sidecar"],
        {"transcript": ledger.sha256(transcript)},
        {
            "start_ms": capture.start_ms,
            "duration_ms": capture.duration_ms,
            "suffix": transcript.suffix,
            **({"erased": spans_to_json(erased)} if erased else {}),
        },
        tools(OURS),
    )

    def work() -> dict[str, object]:
        from pipeline import sidecar as reader  # noqa: PLC0415

        taken = reader.read(transcript, capture.duration_ms)
        segments = [segment.shift(capture.start_ms) for segment in taken.segments]
        left = without(segments, erased)
        return {"segments": segments_to_json(left), "notes": list(taken.notes)}

    done = ledger.once(step, work)
    return segments_from_json(done.result["segments"]), done


def without(segments: Iterable[Segment], erased: Sequence[Span]) -> Iterator[Segment]:
    """Yield what is left of segments beside what is erased."""
    for segment in segments:
        words = tuple(
            w for w in segment.words if not any(w.span.overlap_ms(span) for span in erased)
        )
        if words:
            yield replace(segment, words=words)


def gate(
    ledger: Ledger,
    segments: Sequence[Segment],
    told: Sequence[Done],
    within: Span,
    heard: Hearing,
    source: Sound,
    languages: Sequence[str],
) -> tuple[tuple[Segment, ...], tuple[Withheld, ...], Done]:
    """Keep back what a silent room made the model say, once.

    `segments` are what the steps `told` gave, as far as they lie `within` the session, in
    which the `languages` are spoken.
    """
    step = Step(
        "gate",
        VERSIONS["gate"],
        {
            **{f"words-{n}": done.output_sha256 for n, done in enumerate(told)},
            "sound": source.sha256,
        },
        {"within": [within.start_ms, within.end_ms], "languages": list(languages)},
        tools(OURS),
    )

    def work() -> dict[str, object]:
        from pipeline import gate as keeper  # noqa: PLC0415

        gated = keeper.gate(segments, heard, languages)
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
    """What the programme and the configuration say about who and what is heard in a session.

    `terms` are the names and words that the programme spells; `voices` names the voice model,
    and a neural one lies under `data`. `known` is what people who listened said, in order.
    """

    cast: Cast
    terms: tuple[str, ...]
    language: str
    min_confidence: float
    voices: str
    data: Path
    known: tuple[Known, ...] = ()


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
            "cast": digest([asdict(hint.cast), hint.terms]),
        },
        {
            "language": hint.language,
            "min_confidence": hint.min_confidence,
            "voices": hint.voices,
            **({"known": [asdict(one) for one in hint.known]} if hint.known else {}),
        },
        tools(OURS),
    )

    def work() -> list[object]:
        from pipeline.mending import mend  # noqa: PLC0415

        heard = [word for segment in segments for word in segment.words]
        said = mend(heard, hint.terms, hint.language)
        return [turn_to_json(turn) for turn in _attribute(said, segments, source, hint)]

    done = ledger.once(step, work)
    return tuple(turn_from_json(row) for row in done.result), done


def _attribute(
    said: Sequence[Word], segments: Sequence[Segment], source: Sound, hint: Hint
) -> tuple[Turn, ...]:
    import numpy as np  # noqa: PLC0415 (only where there is work)

    from pipeline import attribute, media, names, voices  # noqa: PLC0415
    from pipeline.known import known_cues  # noqa: PLC0415
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
    cues = (
        *names.find_cues(said, hint.cast, hint.language),
        *names.find_labels(segments, hint.cast, hint.language),
        *known_cues(hint.known, said),
    )
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


def tools(*packages: str) -> dict[str, str]:
    """Return what did a step's work: packages with their versions."""
    return {name: version(name) for name in packages}
