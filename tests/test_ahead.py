"""Work begun before its turn: done once, its errors told in its turn, sleep held off."""

from __future__ import annotations

import os
import time
from threading import Event
from typing import TYPE_CHECKING

import pytest

from archive.errors import CaptureFault
from pipeline.ahead import Ahead
from pipeline.awake import awake

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_begun_is_not_done_again() -> None:
    """Taking waits for the work under way; other keys do their own."""
    ahead: Ahead[str] = Ahead()
    gate, done = Event(), []

    def slow() -> str:
        gate.wait(10)
        done.append("slow")
        return "begun"

    ahead.begin("a", slow)
    ahead.begin("a", slow)
    assert ahead.take("b", lambda: "now") == "now"
    gate.set()
    assert ahead.take("a", lambda: "again") == "begun"
    assert done == ["slow"]
    assert ahead.take("a", lambda: "again") == "again"


def test_an_error_is_told_when_its_turn_comes() -> None:
    """A capture that cannot be used fails in its own turn, not in its neighbour's."""
    ahead: Ahead[str] = Ahead()

    def broken() -> str:
        raise CaptureFault("it is empty", "copy it again")

    ahead.begin("a", broken)
    with pytest.raises(CaptureFault, match="empty"):
        ahead.take("a", lambda: "")
    ahead.begin("b", lambda: "next")
    assert ahead.take("b", lambda: "") == "next"


def test_work_that_nobody_took_makes_room() -> None:
    """A recording that left the queue does not stop the next ones from being begun."""
    ahead: Ahead[str] = Ahead()
    ahead.begin("gone", lambda: "gone")
    time.sleep(0.2)
    ahead.begin("a", lambda: "begun")
    assert ahead.take("a", lambda: "now") == "begun"


def test_sleep_is_held_off_while_a_run_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's inhibitor lives exactly as long as the work; without one nothing happens."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with awake():
        pass
    for name in ("systemd-inhibit", "caffeinate"):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/held"\nexec /bin/sleep 60\n')
        tool.chmod(0o755)
    with awake():
        for _ in range(100):
            if (tmp_path / "held").exists() and (tmp_path / "held").read_text().strip():
                break
            time.sleep(0.05)
        holder = int((tmp_path / "held").read_text())
        os.kill(holder, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(holder, 0)
