"""The recordings and sessions of one programme.yaml; whatever is wrong in them as faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from archive.wording import Text
from pipeline.event import Access, HostedMedia, Recording, Session, Sound, Speaker, Term
from pipeline.model import Span
from pipeline.reading.fields import Fields, as_written, path_from, prose
from pipeline.reading.keys import PROGRAMME as KEYS
from pipeline.reading.values import (
    Wrong,
    address,
    clock,
    count,
    day,
    identifier,
    language,
    moment,
    nearest,
    seconds_to_ms,
)
from pipeline.reading.yaml_file import Entries

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.event import Event, Person
    from pipeline.reading.yaml_file import YamlFile

KINDS = ("plenary", "workshop", "round-table", "opening", "break")


def read_recordings(top: Fields) -> tuple[Recording, ...]:
    """Read `recordings:`; a fault for each id that stands twice."""
    recordings: dict[str, Recording] = {}
    for node in top.nodes("recordings"):
        fields = Fields(top.file, node, "recording", KEYS["recording"])
        fields.require("captures")
        media = fields.inner("media", "hosted media", KEYS["hosted media"])
        url = media.value("url", address)
        offset = media.value("offset", seconds_to_ms) or 0
        if "media" in fields:
            media.require("url")
        sound = fields.inner("sound", "sound", KEYS["sound"])
        recording = Recording(
            id=take_id(fields, recordings, Text("recording")),
            captures=fields.values("captures", path_from(top.file.path)),
            sound=Sound(sound.value("track", count), sound.value("channel", count)),
            media=HostedMedia(url, offset) if url else None,
            lines=tuple(capture.line for capture in fields.nodes("captures")),
        )
        recordings[recording.id] = recording
    return tuple(recordings.values())


def read_glossary(fields: Fields) -> tuple[Term, ...]:
    """Read `glossary:`, words or mappings."""
    terms: list[Term] = []
    for node in fields.nodes("glossary"):
        if isinstance(node, Entries) and node.nodes.keys().isdisjoint(KEYS["term"]):
            step = "write it so: {quoted}  (or `{{term: …, means: …}}`)"
            quoted = fields.file.quoted(node.line, item=True)
            sentence = "` : ` makes a mapping out of this text"
            fields.file.fault(node.line, sentence, step, quoted=quoted)
        elif isinstance(node, Entries):
            term = Fields(fields.file, node, "term", KEYS["term"])
            terms.append(Term(term.required("term"), term.text("means")))
        else:
            terms.append(Term(fields.single("glossary", node, prose) or ""))
    return tuple(term for term in terms if term.term)


def take_id(fields: Fields, taken: Mapping[str, object], what: Text) -> str:
    """Read `id:`; a fault when it is missing or taken. "" stands for a wrong one."""
    fields.require("id")
    id_ = fields.value("id", identifier) or ""
    if id_ and id_ in taken:
        sentence = "another {what} has the id `{id}` already"
        fields.fault("id", sentence, "give each its own id", what=what, id=id_)
    return id_


@dataclass
class Sessions:
    """Reads `sessions:` of an event; `recordings` grows by those of sessions with captures."""

    event: Event
    people: Mapping[str, Person]
    recordings: dict[str, Recording]
    sessions: dict[str, Session] = field(default_factory=dict)

    def read(self, top: Fields) -> None:
        """Read them all; ids that stand twice, wrong references and times become faults."""
        for node in top.nodes("sessions"):
            session = self._session(Fields(top.file, node, "session", KEYS["session"]))
            self.sessions[session.id] = session
        _check_captures(top.file, list(self.recordings.values()))
        _check_overlaps(top.file, list(self.sessions.values()))

    def _session(self, fields: Fields) -> Session:
        id_ = take_id(fields, self.sessions, Text("session"))
        recording = self._recording(fields, id_)
        return Session(
            id=id_,
            title=fields.required("title"),
            date=self._date(fields),
            kind=fields.word("kind", KINDS, "plenary"),
            start=fields.value("start", clock),
            room=fields.text("room"),
            place=fields.text("place"),
            recording=recording,
            span=_span(fields) if {"recording", "captures"} & fields.lines.keys() else None,
            transcripts=self._transcripts(fields, recording),
            chair=tuple(dict.fromkeys(self._persons(fields, "chair"))),
            speakers=self._speakers(fields),
            access=fields.value("access", _access) or Access(),
            summary=fields.text("summary"),
            language=fields.value("language", language) or self.event.language,
            also_spoken=fields.values("also_spoken", language),
            glossary=read_glossary(fields),
            lines={"id": fields.line, **fields.lines},
        )

    def _date(self, fields: Fields) -> dt.date:
        event = self.event
        own = fields.value("date", day) or event.date
        if not event.date <= own <= (event.end or event.date):
            sentence = "the session's date {date} is not a day of the event ({first} to {last})"
            step = "correct it, or the event's `date:` and `end:`"
            last = event.end or event.date
            fields.fault("date", sentence, step, date=own, first=event.date, last=last)
        return own

    def _recording(self, fields: Fields, session: str) -> str | None:
        """Return the recording that the session names, or that its own captures make."""
        if "captures" in fields:
            return self._own_recording(fields, session)
        if "recording" not in fields:
            for key in ("from", "to", "transcripts"):
                if key in fields:
                    step = "add `recording:` or `captures:`, or delete this line"
                    fields.fault(key, "`{key}:` in a session that was not filmed", step)
            return None
        named = fields.value("recording", as_written)
        if named is not None and named not in self.recordings:
            near = nearest(named, self.recordings)
            step = "did you mean `{near}`?" if near else "add it under `recordings:`"
            sentence = "no recording is called `{recording}`"
            fields.fault("recording", sentence, step, recording=named, near=near)
            return None
        return named

    def _own_recording(self, fields: Fields, session: str) -> str:
        if "recording" in fields:
            step = "keep `recording:` when several sessions share it, else `captures:`"
            fields.fault("captures", "the session has both `recording:` and `captures:`", step)
        elif session in self.recordings:
            sentence = "a recording and a session with captures are both called `{id}`"
            fields.fault("captures", sentence, "give one of them another id", id=session)
        captures = fields.values("captures", path_from(fields.file.path))
        lines = tuple(capture.line for capture in fields.nodes("captures"))
        self.recordings.setdefault(session, Recording(session, captures, lines=lines))
        return session

    def _transcripts(self, fields: Fields, recording: str | None) -> tuple[Path, ...]:
        transcripts = fields.values("transcripts", path_from(fields.file.path))
        captures = self.recordings[recording].captures if recording is not None else ()
        if captures and len(transcripts) > len(captures):
            fields.fault(
                "transcripts",
                "{transcripts} transcript(s) for {captures} capture(s)",
                "name one transcript for each capture that the session lies in, in their order",
                transcripts=len(transcripts),
                captures=len(captures),
            )
        return transcripts

    def _speakers(self, fields: Fields) -> tuple[Speaker, ...]:
        speakers: dict[str, Speaker] = {}
        for node in fields.nodes("speakers"):
            part = None
            line = node.line
            if isinstance(node, Entries):
                inner = Fields(fields.file, node, "speaker", KEYS["speaker"])
                inner.require("person")
                written, part = inner.value("person", as_written), inner.text("part")
                line = inner.at("person")
            else:
                written = fields.single("speakers", node, as_written)
            person = written and self._person(fields.file, line, written)
            if person and person in speakers:
                step = "keep the first; both parts fit into one `part:`"
                sentence = "`{person}` stands twice among the speakers"
                fields.file.fault(line, sentence, step, person=person)
            elif person:
                speakers[person] = Speaker(person, part)
        return tuple(speakers.values())

    def _persons(self, fields: Fields, key: str) -> Iterator[str]:
        for node in fields.nodes(key):
            written = fields.single(key, node, as_written)
            person = written and self._person(fields.file, node.line, written)
            if person:
                yield person

    def _person(self, file: YamlFile, line: int, written: str) -> str | None:
        """Return the id if the person is known; else a fault with the nearest, by id or name."""
        if written in self.people:
            return written
        by_name = {person.name: id_ for id_, person in self.people.items()}
        near = nearest(written, [*self.people, *by_name])
        step = "did you mean `{near}`? Else add the person under `people:`"
        file.fault(
            line,
            "nobody under `people:` has the id `{person}`",
            step if near else "add the person under `people:`, with a name",
            person=written,
            near=by_name.get(near or "", near),
        )
        return None


def _access(text: str) -> Access:
    if text in {"public", "closed"}:
        return Access("public" if text == "public" else "closed")
    if text.startswith("public from "):
        return Access("public", day(text.removeprefix("public from ").strip()))
    sentence = "`{value}` is neither public, closed nor public from a date"
    raise Wrong(sentence, '"public from 2042-01-01"')


def _span(fields: Fields) -> Span | None:
    if "from" not in fields and "to" not in fields:
        return None
    start, end = fields.value("from", moment), fields.value("to", moment)
    if "to" not in fields:
        step = 'write where it ends, as `to: "01:12:00"`'
        fields.fault("from", "the session has `from:` and no `to:`", step)
    if end is None or (start is None and "from" in fields):
        return None
    if end <= (start or 0):
        fields.fault("to", "the session ends before it starts", "correct `from:` or `to:`")
        return None
    return Span(start or 0, end)


def _check_captures(file: YamlFile, recordings: Sequence[Recording]) -> None:
    """Refuse a capture in two places: what is hidden in one would be public in the other."""
    seen: dict[Path, str] = {}
    for recording in recordings:
        for capture, line in zip(recording.captures, recording.lines, strict=False):
            if capture in seen:
                sentence = "{capture} is a capture of `{first}` already"
                step = "name it once under `recordings:`, and give the sessions from: and to:"
                file.fault(line, sentence, step, capture=capture.name, first=seen[capture])
            seen[capture] = recording.id


def _check_overlaps(file: YamlFile, sessions: Sequence[Session]) -> None:
    for recording in dict.fromkeys(s.recording for s in sessions if s.recording is not None):
        inside = [s for s in sessions if s.recording == recording]
        for session in inside:
            wrong = {"from", "to"} & session.lines.keys()
            if session.span is None and len(inside) > 1 and not wrong:
                sentence = "`{session}` shares recording `{recording}` and has no from: and to:"
                step = "say where in the recording each session starts and ends"
                facts = {"session": session.id, "recording": recording}
                file.fault(session.lines["id"], sentence, step, **facts)
        placed = sorted((s.span, s.id, s) for s in inside if s.span is not None)
        for (before, first, _), (after, second, session) in pairwise(placed):
            if before.overlap_ms(after):
                line = session.lines.get("from", session.lines["id"])
                sentence = "`{second}` starts before `{first}` ends in recording `{recording}`"
                facts = {"second": second, "first": first, "recording": recording}
                file.fault(line, sentence, "correct from: or to: of one of them", **facts)
