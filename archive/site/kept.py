"""Answers kept for as long as their public file is shown: a page is made once, not per request.

The file never changes, so neither does a page of it. The answer to a search may: on a busy
machine it ends before all is counted (`archive.search`). So it is kept for a minute only. What is
kept is bounded in number and in bytes; the least recently asked goes first.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from datasette.app import Datasette

    from archive.site.settings import SiteSettings

MOST_PAGES = 2_000
LONGEST_ADDRESS = 1_000  # characters
MOST_BYTES = 64 * 1024 * 1024
FRESH_S = 60
"""So long a browser shows a page without asking again, and the answer to a search is kept."""
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Answer:
    """A page as it is sent: `body` is gzipped where `zipped` is set."""

    body: bytes
    status: int
    content_type: str
    policy: str
    zipped: bool
    open: bool


class Kept:
    """The answers of one edition, by address and by whether the visitor takes gzip.

    `clock` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._answers: OrderedDict[tuple[str, bool], tuple[Answer, float]] = OrderedDict()
        self._bytes = 0
        self._clock = clock
        self._lock = Lock()

    def get(self, address: str, *, zipped: bool) -> Answer | None:
        """Return the answer kept for an address; None where there is none."""
        with self._lock:
            found, until = self._answers.get((address, zipped), (None, 0.0))
            if found is None or self._clock() >= until:
                return None
            self._answers.move_to_end((address, zipped))
            return found

    def put(self, address: str, answer: Answer, *, zipped: bool, lasting: bool = True) -> None:
        """Keep an answer, unless its address is overlong; the oldest ones make room for it.

        One that is not `lasting` is kept for FRESH_S.
        """
        if len(address) > LONGEST_ADDRESS:
            return
        with self._lock:
            before = self._answers.pop((address, zipped), None)
            until = math.inf if lasting else self._clock() + FRESH_S
            self._answers[address, zipped] = (answer, until)
            self._bytes += len(answer.body) - (len(before[0].body) if before else 0)
            while len(self._answers) > MOST_PAGES or self._bytes > MOST_BYTES:
                _, (gone, _) = self._answers.popitem(last=False)
                self._bytes -= len(gone.body)


_kept: WeakKeyDictionary[Datasette, Kept] = WeakKeyDictionary()


def kept_of(datasette: Datasette) -> Kept:
    """Return what is kept for one Datasette, which shows one file all its life."""
    return _kept.setdefault(datasette, Kept())


@cache
def site_mark() -> str:
    """Return a hash of this package: another version may make other pages of the same file."""
    digest = hashlib.sha256()
    for path in sorted(HERE.rglob("*")):
        if path.suffix in (".py", ".html", ".xml", ".json", ".css", ".js"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def edition_tag(file: str, site: SiteSettings) -> str:
    """Return the entity tag of every own page made of `file`, whose name holds its hash.

    Files under other names are told apart by size and time as well.
    """
    path = Path(file)
    status = path.stat()
    facts = (path.name, status.st_size, status.st_mtime_ns, site, site_mark())
    return f'W/"{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}"'
