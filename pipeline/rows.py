"""What the stages made, as rows of the archive's tables (`archive/schema.py`)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from archive.values import canonical
from pipeline.event import Access
from pipeline.passages import passages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.event import Event, Link, Organisation, Person, Recording, Session
    from pipeline.ledger import Done
    from pipeline.listening import Part, Sound
    from pipeline.model import Turn, Withheld, Word
    from pipeline.steps import Model

Row = dict[str, Any]


def event_tables(event: Event) -> dict[str, list[Row]]:
    """Return the rows that an event's programme gives, by table."""
    return {
        "series": _series(event),
        "events": [_event(event)],
        "organisations": [{"id": o.id, "name": o.name, "url": o.url} for o in event.organisations],
        "people": [_person(p) for p in event.people],
        "names": [*_person_names(event.people), *_organisation_names(event.organisations)],
        "roles": [
            {
                "person_id": person.id,
                "event_id": event.id,
                "role": role.role,
                "organisation_id": role.organisation,
            }
            for person in event.people
            for role in person.roles
        ],
        "recordings": [_announced(event, recording) for recording in event.recordings],
        "sessions": [_session(event, n, s) for n, s in enumerate(event.sessions, start=1)],
        "programme": [row for s in event.sessions for row in _programme(event, s)],
        "links": _links(event),
        "glossary": _glossary(event),
    }


def _series(event: Event) -> list[Row]:
    series = event.series
    return [] if series is None else [{"id": series.id, "title": series.title}]


def _event(event: Event) -> Row:
    series = event.series
    return {
        "id": event.id,
        "title": event.title,
        "series_id": None if series is None else series.id,
        "label": None if series is None else series.label,
        "date": event.date.isoformat(),
        "end": None if event.end is None else event.end.isoformat(),
        "place": event.place,
        "language": event.language,
        "licence": event.licence,
        "organisers": json.dumps(list(event.organisers), ensure_ascii=False),
    }


def _person(person: Person) -> Row:
    *given, family = person.name.split()
    sort_name = f"{family} {' '.join(given)}".strip()
    return {
        "id": person.id,
        "name": person.name,
        "sort_name": sort_name,
        "publish": person.publish,
    }


def _person_names(people: Iterable[Person]) -> Iterator[Row]:
    for person in people:
        for spelling in (person.name, *person.also):
            yield {"kind": "person", "id": person.id, "spelling": spelling}
        for other in person.same:
            yield {"kind": "same", "id": person.id, "spelling": other}


def _organisation_names(organisations: Iterable[Organisation]) -> Iterator[Row]:
    for organisation in organisations:
        for spelling in (organisation.id, organisation.name, *organisation.also):
            yield {"kind": "organisation", "id": organisation.id, "spelling": spelling}


def _announced(event: Event, recording: Recording) -> Row:
    hosted = recording.media
    return {
        "id": f"{event.id}/{recording.id}",
        "event_id": event.id,
        "status": "waiting",
        "media": None if hosted is None else hosted.url,
        "media_offset_ms": 0 if hosted is None else hosted.offset_ms,
    }


def _session(event: Event, position: int, session: Session) -> Row:
    span, access = session.span, session.access
    return {
        "id": f"{event.id}/{session.id}",
        "event_id": event.id,
        "position": position,
        "title": session.title,
        "kind": session.kind,
        "date": (session.date or event.date).isoformat(),
        "start": session.start,
        "room": session.room,
        "place": session.place,
        "recording_id": None if session.recording is None else f"{event.id}/{session.recording}",
        "from_ms": None if span is None else span.start_ms,
        "to_ms": None if span is None else span.end_ms,
        "summary": session.summary,
        "access": access.kind,
        "public_from": None if access.since is None else access.since.isoformat(),
    }


def _programme(event: Event, session: Session) -> Iterator[Row]:
    announced = [
        *((person, "chair") for person in session.chair),
        *((speaker.person, speaker.part or "") for speaker in session.speakers),
    ]
    for position, (person, part) in enumerate(announced, start=1):
        yield {
            "session_id": f"{event.id}/{session.id}",
            "person_id": person,
            "part": part,
            "position": position,
        }


def _links(event: Event) -> list[Row]:
    def row(link: Link) -> Row:
        return {"event_id": event.id, "session_id": None, **asdict(link)}

    return [row(link) for link in event.links]


