"""A place as people give it: a link copied from the site, or a recording and two times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from archive.errors import ArchiveFault
from archive.export.clock import clock
from archive.wording import Text

if TYPE_CHECKING:
    import sqlite3

_TIME = r"(?:(?:\d{1,3}:)?\d{1,2}:)?\d{1,6}(?:[.,]\d{1,3})?"
_WRITTEN = re.compile(
    rf"(?P<recording>\S+)\s+(?P<start>{_TIME})(?:\s*(?:-|–|—|\bto\b|\bà\b)\s*(?P<end>{_TIME}))?"
)
_OF_LINK = re.compile(r"(?P<start>\d{1,6}(?:\.\d{1,3})?)(?:,(?P<end>\d{1,6}(?:\.\d{1,3})?))?")
_PAGE = re.compile(r".*/recordings/(?P<recording>[^/]+/[^/?#]+)")
_NEXT = (
    "paste a link from the site (…?t=754.2,790.1), or write recording and times:"
    ' "{recording} 12:34–13:10"'
)


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of a recording, or a stretch where `end_ms` is known; ms of the recording."""

    recording: str
    start_ms: int
    end_ms: int | None = None

    def __str__(self) -> str:
        end = "" if self.end_ms is None else f"–{clock(self.end_ms)}"
        return f"{self.recording} {clock(self.start_ms)}{end}"


def read_place(db: sqlite3.Connection, text: str, event: str = "") -> Place:
    """Read a place in a recording of work.db; within `event` its id may be left out.

    Raises ArchiveFault where it is none, or the archive has no such recording, or a shorter one.
    """
    known = dict(db.execute("SELECT id, duration_ms FROM recordings ORDER BY id").fetchall())
    name, start, end = _parts(text.strip(), next(iter(known), "event/recording"))
    place = Place(
        name if "/" in name or not event else f"{event}/{name}",
        milliseconds(start),
        None if end is None else milliseconds(end),
    )
    if place.recording not in known:
        raise ArchiveFault(
            "the archive has no recording {recording}",
            "the recordings are: {known}",
            recording=place.recording,
            known=", ".join([*known][:20]) or Text("none"),
        )
    length_ms = known[place.recording]
    if length_ms is not None and place.start_ms >= length_ms:
        raise ArchiveFault(
            "{recording} ends at {end}, before {place}",
            "check the time on the recording's page",
            recording=place.recording,
            end=clock(length_ms),
            place=text,
        )
    if place.end_ms is not None and place.end_ms <= place.start_ms:
        raise ArchiveFault(
            "{place} ends before it begins", "write the earlier time first", place=text
        )
    return place


def _parts(text: str, example: str) -> tuple[str, str, str | None]:
    address = urlsplit(text)
    page = _PAGE.fullmatch(address.path)
    if page is not None and (address.scheme or text.startswith("/")):
        times = _OF_LINK.fullmatch(parse_qs(address.query).get("t", [""])[0])
        if times is not None:
            return unquote(page["recording"]), times["start"], times["end"]
    written = _WRITTEN.fullmatch(text)
    if written is None or address.scheme in {"http", "https"}:
        raise ArchiveFault("{place!r} is no place", _NEXT, place=text, recording=example)
    return written["recording"], written["start"], written["end"]


def milliseconds(time: str) -> int:
    """Return what a clock shows (1:02:03.4, 12:34 or seconds alone) in ms."""
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = 60 * seconds + float(part)
    return round(1000 * seconds)
