"""A correction: what somebody said of a stretch of sound, kept on the sound itself.

A stretch is held by the capture's SHA-256 and the time in that capture, so that a recording
put together otherwise moves it with its sound, and by the words that stood there, so that
words are put right only where they are still meant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archive.values import canonical

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

Kind: TypeAlias = Literal["speaker", "text", "confirm", "replace", "withdraw", "restore"]
Wish: TypeAlias = Literal["no-name", "nothing"]
SpokenWord: TypeAlias = tuple[int, int, str]
"""Start and end in ms of the recording, and the word."""

NOBODY_NAMED = "une-personne", "une personne"
"""Id and name that stand, in what is published, for everybody who wishes not to be named."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a recording, in ms of it as it was when somebody looked, and what is said of it.

    `capture` is the SHA-256 of the file that holds its start, `capture_ms` its start in that
    file; "" where no capture is known. `heard` are the words that stood there. `person` is
    whose words they are (None: nobody listed), `words` what was said; which of the two counts
    is told by the correction's kind.
    """

    start_ms: int
    end_ms: int
    capture: str = ""
    capture_ms: int = 0
    heard: str = ""
    person: str | None = None
    words: tuple[SpokenWord, ...] = ()

    def shift(self, by_ms: int) -> Stretch:
        """Return it moved on the recording, its words with it."""
        return replace(
            self,
            start_ms=self.start_ms + by_ms,
            end_ms=self.end_ms + by_ms,
            words=tuple((start + by_ms, end + by_ms, word) for start, end, word in self.words),
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing that one person put right, and can undo as a whole.

    `recording` is None for what holds in several: a wish, or a spelling. `facts` say the rest:

    speaker    name, role, organisation: of a person whom no programme gives
    confirm    what: "name" or "words"
    replace    from, to; within: "", an event's or a session's id
    withdraw   person and wish ("no-name" or "nothing"), its stretches being those where others
               go on saying the name; same and names: her other ids and her spellings, a line each,
               for a programme that drops her must not bring her back; erased: "yes" where the
               words are gone from work.db too
    """

    kind: Kind
    recording: str | None = None
    stretches: tuple[Stretch, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    made_at: str = ""
    why: str = ""
    source: str = ""
    id: int = 0
    undone_at: str | None = None

    @property
    def takes_away(self) -> bool:
        """Whether its stretches are withdrawn."""
        return self.kind == "withdraw" and "person" not in self.facts

    @property
    def whose(self) -> tuple[str, ...]:
        """The ids of the person who wishes something; none where it is no wish."""
        if self.kind != "withdraw" or self.takes_away:
            return ()
        return self.facts["person"], *self.facts.get("same", "").splitlines()

    @property
    def is_about_names(self) -> bool:
        """Whether it says who speaks."""
        return self.kind == "speaker" or (self.kind == "confirm" and self.facts["what"] == "name")

    @property
    def is_about_words(self) -> bool:
        """Whether it says which words were said."""
        return self.kind in {"text", "restore"} or (
            self.kind == "confirm" and self.facts["what"] == "words"
        )

    def row(self) -> dict[str, Any]:
        """Return the row that `read` gives back; the store numbers it."""
        return {
            "recording_id": self.recording,
            "start_ms": min((s.start_ms for s in self.stretches), default=None),
            "end_ms": max((s.end_ms for s in self.stretches), default=None),
            "kind": self.kind,
            "value": canonical({"stretches": [_told(s) for s in self.stretches], **self.facts}),
            "by": self.by,
            "made_at": self.made_at,
            "why": self.why,
            "source": self.source,
            "undone_at": self.undone_at,
        }


def _told(stretch: Stretch) -> list[object]:
    return [
        *(stretch.start_ms, stretch.end_ms, stretch.capture, stretch.capture_ms),
        *(stretch.heard, stretch.person, stretch.words),
    ]


def _stretch(told: list[Any]) -> Stretch:
    start_ms, end_ms, capture, capture_ms, heard, person, words = told
    spoken = tuple((start, end, word) for start, end, word in words)
    return Stretch(start_ms, end_ms, capture, capture_ms, heard, person, spoken)


def read(db: sqlite3.Connection, *, undone: bool = False) -> tuple[Correction, ...]:
    """Return the corrections that hold, oldest first; with `undone` those undone too."""
    columns = "id, kind, recording_id, value, by, made_at, why, source, undone_at"
    where = "" if undone else "WHERE undone_at IS NULL"
    found = db.execute(f"SELECT {columns} FROM corrections {where} ORDER BY id")  # noqa: S608
    return tuple(_of_row(*row) for row in found.fetchall())


def mark(db: sqlite3.Connection) -> list[tuple[int, str | None]]:
    """Return what tells whether anything was corrected, or undone, since: numbers and times."""
    return db.execute("SELECT id, undone_at FROM corrections ORDER BY id").fetchall()


def _of_row(
    number: int,
    kind: Kind,
    recording: str | None,
    value: str,
    *told: Any,
) -> Correction:
    facts = json.loads(value)
    stretches = tuple(_stretch(s) for s in facts.pop("stretches"))
    by, made_at, why, source, undone_at = told
    return Correction(
        kind, recording, stretches, facts, by, made_at, why, source, number, undone_at
    )


def wishes(corrections: Iterable[Correction]) -> dict[str, Wish]:
    """Return what people asked for since the programme was written: the strictest, by person."""
    found: dict[str, Wish] = {}
    for correction in corrections:
        for person in correction.whose:
            if found.get(person) != "nothing":
                found[person] = "nothing" if correction.facts["wish"] == "nothing" else "no-name"
    return found


def newcomers(corrections: Iterable[Correction]) -> Iterator[tuple[str, Correction]]:
    """Yield the people whom only corrections know, by id, with the correction that names them."""
    for correction in corrections:
        if correction.kind == "speaker" and "name" in correction.facts and correction.stretches:
            yield str(correction.stretches[0].person), correction
