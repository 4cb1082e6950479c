"""One id is one human, and one human may have two ids.

Names are compared without case, accents and punctuation, word by word. A word is like
another from a normalised indel similarity of 75 on (rapidfuzz): FEDERICI and Frederici
are alike, Dupont and Durand are not; an initial is like a word that it begins.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from archive.errors import FileFault
from archive.wording import say
from pipeline.reading.values import nearest, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.event import Event, Person, Publish

_ALIKE = 75.0
_STRICTER: Mapping[Publish, int] = {"yes": 0, "no-name": 1, "nothing": 2}


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as one file writes her; `place` is the line."""

    person: Person
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Human:
    """What all files together say of one human, whatever ids she has.

    `publish` is the strictest of her wishes, wherever it stands.
    """

    ids: frozenset[str]
    names: tuple[str, ...]
    publish: Publish


@dataclass(frozen=True, slots=True)
class Double:
    """Two ids whose names are so alike that they may be one human."""

    first: Person
    second: Person

    def told(self) -> str:
        """Say it, in the archivist's language."""
        return say(
            "{first} ({first_name}) and {second} ({second_name}) may be one person:"
            " if so, write `same: [{second}]` under {first}",
            first=self.first.id,
            first_name=self.first.name,
            second=self.second.id,
            second_name=self.second.name,
        )


def alike(one: str, other: str) -> bool:
    """Say whether two names may be the same: each word of the shorter is like one of the longer."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    return bool(shorter) and all(any(_like(a, b) for b in longer) for a in shorter)


def other_spellings(name: str | None, forms: Iterable[str | None]) -> tuple[str, ...]:
    """Return the forms that differ from the name, each once, in order."""
    return tuple(dict.fromkeys(form for form in forms if form and form != name))


def settle(person: Person, first: Person, registered: Person | None, human: Human) -> Person:
    """Return an event's person with what the whole archive says of her.

    `first` is her first mention (people.yaml, else the earliest event), whose name is kept.
    """
    older = () if registered is None else registered.also
    return replace(
        person,
        name=first.name,
        also=other_spellings(first.name, (*older, person.name, *person.also, *human.names)),
        publish=human.publish,
        same=tuple(sorted(human.ids - {person.id})),
    )


def contradictions(mentions: Sequence[Mention]) -> Iterator[FileFault]:
    """Find ids with unlike names, and `same:` that names nobody."""
    first: dict[str, Mention] = {}
    known = {mention.person.id for mention in mentions}
    for mention in mentions:
        person = mention.person
        before = first.setdefault(person.id, mention)
        if not _one_human(before.person, person):
            yield FileFault(
                "`{id}` is {name} here and {other} in {other_path}: one id is one human",
                "give one of them another id, or list one name under `also:` of the other",
                path=mention.path,
                line=mention.line,
                id=person.id,
                name=person.name,
                other=before.person.name,
                other_path=before.path,
            )
        for unknown in (id_ for id_ in person.same if id_ not in known or id_ == person.id):
            near = nearest(unknown, known - {person.id})
            yield FileFault(
                "`same:` of `{id}` names `{unknown}`, who is nobody else in this archive",
                "did you mean `{near}`?" if near else "correct it, or delete it",
                path=mention.path,
                line=mention.line,
                id=person.id,
                unknown=unknown,
                near=near,
            )


def humans(mentions: Sequence[Mention]) -> Mapping[str, Human]:
    """Return for each id the human it belongs to; `same:` joins ids in both directions."""
    joined: dict[str, set[str]] = {}
    for mention in mentions:
        ids = {mention.person.id, *mention.person.same}
        for id_ in list(ids):
            ids |= joined.get(id_, set())
        joined |= dict.fromkeys(ids, ids)
    said: dict[frozenset[str], list[Person]] = defaultdict(list)
    for mention in mentions:
        said[frozenset(joined[mention.person.id])].append(mention.person)
    return {
        id_: Human(
            ids,
            tuple(dict.fromkeys(person.name for person in people)),
            max((person.publish for person in people), key=lambda wish: _STRICTER[wish]),
        )
        for ids, people in said.items()
        for id_ in ids
    }


def likely_doubles(events: Iterable[Event]) -> tuple[Double, ...]:
    """Find people of unlike ids and like names, whom no `same:` joins; sorted by id.

    Only people who share the first three letters of a word of their names are compared,
    so that the cost stays near the number of people.
    """
    people = {person.id: person for event in events for person in event.people}
    near: dict[str, set[str]] = defaultdict(set)
    for person in people.values():
        for word in _words(person.name):
            near[word[:3]].add(person.id)
    pairs = {pair for ids in near.values() for pair in combinations(sorted(ids), 2)}
    return tuple(
        Double(people[one], people[other])
        for one, other in sorted(pairs)
        if other not in people[one].same
        and one not in people[other].same
        and alike(people[one].name, people[other].name)
    )


def _words(name: str) -> list[str]:
    return slug(name).split("-")


def _like(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return (len(shorter) == 1 and longer.startswith(shorter)) or fuzz.ratio(one, other) >= _ALIKE


def _one_human(one: Person, other: Person) -> bool:
    return any(alike(a, b) for a in (one.name, *one.also) for b in (other.name, *other.also))
