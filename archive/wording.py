"""What the command says, in English as it is written in the code, or in French.

The English text itself is the key of the catalogue, `fr.json`; what the catalogue lacks is
said in English. The command alone decides, once, at its start: what is written to the
ledger, to JSON and to files stays English, because nobody calls `say` for it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUE = Path(__file__).with_name("fr.json")

_french: dict[str, str] = {}
"""The catalogue while the command speaks French; empty while it speaks English."""


class Text(str):
    """A fact that is itself a text of the catalogue, such as the name of a stage."""

    __slots__ = ()


class _French(Formatter):
    """Writes a number with a decimal comma, and its percent sign apart."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return the value in its format."""
        written = str(super().format_field(value, format_spec))
        if not isinstance(value, float):
            return written
        return written.replace(".", ",").replace("%", "\u00a0%")


def language_of(environment: Mapping[str, str]) -> str:
    """Return "fr" where the locale of messages is French, else "en".

    The first of LC_ALL, LC_MESSAGES and LANG that is not empty decides (POSIX.1-2017, 8.2).
    """
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "C")
    return "fr" if re.match(r"fr(?![a-z])", locale) else "en"


def speak(language: str) -> None:
    """Say everything in "fr" or in "en" from now on."""
    _french.clear()
    if language == "fr":
        _french.update(json.loads(CATALOGUE.read_text(encoding="utf-8")))


def spoken() -> str:
    """Return the language that everything is said in: "fr" or "en"."""
    return "fr" if _french else "en"


def look_up(text: str) -> str:
    """Return a text of the code in the archivist's language."""
    return _french.get(text, text)


def say(text: str, /, **facts: object) -> str:
    """Return a text, a format string over the facts, in the archivist's language.

    Facts that are Texts are looked up too.
    """
    told = {name: look_up(fact) if isinstance(fact, Text) else fact for name, fact in facts.items()}
    writer = _French() if _french else Formatter()
    return writer.vformat(look_up(text), (), told)
