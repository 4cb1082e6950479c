"""Addresses of the site, relative to the page that holds them.

Relative links let the same page be served under any prefix, or written to disk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

STATIC = Path(__file__).parent / "static"


@cache
def static_files() -> dict[str, bytes]:
    """Return every file of static/ by name; small, so they are kept in memory."""
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()}


@cache
def fingerprint(name: str) -> str:
    """Return a short hash of a static file, so that its address changes with it."""
    return hashlib.sha256(static_files()[name]).hexdigest()[:10]


def seconds(milliseconds: int) -> str:
    """Write milliseconds as the seconds of an address: 754200 → 754.2."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses as seen from one page; `root` leads from that page to the home page."""

    root: str

    @classmethod
    def seen_from(cls, path: str) -> Links:
        """Return the links of the page at `path`, which starts with a slash."""
        return cls("../" * (path.count("/") - 1) or "./")

    @classmethod
    def from_afar(cls, url: str) -> Links:
        """Return full addresses under the site's public one; from the root where it has none."""
        return cls(url.rstrip("/") + "/")

    def home(self) -> str:
        """Return the home page's address."""
        return self.root

    def page(self, name: str) -> str:
        """Return the address of a page that has no id: events, people, about, data, feed.atom."""
        return self.root + name

    def search(self, as_: str = "", /, **query: object) -> str:
        """Return the results of a query, `as_` ".json", ".csv" or ".atom"; no empty values."""
        kept = {("q" if k == "text" else k): v for k, v in query.items() if v not in (None, "")}
        return f"{self.root}search{as_}?{urlencode(kept)}" if kept else f"{self.root}search{as_}"

    def event(self, event_id: str) -> str:
        """Return the address of an event."""
        return f"{self.root}events/{quote(event_id)}"

    def series(self, series_id: str) -> str:
        """Return the address of a series of events."""
        return f"{self.root}series/{quote(series_id)}"

    def recording(
        self, recording_id: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> str:
        """Return the address of a recording, or of a stretch of it."""
        return f"{self.root}recordings/{quote(recording_id)}{self.moment(start_ms, end_ms)}"

    def export(self, recording_id: str, format_: str) -> str:
        """Return the address of a recording in one of the export formats."""
        return f"{self.recording(recording_id)}.{format_}"

    def embed(
        self, recording_id: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> str:
        """Return the address of the player that other sites may frame."""
        return f"{self.root}embed/{quote(recording_id)}{self.moment(start_ms, end_ms)}"

    def moment(self, start_ms: int | None, end_ms: int | None = None) -> str:
        """Return the part of an address that plays from a moment, up to another."""
        if start_ms is None:
            return ""
        end = "" if end_ms is None else f",{seconds(end_ms)}"
        return f"?t={seconds(start_ms)}{end}#now"

    def person(self, person_id: str) -> str:
        """Return the address of a person."""
        return f"{self.root}people/{quote(person_id)}"

    def organisation(self, organisation_id: str) -> str:
        """Return the address of an organisation."""
        return f"{self.root}organisations/{quote(organisation_id)}"

    def media(self, value: str) -> str:
        """Return the address of a picture or sound: here, or elsewhere as it is."""
        return value if is_elsewhere(value) else self.root + quote(value)

    def static(self, name: str) -> str:
        """Return the address of a static file, which changes with its content."""
        return f"{self.root}static/{name}?v={fingerprint(name)}"


def is_elsewhere(value: str) -> bool:
    """Say whether media is held by another host."""
    return value.startswith(("https://", "http://"))
