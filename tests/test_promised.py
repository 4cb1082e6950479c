"""Blocks that are given to workers before their session's turn, and whose fault it is if not."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Self

import pytest
from conftest import archive_of

from archive.errors import CaptureFault, ClusterFault, PlenaryError
from pipeline import listening, run
from pipeline.config import load_settings
from pipeline.hear import held, promise_first
from pipeline.night import opened
from pipeline.programme import load_events
from pipeline.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.event import Event, Recording
    from pipeline.executors import Task
    from pipeline.hear import Bench
    from pipeline.model import Recognised


@dataclass
class Elsewhere:
    """An executor whose workers are far away, and have not answered yet."""

    ahead: int
    workers: int = 1
    given: list[Task] = field(default_factory=list)

    def warm(self) -> None:
        return

    def submit(self, task: Task) -> Future[Recognised]:
        self.given.append(task)
        return Future()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return


@pytest.fixture
def bench(root: Path, tmp_path: Path) -> Iterator[tuple[Bench, Event, Recording]]:
    """The bundled event, nothing of it done."""
    archive = archive_of(tmp_path, root / "demo" / "events")
    settings = load_settings(archive.config)
    events = load_events(settings.events)
    with opened(settings, events, Progress(StringIO())) as (bench, _):
        yield bench, events[0], events[0].recordings[0]


def _listen(bench: Bench, recording: Recording, hashes: list[str]) -> None:
    show = partial(Progress(StringIO()).stage, "the next")
    sound = listening.sound(bench.ledger, recording, hashes, (), bench.ahead, show)
    listening.hearing(bench.ledger, sound, show)


@pytest.mark.parametrize("ahead", [0, 2])
def test_the_first_blocks_of_the_next_recording_go_out_once(
    bench: tuple[Bench, Event, Recording], ahead: int
) -> None:
    """As many as the executor says, of its first session, once its sound is there; and no more."""
    made, event, recording = bench
    executor = Elsewhere(ahead)
    told = replace(made, executor=executor)
    hashes = [made.ledger.sha256(capture) for capture in recording.captures]
    promise_first(told, event, recording, hashes)
    assert executor.given == [], "there is no sound yet"
    _listen(made, recording, hashes)
    for _ in range(2):
        promise_first(told, event, recording, hashes)
    assert len(executor.given) == len(told.promised.answers) == ahead
    first = f"{event.id}/{held(event, recording)[0].id}"
    assert told.promised.session == (first if ahead else "")


@pytest.mark.parametrize(
    ("error", "comes"),
    [
        (ValueError("a bug"), False),
        (CaptureFault("it is cut short", "copy it again"), False),
        (ClusterFault("nobody is there", "start a worker"), True),
    ],
)
def test_what_is_wrong_with_the_next_recording_is_not_this_ones_fault(
    bench: tuple[Bench, Event, Recording], error: Exception, *, comes: bool
) -> None:
    """It comes again in its turn; that the cluster is gone is told at once."""
    made, event, recording = bench

    def fails(*_: object) -> None:
        raise error

    if comes:
        with pytest.raises(PlenaryError, match="nobody"):
            run._before(fails, made, (event, recording))
    else:
        run._before(fails, made, (event, recording))
