"""Which language a recording is in, where `language: auto` leaves it to the model.

It is decided once for a recording, by a vote of several windows of its speech, and never window
by window: a model at a loss takes a laugh for Russian and a cough for Welsh. Each window gives
each language a probability; the language with the highest mean wins, and under LEAST nobody
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.errors import CaptureFault
from archive.wording import Text
from pipeline.installed import version
from pipeline.languages import AUTO
from pipeline.ledger import Done, Ledger, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.executors import Executor
    from pipeline.listening import Sound
    from pipeline.model import Span
    from pipeline.split import Hearing

VOTERS = 7
"""Windows that vote, spread over the recording: more than one person speaks in them."""

LONG_MS = 10_000
"""A window from this length on votes before shorter ones."""

LEAST = 0.5
"""Mean probability that the winner must have."""

VERSION = 1


def vote(distributions: Sequence[Mapping[str, float]]) -> tuple[str, float]:
    """Return the language with the highest mean probability, and that mean.

    Of equals the first by its code. Raises CaptureFault under LEAST, or where nobody votes.
    """
    sums: dict[str, float] = {}
    for distribution in distributions:
        for language, probability in distribution.items():
            sums[language] = sums.get(language, 0.0) + probability
    means = {language: total / len(distributions) for language, total in sums.items()}
    ranked = sorted(means.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < LEAST:
        found = ", ".join(f"{name} {mean:.0%}" for name, mean in ranked[:3]) or Text("no speech")
        raise CaptureFault(
            "its language cannot be told ({found})",
            "set language: in the event's programme, or under `transcription:` in config.yaml",
            found=found,
        )
    return ranked[0]


def voters(windows: Sequence[Span]) -> tuple[Span, ...]:
    """Return up to VOTERS windows, spread over the recording, long ones where there are enough."""
    long = [window for window in windows if window.duration_ms >= LONG_MS]
    among = long if len(long) >= VOTERS else list(windows)
    count = min(VOTERS, len(among))
    places = {n * (len(among) - 1) // max(1, count - 1) for n in range(count)}
    return tuple(among[place] for place in sorted(places))


def spoken(
    ledger: Ledger, source: Sound, heard: Hearing, model_sha256: str, executor: Executor
) -> tuple[str, Done]:
    """Return the language of a recording, asked of the model once. Raises CaptureFault."""
    from pipeline import split  # noqa: PLC0415 (onnxruntime is slow to import)
    from pipeline.recognising import task  # noqa: PLC0415
    from pipeline.transcribe import Recognition  # noqa: PLC0415

    windows = [split.closer(heard, window) for window in voters(split.plan(heard))]
    step = Step(
        "language",
        VERSION,
        {"sound": source.sha256, "model": model_sha256},
        {
            "windows": [[w.span.start_ms, w.span.end_ms] for w in windows],
            "faster-whisper": version("faster-whisper"),
            "ctranslate2": version("ctranslate2"),
        },
    )

    def work() -> list[dict[str, float]]:
        asked = [executor.submit(task(source, [window], Recognition(AUTO))) for window in windows]
        return [dict(told) for future in asked for told in future.result().languages]

    done = ledger.once(step, work)
    return vote(done.result)[0], done
