"""What goes into an export comes back out of it, whatever the texts are.

Read back by other readers than ours: libav (VTT, SRT), lxml, csv, json; RTTM and TXT by
readers written here after their formats.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from relaxng import narrowed
from transcripts import labelled, milliseconds_of, needed, runs, transcripts, whole

from archive.export import FORMATS, csv_, tei
from archive.export.speech import SILENCE_MS
from archive.export.transcript import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from archive.export.transcript import Transcript, Turn

# Generating a transcript costs more than writing it: no time limit for one example.
many = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
TEI = "{http://www.tei-c.org/ns/1.0}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
SIGNS = str.maketrans("<>{}\\", "‹›❴❵⧵")


def written(name: str, transcript: Transcript) -> str:
    text = FORMATS[name](transcript)
    assert text == FORMATS[name](transcript)
    text.encode()  # every export can be kept as UTF-8
    return text


def label_of(transcript: Transcript, turn: Turn) -> str:
    french = transcript.language[:2] in ("", "fr")
    if turn.name is None:
        return f"{'Voix' if french else 'Voice'} {turn.voice[-1]}"
    doubt = "nom attribué automatiquement" if french else "name attributed automatically"
    return needed(turn.name + (f" ({doubt})" if turn.origin == "automatic" else ""))


def cues_of(text: str, form: str) -> list[tuple[int, int, str]]:
    """Read captions with libav."""
    opened: Any
    with av.open(io.BytesIO(text.encode()), format=form) as opened:
        packets = [p for p in opened.demux() if p.pts is not None]
    return [(p.pts, p.pts + p.duration, bytes(p).decode()) for p in packets]


def assert_in_time(words: list[tuple[str, int, int]], cues: list[tuple[int, int, int]]) -> None:
    """Each cue (start, end, number of words) lasts from its first word to its last."""
    at = 0
    for start, end, count in cues:
        own = words[at : at + count]
        at += count
        assert (start, end) == (own[0][1], max(own[-1][2], own[0][1] + 100))
    assert at == len(words)


@many
@given(transcripts())
def test_vtt(transcript: Transcript) -> None:
    """Words, times, speakers and their doubt; no tag but the voice's, no cue but ours."""
    text = written("vtt", transcript)
    read = [
        (start, end, *re.fullmatch(r"<v ([^<>&]*(?:&\w+;[^<>&]*)*)>([^<>]*)</v>", cue).groups())  # type: ignore[union-attr]
        for start, end, cue in cues_of(text, "webvtt")
    ]
    expected = labelled(transcript)
    words = [word for _, found in expected for word in found]
    said = [needed(html.unescape(cue)).split() for *_, cue in read]
    assert [word for cue in said for word in cue] == [word for word, *_ in words]
    assert_in_time(words, [(a, b, len(s)) for (a, b, *_), s in zip(read, said, strict=True)])
    speakers = [needed(html.unescape(who)) for _, _, who, _ in read]
    assert runs(speakers) == runs([label_of(transcript, turn) for turn, _ in expected])
    notes = [block for block in text.split("\n\n")[2:] if block.startswith("NOTE ")]
    sure = [turn for turn, _ in expected if turn.name is not None and turn.origin == "automatic"]
    assert [note.rpartition(": ")[2].strip() for note in notes] == [
        f"{turn.confidence:.3f}" for turn in sure
    ]
    assert "-->" not in "".join(block for block in text.split("\n\n") if block[:4] == "NOTE")


