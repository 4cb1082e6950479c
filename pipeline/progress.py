"""Progress that a person reads: which recording, which stage, how fast, how long still."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO


def clock(ms: float) -> str:
    """Milliseconds as `1:02:03` or `2:03`."""
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@dataclass
class Progress:
    """Writes to a terminal one line that changes, elsewhere one line per finished stage."""

    stream: TextIO
    _name: str = ""
    _stage: str = ""
    _total_ms: int = 0
    _done_ms: float = 0
    _began: float = 0
    _shown: float = field(default=0, repr=False)

    def stage(self, recording: str, stage: str, total_ms: int = 0) -> None:
        """Begin a stage of a recording; `total_ms` of sound lie before it, 0 if unknown."""
        self.finish()
        self._name, self._stage, self._total_ms = recording, stage, total_ms
        self._done_ms, self._began = 0, time.monotonic()
        self._show()

    def advance(self, ms: float) -> None:
        """Add `ms` of sound to what the stage has done."""
        self._done_ms += ms
        self._show()

    def reach(self, fraction: float) -> None:
        """Set what the stage has done, from 0 to 1."""
        self._done_ms = fraction * self._total_ms
        self._show()

    def finish(self) -> None:
        """End the stage under way, if one is."""
        if not self._stage:
            return
        took = time.monotonic() - self._began
        speed = (
            f", {self._total_ms / 1000 / took:.1f}x real time" if self._total_ms and took else ""
        )
        self._line(f"{self._name}  {self._stage}  done in {clock(took * 1000)}{speed}")
        self._stage = ""

    def say(self, sentence: str) -> None:
        """Write a line of its own."""
        self.finish()
        self._line(sentence)

    def _show(self) -> None:
        moment = time.monotonic()
        if not self.stream.isatty() or moment - self._shown < 0.1:
            return
        self._shown = moment
        text = f"{self._name}  {self._stage}"
        if self._total_ms:
            text += f"  {clock(self._done_ms)} / {clock(self._total_ms)}{self._pace()}"
        self.stream.write(f"\r\x1b[K{text}")
        self.stream.flush()

    def _pace(self) -> str:
        took = time.monotonic() - self._began
        if took < 1 or not self._done_ms:
            return ""
        speed = self._done_ms / 1000 / took
        left_ms = (self._total_ms - self._done_ms) / speed
        return f"  {speed:.1f}x real time, {clock(left_ms)} left"

    def _line(self, text: str) -> None:
        start = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{start}{text}\n")
        self.stream.flush()
