"""What may happen to a night: signals, hung programs, pipes, two runs, clocks and disks.

Every session brings its transcript, so that no model is needed, but where a worker is killed.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from conftest import PLENARY, ROOT, Archive, archive_of
from small_archive import EVENT, edit, programme_of, small_archive, write_hum

from pipeline import hashing, ledger, media, processes
from pipeline.night import Request, run_archive
from pipeline.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerProcess

    from pipeline.run import Outcome

SECOND = """\
event:
  id: 2020-01-02-suite
  title: "Suite"
  date: 2020-01-02
sessions:
  - id: soir
    title: "Le soir"
    captures: [soir.wav]
    transcripts: [soir.srt]
"""
WITHOUT_WORDS = f"""\
event:
  id: {EVENT}
  title: "Essai"
  date: 2020-01-01
sessions:
  - id: matin
    title: "Le matin"
    captures: [matin.wav]
"""
LATE = "2020-01-02-suite/soir"
EARLY = f"{EVENT}/matin"
# Long enough for a slow machine, and far below what would be waited for if the rule were broken.
SOON_S = 60


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive of one recording of 6 s, a hum, with two sessions and a break between."""
    return small_archive(tmp_path)


@pytest.fixture
def two(archive: Archive) -> Archive:
    """The same with a second event, of one recording of 4 s."""
    event = archive.config.parent / "events" / "2020-01-02-suite"
    event.mkdir()
    event.joinpath("programme.yaml").write_text(SECOND, "utf-8")
    shutil.copy(programme_of(archive).with_name("matin.srt"), event / "soir.srt")
    write_hum(event / "soir.wav", 4)
    return archive


def _run(archive: Archive, until: dt.datetime | None = None) -> Outcome:
    return run_archive(Request(archive.config, until=until), Progress(StringIO()))


