"""Interrupted anywhere, the next run ends with the same content and does nothing twice."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from conftest import PLENARY, ROOT, archive_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Archive

pytestmark = pytest.mark.slow

# Everything that a visitor can see, the moments of processing aside.
TABLES = ("sessions", "programme", "people", "recordings", "captures", "gaps", "turns", "passages")


def _content(archive: Archive) -> list[list[tuple[object, ...]]]:
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        return [db.execute(f"SELECT * FROM {t} ORDER BY 1, 2, 3").fetchall() for t in TABLES]


def _interrupt(archive: Archive, how: signal.Signals, recorded: int) -> int:
    """Start a run and signal it once that many steps are recorded; return its exit code."""
    words = [str(PLENARY), "--config", str(archive.config), "run"]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and len(archive.recorded()) < recorded:
        time.sleep(0.02)
    run.send_signal(how)
    return run.wait(timeout=60)


def test_killed_again_and_again(second: Archive, tmp_path: Path) -> None:
    """SIGKILL after the first, the second, … step; each run goes on where the last one was."""
    archive = archive_of(tmp_path, ROOT / "demo" / "second" / "events")
    for recorded in (1, 2, 3, 5):
        before = archive.recorded()
        assert _interrupt(archive, signal.SIGKILL, recorded) in {-signal.SIGKILL, 0}
        after = archive.recorded()
        assert {key: after[key] for key in before} == before, "a recorded step was done again"
    done = archive.plenary("run")
    assert done.returncode == 0, done.stderr
    assert _content(archive) == _content(second)
    assert not list((archive.data / "kept").glob(".*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end a run with 130, quickly, and leave no process of ours."""
    archive = archive_of(tmp_path, ROOT / "demo" / "second" / "events")
    assert _interrupt(archive, how, 2) == 130
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    left = subprocess.run(
        ["pgrep", "-f", str(archive.config)], capture_output=True, text=True, check=False
    )
    assert not left.stdout.split()
