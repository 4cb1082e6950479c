"""Progress that a person reads: which recordings are under way, how fast, how long still.

On a terminal each recording under way has one line that changes, and the night has one; elsewhere
a line is written when a stage ends, and once a minute while one lasts.
"""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, TextIO

from archive.wording import Text, look_up, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_REDRAW_S = 0.1
_PLAIN_S = 60.0
# Before this a speed is the noise of a start.
_KNOWN_AFTER_S = 1.0


def clock(ms: float) -> str:
    """Milliseconds as `1:02:03` or `2:03`."""
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@dataclass
class Stage:
    """A stage of a recording while it lasts; `total_ms` of sound lie before it, 0 if unknown.

    `done_ms` counts what is done; `kept_ms` of it was done on an earlier night, so that it
    says nothing of the speed.
    """

    recording: str
    name: str
    total_ms: int
    began: float
    _changed: Callable[[], None] = field(repr=False)
    done_ms: float = 0
    kept_ms: float = 0

    def advance(self, ms: float) -> None:
        """Add `ms` of sound to what is done."""
        self.done_ms += ms
        self._changed()

    def skip(self, ms: float) -> None:
        """Add `ms` of sound that were done before this night."""
        self.kept_ms += ms
        self.advance(ms)

    def reach(self, fraction: float) -> None:
        """Set what is done, from 0 to 1."""
        self.done_ms = fraction * self.total_ms
        self._changed()

    def line(self, now: float) -> str:
        """Say where it is, how fast, and how long it still takes."""
        text = f"{self.recording}  {look_up(self.name)}"
        if not self.total_ms:
            return text
        text += f"  {clock(self.done_ms)} / {clock(self.total_ms)}"
        took_s, worked_ms = now - self.began, self.done_ms - self.kept_ms
        if took_s < _KNOWN_AFTER_S or worked_ms <= 0:
            return text
        speed = worked_ms / 1000 / took_s
        left_ms = max(0.0, self.total_ms - self.done_ms) / speed
        told = say("{speed:.1f}x real time, {left} left", speed=speed, left=clock(left_ms))
        return f"{text}  {told}"

    def ended(self, now: float) -> str:
        """Say what it took."""
        took_s = now - self.began
        told = say("done in {took}", took=clock(took_s * 1000))
        if self._is_telling():
            told += say(", {speed:.1f}x real time", speed=self.total_ms / 1000 / took_s)
        return f"{self.recording}  {look_up(self.name)}  {told}"

    def _is_telling(self) -> bool:
        return self.total_ms > 0 and self.kept_ms == 0


@dataclass
class Progress:
    """Tells a person on `stream` what is under way; may be told from several threads."""

    stream: TextIO
    now: Callable[[], float] = time.monotonic
    _planned: dict[str, float] = field(default_factory=dict, repr=False)
    # Of the stages that ended, by name: sound done, sound done tonight, seconds it took.
    _spent: dict[str, tuple[float, float, float]] = field(default_factory=dict, repr=False)
    _under_way: list[Stage] = field(default_factory=list, repr=False)
    _also: Callable[[], Sequence[str]] = field(default=tuple, repr=False)
    _lines: int = field(default=0, repr=False)
    _shown: float = field(default=float("-inf"), repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def plan(self, milliseconds: Mapping[str, float]) -> None:
        """Say how much sound lies before each stage, by its name, in the whole night."""
        self._planned = dict(milliseconds)

    def also(self, lines: Callable[[], Sequence[str]]) -> None:
        """Show further lines under those of the stages, asked for anew each time."""
        self._also = lines

    @contextmanager
    def stage(self, recording: str, name: str, total_ms: int = 0) -> Iterator[Stage]:
        """Show a stage of a recording while the block lasts."""
        stage = Stage(recording, name, total_ms, self.now(), self._show)
        with self._lock:
            self._under_way.append(stage)
            self._show()
        try:
            yield stage
        except BaseException:
            with self._lock:
                self._under_way.remove(stage)
            raise
        with self._lock:
            self._under_way.remove(stage)
            done, worked, seconds = self._spent.get(name, (0.0, 0.0, 0.0))
            took_s = self.now() - stage.began
            worked += stage.total_ms - stage.kept_ms
            self._spent[name] = (done + stage.total_ms, worked, seconds + took_s)
            self.say(stage.ended(self.now()))

    def say(self, line: str) -> None:
        """Write a line that stays."""
        with self._lock:
            self._erase()
            self.stream.write(f"{line}\n")
            self._draw()

    def left_ms(self) -> tuple[float, bool] | None:
        """Return the time that the night still takes, and whether every stage's speed is known.

        Each stage goes on as fast as it went tonight. None where no planned stage has begun.
        """
        left, known = 0.0, 0
        waiting = 0
        for name, planned in self._planned.items():
            done, worked, seconds = self._spent.get(name, (0.0, 0.0, 0.0))
            for stage in self._under_way:
                took_s = self.now() - stage.began
                if stage.name == name and took_s >= _KNOWN_AFTER_S:
                    done += stage.done_ms
                    worked += stage.done_ms - stage.kept_ms
                    seconds += took_s
            before = max(0.0, planned - done)
            waiting += before > 0
            if before and worked > 0:
                known += 1
                left += before * seconds / worked * 1000
        if not known:
            return None
        return left, known == waiting

    def _show(self) -> None:
        with self._lock:
            terminal = self.stream.isatty()
            moment = self.now()
            if moment - self._shown < (_REDRAW_S if terminal else _PLAIN_S):
                return
            first = self._shown == float("-inf")
            self._shown = moment
            if terminal:
                self._erase()
                self._draw()
            elif not first:
                self.stream.writelines(f"{line}\n" for line in self._text())
                self.stream.flush()

    def _text(self) -> list[str]:
        lines = [stage.line(self.now()) for stage in self._under_way]
        left = self.left_ms()
        if lines:
            lines += self._also()
        if lines and left is not None:
            about = Text("about") if left[1] else Text("at least")
            told = "the whole night: {about} {left} left"
            lines.append(say(told, about=about, left=clock(left[0])))
        return lines

    def _erase(self) -> None:
        if self._lines:
            self.stream.write(f"\x1b[{self._lines}F\x1b[J")
            self._lines = 0

    def _draw(self) -> None:
        if self.stream.isatty():
            # A line that wraps would be two lines to go up.
            width = shutil.get_terminal_size().columns - 1
            lines = [line[:width] for line in self._text()]
            self.stream.writelines(f"{line}\n" for line in lines)
            self._lines = len(lines)
        self.stream.flush()
