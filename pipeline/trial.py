"""A trial of the configured model on the archive's own speech, to tell how long it takes.

A minute out of a capture is heard and recognised as a run does it: same device, compute type,
threads, hotwords, second looks. Nothing is written.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from archive.errors import CaptureFault
from archive.wording import Text, say
from pipeline import models, split, transcribe
from pipeline.container import PER_MS, capture_sound, probe
from pipeline.estimate import hours
from pipeline.event import terms_of
from pipeline.executors import Task, recognise
from pipeline.hear import recognised
from pipeline.model import Span
from pipeline.night import engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.config import Settings
    from pipeline.estimate import Estimate
    from pipeline.event import Event, Session

STRETCH_MS = 60_000
"""Length of the stretch that is tried: two or three of the recogniser's windows."""

PLACES = (0.5, 0.25, 0.75)
"""Where in a capture speech is looked for, as shares of its length, until some is found."""

MOST_CAPTURES = 3
"""Captures that are looked into before the trial is given up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A stretch of `sound_ms` took `took_s`, and `workers` go on at once; or `why_not`."""

    sound_ms: int = 0
    took_s: float = 0
    workers: int = 1
    source: str = ""
    why_not: str = ""

    @property
    def speed(self) -> float:
        """Hours of sound recognised in an hour."""
        return self.workers * self.sound_ms / 1000 / self.took_s

    def told(self, estimate: Estimate, night: float) -> str:
        """Say what the trial means for what is left, in nights of `night` hours."""
        if self.why_not:
            return say("how long recognition takes is not known: {why}", why=self.why_not)
        left = estimate.recognised_left / self.speed
        nights = max(1, ceil(left / night))
        rest = say(
            "about {left}, in nights of {night:g} h: {nights}",
            left=hours(left),
            night=night,
            nights=nights,
        )
        return say(
            "tried on {sound:.0f} s of {source}: {speed:.1f}x real time\n"
            "recognising what is left: {rest}; the whole archive anew: about {whole}\n"
            "(the model alone: names and web copies come on top)",
            sound=self.sound_ms / 1000,
            source=self.source,
            speed=self.speed,
            rest=rest if left else Text("nothing"),
            whole=hours(estimate.hours_recognised / self.speed),
        )


def try_model(settings: Settings, events: Sequence[Event]) -> Trial:
    """Recognise a minute of the archive's speech. Raises ModelFault."""
    folder = models.find_model(settings.transcription.model, settings.data)
    how, workers = engine(settings, folder)
    found = next(_stretches(events), None)
    if found is None:
        return Trial(why_not=Text("no speech was found where it was looked for"))
    event, session, source, sound = found
    recogniser = how.load()
    options = transcribe.Recognition(
        language=session.language or event.language or settings.transcription.language,
        hotwords=transcribe.choose_hotwords(terms_of(event, session), models.token_counter(folder)),
    )
    began = time.monotonic()
    heard = split.listen([sound])
    windows = tuple(split.closer(heard, window) for window in split.plan(heard))
    pcm = np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()
    recognise(recogniser, Task(pcm, windows, options))
    return Trial(len(sound) // PER_MS, time.monotonic() - began, workers, source)


def _stretches(
    events: Sequence[Event],
) -> Iterator[tuple[Event, Session, str, NDArray[np.float32]]]:
    """Yield stretches in which speech is heard, from captures that a model must hear."""
    captures = [
        (event, session, capture)
        for event in events
        for recording in event.recordings
        for session in recognised(event, recording)[:1]
        for capture in recording.captures
        if capture.exists()
    ]
    for event, session, capture in captures[:MOST_CAPTURES]:
        try:
            length_ms = probe(capture).duration_ms
            for place in PLACES:
                start_ms = max(0, round(length_ms * place) - STRETCH_MS // 2)
                sound = capture_sound(capture, Span(start_ms, start_ms + STRETCH_MS))
                if split.listen([sound]).speech:
                    yield event, session, capture.name, sound
        except CaptureFault:
            continue
