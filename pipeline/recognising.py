"""A session's words: each block of its windows recognised once, by whoever is free.

While this process does other work, workers elsewhere would wait: so they may be given the first
blocks of the session whose turn is next.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from archive.errors import CaptureFault, Stopped
from pipeline.executors import Task
from pipeline.installed import version
from pipeline.kept import recognised_to_json, segments_from_json, spans_to_json
from pipeline.ledger import Step
from pipeline.model import Span
from pipeline.progress import clock
from pipeline.steps import VERSIONS, tools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from pipeline.executors import Executor
    from pipeline.ledger import Done, Ledger
    from pipeline.listening import Sound
    from pipeline.model import Recognised, Segment, Window
    from pipeline.progress import Stage
    from pipeline.transcribe import Recognition


@dataclass(frozen=True)
class Asked:
    """What is asked of a recogniser for a session: blocks of windows of a sound, and how."""

    source: Sound
    blocks: Sequence[Sequence[Window]]
    recognition: Recognition
    model_sha256: str

    def step(self, block: Sequence[Window]) -> Step:
        """Return the step whose result the words of a block are."""
        return Step(
            "words",
            VERSIONS["words"],
            {"sound": self.source.sha256, "model": self.model_sha256},
            {
                "windows": spans_to_json(window.span for window in block),
                **asdict(self.recognition),
                "faster-whisper": version("faster-whisper"),
                "ctranslate2": version("ctranslate2"),
            },
            tools("faster-whisper", "ctranslate2"),
        )

    def submit(self, block: Sequence[Window], executor: Executor) -> Future[Recognised]:
        """Give a block to the executor's workers."""
        return executor.submit(task(self.source, block, self.recognition))


@dataclass(frozen=True)
class Meanwhile:
    """What is done of the next session or recording while the words of one are recognised.

    `begin` is called while blocks wait for workers, `promise` once all are given; each perhaps
    several times.
    """

    begin: Callable[[], None] = lambda: None
    promise: Callable[[], None] = lambda: None


NOTHING = Meanwhile()


def words(
    ledger: Ledger,
    asked: Asked,
    executor: Executor,
    progress: Stage,
    meanwhile: Meanwhile,
    promised: dict[str, Future[Recognised]],
) -> tuple[tuple[Segment, ...], tuple[Done, ...]]:
    """Recognise blocks of windows, each once.

    `progress` is told the milliseconds of each block as it is recorded. Answers that were
    `promised` before are taken from there, by their steps' keys. A block that is set aside raises
    CaptureFault when all others are recorded; what was recorded stays, whatever is raised.
    """
    blocks = asked.blocks
    work = _Blocks(ledger, blocks, progress)
    steps = [asked.step(block) for block in blocks]
    ledger.plan([(step, _length(block)) for step, block in zip(steps, blocks, strict=True)])
    for place, (step, block) in enumerate(zip(steps, blocks, strict=True)):
        if ledger.find(step) is not None:
            progress.skip(_length(block))
            continue
        answer = promised.pop(step.key, None)
        if answer is None:
            if len(work.waiting) > executor.workers:
                meanwhile.begin()
                work.collect()
            try:
                ledger.claim(step)
            except Stopped:
                work.collect_all()  # what was begun is kept
                raise
            answer = asked.submit(block, executor)
        work.waiting[answer] = place, step
    if work.waiting:
        meanwhile.begin()
    while work.waiting:
        meanwhile.promise()
        work.collect()
    if work.aside:
        raise work.aside[min(work.aside)]
    # A day's words are taken from their rows when the workers have given their memory back.
    done = tuple(_recorded(ledger, step) for step in steps)
    return tuple(s for d in done for s in segments_from_json(d.result["segments"])), done


def give_ahead(
    ledger: Ledger, asked: Asked, executor: Executor, promised: dict[str, Future[Recognised]]
) -> None:
    """Give workers the first blocks that are due, as many as `executor.ahead` says.

    Raises Stopped where it is time to stop; what was given stays given.
    """
    for block in asked.blocks:
        if len(promised) >= executor.ahead:
            return
        step = asked.step(block)
        if ledger.find(step) is None:
            ledger.claim(step)
            promised[step.key] = asked.submit(block, executor)


def _recorded(ledger: Ledger, step: Step) -> Done:
    done = ledger.find(step)
    assert done is not None, "every block was recorded, found before, or set aside"
    return done


class _Blocks:
    """A session's blocks under way, or set aside, by their place."""

    def __init__(
        self,
        ledger: Ledger,
        blocks: Sequence[Sequence[Window]],
        progress: Stage,
    ) -> None:
        self._ledger = ledger
        self._blocks = blocks
        self._progress = progress
        self.aside: dict[int, CaptureFault] = {}
        self.waiting: dict[Future[Recognised], tuple[int, Step]] = {}

    def collect(self) -> None:
        """Record the blocks that are done, once one is: a slow worker holds up no other."""
        done, _ = wait(self.waiting, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda each: self.waiting[each][0]):
            self._take(future, *self.waiting.pop(future))

    def _take(self, future: Future[Recognised], place: int, step: Step) -> None:
        block = _whole(self._blocks[place])
        try:
            heard = future.result().shift(block.start_ms)
        except CaptureFault as fault:
            self.aside[place] = _placed(fault, block)
            return
        self._ledger.record(step, recognised_to_json(heard))
        self._progress.advance(_length(self._blocks[place]))

    def collect_all(self) -> None:
        """Record every block under way."""
        while self.waiting:
            self.collect()


def task(source: Sound, block: Sequence[Window], recognition: Recognition) -> Task:
    """Return the work of recognising a block, with the sound that it needs."""
    import numpy as np  # noqa: PLC0415 (only where there is work)

    from pipeline import media  # noqa: PLC0415

    whole = _whole(block)
    samples = media.read_sound(source.path, whole)
    pcm = np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()
    return Task(pcm, tuple(window.shift(-whole.start_ms) for window in block), recognition)


def _whole(block: Sequence[Window]) -> Span:
    return Span(block[0].span.start_ms, block[-1].span.end_ms)


def _placed(fault: CaptureFault, block: Span) -> CaptureFault:
    """Return what was said of a block with its place in the recording."""
    return CaptureFault(
        fault.sentence,
        fault.next_step,
        path=fault.path,
        line=fault.line,
        lead="from {begin} to {end}: ",
        **{**fault.facts, "begin": clock(block.start_ms), "end": clock(block.end_ms)},
    )


def _length(block: Sequence[Window]) -> int:
    return sum(window.span.duration_ms for window in block)
