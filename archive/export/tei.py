"""TEI after the habits of Parla-CLARIN: a person list, a timeline, utterances.

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

    from archive.export.transcript import Transcript, Turn

_TEI = "http://www.tei-c.org/ns/1.0"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(transcript: Transcript) -> str:
    """Return the transcript as a TEI document; times in seconds of the recording.

    An unconfirmed name carries its confidence as `cert`; a confirmed one has cert="high".
    """
    language = transcript.language or "fr"
    root = ET.Element("TEI", {"xmlns": _TEI, f"{_XML}lang": language})
    _header(ET.SubElement(root, "teiHeader"), transcript, language)
    text = ET.SubElement(root, "text")
    times = {t for turn in transcript.turns for t in _times(turn)}
    _timeline(text, sorted(times))
    body = ET.SubElement(text, "body")
    section = ET.SubElement(body, "div", {"type": "debateSection"})
    _text(section, "head", transcript.title or transcript.event_title)
    for turn in transcript.turns:
        _utterance(section, turn)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("", one_line(text))


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = _clean(text)
    return child


def _id(identifier: str) -> str:
    """Return an XML name for a person or a voice."""
    return "who." + re.sub(r"[^\w.-]", "_", identifier)


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
    _text(publication, "date", transcript.date, when=_clean(transcript.date))
    _source(ET.SubElement(description, "sourceDesc"), transcript)
    encoding = ET.SubElement(header, "encodingDesc")
    _text(ET.SubElement(encoding, "projectDesc"), "p", "; ".join(transcript.about()[1:]))
    profile = ET.SubElement(header, "profileDesc")
    _text(ET.SubElement(profile, "langUsage"), "language", language, ident=language)
    _people(profile, transcript)


def _source(source: ET.Element, transcript: Transcript) -> None:
    for capture in transcript.sources:
        bibliography = ET.SubElement(source, "bibl")
        _text(bibliography, "title", capture.name)
        _text(bibliography, "idno", capture.sha256, type="SHA-256")
    if not transcript.sources:
        _text(source, "p", transcript.recording or transcript.id)


def _people(profile: ET.Element, transcript: Transcript) -> None:
    speakers = {turn.person or turn.voice: turn for turn in transcript.turns}
    if not speakers:
        return
    listed = ET.SubElement(ET.SubElement(profile, "particDesc"), "listPerson")
    for identifier, turn in sorted(speakers.items()):
        person = ET.SubElement(listed, "person", {f"{_XML}id": _id(identifier)})
        _text(person, "persName", turn.name or turn.voice)
        if turn.role:
            _text(person, "occupation", turn.role)
        if turn.organisation:
            _text(person, "affiliation", turn.organisation)


def _times(turn: Turn) -> Iterator[int]:
    yield from (turn.start_ms, turn.end_ms)
    yield from (passage.start_ms for passage in turn.passages)


def _timeline(text: ET.Element, times: Iterable[int]) -> None:
    line = ET.SubElement(text, "timeline", {"unit": "s", "origin": "#T0"})
    ET.SubElement(line, "when", {f"{_XML}id": "T0"})
    for ms in times:
        if ms:
            point = {f"{_XML}id": f"T{ms}", "interval": seconds(ms), "since": "#T0"}
            ET.SubElement(line, "when", point)


def _utterance(section: ET.Element, turn: Turn) -> None:
    attributes = {
        "who": f"#{_id(turn.person or turn.voice)}",
        "start": f"#T{turn.start_ms}",
        "end": f"#T{turn.end_ms}",
    }
    if turn.name is not None:
        attributes["cert"] = f"{turn.confidence:.3f}" if turn.doubtful else "high"
    utterance = ET.SubElement(section, "u", attributes)
    for passage in turn.passages:
        synchronous = f"#T{passage.start_ms}"
        _text(utterance, "seg", passage.text, synch=synchronous)
