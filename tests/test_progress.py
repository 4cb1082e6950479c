"""Progress: one line for each recording under way, the speed, and what the night still takes."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from pipeline.executors.machines import Machines
from pipeline.progress import Progress, clock


class _Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


class _Terminal(StringIO):
    """What a terminal is told; `screen` is what stands on it after all."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        lines: list[str] = []
        for piece in re.split(r"(\x1b\[\d+F\x1b\[J)", self.getvalue()):
            up = re.match(r"\x1b\[(\d+)F", piece)
            if up:
                del lines[len(lines) - int(up.group(1)) :]
            else:
                lines += piece.splitlines()
        return lines


@pytest.fixture
def passing() -> _Clock:
    """Return a clock that the test moves."""
    return _Clock()


def test_a_clock_reads_as_people_write_it() -> None:
    """Minutes and seconds, hours only where there are some."""
    assert [clock(ms) for ms in (0, 61_000, 3_723_400)] == ["0:00", "1:01", "1:02:03"]


def test_each_recording_under_way_has_one_line(passing: _Clock) -> None:
    """Two at once are two lines that change in place; what ended leaves one line that stays."""
    terminal = _Terminal()
    progress = Progress(terminal, passing)
    with progress.stage("a/matin", "words", 100_000) as words:
        with progress.stage("a/soir", "sound", 50_000) as sound:
            passing.s = 10
            words.advance(40_000)
            sound.reach(0.5)
            passing.s = 10.2
            words.advance(0)
            assert terminal.screen() == [
                "a/matin  words  0:40 / 1:40  3.9x real time, 0:15 left",
                "a/soir  sound  0:25 / 0:50  2.5x real time, 0:10 left",
            ]
        passing.s = 20
    assert terminal.screen() == [
        "a/soir  sound  done in 0:10, 4.9x real time",
        "a/matin  words  done in 0:20, 5.0x real time",
    ]


def test_what_was_done_before_says_nothing_of_the_speed(passing: _Clock) -> None:
    """Blocks kept from an earlier night are progress, but no machine is that fast."""
    terminal = _Terminal()
    progress = Progress(terminal, passing)
    with progress.stage("a/matin", "words", 100_000) as words:
        words.skip(80_000)
        passing.s = 5
        words.advance(10_000)
        assert terminal.screen() == ["a/matin  words  1:30 / 1:40  2.0x real time, 0:05 left"]
    assert terminal.screen() == ["a/matin  words  done in 0:05"]


def test_the_night_has_a_time_left(passing: _Clock) -> None:
    """Each planned stage goes on at tonight's speed; one that has not begun makes it a least."""
    progress = Progress(_Terminal(), passing)
    progress.plan({"sound": 200_000, "words": 200_000, "web copy": 0})
    assert progress.left_ms() is None
    with progress.stage("a/matin", "sound", 100_000):
        passing.s = 2
    assert progress.left_ms() == (2_000, False)
    with progress.stage("a/matin", "words", 100_000) as words:
        passing.s = 12
        words.advance(50_000)
        assert progress.left_ms() == (2_000 + 150_000 / 5, True)


def test_a_log_gets_plain_lines(passing: _Clock) -> None:
    """Where no terminal is, no control character: ends of stages, and a line a minute."""
    log = StringIO()
    progress = Progress(log, passing)
    progress.plan({"words": 300_000})
    with progress.stage("a/matin", "words", 300_000) as words:
        for second in range(0, 150, 10):
            passing.s = second
            words.advance(10_000)
    progress.say("a/soir  failed")
    assert log.getvalue().splitlines() == [
        "a/matin  words  1:10 / 5:00  1.2x real time, 3:17 left",
        "the whole night: about 3:17 left",
        "a/matin  words  2:10 / 5:00  1.1x real time, 2:37 left",
        "the whole night: about 2:37 left",
        "a/matin  words  done in 2:20, 2.1x real time",
        "a/soir  failed",
    ]


def test_a_stage_that_fails_leaves_no_line(passing: _Clock) -> None:
    """What failed is not said to be done."""
    terminal = _Terminal()
    progress = Progress(terminal, passing)
    with pytest.raises(ValueError, match="no"), progress.stage("a/matin", "sound", 1_000):
        raise ValueError("no")
    progress.say("a/matin  failed")
    assert terminal.screen() == ["a/matin  failed"]


def test_machines_stand_under_what_they_work_for(passing: _Clock) -> None:
    """Each machine has a line with its blocks and its speed, as long as a stage lasts."""
    terminal = _Terminal()
    progress, machines = Progress(terminal, passing), Machines()
    progress.also(machines.lines)
    with progress.stage("a/matin", "words", 100_000) as words:
        machines.did("salle-2", 40_000, 20_000)
        machines.did("salle-1", 30_000, 5_000)
        machines.did("salle-1", 30_000, 7_000)
        passing.s = 10
        words.advance(70_000)
        assert terminal.screen()[1:] == [
            "salle-1  blocks: 2, each at 5.0x real time",
            "salle-2  blocks: 1, each at 2.0x real time",
        ]
    assert len(terminal.screen()) == 1
