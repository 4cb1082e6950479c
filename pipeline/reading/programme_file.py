"""One programme.yaml, or people.yaml, as values; whatever is wrong in it as faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, cast

from pipeline.event import Event, Link, Organisation, Person, Role, Series
from pipeline.reading.corrections_file import read_corrections
from pipeline.reading.fields import Fields, as_written, prose
from pipeline.reading.keys import PROGRAMME as KEYS
from pipeline.reading.people import Mention, other_spellings
from pipeline.reading.session_file import Sessions, read_glossary, read_recordings, take_id
from pipeline.reading.values import (
    Wrong,
    acronym,
    address,
    day,
    identifier,
    language,
    licence,
    nearest,
    slug,
)
from pipeline.reading.yaml_file import Entries, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from archive.errors import FileFault
    from pipeline.event import Publish, Session


@dataclass(frozen=True, slots=True)
class Register:
    """people.yaml: the people and organisations of the whole archive, by id."""

    people: Mapping[str, Person]
    organisations: Mapping[str, Organisation]
    mentions: tuple[Mention, ...] = ()
    faults: tuple[FileFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one programme.yaml gave. With faults, `event` lacks what is wrong.

    `event` is None when the file is no YAML at all; `line` is where the event begins.
    """

    event: Event | None
    mentions: tuple[Mention, ...]
    faults: tuple[FileFault, ...]
    line: int = 1


def read_register(path: Path) -> Register:
    """Read people.yaml; an absent one is an empty register."""
    if not path.exists():
        return Register({}, {})
    file = read_yaml(path)
    top = Fields(file, file.root, "people.yaml", KEYS["people.yaml"])
    mentions = _people(top, "person in people.yaml", {}, {})
    people = {mention.person.id: mention.person for mention in mentions}
    return Register(people, _organisations(top, {}), mentions, tuple(file.faults))


def read_programme(path: Path, register: Register) -> Reading:
    """Read one programme.yaml against the people and organisations of the archive."""
    file = read_yaml(path)
    if file.root is None:
        return Reading(None, (), tuple(file.faults))
    top = Fields(file, file.root, "programme.yaml", KEYS["programme.yaml"])
    organisations = _organisations(top, register.organisations)
    known = {**register.organisations, **organisations}
    mentions = _people(top, "person", register.people, known)
    people = {m.person.id: m.person for m in mentions}
    top.require("event")
    fields = top.inner("event", "event", KEYS["event"])
    event = _event(fields, path.parent)
    recordings = {recording.id: recording for recording in read_recordings(top)}
    sessions = Sessions(event, {**register.people, **people}, recordings)
    sessions.read(top)
    present = {id_ for session in sessions.sessions.values() for id_ in _people_of(session)}
    people |= {id_: register.people[id_] for id_ in sorted(present - people.keys())}
    named = {role.organisation for person in people.values() for role in person.roles}
    named |= {*event.organisers, *organisations}
    event = replace(
        event,
        organisations=tuple(o for o in known.values() if o.id in named),
        people=tuple(people.values()),
        recordings=tuple(recordings.values()),
        sessions=tuple(sessions.sessions.values()),
        glossary=read_glossary(top),
    )
    corrections, faults = read_corrections(path.parent)
    event = replace(event, corrections=corrections)
    return Reading(event, mentions, (*file.faults, *faults), fields.line)


def _people_of(session: Session) -> Iterator[str]:
    yield from session.chair
    yield from (speaker.person for speaker in session.speakers)


def _event(fields: Fields, folder: Path) -> Event:
    """Return the event without its people, recordings and sessions."""
    fields.require("date")
    first = fields.value("date", day) or date.min
    end = fields.value("end", day)
    if end is not None and end < first:
        fields.fault("end", "the event ends before it starts", "correct `date:` or `end:`")
    return Event(
        id=take_id(fields, {}, "event"),
        folder=folder,
        title=fields.required("title"),
        date=first,
        end=end,
        series=_series(fields),
        place=fields.text("place"),
        organisers=fields.values("organisers", prose),
        language=fields.value("language", language),
        licence=fields.value("licence", licence),
        links=tuple(_links(fields)),
    )


def _series(fields: Fields) -> Series | None:
    nodes = fields.nodes("series")
    if not nodes:
        return None
    if not isinstance(nodes[0], Entries):
        title = fields.text("series")
        return Series(fields.value("series", _slug) or "", title) if title else None
    inner = fields.inner("series", "series", KEYS["series"])
    return Series(take_id(inner, {}, "series"), inner.required("title"), inner.text("label"))


def _slug(title: str) -> str:
    """Make a series' id of its plain title."""
    if not slug(title):
        raise Wrong("`{value}` has no letter to make an id of", '{id: rencontres, title: "…"}')
    return slug(title)


def _links(fields: Fields) -> Iterator[Link]:
    for node in fields.nodes("links"):
        link = Fields(fields.file, node, "link", KEYS["link"])
        link.require("url")
        yield Link(link.text("kind"), link.text("title"), link.value("url", address) or "")


def _organisations(top: Fields, register: Mapping[str, Organisation]) -> dict[str, Organisation]:
    """Read `organisations:`; what the register says of the same id is completed, not replaced."""
    found: dict[str, Organisation] = {}
    for id_, node in top.named("organisations", acronym):
        if isinstance(node, Entries):
            fields = Fields(top.file, node, "organisation", KEYS["organisation"])
            name = fields.text("name") if id_ in register else fields.required("name")
            also, url = fields.values("also", prose), fields.value("url", address)
        else:
            name, also, url = top.single("organisations", node, prose), (), None
        before = register.get(id_)
        older = (before.name, *before.also) if before else ()
        found[id_] = Organisation(
            id_,
            before.name if before else name or id_,
            other_spellings(before.name if before else name, (*older, name, *also)),
            url or (before.url if before else None),
        )
    return found


def _people(
    top: Fields,
    mapping: str,
    register: Mapping[str, Person],
    organisations: Mapping[str, Organisation],
) -> tuple[Mention, ...]:
    """Read `people:`; each with the name she has in this file, or in the register."""
    mentions: list[Mention] = []
    for id_, node in top.named("people", identifier):
        fields = Fields(top.file, node, mapping, KEYS[mapping])
        before = register.get(id_)
        name = fields.text("name") if before else fields.required("name")
        person = Person(
            id=id_,
            name=name or (before.name if before else id_),
            also=fields.values("also", prose),
            publish=cast("Publish", fields.word("publish", ("yes", "no-name", "nothing"), "yes")),
            roles=tuple(_roles(fields, organisations)),
            same=fields.values("same", identifier),
        )
        mentions.append(Mention(person, top.file.path, node.line))
    return tuple(mentions)


def _roles(fields: Fields, organisations: Mapping[str, Organisation]) -> Iterator[Role]:
    for node in fields.nodes("roles"):
        role = Fields(fields.file, node, "role", KEYS["role"])
        organisation = role.value("organisation", as_written)
        if organisation is not None and organisation not in organisations:
            by_name = {o.name: o.id for o in organisations.values()}
            near = nearest(organisation, [*organisations, *by_name])
            role.fault(
                "organisation",
                "nothing under `organisations:` has the id `{organisation}`",
                "did you mean `{near}`? Else add it under `organisations:`"
                if near
                else "add it under `organisations:`",
                organisation=organisation,
                near=by_name.get(near or "", near),
            )
            organisation = None
        yield Role(role.required("role"), organisation)
