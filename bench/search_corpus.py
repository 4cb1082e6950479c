"""Published files of any size, for the benches of search: real words, repeated with changes.

The texts are the sittings and the novels of ../shared/material, cut into passages as the pipeline
cuts them. From the second time round, of a thousand words twenty are exchanged for another word of
the texts and two for a word that nobody ever said, as misheard names are; so that the vocabulary
grows with the archive. Sessions last about an hour, turns about three passages; twenty people
speak at an event.
"""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlite_utils import Database

from archive.forms import build_forms
from archive.schema import BY_NAME, PAGE_BYTES, create_tables
from bench.sittings import read_sittings
from pipeline.passages import PARAGRAPH_WORDS
from pipeline.sentences import ends_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

WORD_MS, PASSAGES_OF_SESSION, SESSIONS_OF_EVENT = 400, 120, 4
KINDS = ("plenary", "plenary", "workshop", "round-table", "opening")
ORIGINS = ("automatic",) * 8 + ("confirmed", "corrected")
SYLLABLES = (
    "ba be bo bra cer co dan del fé fri gar gue jol ka lan lé lor mar mé nou pa pi ron sa té tru"
    " val vi yo zé"
)
PEOPLE, ORGANISATIONS, SERIES, NEWEST = 3_000, 300, 20, dt.date(2025, 12, 1)
CAST = 20
OF_PLAIN_SQL = (
    "CREATE INDEX hit_turns ON passages(id, turn_id)",
    "CREATE INDEX hit_roles ON roles(person_id, event_id, organisation_id)",
)
"""What plain SQL asks of a hit without reading its words; the project has no use for them."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A published file, and the bytes of its texts."""

    file: Path
    text_bytes: int


def texts(material: Path) -> list[str]:
    """Return the passages of the material, each about a paragraph that ends with a sentence."""
    sittings = read_sittings(material / "sittings-fr")
    sources = [t for s in sittings for sp in s.speeches for t in sp.paragraphs.values()]
    sources += [path.read_text("utf-8") for path in sorted((material / "text-fr").glob("*.txt"))]
    words = [word for source in sources for word in source.split()]
    ends = [0]
    for place, word in enumerate(words, 1):
        if place - ends[-1] >= PARAGRAPH_WORDS and (
            ends_sentence(word) or place - ends[-1] >= 2 * PARAGRAPH_WORDS
        ):
            ends.append(place)
    return [" ".join(words[a:b]) for a, b in pairwise(ends)]


def changed(texts: Sequence[str], count: int, dice: random.Random) -> Iterator[str]:
    """Yield `count` passages: the texts as they are, then again and again with changes."""
    known = sorted({word for text in texts for word in text.split() if word.isalpha()})
    syllables = SYLLABLES.split()
    for number in range(count):
        words = texts[number % len(texts)].split(" ")
        if number >= len(texts):
            for place in range(len(words)):
                chance = dice.random()
                if chance < 0.002:
                    words[place] = "".join(dice.choices(syllables, k=3))
                elif chance < 0.022:
                    words[place] = dice.choice(known)
        yield " ".join(words)


