"""Executors: the same answers wherever recognition runs, and a dead worker costs one task."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from archive.errors import CaptureFault, ModelFault
from pipeline.executors import Engine, Task
from pipeline.executors import local as local_executor
from pipeline.executors.inline import Inline
from pipeline.executors.local import Local
from pipeline.model import Recognised, Segment, Span, Window, Word
from pipeline.transcribe import Recognition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.transcribe import Recogniser

RECOGNITION = Recognition(language="fr", hotwords="")


class _Counting:
    """Says how many samples it got; dies where the block is one of the marked lengths."""

    def __init__(self, marks: Path) -> None:
        self.marks = marks

    def recognise(
        self, sound: NDArray[np.float32], windows: Sequence[Span], options: Recognition
    ) -> tuple[Segment, ...]:
        del options
        if len(sound) == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(sound) == 14 and not self.marks.exists():
            self.marks.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if len(sound) == 12 and not self.marks.exists():
            self.marks.touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        if len(sound) == 15:
            raise ModelFault("it is full", "choose a smaller one")
        return (Segment((Word(windows[0].start_ms, 1_000, f"{len(sound)}-{os.getpid()}"),)),)

    def languages(
        self, sound: NDArray[np.float32], windows: Sequence[Span]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        del sound
        return ((("fr", 1.0),),) * len(windows)


@dataclass(frozen=True)
class _Marked(Engine):
    def load(self) -> Recogniser:
        return _Counting(self.folder)


@dataclass(frozen=True)
class _Telling(Engine):
    def load(self) -> Recogniser:
        self.folder.with_name("loaded.part").write_text(str(os.getpid()))
        self.folder.with_name("loaded.part").rename(self.folder.with_name("loaded"))
        return _Counting(self.folder)


@dataclass(frozen=True)
class _Unloadable(Engine):
    def load(self) -> Recogniser:
        raise ModelFault("it is damaged", "fetch it again", path=self.folder)


def _task(samples: int) -> Task:
    return Task(b"\0\0" * samples, (Window(Span(0, 1_000)),), RECOGNITION)


def _engine(tmp_path: Path, kind: type[Engine] = _Marked) -> Engine:
    return kind(tmp_path / "died-once", "cpu", "int8", 1)


def _said(heard: Recognised) -> str:
    return heard.segments[0].words[0].text.split("-")[0]


def test_inline_and_local_answer_alike(tmp_path: Path) -> None:
    """Where the work runs does not change what comes back."""
    with Inline(_engine(tmp_path)) as inline, Local(_engine(tmp_path), 2) as local:
        sizes = [3, 4, 5, 6]
        here = [_said(inline.submit(_task(n)).result()) for n in sizes]
        futures = [local.submit(_task(n)) for n in sizes]
        assert here == [_said(f.result(timeout=60)) for f in futures] == ["3", "4", "5", "6"]


def test_a_worker_that_dies_costs_only_its_task(tmp_path: Path) -> None:
    """The task is done again by a fresh worker; the others never notice."""
    with Local(_engine(tmp_path), 1) as local:
        futures = [local.submit(_task(n)) for n in (14, 3)]
        assert [_said(f.result(timeout=60)) for f in futures] == ["14", "3"]
    assert (tmp_path / "died-once").exists()


def test_a_task_that_kills_twice_is_set_aside(tmp_path: Path) -> None:
    """It fails with its evidence, and the next task is done."""
    with Local(_engine(tmp_path), 1) as local:
        poison, good = local.submit(_task(13)), local.submit(_task(3))
        with pytest.raises(CaptureFault, match="ended 2 times"):
            poison.result(timeout=60)
        assert _said(good.result(timeout=60)) == "3"


def test_a_worker_that_stands_still_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that computes nothing is taken for hung, long before its deadline; its task is redone."""
    monkeypatch.setattr(local_executor, "_STILL_S", 1)
    with Local(_engine(tmp_path), 1) as local:
        assert _said(local.submit(_task(12)).result(timeout=60)) == "12"
    assert (tmp_path / "died-once").exists()


def test_a_warm_worker_has_loaded_before_its_first_task(tmp_path: Path) -> None:
    """Warming starts the process; a model that cannot be loaded is told by the first task."""
    with Local(_engine(tmp_path, _Telling), 1) as local:
        local.warm()
        for _ in range(600):
            if (tmp_path / "loaded").exists():
                break
            time.sleep(0.1)
        loaded = (tmp_path / "loaded").read_text()
        heard = local.submit(_task(3)).result(timeout=60)
        assert heard.segments[0].words[0].text == f"3-{loaded}"
    with Local(_engine(tmp_path, _Unloadable), 1) as local:
        local.warm()
        doomed = local.submit(_task(3))
        with pytest.raises(ModelFault):
            doomed.result(timeout=60)


def test_errors_come_back_whole(tmp_path: Path) -> None:
    """An error of the worker crosses the process border with its sentence and next step."""
    with Local(_engine(tmp_path), 1) as local, pytest.raises(ModelFault, match="smaller one"):
        local.submit(_task(15)).result(timeout=60)
    with Local(_engine(tmp_path, _Unloadable), 1) as local, pytest.raises(ModelFault) as caught:
        local.submit(_task(3)).result(timeout=60)
    assert caught.value.path == tmp_path / "died-once"


def test_leaving_ends_every_worker(tmp_path: Path) -> None:
    """No process outlives the executor."""
    with Local(_engine(tmp_path), 1) as local:
        pid = int(local.submit(_task(3)).result(timeout=60).segments[0].words[0].text.split("-")[1])
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_task_can_ask_for_the_language_alone(tmp_path: Path) -> None:
    """With `auto` no word is recognised; each window is told with what it may be spoken in."""
    with Inline(_engine(tmp_path)) as inline:
        asked = Task(b"\0\0", (Window(Span(0, 1)),) * 2, Recognition(language="auto"))
        heard = inline.submit(asked).result()
    assert (heard.segments, heard.languages) == ((), ((("fr", 1.0),),) * 2)