@many
@given(transcripts())
def test_srt(transcript: Transcript) -> None:
    """Words, times, and the speaker with the doubt where a turn opens; numbers in order."""
    text = written("srt", transcript)
    colon = " :" if transcript.language[:2] in ("", "fr") else ":"
    read = cues_of(text, "srt")
    said = " ".join(needed(cue) for *_, cue in read)
    expected = labelled(transcript)
    whole_text = " ".join(
        f"{label_of(transcript, turn)}{colon} {' '.join(word for word, *_ in found)}"
        for turn, found in expected
    )
    assert said == needed(whole_text).translate(SIGNS)
    starts = {start for _, found in expected for _, start, _ in found}
    assert {start for start, *_ in read} <= starts
    assert not set("<>{}\\") & set("".join(cue for *_, cue in read))
    blocks = text.rstrip("\n").split("\n\n") if text else []
    assert [block.split("\n")[0] for block in blocks] == [str(n + 1) for n in range(len(read))]


@many
@given(transcripts())
def test_txt(transcript: Transcript) -> None:
    """Each turn with its time, speaker, doubt and words; no text passes for another's heading."""
    about, *blocks = written("txt", transcript).rstrip("\n").split("\n\n")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", "".join(blocks))
    read = []
    for block in blocks:
        heading, *lines = block.split("\n")
        clock, who = re.fullmatch(r"\[(\d\d:\d\d:\d\d)\] (.*?) ?:", heading).groups()  # type: ignore[union-attr]
        read.append((clock, needed(who), needed(" ".join(lines))))
    expected = [
        (turn.start_ms // 1000, label_of(transcript, turn), " ".join(word for word, *_ in found))
        for turn, found in labelled(transcript)
    ]
    assert [(milliseconds_of(f"{at}.000") // 1000, who, text) for at, who, text in read] == expected
    assert needed(transcript.licence) in needed(about)


@many
@given(transcripts())
def test_json(transcript: Transcript) -> None:
    """Everything, character by character, but halves of surrogate pairs."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [kept(one) for one in value]
        return whole(value) if isinstance(value, str) else value

    assert json.loads(written("json", transcript)) == kept(asdict(transcript))


def unsafe(cell: str) -> str:
    """Take back the apostrophes, as docs/exports.md says."""
    sign = "['\\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\\-@＝＋－＠]"
    return re.sub(f"(^|;)'(?={sign})", r"\1", cell)


@many
@given(transcripts())
def test_csv(transcript: Transcript) -> None:
    """Every passage with its facts; no cell, and nothing after a semicolon, is a formula."""
    text = written("csv", transcript)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == csv_.COLUMNS
    assert text.count("\n") == len(rows), "a line is a row"
    for cell in (cell for row in rows for cell in row):
        visible = re.sub(
            "[\\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", "", cell
        )
        assert not re.search(r"(?:^|;)[=+\-@＝＋－＠]", visible)
    read = [dict(zip(csv_.COLUMNS, map(needed, map(unsafe, row)), strict=True)) for row in rows[1:]]
    told = [(turn, passage) for turn in transcript.turns for passage in turn.passages]
    assert [(r["text"], r["start_s"], r["end_s"], r["text_origin"]) for r in read] == [
        (needed(p.text), f"{p.start_ms / 1000:.3f}", f"{p.end_ms / 1000:.3f}", p.origin)
        for _, p in told
    ]
    for row, (turn, _) in zip(read, told, strict=True):
        for column in ("person", "name", "role", "organisation", "voice", "origin"):
            assert row[column] == needed(getattr(turn, column))
        assert row["confidence"] == ("" if turn.name is None else f"{turn.confidence:.3f}")
        assert row["licence"] == needed(transcript.licence)
        assert row["capture_sha256"] == needed(transcript.captures[0].sha256)


@many
@given(transcripts())
def test_rttm(transcript: Transcript) -> None:
    """Ten fields a line, nothing overlaps; lines hold the words of their speaker and no pause."""
    lines = [line.split(" ") for line in written("rttm", transcript).splitlines()]
    assert all(len(fields) == 10 and fields[0] == "SPEAKER" for fields in lines)
    spans = []
    for _, _, _, start, length, _, _, who, doubt, _ in lines:
        begin = round(float(start) * 1000)
        spans.append((begin, begin + round(float(length) * 1000), who, doubt))
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    for turn in transcript.turns:
        # A mark without a width may stand behind a space, which then is part of the name.
        who = needed(re.sub(r"\s+", "_", one_line(turn.person or turn.voice))) or "<NA>"
        doubtful = turn.name is not None and turn.origin == "automatic"
        doubt = f"{turn.confidence:.3f}" if doubtful else "<NA>"
        own = [s for s in spans if (needed(s[2]) or "<NA>", s[3]) == (who, doubt)]
        heard = [one for passage in turn.passages for one in passage.words or (passage,)]
        for one in heard:
            assert any(a <= one.start_ms and one.end_ms <= b for a, b, *_ in own)
        for one, other in pairwise(heard):
            if other.start_ms - one.end_ms >= SILENCE_MS:
                assert not any(a < other.start_ms and one.end_ms < b for a, b, *_ in spans)


def tei_of(transcript: Transcript) -> etree._Element:
    return etree.fromstring(written("tei", transcript).encode())


def xml(text: str | None) -> str:
    """Return what XML can hold of what a reader needs."""
    return re.sub("[\ufffe\uffff]", "\ufffd", needed(text))


@many
@given(transcripts())
def test_tei(transcript: Transcript) -> None:
    """Words, times, speakers with their roles, doubt; every reference leads to one element."""
    document = tei_of(transcript)
    names = [element.get(XML_ID) for element in document.iter() if element.get(XML_ID)]
    assert len(names) == len(set(names))
    times = {when.get(XML_ID): when.get("interval", "0") for when in document.iter(f"{TEI}when")}
    people = {person.get(XML_ID): person for person in document.iter(f"{TEI}person")}

    def ms(reference: str) -> int:
        return round(float(times[reference.removeprefix("#")]) * 1000)

    utterances = list(document.iter(f"{TEI}u"))
    for turn, utterance in zip(transcript.turns, utterances, strict=True):
        assert (ms(utterance.get("start")), ms(utterance.get("end"))) == (
            turn.start_ms,
            turn.end_ms,
        )
        person = people[utterance.get("who").removeprefix("#")]
        assert xml(person.findtext(f"{TEI}persName")) == xml(
            turn.voice if turn.name is None else turn.name
        )
        doubtful = turn.name is not None and turn.origin == "automatic"
        sure = None if turn.name is None else "high"
        assert utterance.get("cert") == (f"{turn.confidence:.3f}" if doubtful else sure)
        for passage, segment in zip(turn.passages, utterance, strict=True):
            assert xml("".join(segment.itertext())) == xml(passage.text)
            assert [ms(anchor.get("synch")) for anchor in segment] == [
                passage.start_ms,
                passage.end_ms,
            ]
    for reference in document.xpath("//@ref"):
        assert reference.removeprefix("#") in names


def test_tei_keeps_alike_ids_apart() -> None:
    """Ids that differ only by what an XML name cannot hold stay two people."""
    alike = ["a b", "a_b", "a-b", "a\xe9b", "a.b", "a_20_b"]
    assert len({tei._id("person", one) for one in alike}) == len(alike)


@pytest.fixture(scope="module")
def schema(material: Path) -> etree.RelaxNG:
    """Return Parla-CLARIN's schema for the elements that the export ever writes."""
    used = (
        "TEI teiHeader fileDesc titleStmt title publicationStmt publisher availability licence "
        "date sourceDesc bibl idno p encodingDesc projectDesc profileDesc langUsage language "
        "particDesc listOrg org orgName listPerson person persName occupation affiliation "
        "roleName text timeline when body div head u seg anchor"
    )
    return narrowed(material / "schemas" / "parla-clarin.rng", set(used.split()))


@many
@given(transcript=transcripts())
def test_tei_is_always_valid(transcript: Transcript, schema: etree.RelaxNG) -> None:
    """Against Parla-CLARIN's RelaxNG, whatever the texts are."""
    document = tei_of(transcript)
    assert schema.validate(document), schema.error_log
