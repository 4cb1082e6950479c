"""The words of the pages: one catalogue file per language, and how numbers are written.

A catalogue is a JSON object; a value is a sentence, or {"one": …, "other": …} where a
number `n` decides. French counts 0 and 1 as one, English only 1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

LANGUAGES = ("fr", "en")
NARROW_SPACE = "\u202f"


@cache
def catalogue(language: str) -> dict[str, str | dict[str, str]]:
    """Return the catalogue of `language`; French where there is none of that name."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    text = (Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8")
    entries: dict[str, str | dict[str, str]] = json.loads(text)
    return entries


@dataclass(frozen=True, slots=True)
class Texts:
    """Sentences, numbers, dates and lengths in one language."""

    language: str

    def __call__(self, key: str, /, **facts: object) -> str:
        """Return the sentence `key` with its facts; KeyError when the catalogue lacks it."""
        entry = catalogue(self.language)[key]
        if isinstance(entry, dict):
            count = facts["n"]
            assert isinstance(count, int)
            single = count == 1 or (count == 0 and self.language == "fr")
            entry = entry["one" if single else "other"]
            facts["n"] = self.number(count)
        return entry.format(**facts)

    def has(self, key: str) -> bool:
        """Say whether the catalogue has `key`: for words that come from the data."""
        return key in catalogue(self.language)

    def named(self, family: str, value: str) -> str:
        """Return the catalogue's word for `value` of a family; `value` where it has none."""
        key = f"{family}.{value}"
        return self(key) if self.has(key) else value

    def number(self, value: int) -> str:
        """Write thousands apart: 12 345 in French, 12,345 in English."""
        grouped = f"{value:,}"
        return grouped.replace(",", NARROW_SPACE) if self.language == "fr" else grouped

    def percent(self, share: float) -> str:
        """Write a share of 1 in percent: 97,5 % in French, 97.5% in English."""
        percent = f"{100 * share:.1f}"
        return f"{percent.replace('.', ',')}\u202f%" if self.language == "fr" else f"{percent}%"

    def date(self, iso: object) -> str:
        """Write an ISO date in words; what is no date is given back as it is."""
        try:
            day = date.fromisoformat(str(iso))
        except ValueError:
            return str(iso or "")
        months = str(catalogue(self.language)["months"]).split()
        first = "1er" if self.language == "fr" and day.day == 1 else str(day.day)
        return f"{first} {months[day.month - 1]} {day.year}"

    def length(self, milliseconds: int) -> str:
        """Write a length for reading: 45 s, 3 min 20 s, 1 h 05 min."""
        seconds = round(milliseconds / 1000)
        minutes, rest = divmod(seconds, 60)
        if minutes >= 60:
            return f"{minutes // 60}\u00a0h\u00a0{minutes % 60:02}\u00a0min"
        if minutes and rest:
            return f"{minutes}\u00a0min\u00a0{rest}\u00a0s"
        return f"{minutes}\u00a0min" if minutes else f"{rest}\u00a0s"


def clock(milliseconds: int) -> str:
    """Write a place in a recording as a player does: 0:07, 12:34, 1:02:03."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