def build(material: Path, file: Path, count: int) -> Corpus:
    """Write a published file of `count` passages, by the archive's own schema and forms."""
    dice = random.Random(6)
    size = 0
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        create_tables(Database(db, execute_plugins=False), public=True)
        for index in OF_PLAIN_SQL:
            db.execute(index)
        for table, rows in _programme(-(-count // PASSAGES_OF_SESSION), dice).items():
            _insert(db, table, rows)
        passages = _Passages(db)
        for number, text in enumerate(changed(texts(material), count, dice)):
            size += len(text.encode())
            passages.add(number, text, dice)
        passages.write()
        db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('rebuild')")
        db.execute("INSERT INTO passages_fts(passages_fts) VALUES ('optimize')")
        build_forms(db)
        db.execute("COMMIT")
    return Corpus(file, size)


class _Passages:
    """Turns and passages on their way into the file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.turns: list[Mapping[str, object]] = []
        self.passages: list[Mapping[str, object]] = []
        self.turn = 0

    def add(self, number: int, text: str, dice: random.Random) -> None:
        """Add the passage of that number, from 0."""
        session, place = divmod(number, PASSAGES_OF_SESSION)
        where = _session_id(session)
        start = place * 30_000
        count = text.count(" ") + 1
        end = start + count * WORD_MS
        if place == 0 or dice.random() < 1 / 3:
            self.turn += 1
            cast = _cast(session // SESSIONS_OF_EVENT)
            speaker = f"p{dice.choice(cast)}" if dice.random() < 0.8 else None
            self.turns.append(
                {
                    "id": self.turn,
                    "session_id": where,
                    "recording_id": where,
                    "start_ms": start,
                    "end_ms": end,
                    "person_id": speaker,
                    "voice": "voice-1",
                    "confidence": 0.9,
                    "evidence": '[{"kind":"hand-over","start_ms":0,"quote":"la parole est à"}]',
                    "origin": dice.choice(ORIGINS) if speaker else "automatic",
                }
            )
        times = ",".join(f"[{t},{t + WORD_MS},0.9]" for t in range(start, end, WORD_MS))
        self.passages.append(
            {
                "id": number + 1,
                "turn_id": self.turn,
                "start_ms": start,
                "end_ms": end,
                "text": text,
                "words": f"[{times}]",
                "origin": "automatic",
            }
        )
        if len(self.passages) >= 10_000:
            self.write()

    def write(self) -> None:
        """Write what has gathered."""
        _insert(self.db, "turns", self.turns)
        _insert(self.db, "passages", self.passages)
        self.turns.clear()
        self.passages.clear()


def _session_id(session: int) -> str:
    return f"e{session // SESSIONS_OF_EVENT}/s{session}"


@cache
def _cast(event: int) -> list[int]:
    """Return who speaks at an event."""
    return random.Random(event).sample(range(PEOPLE), CAST)


def _programme(sessions: int, dice: random.Random) -> dict[str, list[Mapping[str, object]]]:
    """Return the rows of all events; passages are numbered from the newest on."""
    events = range(-(-sessions // SESSIONS_OF_EVENT))
    days = {e: str(NEWEST - dt.timedelta(days=round(e * 10_950 / len(events)))) for e in events}
    homes = {p: f"o{dice.randrange(ORGANISATIONS)}" for p in range(PEOPLE)}
    return {
        "series": [{"id": f"c{n}", "title": f"Cycle {n}"} for n in range(SERIES)],
        "events": [
            {"id": f"e{e}", "title": f"Assemblée {e}", "series_id": f"c{e % SERIES}", "date": day}
            for e, day in days.items()
        ],
        "organisations": [{"id": f"o{n}", "name": f"Réseau {n}"} for n in range(ORGANISATIONS)],
        "people": [{"id": f"p{n}", "name": f"Personne {n}"} for n in range(PEOPLE)],
        "roles": [
            {"person_id": f"p{p}", "event_id": f"e{e}", "role": "élu", "organisation_id": homes[p]}
            for e in events
            for p in _cast(e)
        ],
        "recordings": [
            {"id": _session_id(s), "event_id": f"e{s // SESSIONS_OF_EVENT}", "status": "ok"}
            for s in range(sessions)
        ],
        "sessions": [
            {
                "id": _session_id(s),
                "event_id": f"e{s // SESSIONS_OF_EVENT}",
                "position": s % SESSIONS_OF_EVENT + 1,
                "title": f"Séance {s}",
                "kind": dice.choice(KINDS),
                "recording_id": _session_id(s),
            }
            for s in range(sessions)
        ],
    }


def _insert(db: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    columns = [c.name for c in BY_NAME[table].columns_of(public=True)]
    db.executemany(
        f'INSERT INTO "{table}" VALUES ({", ".join("?" for _ in columns)})',  # noqa: S608
        ([row.get(c) for c in columns] for row in rows),
    )
