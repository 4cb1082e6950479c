"""programme.yaml, people.yaml → Event, Session, Person, Organisation.

The values stand in event.py, the reading of one file in programme_file.py and
session_file.py, what makes one human of several mentions in people.py; here they become
the archive's events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archive.errors import Faults, FileFault, PlenaryError
from pipeline.event import (
    Access,
    Event,
    HostedMedia,
    Link,
    Organisation,
    Person,
    Recording,
    Role,
    Series,
    Session,
    Sound,
    Speaker,
    Term,
    cast_of,
    is_public,
    public_spans,
    terms_of,
)
from pipeline.reading.people import Double, contradictions, humans, likely_doubles, settle
from pipeline.reading.programme_file import Reading, Register, read_programme, read_register
from pipeline.reading.values import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = [
    "Access",
    "Double",
    "Event",
    "HostedMedia",
    "Link",
    "Organisation",
    "Person",
    "Recording",
    "Role",
    "Series",
    "Session",
    "Sound",
    "Speaker",
    "Term",
    "cast_of",
    "is_public",
    "likely_doubles",
    "load_events",
    "public_spans",
    "read_events",
    "terms_of",
]


@dataclass(frozen=True, slots=True)
class Programmes:
    """All events, by date and id, and everything that is wrong in their files.

    With faults, an event lacks what is wrong in it, and a file that is no YAML has none.
    """

    events: tuple[Event, ...]
    faults: tuple[PlenaryError, ...]


def load_events(folder: Path) -> tuple[Event, ...]:
    """Return the archive's events by date and id; raises Faults with all mistakes in all files."""
    programmes = read_events(folder)
    if programmes.faults:
        raise Faults(programmes.faults)
    return programmes.events


def read_events(folder: Path) -> Programmes:
    """Read people.yaml and every programme.yaml; gives what can be read beside what is wrong."""
    if not folder.is_dir():
        sentence = "there is no such folder of events"
        step = "correct `events:` in config.yaml, or make the folder"
        return Programmes((), (FileFault(sentence, step, path=folder),))
    register = read_register(folder / "people.yaml")
    read = [read_programme(path, register) for path in sorted(folder.glob("*/programme.yaml"))]
    read.sort(key=lambda reading: (reading.event.date, reading.event.id) if reading.event else ())
    faults = [*register.faults, *(fault for reading in read for fault in reading.faults)]
    faults += [*_misnamed(folder), *_repeated(read)]
    mentions = [*register.mentions, *(mention for reading in read for mention in reading.mentions)]
    faults += contradictions(mentions)
    faults.sort(key=lambda fault: (str(fault.path), fault.line or 0))
    return Programmes(tuple(_settled(register, read)), tuple(faults))


def _settled(register: Register, read: Sequence[Reading]) -> Iterator[Event]:
    """Give the events, each person with what the whole archive says of her."""
    mentions = [*register.mentions, *(mention for reading in read for mention in reading.mentions)]
    everyone = humans(mentions)
    first = {mention.person.id: mention.person for mention in reversed(mentions)}
    for event in (reading.event for reading in read if reading.event is not None):
        people = (
            settle(person, first[person.id], register.people.get(person.id), everyone[person.id])
            for person in event.people
        )
        yield replace(event, people=tuple(people))


def _misnamed(folder: Path) -> Iterator[FileFault]:
    """Find folders whose programme has another name, and would be passed over in silence."""
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not (child / "programme.yaml").exists():
            for path in sorted((*child.glob("*.yaml"), *child.glob("*.yml"))):
                if nearest(path.name, ["programme.yaml"]):
                    step = "rename it to programme.yaml"
                    yield FileFault("the programme of an event has another name", step, path=path)


def _repeated(read: Sequence[Reading]) -> Iterator[FileFault]:
    """Find events of one id, and series of one id and unlike titles."""
    ids: dict[str, Event] = {}
    series: dict[str, Event] = {}
    for reading in read:
        event = reading.event
        if event is None:
            continue
        before = ids.setdefault(event.id, event)
        if event.id and before is not event:
            sentence = "the event `{id}` stands in {other} too"
            yield _fault(reading, sentence, "give one another id", other=before.programme)
        if event.series is None:
            continue
        before = series.setdefault(event.series.id, event)
        assert before.series is not None
        if before.series.title != event.series.title:
            sentence = "the series `{id}` has another title in {other}: {title}"
            facts = {"id": event.series.id, "other": before.programme, "title": before.series.title}
            yield _fault(reading, sentence, "write one title in both", **facts)


def _fault(reading: Reading, sentence: str, next_step: str, **facts: Any) -> FileFault:
    assert reading.event is not None
    path, known = reading.event.programme, {"id": reading.event.id, **facts}
    return FileFault(sentence, next_step, path=path, line=reading.line, **known)
