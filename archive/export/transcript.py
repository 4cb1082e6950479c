"""What every export writes: a session's words, who said them, and where they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.export.clock import hours
from archive.provenance import told_once

if TYPE_CHECKING:
    from archive.provenance import Capture, Correction, Step

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_OPENED = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
"""Characters that turn the direction of writing, and what ends each (Unicode UAX 9)."""
_OPENS = re.compile(f"[{''.join(_OPENED)}]")

_WORDS = {
    "fr": {"doubt": "nom attribué automatiquement", "voice": "Voix", "colon": " :"},
    "en": {"doubt": "name attributed automatically", "voice": "Voice", "colon": ":"},
}

_MAKERS = ("words", "sidecar")
"""Steps that words come from: a model, or a transcript made elsewhere."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word; times in ms of the recording.

    `heard` is what was heard where its spelling was mended, else None.
    """

    start_ms: int
    end_ms: int
    text: str
    probability: float
    heard: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """About a paragraph; `words` is empty where their times are not known.

    `origin` is that of the words: automatic, confirmed or corrected.
    """

    start_ms: int
    end_ms: int
    text: str
    origin: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says; `name` is None where nobody is named.

    `role` and `organisation` are those of the event, several with semicolons between.
    """

    start_ms: int
    end_ms: int
    person: str | None
    name: str | None
    role: str | None
    organisation: str | None
    voice: str
    confidence: float
    origin: str
    passages: tuple[Passage, ...]

    @property
    def doubtful(self) -> bool:
        """Tell whether the name is one that no human confirmed."""
        return self.name is not None and self.origin == "automatic"


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch that nothing can be read of, in ms of the recording, half-open, and why.

    Its sound is missing from the captures, or its words were withdrawn.
    """

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Role:
    """What a person was at the event, and the id of the organisation she was it for."""

    role: str | None
    organisation: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is named as a speaker."""

    id: str
    name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that a speaker was there for."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's words (or a whole recording's) with what is said about them.

    `id` is that of the session or recording; empty strings stand for what is unknown.
    """

    id: str
    title: str
    event: str
    event_title: str
    date: str
    language: str
    licence: str
    organisers: tuple[str, ...]
    recording: str
    captures: tuple[Capture, ...]
    steps: tuple[Step, ...]
    corrections: tuple[Correction, ...]
    missing: tuple[Missing, ...]
    people: tuple[Person, ...]
    organisations: tuple[Organisation, ...]
    turns: tuple[Turn, ...]

    def word(self, key: str) -> str:
        """Return "doubt", "voice" or "colon" in the transcript's language."""
        return _WORDS["fr" if self.language[:2] in ("", "fr") else "en"][key]

    def label(self, turn: Turn) -> str:
        """Return who speaks as a reader sees it, with the doubt where there is one."""
        if turn.name is None:
            return f"{self.word('voice')} {one_line(turn.voice.rpartition('-')[2])}"
        doubt = f" ({self.word('doubt')})" if turn.doubtful else ""
        return f"{one_line(turn.name)}{doubt}"

    def capture_at(self, ms: int) -> Capture | None:
        """Return the capture that a moment of the recording lies in; None where it lies in none."""
        held = (c for c in self.captures if c.start_ms <= ms < c.end_ms)
        return next(held, None)

    @property
    def made_with(self) -> str:
        """What made the words: tool, version, and the SHA-256 of model or transcript."""
        makers = (step for step in self.steps if step.step in _MAKERS)
        return "; ".join(dict.fromkeys(map(_maker, makers)))

    @property
    def made_at(self) -> str:
        """When the last step behind the words was done, ISO 8601; empty where unknown."""
        return max((step.made_at for step in self.steps), default="")

    def about(self) -> tuple[str, ...]:
        """Return lines that say what this is, under which licence, and where it comes from."""
        lines = [
            f"{self.event_title} — {self.title}" if self.title else self.event_title,
            self.date,
            self.licence,
            *(f"{capture.name} sha256:{capture.sha256}" for capture in self.captures),
            *(f"{s.step}: {_maker(s)} {s.made_at}" for s in told_once(self.steps)),
            *(f"correction: {c.kind} {c.made_at}" for c in self.corrections),
            *(f"{hours(m.start_ms)}–{hours(m.end_ms)}: {m.reason}" for m in self.missing),
        ]
        return tuple(dict.fromkeys(filter(None, map(one_line, lines))))


def _maker(step: Step) -> str:
    read = step.inputs[0] if step.step == "sidecar" and step.inputs else step.model_sha256
    told = (step.tool, step.version, step.model, read and f"sha256:{read}")
    return " ".join(part for part in told if part)


def storable(text: str) -> str:
    """Return text that UTF-8 can hold: half a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str) -> str:
    """Return storable text on one line, without control characters or double spaces.

    A direction of writing that it turns to ends with it, and turns nothing that follows.
    """
    line = " ".join(_CONTROL.sub(" ", storable(text)).split())
    if not _OPENS.search(line):
        return line
    ends: list[str] = []
    for character in line:
        if character in _OPENED:
            ends.append(_OPENED[character])
        elif ends and character == ends[-1]:
            ends.pop()
    return line + "".join(reversed(ends))
