"""What a written value may be: each function reads one text, or says what it should be.

Every function raises Wrong with a sentence and an example that would be right.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process, utils

if TYPE_CHECKING:
    from collections.abc import Iterable

# The licences that archives of public meetings use; any other SPDX identifier is taken
# as it is, unless it looks like one of these misspelt (https://spdx.org/licenses/).
LICENCES = (
    "CC-BY-SA-4.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-NC-ND-4.0",
    "etalab-2.0",
    "ODbL-1.0",
    "LAL-1.3",
)
_CREATIVE_COMMONS = re.compile(r"CC0-1\.0|CC-PDDC|CC-BY(-NC)?(-SA|-ND)?-\d\.\d(-[A-Z]{2,3})?")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\+?")
# Language, script, region, variants: the part of BCP 47 that languages of speech need.
_BCP47 = re.compile(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRENCH_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LOOSE_CLOCK = re.compile(r"(\d{1,2})\s*[:hH.]\s*(\d{2})?")
_MOMENT = re.compile(r"(?:(\d{1,2}):([0-5]\d)|(\d{1,3})):([0-5]\d)(?:\.(\d{1,3}))?")
_ADDRESS = re.compile(r"https?://[^\s/$.?#][^\s]*")
_CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https?://[^\s/$.?#][^\s]*")


class Wrong(ValueError):
    """A text that is not what its key wants.

    `sentence` is a format string over `value` (as written) and the facts; `example` would be
    right.
    """

    def __init__(self, sentence: str, example: str, **facts: object) -> None:
        self.sentence = sentence
        self.example = example
        self.facts = facts
        super().__init__(sentence)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be; None when none is near.

    Likeness is rapidfuzz's normalised indel ratio, 0 to 100, without case and
    punctuation; 65 keeps `titre` with `title` and `chair` from `date`.
    """
    found = process.extractOne(
        word, list(known), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=65
    )
    return None if found is None else str(found[0])


def slug(text: str) -> str:
    """Make an id of a title: lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")


def identifier(text: str) -> str:
    """Read an id: it becomes part of addresses and file names."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise Wrong(
            "`{value}` cannot be an id: lower-case letters, digits and hyphens only",
            slug(text) or "matin",
        )
    return text


def acronym(text: str) -> str:
    """Read the id of an organisation, which may keep its capitals: RTES, Alicecoop."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", text):
        raise Wrong(
            "`{value}` cannot be an organisation's id: letters without accents, digits, hyphens",
            slug(text) or "RTES",
        )
    return text


def day(text: str) -> date:
    """Read an ISO date."""
    french = _FRENCH_DATE.fullmatch(text)
    likely = "{2}-{1:0>2}-{0:0>2}".format(*french.groups()) if french else "2017-03-28"
    if not _DATE.fullmatch(text):
        raise Wrong("`{value}` is not a date (year-month-day)", likely)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Wrong("`{value}` is not a day of the calendar", likely) from None


def clock(text: str) -> str:
    """Read a time of day, "HH:MM"."""
    if not _CLOCK.fullmatch(text):
        loose = _LOOSE_CLOCK.fullmatch(text)
        likely = f"{loose[1]:0>2}:{loose[2] or '00'}" if loose else "14:30"
        example = likely if _CLOCK.fullmatch(likely) else "14:30"
        raise Wrong("`{value}` is not a time of day", f'"{example}"')
    return text


def moment(text: str) -> int:
    """Read a place in a recording, "HH:MM:SS" or "MM:SS" with optional decimals: milliseconds."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Wrong(
            "`{value}` is not a time in a recording (hours:minutes:seconds, or minutes:seconds)",
            '"00:03:10"',
        )
    hours, minutes, only_minutes, seconds, decimals = match.groups()
    total = int(hours or 0) * 3600 + int(minutes or only_minutes) * 60 + int(seconds)
    return total * 1000 + int((decimals or "0").ljust(3, "0"))


def seconds_to_ms(text: str) -> int:
    """Read a signed number of seconds: milliseconds."""
    if not re.fullmatch(r"[+-]?\d{1,6}(\.\d{1,3})?", text):
        raise Wrong("`{value}` is not a number of seconds", "-12.4")
    return round(float(text) * 1000)


def address(text: str) -> str:
    """Read an address of the web."""
    if not _ADDRESS.fullmatch(text):
        raise Wrong("`{value}` is not a web address", '"https://example.org/"')
    return text


def contact(text: str) -> str:
    """Read where a visitor may write: mailto: or a web address."""
    if not _CONTACT.fullmatch(text):
        likely = f"mailto:{text}" if re.fullmatch(r"[^\s@]+@[^\s@]+", text) else ""
        raise Wrong(
            "`{value}` is neither mailto: nor a web address",
            f'"{likely or "mailto:archives@example.org"}"',
        )
    return text


def language(text: str) -> str:
    """Read a BCP 47 tag."""
    if not _BCP47.fullmatch(text):
        likely = text.replace("_", "-")
        example = likely if _BCP47.fullmatch(likely) else nearest(text, ("fr", "en")) or "fr"
        raise Wrong("`{value}` is not a language tag (BCP 47)", example)
    return text


def licence(text: str) -> str:
    """Read an SPDX identifier."""
    near = nearest(text, LICENCES)
    right = _CREATIVE_COMMONS if text.upper().startswith("CC") else _SPDX
    misspelt = near is not None and near.lower() == text.lower() and near != text
    if misspelt or not right.fullmatch(text):
        raise Wrong("`{value}` is not an SPDX licence identifier", near or LICENCES[0])
    return text


def truth(text: str) -> bool:
    """Read true or false."""
    if text not in {"true", "false"}:
        raise Wrong("`{value}` is neither true nor false", "true")
    return text == "true"


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    if not re.fullmatch(r"0(\.\d+)?|1(\.0+)?", text):
        raise Wrong("`{value}` is not a number from 0 to 1", "0.8")
    return float(text)


def count(text: str) -> int:
    """Read a whole number from 1."""
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise Wrong("`{value}` is not a whole number from 1", "2")
    return int(text)
