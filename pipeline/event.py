"""What a programme says: an event, its sessions, its people; and what follows from it alone.

`lines` fields say where something stands in its file, for whoever finds out later that
it cannot be used; they take no part in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from archive.errors import FileFault
from pipeline.model import Cast, CastMember, Span, complement, union
from pipeline.reading.values import slug

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from archive.corrections.entries import Entry

Publish: TypeAlias = Literal["yes", "no-name", "nothing"]


@dataclass(frozen=True, slots=True)
class Role:
    """What a person was at the event; `organisation` is an id."""

    role: str
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A human. `also`: other spellings, or as the name is heard; `same`: her other ids."""

    id: str
    name: str
    also: tuple[str, ...] = ()
    publish: Publish = "yes"
    roles: tuple[Role, ...] = ()
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation; its id may be its acronym."""

    id: str
    name: str
    also: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A page about the event."""

    kind: str | None
    title: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Series:
    """Events that belong together; `label` is this event's place among them ("Acte 2")."""

    id: str
    title: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the trade, and what it means."""

    term: str
    means: str | None = None


@dataclass(frozen=True, slots=True)
class HostedMedia:
    """A recording played from elsewhere; `offset_ms` is added to our times to get its times."""

    url: str
    offset_ms: int = 0


@dataclass(frozen=True, slots=True)
class Sound:
    """Where in the captures the speech is: a sound track and a channel of it, from 1.

    No track means the first, no channel all of them, mixed.
    """

    track: int | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One timeline, made of one or several captures in order. `lines`: one per capture."""

    id: str
    captures: tuple[Path, ...]
    sound: Sound = Sound()
    media: HostedMedia | None = None
    lines: tuple[int, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person announced, by id, and the part announced ("conférence")."""

    person: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see a session: with `since`, the public from that day on."""

    kind: Literal["public", "closed"] = "public"
    since: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A part of an event. Not filmed: `recording` is None.

    `date` is always known (the event's, unless the session has its own); `start` is
    "HH:MM"; `span` None means the whole recording; `language` None means the config's,
    and `also_spoken` are languages that are spoken beside it.
    `lines` gives the line of each key that the session has.
    """

    id: str
    title: str
    date: dt.date
    kind: str = "plenary"
    start: str | None = None
    room: str | None = None
    place: str | None = None
    recording: str | None = None
    span: Span | None = None
    transcripts: tuple[Path, ...] = ()
    chair: tuple[str, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    access: Access = Access()
    summary: str | None = None
    language: str | None = None
    also_spoken: tuple[str, ...] = ()
    glossary: tuple[Term, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """A programme.yaml, with what people.yaml adds to it.

    `people` and `organisations` hold those of the programme and those of people.yaml
    that it names. `organisers` are ids of organisations, or plain names. `corrections` are
    those of the corrections.yaml beside it.
    """

    id: str
    folder: Path
    title: str
    date: dt.date
    end: dt.date | None = None
    series: Series | None = None
    place: str | None = None
    organisers: tuple[str, ...] = ()
    language: str | None = None
    licence: str | None = None
    links: tuple[Link, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    people: tuple[Person, ...] = ()
    recordings: tuple[Recording, ...] = ()
    sessions: tuple[Session, ...] = ()
    glossary: tuple[Term, ...] = ()
    corrections: tuple[Entry, ...] = ()

    @property
    def programme(self) -> Path:
        """The file that says all this."""
        return self.folder / "programme.yaml"


def is_public(session: Session, today: dt.date) -> bool:
    """Say whether what was said in the session may be published on that day."""
    access = session.access
    if session.kind == "break" or access.kind == "closed":
        return False
    return access.since is None or access.since <= today


def public_spans(
    event: Event, recording_id: str, duration_ms: int, today: dt.date
) -> tuple[Span, ...]:
    """Return what of a recording may be published: inside public sessions, and in no other.

    Milliseconds of the recording, sorted and disjoint. What lies outside every session,
    in a break, or in a session that is not public is left out, even where a public
    session claims it too.
    """
    whole = Span(0, duration_ms)
    public: list[Span] = []
    hidden: list[Span] = []
    for session in event.sessions:
        if session.recording == recording_id:
            clipped = (session.span or whole).clip(whole)
            if clipped is not None:
                (public if is_public(session, today) else hidden).append(clipped)
    return union(span for part in union(public) for span in complement(hidden, part))


def originals_of(event: Event, recording: Recording) -> tuple[Path, ...]:
    """Return the files that a recording is made from: its captures, its sessions' transcripts."""
    own = (session for session in event.sessions if session.recording == recording.id)
    return (*recording.captures, *(path for session in own for path in session.transcripts))


def transcribed(session: Session, captures: Sequence[Span]) -> tuple[Span, ...]:
    """Return the captures that the session's transcripts belong to, in order.

    `captures` stand on the recording's timeline. There is a transcript for each of them, or
    one for each that the session lies in. Raises FileFault where neither is so.
    """
    lies_in = tuple(c for c in captures if session.span is None or c.overlap_ms(session.span))
    for chosen in (tuple(captures), lies_in):
        if len(chosen) == len(session.transcripts):
            return chosen
    raise FileFault(
        "{transcripts} transcript(s), and session `{session}` lies in {captures} capture(s)",
        "name one transcript for each capture that the session lies in, in their order",
        path=session.transcripts[0],
        transcripts=len(session.transcripts),
        session=session.id,
        captures=len(lies_in),
    )


def cast_of(event: Event, session: Session) -> Cast:
    """Return the session's people, each with every form under which she may be called."""
    people = {person.id: person for person in event.people}
    organisations = {organisation.id: organisation for organisation in event.organisations}

    def member(person: Person) -> CastMember:
        named = [organisations[r.organisation] for r in person.roles if r.organisation]
        return CastMember(
            id=person.id,
            name=person.name,
            spellings=(person.name, *person.also),
            roles=tuple(role.role for role in person.roles),
            organisations=_once(form for o in named for form in (o.id, o.name, *o.also)),
        )

    return Cast(
        chair=tuple(member(people[person]) for person in session.chair),
        speakers=tuple(member(people[speaker.person]) for speaker in session.speakers),
    )


def terms_of(event: Event, session: Session) -> tuple[str, ...]:
    """Return the names and words that a recogniser should expect, most telling first.

    Names of the session's people, their organisations, the glossary, the organisers and
    the event's other organisations; each once. An organisation's id counts when it is an
    acronym: in capitals, and no word of the name.
    """
    people = {person.id: person for person in event.people}
    organisations = {organisation.id: organisation for organisation in event.organisations}
    present = [people[id_] for id_ in (*session.chair, *(s.person for s in session.speakers))]
    theirs = [r.organisation for person in present for r in person.roles if r.organisation]
    rest = (id_ for id_ in (*event.organisers, *organisations) if id_ not in theirs)

    def forms(ids: Iterable[str]) -> list[str]:
        return [form for id_ in ids for form in _said(id_, organisations.get(id_))]

    return _once(
        (
            *(person.name for person in present),
            *forms(theirs),
            *(term.term for term in (*session.glossary, *event.glossary)),
            *forms(rest),
        )
    )


def _said(id_: str, organisation: Organisation | None) -> tuple[str, ...]:
    """Return the forms that people say; PHARES is no acronym when the name is Le Phares."""
    if organisation is None:
        return (id_,)
    acronym = id_.isalnum() and id_.isupper() and slug(id_) not in slug(organisation.name)
    return (id_, organisation.name) if acronym else (organisation.name,)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    """Keep the first of words that differ in case only."""
    kept: dict[str, str] = {}
    for word in words:
        kept.setdefault(word.casefold(), word)
    return tuple(kept.values())
