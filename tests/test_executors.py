"""What the local executor does beside what every executor keeps (test_executor_contract.py)."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from stations import GREEDY, WAITS, Commanded, begun, commanded, said, task, wait_for

from archive.errors import CaptureFault, ModelFault
from pipeline.executors import local as local_executor
from pipeline.executors.local import Local

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.transcribe import Recogniser


@dataclass(frozen=True)
class _Telling(Commanded):
    def load(self) -> Recogniser:
        (self.folder / f"loaded-{os.getpid()}").touch()
        return super().load()


@dataclass(frozen=True)
class _Unloadable(Commanded):
    def load(self) -> Recogniser:
        raise ModelFault("it is damaged", "fetch it again", path=self.folder)


def test_a_warm_worker_has_loaded_before_its_first_task(tmp_path: Path) -> None:
    """Warming starts the process that does the first task, and it loads the model once."""
    with Local(_Telling(tmp_path, "cpu", "int8", 1), 1) as local:
        local.warm()
        wait_for(lambda: list(tmp_path.glob("loaded-*")))
        assert said(local.submit(task(900)).result(timeout=300)) == "900"
    assert len(list(tmp_path.glob("loaded-*"))) == 1


def test_a_model_that_cannot_be_loaded_is_told_by_the_first_task(tmp_path: Path) -> None:
    """With its sentence and its path, warmed or not."""
    with Local(_Unloadable(tmp_path, "cpu", "int8", 1), 1) as local:
        local.warm()
        with pytest.raises(ModelFault, match="damaged") as caught:
            local.submit(task(900)).result(timeout=300)
    assert caught.value.path == tmp_path


def test_a_worker_that_stands_still_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP: one that computes nothing is taken for hung, and its block done again."""
    monkeypatch.setattr(local_executor, "_STILL_S", 1)
    with Local(commanded(tmp_path), 1) as local:
        heard = local.submit(task(WAITS))
        wait_for(lambda: begun(tmp_path))
        os.kill(begun(tmp_path)[0], signal.SIGSTOP)
        wait_for(lambda: len(begun(tmp_path)) == 2)
        (tmp_path / "go").touch()
        assert said(heard.result(timeout=300)) == str(WAITS)


def test_a_worker_that_takes_too_much_memory_is_ended(tmp_path: Path) -> None:
    """The second time its block is set aside, with what it took; others go on."""
    with Local(commanded(tmp_path), 1, memory=400e6) as local:
        greedy, good = local.submit(task(GREEDY)), local.submit(task(900))
        with pytest.raises(CaptureFault, match=r"more than 0\.4 GB of memory"):
            greedy.result(timeout=300)
        assert said(good.result(timeout=300)) == "900"
