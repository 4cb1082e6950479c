"""Clips made at test time by ffmpeg, and what can be heard and seen in them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import av
import numpy as np

from pipeline import media

if TYPE_CHECKING:
    from pathlib import Path


def ffmpeg(*arguments: object) -> None:
    command = [media.ffmpeg_path(), "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def onsets(sound: np.ndarray) -> list[float]:
    """Seconds at which loud sound of 50 ms or more begins, after half a second of quiet."""
    steps = np.abs(sound[: len(sound) // 160 * 160]).reshape(-1, 160).mean(axis=1) > 0.1
    runs = np.flatnonzero(np.convolve(steps, np.ones(5), "valid") == 5)
    first = np.concatenate([[True], np.diff(runs) > 50])
    return [float(n) / 100 for n in runs[first]]


def flashes(path: Path) -> list[float]:
    """Seconds at which the middle of the picture turns white."""
    found: list[float] = []
    white = False
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            gray = frame.to_ndarray(format="gray")
            high, wide = gray.shape
            middle = gray[high // 3 : 2 * high // 3, wide // 3 : 2 * wide // 3]
            if middle.mean() > 180 and not white:
                found.append(float(frame.time))
            white = bool(middle.mean() > 180)
    return found
