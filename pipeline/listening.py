"""The first steps of a recording: its sound, and where people speak in it.

    captures → sound → hearing (→ recognising.py: words → steps.py: gate → turns)

Both are made in one piece of work that touches no database, so that it can be done beside the
recognition of another recording; what it gave is recorded when the recording's turn comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from archive.errors import CaptureFault
from archive.wording import Text
from pipeline.hashing import hash_file
from pipeline.installed import version
from pipeline.kept import spans_from_json, spans_to_json
from pipeline.ledger import Done, Ledger, Step
from pipeline.model import Gap, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.ahead import Ahead
    from pipeline.event import Recording
    from pipeline.progress import Stage
    from pipeline.split import Hearing

    # Shows a stage of this recording, by its name and the milliseconds before it.
    Show: TypeAlias = Callable[[str, int], AbstractContextManager[Stage]]
    # A capture's place from 0, and the stretch of it, in ms, that is to be silent.
    Erased: TypeAlias = tuple[int, int, int]

VERSIONS = {"sound": 3, "hearing": 1}


@dataclass(frozen=True)
class Part:
    """A capture's place on the recording's timeline, its container's format and its size."""

    span: Span
    format: str
    bytes: int


@dataclass(frozen=True)
class Sound:
    """A recording's sound as one 16 kHz mono FLAC file, and what is missing from it.

    `captures` are their SHA-256, `parts` where each stands.
    """

    path: Path
    sha256: str
    captures: tuple[str, ...]
    duration_ms: int
    parts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    done: Done

    @property
    def missing_ms(self) -> int:
        """Milliseconds that the captures should hold and do not."""
        return sum(gap.span.duration_ms for gap in self.gaps)


@dataclass(frozen=True)
class Extracted:
    """What `extract` made of captures, as the ledger keeps it; `sha256` is that of the file."""

    sound: dict[str, Any]
    sha256: str
    hearing: dict[str, Any]
    decoder: str


def sound(
    ledger: Ledger,
    recording: Recording,
    hashes: Sequence[str],
    erased: Sequence[Erased],
    ahead: Ahead[Extracted],
    show: Show,
) -> Sound:
    """Return a recording's sound, extracted and listened to once. Raises CaptureFault."""
    step, path = _sound_step(ledger, recording, hashes, erased)
    done = ledger.find(step) if path.exists() else None
    if done is None:
        ledger.claim(step)
        made = ahead.take(step.key, partial(extract, recording, erased, path, show))
        step = replace(step, tools={"pyav": made.decoder})
        done = ledger.record(step, made.sound, output_sha256=made.sha256)
        ledger.record(_hearing_step(made.sha256), made.hearing)
    return Sound(
        path,
        done.output_sha256,
        tuple(hashes),
        done.result["duration_ms"],
        tuple(Part(Span(a, b), name, size) for a, b, name, size in done.result["parts"]),
        tuple(Gap(Span(a, b), reason) for a, b, reason in done.result["gaps"]),
        done,
    )


def begin(
    ledger: Ledger,
    recording: Recording,
    hashes: Sequence[str],
    erased: Sequence[Erased],
    ahead: Ahead[Extracted],
    show: Show,
) -> None:
    """Begin a recording's sound before its turn, where it is due."""
    step, path = _sound_step(ledger, recording, hashes, erased)
    if not path.exists() or ledger.find(step) is None:
        ahead.begin(step.key, partial(extract, recording, erased, path, show))


def is_ready(
    ledger: Ledger,
    recording: Recording,
    hashes: Sequence[str],
    erased: Sequence[Erased],
    ahead: Ahead[Extracted],
) -> bool:
    """Tell whether a recording's sound and hearing can be had at once, and without a fault."""
    step, path = _sound_step(ledger, recording, hashes, erased)
    if ahead.is_done(step.key):
        return True
    done = ledger.find(step) if path.exists() else None
    return done is not None and ledger.find(_hearing_step(done.output_sha256)) is not None


def extract(recording: Recording, erased: Sequence[Erased], path: Path, show: Show) -> Extracted:
    """Write the recording's sound to `path` and listen to it. Raises CaptureFault."""
    from pipeline import media  # noqa: PLC0415 (PyAV is slow to import, and seldom needed)

    chosen = recording.sound
    with show(Text("sound"), recording_ms(recording)) as stage:
        made = media.extract_sound(
            *(recording.captures, path),
            track=chosen.track,
            channel=chosen.channel,
            erased=[(place, Span(start, end)) for place, start, end in erased],
            progress=stage.reach,
        )
    parts = [
        [span.start_ms, span.end_ms, form, capture.stat().st_size]
        for (span, form), capture in zip(made.parts, recording.captures, strict=True)
    ]
    with show(Text("speech"), made.duration_ms) as stage:
        hearing = _listen(path, stage)
    return Extracted(
        {
            "duration_ms": made.duration_ms,
            "parts": parts,
            "gaps": [[g.span.start_ms, g.span.end_ms, g.reason] for g in made.gaps],
        },
        hash_file(path),
        hearing,
        made.decoder,
    )


def _sound_step(
    ledger: Ledger, recording: Recording, hashes: Sequence[str], erased: Sequence[Erased]
) -> tuple[Step, Path]:
    step = Step(
        "sound",
        VERSIONS["sound"],
        {f"capture-{n}": sha for n, sha in enumerate(hashes)},
        {
            "track": recording.sound.track,
            "channel": recording.sound.channel,
            **({"erased": list(erased)} if erased else {}),
        },
    )
    return step, ledger.kept / f"{step.key}.flac"


def hearing(ledger: Ledger, source: Sound, show: Show) -> Hearing:
    """Return where speech was found in the sound; found again where that was not recorded."""
    from pipeline import split  # noqa: PLC0415 (onnxruntime is slow to import)

    def work() -> dict[str, Any]:
        with show(Text("speech"), source.duration_ms) as stage:
            return _listen(source.path, stage)

    kept = ledger.once(_hearing_step(source.sha256), work).result
    return split.Hearing(
        kept["duration_ms"], spans_from_json(kept["speech"]), tuple(kept["level_db"])
    )


def _hearing_step(sound_sha256: str) -> Step:
    return Step(
        "hearing",
        VERSIONS["hearing"],
        {"sound": sound_sha256},
        {"faster-whisper": version("faster-whisper")},
        {"faster-whisper": version("faster-whisper")},
    )


def _listen(path: Path, stage: Stage) -> dict[str, Any]:
    from pipeline import media, split  # noqa: PLC0415

    heard = split.listen(_told(media.stream_sound(path), stage))
    return {
        "duration_ms": heard.duration_ms,
        "speech": spans_to_json(heard.speech),
        "level_db": [round(level, 1) for level in heard.level_db],
    }


def _told(chunks: Iterable[NDArray[np.float32]], stage: Stage) -> Iterator[NDArray[np.float32]]:
    """Pass the sound on, and tell how much of it has passed."""
    from pipeline.container import PER_MS  # noqa: PLC0415

    for chunk in chunks:
        yield chunk
        stage.advance(len(chunk) / PER_MS)


def recording_ms(recording: Recording) -> int:
    """Length of a recording as its captures state it; 0 where one cannot be read."""
    from pipeline import media  # noqa: PLC0415

    try:
        return sum(media.probe(capture).duration_ms for capture in recording.captures)
    except CaptureFault:
        return 0


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