def _asked(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        return db.execute(query).fetchall()


def _steps(archive: Archive) -> dict[str, tuple[str, int]]:
    """Every recorded step, with the place of its row: a step that is done again gets another."""
    rows = _asked(archive, "SELECT key, made_at, rowid FROM steps")
    return {key: (moment, row) for key, moment, row in rows}


def _before_laying(folder: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> Path:
    """Let each process that reads captures first do the `words` of Python; `order` is its own."""
    path = folder / "seam" / "sitecustomize.py"
    path.parent.mkdir()
    path.write_text(
        "import os, sys, time\n"
        "if 'pipeline.timeline' in sys.orig_argv:\n"
        "    order = sys.orig_argv[-1]\n"
        f"    {words}\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(path.parent))
    return path


def _wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + SOON_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def _processes_of(archive: Archive) -> list[str]:
    """Return the command lines of the living processes that name this archive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(archive.config.parent) in line:
                found.append(line)
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_stops(
    archive: Archive, how: signal.Signals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even while a process of ours hangs: 130, none is left, and the next run goes on."""
    hung = tmp_path / "hung"
    hangs = f"if '.m4a' in order: open({str(hung)!r}, 'w').close(); time.sleep(600)"
    seam = _before_laying(tmp_path, monkeypatch, hangs)
    run = subprocess.Popen(
        [PLENARY, "--config", archive.config, "run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for(hung.exists)
    run.send_signal(how)
    _, words = run.communicate(timeout=SOON_S)
    assert (run.returncode, "Traceback" in words) == (130, False), words
    _wait_for(lambda: not _processes_of(archive))
    before = _steps(archive)
    assert before
    seam.unlink()
    outcome = _run(archive)
    assert (outcome.heard, outcome.pictured, outcome.failed) == ([], [EARLY], {})
    assert before.items() <= _steps(archive).items()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_worker_that_is_killed_costs_no_words(tmp_path: Path) -> None:
    """SIGKILL of the recogniser's process in the middle of a run: the run ends as any other."""
    event = tmp_path / "events" / EVENT
    event.mkdir(parents=True)
    source = ROOT / "demo" / "second" / "events" / "2025-10-09-sauvelande" / "captures"
    subprocess.run(
        [
            *(media.ffmpeg_path(), "-nostdin", "-v", "error", "-ss", "1.5", "-t", "12"),
            *("-i", source / "sauvelande.mp4", "-vn", event / "matin.wav"),
        ],
        check=True,
        timeout=60,
    )
    event.joinpath("programme.yaml").write_text(WITHOUT_WORDS, "utf-8")
    said = []
    for killed in (True, False):
        folder = tmp_path / str(killed)
        folder.mkdir()
        archive = archive_of(folder, tmp_path / "events")
        run = subprocess.Popen(
            [PLENARY, "--config", archive.config, "run"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if killed:
            _wait_for(partial(_worker_of, run.pid))
            os.kill(_worker_of(run.pid), signal.SIGKILL)
        _, words = run.communicate(timeout=2 * SOON_S)
        assert run.returncode == 0, words
        said.append(_asked(archive, "SELECT start_ms, end_ms, text FROM passages ORDER BY id"))
    assert said[0] == said[1] != []


def _worker_of(pid: int) -> int:
    """Return the process that recognises for a run; 0 before there is one."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    return 0


def test_a_hung_decoder_costs_one_recording(
    two: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What makes no progress is ended and told; the other recording is heard and published."""
    _before_laying(tmp_path, monkeypatch, "if 'matin.wav' in order: time.sleep(600)")
    # Long enough for the decoder of the other to start on a busy machine.
    monkeypatch.setattr(processes, "STALL_S", 20)
    outcome = _run(two)
    assert (outcome.heard, outcome.pictured, list(outcome.failed)) == ([LATE], [LATE], [EARLY])
    assert "standstill" in str(outcome.failed[EARLY])
    assert outcome.published is not None


@pytest.mark.slow
@pytest.mark.parametrize("what", ["matin.wav", "matin.srt"])
def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(two: Archive, what: str) -> None:
    """A FIFO nobody writes to is named as no file; check, run, status and serve all answer."""
    pipe = programme_of(two).with_name(what)
    pipe.unlink()
    os.mkfifo(pipe)
    codes = []
    for words in (["check"], ["run", "--dry-run"], ["run"], ["status"], ["run", "--dry-run"]):
        done = subprocess.run(
            [PLENARY, "--config", two.config, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=SOON_S,
        )
        assert "Traceback" not in done.stderr, done.stderr
        codes.append(done.returncode)
        if words in (["check"], ["run"], ["status"]):
            assert "not a file" in done.stdout + done.stderr, words
    assert codes[2:4] == [1, 0]
    assert codes[0] != 0
    assert _asked(two, "SELECT status FROM recordings ORDER BY id") == [("failed",), ("ok",)]
    _assert_served(two)


def _assert_served(archive: Archive) -> None:
    port = 8400 + os.getpid() % 1000
    serve = subprocess.Popen(
        [PLENARY, "--config", archive.config, "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serve.stdout is not None
        assert "The archive is at" in serve.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=SOON_S).status_code == 200
    finally:
        serve.terminate()
        serve.communicate(timeout=SOON_S)


def _be_a_run(config: str, start: Any, said: str) -> None:
    """Run `plenary run` in a forked process, once all are ready."""
    from pipeline.cli import main  # noqa: PLC0415

    words = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(words, 1)
    os.dup2(words, 2)
    start.wait()
    main(["--config", config, "run"])


def _any_ended(runs: Sequence[ForkServerProcess]) -> bool:
    return any(run.exitcode is not None for run in runs)


@pytest.mark.slow
def test_of_two_runs_started_together_one_works(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Twenty times: one ends with 0, the other with 75 and the first one's process number."""
    gate = tmp_path / "gate"
    waits = f"while not os.path.exists({str(gate)!r}): time.sleep(0.02)"
    _before_laying(tmp_path, monkeypatch, waits)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.cli", "pipeline.night", "pipeline.check"])
    copy = archive.data / "media" / EVENT / "matin.m4a"
    for turn in range(20):
        copy.unlink(missing_ok=True)  # so that the one that works waits at the gate
        gate.unlink(missing_ok=True)
        start = context.Barrier(2)
        said = [tmp_path / f"said-{n}" for n in range(2)]
        runs = [
            context.Process(target=_be_a_run, args=(str(archive.config), start, str(file)))
            for file in said
        ]
        for run in runs:
            run.start()
        _wait_for(partial(_any_ended, runs))
        gate.touch()
        for run in runs:
            run.join(SOON_S)
        codes = [run.exitcode for run in runs]
        assert sorted(codes, key=str) == [0, 75], (turn, [file.read_text() for file in said])
        working, refused = runs[codes.index(0)], said[codes.index(75)]
        assert f"process {working.pid})" in refused.read_text("utf-8"), turn
        assert copy.exists()


def _jumping(step: dt.timedelta) -> type[dt.datetime]:
    """Return a clock that is off by `step` at every second look."""

    class Clock(dt.datetime):
        looks = 0

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            cls.looks += 1
            return dt.datetime.now(tz) + step * (cls.looks % 2)

    return Clock


YEAR = dt.timedelta(days=365)


@pytest.mark.parametrize("step", [YEAR, -YEAR], ids=["forwards", "backwards"])
def test_a_clock_that_jumps_makes_nothing_due(
    archive: Archive, step: dt.timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a year during a run and between runs: everything is done once, and nothing again."""
    monkeypatch.setattr(ledger, "datetime", _jumping(step))
    ticks = iter(range(1 << 30))
    year_ns = round(step.total_seconds()) * 10**9
    seen = SimpleNamespace(time_ns=lambda: time.time_ns() + year_ns * (next(ticks) % 2))
    monkeypatch.setattr(hashing, "time", seen)
    outcome = _run(archive)
    assert (outcome.heard, outcome.pictured, outcome.failed) == ([EARLY], [EARLY], {})
    before = _steps(archive)
    for _ in range(2):
        outcome = _run(archive)
        assert (outcome.heard, outcome.pictured, outcome.failed) == ([], [], {})
        assert outcome.published is None
        monkeypatch.undo()
    assert _steps(archive) == before


def test_the_hour_of_until_is_counted_from_the_start(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is set during the night, either way, neither ends the night nor prolongs it."""
    now = dt.datetime.now(dt.UTC)
    monkeypatch.setattr(ledger, "datetime", _set_after(1, YEAR))
    outcome = _run(archive, until=now + dt.timedelta(hours=8))
    assert (outcome.stopped, outcome.heard) == (None, [EARLY])
    edit(programme_of(archive), '"00:06"', '"00:05"')
    monkeypatch.setattr(ledger, "datetime", _set_after(1, -YEAR))
    passed = iter([0.0])  # and then nine hours
    monkeypatch.setattr(ledger, "_elapsed_s", lambda: next(passed, 9 * 3600.0))
    outcome = _run(archive, until=now + dt.timedelta(hours=8))
    assert outcome.stopped is not None
    assert outcome.heard == []


def _set_after(looks: int, step: dt.timedelta) -> type[dt.datetime]:
    """Return a clock that is set by `step` once it was looked at that many times."""
    seen: Iterator[int] = iter(range(1 << 30))

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.now(tz) + (step if next(seen) >= looks else dt.timedelta())

    return Clock


def test_a_disk_that_leaves_during_a_run_and_comes_back_elsewhere(
    two: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is on it waits, the other recording is done; back under another mount, it goes on.

    A recording that was done stays so, whatever its capture's path: its content vouches for it.
    """
    disk = tmp_path / "mount-a"
    disk.mkdir()
    capture = programme_of(two).with_name("matin.wav")
    shutil.move(capture, disk / "matin.wav")
    edit(programme_of(two), "[matin.wav]", f'["{disk}/matin.wav"]')
    away, back = tmp_path / "away", tmp_path / "mount-b"
    leaves = f"if 'matin.wav' in order: os.rename({str(disk)!r}, {str(away)!r})"
    seam = _before_laying(tmp_path, monkeypatch, leaves)
    outcome = _run(two)
    assert (outcome.heard, list(outcome.failed)) == ([LATE], [EARLY])
    assert _asked(two, "SELECT status FROM recordings ORDER BY id") == [("waiting",), ("ok",)]
    seam.unlink()
    away.rename(back)
    edit(programme_of(two), f"{disk}/", f"{back}/")
    outcome = _run(two)
    assert (outcome.heard, outcome.pictured, outcome.failed) == ([EARLY], [EARLY], {})
    before = _steps(two)
    third = back.rename(tmp_path / "mount-c")
    edit(programme_of(two), f"{back}/", f"{third}/")
    outcome = _run(two)
    assert (outcome.heard, outcome.pictured, outcome.failed) == ([], [], {})
    assert _steps(two) == before


@pytest.mark.slow
def test_a_small_disk_that_fills(archive: Archive, tmp_path: Path) -> None:
    """On a disk of its own, of several sizes: a sentence each time; made larger, the run ends."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("a disk of a given size is mounted as Linux does it")
    shell = tmp_path / "disk.sh"
    shell.write_text(
        f"""set -e
mkdir -p {archive.data}
mount -t tmpfs -o size=64k tmpfs {archive.data}
echo mounted
for size in 64k 200k 300k 500k 700k; do
  mount -o remount,size=$size {archive.data}
  code=0
  {PLENARY} --config {archive.config} run || code=$?
  echo "code $code"
done
mount -o remount,size=64m {archive.data}
{PLENARY} --config {archive.config} run
{PLENARY} --config {archive.config} status --json
""",
        "utf-8",
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", shell],
        capture_output=True,
        text=True,
        check=False,
        timeout=5 * SOON_S,
    )
    if "mounted" not in done.stdout:
        pytest.skip(f"no disk may be mounted here: {done.stderr.strip()}")
    codes = {line for line in done.stdout.splitlines() if line.startswith("code ")}
    assert codes <= {"code 0", "code 1", "code 2"}
    assert "code 2" in codes, "nothing was refused: the disks are too large for this test"
    assert "Traceback" not in done.stderr
    assert "unforeseen" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status": "ok"' in done.stdout
