"""What people wish of their names and words, and where other people say a name."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from archive.corrections.model import NOBODY_NAMED, read
from archive.french import fold, tokens, written
from archive.passage import timed_words

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archive.corrections.model import Wish

_TOLD_APART = 2
"""A name of so many words is one person's; a single word may be anybody's, or no name at all."""


def effective(db: sqlite3.Connection, asked: Mapping[str, Wish]) -> dict[str, Wish]:
    """Return the strictest wish of each person who has one, under each of her ids.

    `asked` are the wishes that corrections hold; those of the programmes stand in `people`.
    """
    found: dict[str, Wish] = {}
    same = same_people(db)
    stated = db.execute("SELECT id, publish FROM people WHERE publish <> 'yes'").fetchall()
    for person, wish in (*stated, *asked.items()):
        for one in {person, *same.get(person, ())}:
            if found.get(one) != "nothing":
                found[one] = wish
    return found


def same_people(db: sqlite3.Connection) -> dict[str, set[str]]:
    """Return all ids of each person who has several, by each of them."""
    joined: dict[str, set[str]] = {}
    for one, other in db.execute("SELECT id, spelling FROM names WHERE kind = 'same'").fetchall():
        all_of = joined.get(one, {one}) | joined.get(other, {other})
        joined |= dict.fromkeys(all_of, all_of)
    return joined


def ids_of(db: sqlite3.Connection, person: str) -> set[str]:
    """Return all ids of a person, herself among them."""
    return same_people(db).get(person, {person})


def spellings(db: sqlite3.Connection, people: Iterable[str]) -> tuple[str, ...]:
    """Return every way in which these people's names are written, longest first.

    Those that a wish has kept are among them, whatever programmes say by now.
    """
    among = set(people)
    rows = db.execute(
        "SELECT id, name FROM people UNION SELECT id, name FROM mentions WHERE kind = 'person' "
        "UNION SELECT id, spelling FROM names WHERE kind = 'person'"
    ).fetchall()
    found = {name for person, name in rows if person in among}
    for correction in read(db):
        if among & {*correction.whose}:
            found |= {*correction.facts.get("names", "").splitlines()}
    return tuple(sorted(found, key=lambda name: (-len(name), name)))


class Mask:
    """Puts "une personne" in the place of names, family name first or last."""

    def __init__(self, names: Sequence[str]) -> None:
        patterns = [
            r"[\W_]+".join(map(re.escape, words))
            for name in names
            if len(given := tokens(fold(name))) >= _TOLD_APART
            for words in (given, given[-1:] + given[:-1])
        ]
        whole = rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])"
        self._names = re.compile(whole) if patterns else None

    def __call__(self, text: str) -> str:
        """Return a text without the names."""
        if self._names is None or not self._names.search(fold(text)):
            return text
        # A letter may fold to two, a combining accent to none.
        letters = [fold(letter) for letter in text]
        ends = [0, *accumulate(map(len, letters))]
        made, past = "", 0
        for match in self._names.finditer("".join(letters)):
            first, last = (bisect_right(ends, at) - 1 for at in match.span())
            made, past = f"{made}{text[past:first]}{NOBODY_NAMED[1]}", last
        return made + text[past:]

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row whose texts are without the names; what other rows refer to stays."""
        return {
            column: self(value) if isinstance(value, str) and not _is_ours(column, value) else value
            for column, value in row.items()
        }


def _is_ours(column: str, value: str) -> bool:
    """Tell whether a value is an id, or the place of a file: to change it would break a link."""
    is_file = column in {"media", "poster"} and "://" not in value
    return is_file or column == "id" or column.endswith("_id")


def addresses(db: sqlite3.Connection, mask: Mask) -> list[str]:
    """Return the ids of the programme that hold a name, which only the programme can change."""
    tables = ("series", "events", "recordings", "sessions", "organisations")
    union = " UNION ".join(f"SELECT id FROM {table}" for table in tables)  # noqa: S608
    return [name for (name,) in db.execute(f"{union} ORDER BY 1").fetchall() if mask(name) != name]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that is said: where, by whom (None: unknown), and the words around it."""

    recording: str
    start_ms: int
    end_ms: int
    speaker: str | None
    quote: str


def mentions(turns: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Iterator[Mention]:
    """Yield where a name of one person is said: whole, or her family name alone.

    `turns` hold their passages, whose words have their times in "words".
    """
    sought = _forms(names)
    for turn in turns:
        for passage in turn["passages"]:
            said = passage["text"].split(" ")
            whole = (passage["start_ms"], passage["end_ms"])
            words = timed_words(passage["text"], passage["words"])
            times = [whole] * len(said) if words is None else [(a, b) for a, b, *_ in words]
            letters = [fold(" ".join(w.form for w in written(word))) for word in said]
            for first, last in _found(letters, sought):
                yield Mention(
                    turn["recording_id"],
                    times[first][0],
                    max(times[last - 1][1], times[first][0] + 1),  # some words take no time
                    turn["person_id"],
                    " ".join(said[max(0, first - 6) : last + 6]),
                )


def _forms(names: Sequence[str]) -> list[list[str]]:
    whole = [tokens(fold(name)) for name in names]
    alone = [[words[-1]] for words in whole if len(words) >= _TOLD_APART and len(words[-1]) > 3]
    return sorted(
        {tuple(w): list(w) for w in (*whole, *alone) if w}.values(), key=len, reverse=True
    )


def _found(said: Sequence[str], sought: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Yield half-open runs of words that hold one of the forms, none inside another."""
    free = 0
    for first in range(len(said)):
        if first < free:
            continue
        for form in sought:
            last, letters = first, ""
            while last < len(said) and len(letters.split()) < len(form):
                letters = f"{letters} {said[last]}".strip()
                last += 1
            if letters.split() == form:
                yield first, last
                free = last
                break
