"""What each machine of a cluster has done tonight, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from archive.wording import say


@dataclass
class _Tally:
    blocks: int = 0
    sound_ms: int = 0
    took_ms: int = 0


@dataclass
class Machines:
    """Counts blocks by the machine that did them; may be told from several threads."""

    _tallies: dict[str, _Tally] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def did(self, machine: str, sound_ms: int, took_ms: int) -> None:
        """Count a block of so much sound that took a machine so long."""
        with self._lock:
            tally = self._tallies.setdefault(machine, _Tally())
            tally.blocks += 1
            tally.sound_ms += sound_ms
            tally.took_ms += took_ms

    def lines(self) -> list[str]:
        """Say for each machine how many blocks it did, and how fast it does one."""
        with self._lock:
            return [
                say(
                    "{name}  blocks: {blocks}, each at {speed:.1f}x real time",
                    name=name,
                    blocks=tally.blocks,
                    speed=tally.sound_ms / max(1, tally.took_ms),
                )
                for name, tally in sorted(self._tallies.items())
            ]
