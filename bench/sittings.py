"""Twelve sittings of the Assemblée nationale as an archive: read, kept and published for real.

Each sitting is a session with a recording of its own; its event is the day. A speech is a turn, a
paragraph a passage. The files hold no times: words follow each other evenly.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from archive.publish import publish
from archive.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from archive.store import Row, Rows

_TEI = "{http://www.tei-c.org/ns/1.0}"
_MONTHS = {"janvier": 1, "février": 2}
_CROWDS = ("Plusieurs", "Un_député", "Une_députée", "Un_membre")
"""How speakers begin who are nobody in particular."""
WORD_MS = 400
SERIES = "mariage"


@dataclass(frozen=True, slots=True)
class Speech:
    """What one speaker says at one go: name, group or "", and paragraphs by their number."""

    speaker: str
    group: str
    paragraphs: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Sitting:
    """One file; `id` is its name, `day` an ISO date; paragraphs are counted from 1."""

    id: str
    day: str
    speeches: Sequence[Speech]


def read_sittings(folder: Path) -> list[Sitting]:
    """Read the sittings of a folder, in the order of their names."""
    return [_read(path) for path in sorted(folder.glob("*.xml"))]


def _read(path: Path) -> Sitting:
    tree = etree.parse(str(path)).getroot()
    numbers = itertools.count(1)
    speeches = [
        Speech(
            speech.get("who", "").strip("_").replace("_", " "),
            next((g for e in speech.iter() if (g := e.get("politicalgroup"))), ""),
            paragraphs,
        )
        for speech in tree.iter(f"{_TEI}sp")
        if (paragraphs := {next(numbers): text for text in _paragraphs(speech)})
    ]
    return Sitting(path.stem, _day(tree), speeches)


def _paragraphs(speech: etree._Element) -> Iterator[str]:
    """Yield the paragraphs that hold a word, with single spaces, without the mark before them."""
    for paragraph in speech.iter(f"{_TEI}p"):
        said = unicodedata.normalize("NFC", "".join(paragraph.itertext()))
        text = re.sub(r"^[.,]\s*", "", " ".join(said.split()))
        if re.search(r"\w", text):
            yield text


def _day(tree: etree._Element) -> str:
    date = next(tree.iter(f"{_TEI}date"))
    _, day, month, year = "".join(date.itertext()).replace("1er", "1").split()
    return dt.date(int(year), _MONTHS[month], int(day)).isoformat()


def publish_sittings(folder: Path, into: Path, glossary: Mapping[str, str]) -> Path:
    """Keep and publish the sittings of `folder` with a glossary; return the public file."""
    sittings = read_sittings(folder)
    work = into / "work.db"
    with open_store(work) as store:
        for day in sorted({s.day for s in sittings}):
            store.put_event(day, _event(day, [s for s in sittings if s.day == day], glossary))
        for sitting in sittings:
            recording = {"id": f"{sitting.day}/{sitting.id}", "duration_ms": _length_ms(sitting)}
            store.put_recording(recording, {"turns": list(_turns(sitting))})
    return publish(work, into / "public", today=dt.date(2026, 1, 1), names="all").path


def _event(day: str, sittings: Sequence[Sitting], glossary: Mapping[str, str]) -> Rows:
    speeches = [s for sitting in sittings for s in sitting.speeches if _person(s)]
    names = {_slug(s.speaker): s.speaker for s in speeches}
    groups = {_slug(s.speaker): s.group for s in sorted(speeches, key=lambda s: s.group)}
    return {
        "series": [{"id": SERIES, "title": "Mariage pour tous"}],
        "events": [{"id": day, "title": f"Séances du {day}", "series_id": SERIES, "date": day}],
        "organisations": [{"id": g, "name": g} for g in sorted({g for g in groups.values() if g})],
        "people": [
            {"id": person, "name": name, "sort_name": name, "publish": "yes"}
            for person, name in sorted(names.items())
        ],
        "roles": [
            {"person_id": person, "role": "orateur", "organisation_id": group or None}
            for person, group in sorted(groups.items())
        ],
        "recordings": [{"id": f"{day}/{s.id}"} for s in sittings],
        "sessions": [
            {
                "id": f"{day}/{sitting.id}",
                "event_id": day,
                "position": position,
                "title": f"Séance {sitting.id}",
                "kind": "plenary",
                "access": "public",
                "recording_id": f"{day}/{sitting.id}",
            }
            for position, sitting in enumerate(sittings, 1)
        ],
        "glossary": [{"term": term, "means": means} for term, means in glossary.items()],
    }


def _person(speech: Speech) -> str | None:
    return None if speech.speaker.replace(" ", "_").startswith(_CROWDS) else _slug(speech.speaker)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _turns(sitting: Sitting) -> Iterator[Row]:
    """Yield a sitting's turns, one after the other."""
    at = 0
    for speech in sitting.speeches:
        passages: list[Row] = []
        for text in speech.paragraphs.values():
            count = len(text.split(" "))
            times = [[at + i * WORD_MS, at + (i + 1) * WORD_MS, 0.9] for i in range(count)]
            passages.append(
                {
                    "start_ms": at,
                    "end_ms": at + count * WORD_MS,
                    "text": text,
                    "words": json.dumps(times),
                }
            )
            at += count * WORD_MS
        yield {
            "session_id": f"{sitting.day}/{sitting.id}",
            "start_ms": passages[0]["start_ms"],
            "end_ms": at,
            "person_id": _person(speech),
            "voice": "voice-1",
            "confidence": 1.0 if _person(speech) else 0.0,
            "evidence": "[]",
            "passages": passages,
        }


def _length_ms(sitting: Sitting) -> int:
    return WORD_MS * sum(
        len(text.split(" ")) for s in sitting.speeches for text in s.paragraphs.values()
    )