def _glossary(event: Event) -> list[Row]:
    terms = {t.term: t for t in event.glossary}
    for session in event.sessions:
        # The table knows no sessions: what is said behind closed doors would be public in it.
        if session.access == Access() and session.kind != "break":
            terms |= {t.term: t for t in session.glossary}
    return [{"term": t.term, "means": t.means} for t in terms.values()]


def capture_rows(
    captures: Sequence[Path], hashes: Sequence[str], parts: Sequence[Part]
) -> list[Row]:
    """Return the rows of a recording's captures, one after the other on its timeline."""
    return [
        {
            "position": position,
            "name": path.name,
            "bytes": part.bytes,
            "sha256": sha256,
            "format": part.format,
            "start_ms": part.span.start_ms,
            "duration_ms": part.span.duration_ms,
        }
        for position, (path, sha256, part) in enumerate(
            zip(captures, hashes, parts, strict=True), start=1
        )
    ]


def recording_row(event_id: str, recording_id: str, sound: Sound) -> Row:
    """Return the row of a recording whose words are known."""
    return {
        "id": f"{event_id}/{recording_id}",
        "event_id": event_id,
        "duration_ms": sound.duration_ms,
        "missing_ms": sound.missing_ms,
        "status": "partial" if sound.missing_ms else "ok",
    }


def gap_rows(sound: Sound) -> list[Row]:
    """Return the rows of what is missing from a recording's sound."""
    return [
        {"start_ms": g.span.start_ms, "end_ms": g.span.end_ms, "reason": g.reason}
        for g in sound.gaps
    ]


def turn_rows(session_id: str, turns: Iterable[Turn]) -> list[Row]:
    """Return the rows of a session's turns, each with its passages."""
    return [
        {
            "session_id": session_id,
            "start_ms": turn.span.start_ms,
            "end_ms": turn.span.end_ms,
            "person_id": turn.person,
            "voice": turn.voice,
            "confidence": round(turn.confidence, 4) if turn.person else None,
            "evidence": canonical([asdict(reason) for reason in turn.evidence]),
            "origin": "automatic",
            "passages": [_passage(words) for words in passages(turn)],
        }
        for turn in turns
    ]


def _passage(words: Sequence[Word]) -> Row:
    heard = {str(n): w.heard for n, w in enumerate(words) if w.heard is not None}
    return {
        "start_ms": words[0].start_ms,
        "end_ms": max(w.end_ms for w in words),
        "text": " ".join(w.text for w in words),
        "words": canonical([[w.start_ms, w.end_ms, round(w.probability, 3)] for w in words]),
        "heard": canonical(heard) if heard else None,
        "origin": "automatic",
    }


def withheld_rows(withheld: Iterable[Withheld]) -> list[Row]:
    """Return the rows of what the gate kept back."""
    return [
        {
            "start_ms": w.span.start_ms,
            "end_ms": w.span.end_ms,
            "reason": w.reason,
            "words": " ".join(word.text for word in w.words),
        }
        for w in withheld
    ]


def _options(done: Done) -> dict[str, Any]:
    """Return a step's options, with the windows decoded again and what was put right in a file."""
    told = {"words": "looked_again", "sidecar": "notes"}.get(done.step.name, "")
    found = done.result[told] if told else ()
    return {**done.step.options, **({told: found} if found else {})}


def provenance_rows(
    done: Iterable[Done],
    tool: str,
    version: str,
    model: Model | None = None,
    session_id: str | None = None,
) -> list[Row]:
    """Return one row for each input of each step that one tool did.

    An input that is neither a file nor what another step made (the model, the cast) has none:
    `archive/chain.py` looks for what made each. `session_id` is that of the session whose words
    the steps made; None: the whole recording.
    """
    return [
        {
            "session_id": session_id,
            "step": d.step.name,
            "tool": tool,
            "version": version,
            "model": None if model is None else model.name,
            "model_sha256": None if model is None else model.sha256,
            "options": canonical(_options(d)),
            "made_at": d.made_at,
            "input_sha256": sha256,
            "output_sha256": d.output_sha256,
        }
        for d in done
        for kind, sha256 in d.step.inputs.items()
        if kind not in {"model", "cast"}
    ]
