"""What the archivist decides about the site; the same values whoever serves it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Title, language of the pages (`fr` or `en`), public address and contact.

    `url` is the archive's public address, used where a full address is needed (feed,
    sitemap). `contact` is a mailto: or https: address for corrections and removals.
    Each may be empty. `open_data`: visitors may ask their own SQL and take the whole file.
    """

    title: str = ""
    language: str = "fr"
    url: str = ""
    contact: str = ""
    open_data: bool = False

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> SiteSettings:
        """Take the known settings out of a plugin's configuration; others are ignored."""
        known = {field.name for field in fields(cls)}
        kept: dict[str, Any] = {
            name: value if isinstance(value, bool) else str(value)
            for name, value in values.items()
            if name in known
        }
        return cls(**kept)
