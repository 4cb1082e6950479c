"""TEI after the habits of Parla-CLARIN and ParlaMint: a person list, a timeline, utterances.

https://clarin-eric.github.io/parla-clarin/ ; validated against its RelaxNG in the tests.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from archive.export.clock import seconds
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.export.transcript import Person, Transcript, Turn

_TEI = "http://www.tei-c.org/ns/1.0"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BCP47 = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def write(transcript: Transcript) -> str:
    """Return the transcript as a TEI document; times in seconds of the recording.

    An unconfirmed name carries its confidence as `cert`; a confirmed one has cert="high".
    """
    language = transcript.language if _BCP47.fullmatch(transcript.language) else "und"
    root = ET.Element("TEI", {"xmlns": _TEI, f"{_XML}lang": language})
    _header(ET.SubElement(root, "teiHeader"), transcript, language)
    text = ET.SubElement(root, "text")
    times = {t for turn in transcript.turns for t in _times(turn)}
    _timeline(text, sorted(times))
    body = ET.SubElement(text, "body")
    section = ET.SubElement(body, "div", {"type": "debateSection"})
    _text(section, "head", transcript.title or transcript.event_title)
    for number, turn in enumerate(transcript.turns, 1):
        _utterance(section, turn, f"u{number}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", one_line(text))


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = _clean(text)
    return child


def _id(kind: str, identifier: str) -> str:
    """Return an XML name that only this person, voice or organisation has."""
    letters = re.sub(r"[^A-Za-z0-9.-]", lambda other: f"_{ord(other[0]):x}_", identifier)
    return f"{kind}.{letters}"


def _who(turn: Turn) -> str:
    return _id("voice", turn.voice) if turn.person is None else _id("person", turn.person)


def _header(header: ET.Element, transcript: Transcript, language: str) -> None:
    description = ET.SubElement(header, "fileDesc")
    titles = ET.SubElement(description, "titleStmt")
    _text(titles, "title", transcript.event_title, type="main")
    if transcript.title:
        _text(titles, "title", transcript.title, type="sub")
    publication = ET.SubElement(description, "publicationStmt")
    for name in transcript.organisers or (transcript.event_title,):
        _text(publication, "publisher", name)
    if transcript.licence:
        _text(ET.SubElement(publication, "availability"), "licence", transcript.licence)
    when = {"when": transcript.date} if _DAY.fullmatch(transcript.date) else {}
    _text(publication, "date", transcript.date, **when)
    _source(ET.SubElement(description, "sourceDesc"), transcript)
    encoding = ET.SubElement(header, "encodingDesc")
    _text(ET.SubElement(encoding, "projectDesc"), "p", "; ".join(transcript.about()[1:]))
    profile = ET.SubElement(header, "profileDesc")
    _text(ET.SubElement(profile, "langUsage"), "language", language, ident=language)
    _people(profile, transcript)


def _source(source: ET.Element, transcript: Transcript) -> None:
    for capture in transcript.captures:
        bibliography = ET.SubElement(source, "bibl")
        _text(bibliography, "title", capture.name)
        _text(bibliography, "idno", capture.sha256, type="SHA-256")
    if not transcript.captures:
        _text(source, "p", transcript.recording or transcript.id)


def _people(profile: ET.Element, transcript: Transcript) -> None:
    voices = sorted({turn.voice for turn in transcript.turns if turn.person is None})
    if not transcript.people and not voices:
        return
    described = ET.SubElement(profile, "particDesc")
    if transcript.organisations:
        organisations = ET.SubElement(described, "listOrg")
        for one in transcript.organisations:
            attributes = {f"{_XML}id": _id("org", one.id)}
            _text(ET.SubElement(organisations, "org", attributes), "orgName", one.name)
    listed = ET.SubElement(described, "listPerson")
    for person in transcript.people:
        _person(listed, person, transcript)
    for voice in voices:
        unknown = ET.SubElement(listed, "person", {f"{_XML}id": _id("voice", voice)})
        _text(unknown, "persName", voice)


def _person(listed: ET.Element, person: Person, transcript: Transcript) -> None:
    """Add a person; the name is as certain as where it is most certain."""
    element = ET.SubElement(listed, "person", {f"{_XML}id": _id("person", person.id)})
    own = [turn for turn in transcript.turns if turn.person == person.id]
    surest = max(own, key=lambda turn: (not turn.doubtful, turn.confidence))
    _text(element, "persName", person.name, cert=_cert(surest))
    for role in person.roles:
        if role.organisation is None:
            _text(element, "occupation", role.role or "")
            continue
        attributes = {"ref": f"#{_id('org', role.organisation)}"}
        affiliation = ET.SubElement(element, "affiliation", attributes)
        if role.role:
            _text(affiliation, "roleName", role.role)


def _cert(turn: Turn) -> str:
    return f"{turn.confidence:.3f}" if turn.doubtful else "high"


def _times(turn: Turn) -> Iterator[int]:
    yield from (turn.start_ms, turn.end_ms)
    for passage in turn.passages:
        yield from (passage.start_ms, passage.end_ms)


def _timeline(text: ET.Element, times: Iterable[int]) -> None:
    line = ET.SubElement(text, "timeline", {"unit": "s", "origin": "#T0"})
    ET.SubElement(line, "when", {f"{_XML}id": "T0"})
    for ms in times:
        if ms:
            point = {f"{_XML}id": f"T{ms}", "interval": seconds(ms), "since": "#T0"}
            ET.SubElement(line, "when", point)


def _utterance(section: ET.Element, turn: Turn, identifier: str) -> None:
    attributes = {
        f"{_XML}id": identifier,
        "who": f"#{_who(turn)}",
        "start": f"#T{turn.start_ms}",
        "end": f"#T{turn.end_ms}",
    }
    if turn.name is not None:
        attributes["cert"] = _cert(turn)
    utterance = ET.SubElement(section, "u", attributes)
    for number, passage in enumerate(turn.passages, 1):
        segment = ET.SubElement(utterance, "seg", {f"{_XML}id": f"{identifier}.s{number}"})
        begins = ET.SubElement(segment, "anchor", {"synch": f"#T{passage.start_ms}"})
        begins.tail = _clean(passage.text)
        ET.SubElement(segment, "anchor", {"synch": f"#T{passage.end_ms}"})
