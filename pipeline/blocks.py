"""Which blocks a session's recognition is cut into, and those given to workers before its turn.

While this process attributes one session's words, workers of other machines would wait for the
next session's sound. So they get its first blocks before, as many as their executor says.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.errors import CaptureFault, Stopped
from pipeline.event import terms_of
from pipeline.languages import AUTO
from pipeline.model import Span
from pipeline.recognising import Asked, give_ahead

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pipeline.event import Event, Session
    from pipeline.hear import Bench
    from pipeline.listening import Sound
    from pipeline.model import Recognised
    from pipeline.split import Hearing
    from pipeline.steps import Model


@dataclass
class Promised:
    """Answers under way to blocks of a `session` whose turn has not come, by their steps' keys."""

    session: str = ""
    answers: dict[str, Future[Recognised]] = field(default_factory=dict)


def asked_of(
    bench: Bench, event: Event, session: Session, sound: Sound, heard: Hearing, language: str
) -> Asked:
    """Return what is asked of the recogniser for a session."""
    from pipeline import models, split, transcribe  # noqa: PLC0415 (slow to import, seldom needed)

    model = model_of(bench)
    windows = split.plan(heard, within=session.span or Span(0, sound.duration_ms))
    hotwords = transcribe.choose_hotwords(
        terms_of(event, session), models.token_counter(model.folder)
    )
    return Asked(
        sound,
        [[split.closer(heard, w) for w in block] for block in split.blocks(windows)],
        transcribe.Recognition(language, hotwords, also_spoken=session.also_spoken),
        model.sha256,
    )


def promise(bench: Bench, event: Event, session: Session, sound: Sound, heard: Hearing) -> None:
    """Give workers the first blocks of a session before its turn, once.

    Where workers share this machine, its words are taken from transcripts, or its language is not
    known yet, nothing is given.
    """
    language = language_of(bench, event, session)
    name = f"{event.id}/{session.id}"
    if not bench.executor.ahead or bench.promised.session == name:
        return
    if session.transcripts or language == AUTO:
        return
    # Answers that nobody took are of a session that was changed.
    bench.promised.session, bench.promised.answers = name, {}
    with suppress(Stopped, CaptureFault):  # told in its turn
        asked = asked_of(bench, event, session, sound, heard, language)
        give_ahead(bench.ledger, asked, bench.executor, bench.promised.answers)


def language_of(bench: Bench, event: Event, session: Session) -> str:
    """Return what is written to be spoken in a session; perhaps AUTO."""
    return session.language or event.language or bench.settings.transcription.language


def model_of(bench: Bench) -> Model:
    """Return the model, which is there wherever a session has no transcripts."""
    assert bench.model is not None, "a session without transcripts needs the model"
    return bench.model
