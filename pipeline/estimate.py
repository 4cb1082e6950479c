"""How much sound there is, how much of it is still to be heard, and the disk that it takes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import ArchiveFault
from archive.store import open_to_read
from archive.wording import say
from pipeline.container import SAMPLE_RATE
from pipeline.hear import recognised
from pipeline.pictures import VERSIONS as COPY_STEPS
from pipeline.pictures import Copies
from pipeline.sink import PLAYED
from pipeline.webcopy import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipeline.config import Settings
    from pipeline.event import Event, Recording

KEPT_SOUND_KBPS = SAMPLE_RATE * 16 / 1000
"""Of the sound that is kept for recognition: 16 bits a sample, before FLAC makes it less."""
COPY_SOUND_KBPS = (PLAYED.bit_rate or 0) / 1000
_REMAKE = {"sound", *COPY_STEPS}
"""Steps after which a recording's web copies are made anew, beside those that stand."""
_BYTES_PER_HOUR = 3600 * 1000 / 8
"""Bytes in an hour of one kbit/s."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A recording as its captures state it: its length, and whether each holds a picture."""

    event: Event
    recording: Recording
    duration_ms: int
    has_picture: bool

    @property
    def hours(self) -> float:
        """Its length."""
        return self.duration_ms / 3_600_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the archive holds and takes.

    `gigabytes` (10^9 bytes) is the most it can take, and `gigabytes_left` the part of it that is
    still to be made. `hours_left` are those of recordings that no run has finished yet;
    `hours_recognised` and `recognised_left` count those that a model must hear.
    """

    hours_of_sound: float
    hours_left: float
    hours_recognised: float
    recognised_left: float
    gigabytes: float
    gigabytes_left: float

    def told(self) -> str:
        """Say it, in the archivist's language."""
        return say(
            "{sound} of sound, {left} of it not heard yet;"
            " what is kept of it takes at most {gigabytes:.2f} GB",
            sound=hours(self.hours_of_sound),
            left=hours(self.hours_left),
            gigabytes=self.gigabytes,
        )


def hours(count: float) -> str:
    """Write a length as a person says it."""
    if count >= 1:
        return say("{hours:.1f} h", hours=count)
    return f"{round(count * 60)} min" if count * 60 >= 1 or not count else f"{count * 3600:.0f} s"


def estimate(
    settings: Settings, looked: Mapping[str, Looked], due: Mapping[str, str] | None = None
) -> Estimate:
    """Add up recordings, by their names; `due` gives the first step that each needs, if known."""
    heard = _heard(settings.data / "work.db")
    left = [one for name, one in looked.items() if name not in heard]
    steps = due or {}
    kept = [one for name, one in looked.items() if name not in heard or steps.get(name) == "sound"]
    copies = [
        (one, 0 if steps.get(name) in _REMAKE else _standing(settings, one, whole=due is not None))
        for name, one in looked.items()
    ]
    return Estimate(
        hours_of_sound=sum(one.hours for one in looked.values()),
        hours_left=sum(one.hours for one in left),
        hours_recognised=sum(o.hours for o in looked.values() if recognised(o.event, o.recording)),
        recognised_left=sum(o.hours for o in left if recognised(o.event, o.recording)),
        gigabytes=sum(
            _gigabytes(one, KEPT_SOUND_KBPS) + _copies(settings, one) for one in looked.values()
        ),
        gigabytes_left=sum(_gigabytes(one, KEPT_SOUND_KBPS) for one in kept)
        + sum(max(0, _copies(settings, one) - there) for one, there in copies),
    )


def _gigabytes(one: Looked, kbps: float) -> float:
    """Return what a recording takes at so many kbit/s."""
    return one.hours * kbps * _BYTES_PER_HOUR / 1e9


def _copies(settings: Settings, one: Looked) -> float:
    """Return the most gigabytes of a recording's web copies.

    The picture has a ceiling, copied or encoded; its MP4 holds the sound again.
    """
    if not settings.media.web_copy or one.recording.media is not None:
        return 0
    if not one.has_picture:
        return _gigabytes(one, COPY_SOUND_KBPS)
    picture = limits(settings.media.height, settings.media.quality).kbps
    return _gigabytes(one, 2 * COPY_SOUND_KBPS + picture)


def _standing(settings: Settings, one: Looked, *, whole: bool) -> float:
    """Return the gigabytes of a recording's copies that stand.

    `whole`: they are known to be those that are wanted, so the last one means that none is left.
    """
    copies = Copies(settings.data, one.event.id, one.recording.id)
    last = copies.picture if one.has_picture else copies.sound
    if whole and last.exists():
        return _copies(settings, one)
    return sum(file.stat().st_size for file in copies.files if file.exists()) / 1e9


def _heard(work: Path) -> set[str]:
    """Return the recordings whose words stand; none where work.db tells nothing."""
    if not work.exists():
        return set()
    try:
        with closing(open_to_read(work)) as db:
            query = "SELECT id FROM recordings WHERE status IN ('ok', 'partial')"
            return {row[0] for row in db.execute(query)}
    except sqlite3.Error:
        return set()


def too_small(settings: Settings, found: Estimate) -> Iterator[ArchiveFault]:
    """Refuse a disk without room for what is still to be made; what is there already counts."""
    needed = found.gigabytes_left * 1e9
    free = shutil.disk_usage(standing_folder(settings.data)).free
    if needed > free:
        yield ArchiveFault(
            "this archive may need {needed:.2f} GB more, and the disk of {data} has {free:.2f}",
            "free some space, choose another `data:`, or a lower `height:` or `quality:` of the"
            " web copies, or `web_copy: false`",
            path=settings.path,
            line=settings.lines.get("data"),
            needed=needed / 1e9,
            free=free / 1e9,
            data=settings.data,
        )


def standing_folder(folder: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
