"""Recognition in this process, one task after the other."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pipeline.executors import Engine, Task, recognise

if TYPE_CHECKING:
    from pipeline.model import Recognised
    from pipeline.transcribe import Recogniser


class Inline:
    """Does each task at once, where it is asked; the model is loaded by the first."""

    workers = 1
    ahead = 0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def _recogniser(self) -> Recogniser:
        return self._engine.load()

    def warm(self) -> None:
        """Leave the model to the first task: here nothing goes on beside it."""

    def submit(self, task: Task) -> Future[Recognised]:
        """Do the task now and return its finished future."""
        future: Future[Recognised] = Future()
        try:
            future.set_result(recognise(self._recogniser, task))
        except Exception as error:  # noqa: BLE001 (the future carries it to whoever asks)
            future.set_exception(error)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return
