"""The bench of hours runs: what it draws goes through the ways that a real night takes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_an_archive_of_drawn_hours_is_run_published_and_searched(
    root: Path, tmp_path: Path
) -> None:
    """Every hour is heard and attributed; hours that repeat others cost no recognition."""
    words = ["--hours", "12", "--drawn", "8", "--folder", str(tmp_path), "--repeated", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.scale", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown, laid = map(json.loads, done.stdout.splitlines())
    rows = {line.split(":")[0]: line.split()[1] for line in grown["ledger"]}
    assert rows["words"] == "120", "15 blocks of each of eight hours"
    assert (grown["hours"], laid["hours"]) == (12, 26), "an hour more was run, and all laid twice"
