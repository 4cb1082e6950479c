"""Made-up archives of any size for what measures or tests the site: fictional people and words.

Words are drawn from a list of French ones and made-up ones, frequent words being frequent as
in speech (Zipf's law); each draw is the same every time.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from itertools import accumulate
from typing import TYPE_CHECKING

from archive.publish import publish
from archive.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store import Row, Rows

WORD_MS = 400  # 150 words a minute
KNOWN = (
    "de la les des une est que nous pour dans sur avec pas plus mais ce qui tout bien faire "
    "commune territoire coopération monnaie locale habitants projet association emploi énergie "
    "école région budget participation solidaire économie culture santé logement transport "
    "agriculture circuit court formation jeunes quartier ville rural service public innovation"
)
SYLLABLES = "ba ce di fo gu la me ni po ra se ti vo ju ché lin gra ton pier mar"
TERM = "PTCE"


def vocabulary(size: int, draw: random.Random) -> list[str]:
    """Return known words, then made-up ones."""
    syllables = SYLLABLES.split()
    made = {"".join(draw.choices(syllables, k=draw.randint(2, 4))) for _ in range(size)}
    return [*KNOWN.split(), *sorted(made)]


class Speech:
    """Draws turns of made-up speech."""

    def __init__(self, *, words: int = 6_000, seed: int = 7) -> None:
        self.draw = random.Random(seed)
        self.words = vocabulary(words, self.draw)
        self.weights = list(accumulate(1 / rank for rank in range(2, len(self.words) + 2)))

    def passage(self, start_ms: int, length: int) -> Row:
        """Return a passage of `length` words from `start_ms` on."""
        words = self.draw.choices(self.words, cum_weights=self.weights, k=length)
        if self.draw.random() < 0.05:
            words[length // 2] = TERM
        text = " ".join([words[0].capitalize(), *words[1:]]) + "."
        end = start_ms + WORD_MS * length
        times = [[at, at + WORD_MS, 0.9] for at in range(start_ms, end, WORD_MS)]
        return {
            "start_ms": start_ms,
            "end_ms": end,
            "text": text,
            "words": json.dumps(times, separators=(",", ":")),
            "origin": "automatic",
        }

    def turns(
        self, session: str, people: int, passages: int, *, words: int, longest: int
    ) -> list[Row]:
        """Return turns of 1 to `longest` passages each, `passages` in all."""
        found: list[Row] = []
        at = 0
        while passages > 0:
            spoken = []
            for _ in range(min(passages, self.draw.randint(1, longest))):
                spoken.append(self.passage(at, words))
                at += WORD_MS * words
            passages -= len(spoken)
            person = self.draw.randrange(people + 1)
            found.append(
                {
                    "session_id": session,
                    "start_ms": spoken[0]["start_ms"],
                    "end_ms": at,
                    "person_id": f"person-{person}" if person else None,
                    "voice": f"voice-{person + 1}",
                    "confidence": 0.9 if person else 0.0,
                    "evidence": json.dumps(
                        [{"kind": "hand-over", "start_ms": at, "quote": "la parole est à vous"}]
                        if person
                        else []
                    ),
                    "origin": "confirmed" if person == 1 else "automatic",
                    "passages": spoken,
                }
            )
        return found


def event_of(number: int, people: int) -> tuple[str, Rows]:
    """Return an event's id and its rows: one session, one recording, everyone announced."""
    event = f"2020-{1 + number % 12:02}-{1 + number % 28:02}-event-{number}"
    session = f"{event}/session"
    return event, {
        "events": [
            {
                "id": event,
                "title": f"Rencontre {number}",
                "date": event[:10],
                "language": "fr",
                "licence": "CC-BY-4.0",
                "organisers": ["ORG"],
            }
        ],
        "organisations": [{"id": "ORG", "name": "L'organisation d'exemple"}],
        "people": [
            {"id": f"person-{n}", "name": f"Personne {n}", "sort_name": f"{n:03}", "publish": "yes"}
            for n in range(1, people + 1)
        ],
        "roles": [
            {"person_id": f"person-{n}", "role": "membre", "organisation_id": "ORG"}
            for n in range(1, people + 1)
        ],
        "recordings": [{"id": session}],
        "sessions": [
            {
                "id": session,
                "event_id": event,
                "position": 1,
                "title": f"Séance {number}",
                "kind": "plenary",
                "access": "public",
                "recording_id": session,
            }
        ],
        "programme": [
            {"session_id": session, "person_id": f"person-{n}", "position": n}
            for n in range(1, people + 1)
        ],
        "glossary": [{"term": TERM, "means": "pôle territorial de coopération économique"}],
    }


def make_archive(
    folder: Path,
    *,
    recordings: int,
    passages: int,
    words: int = 60,
    longest: int = 4,
    people: int = 9,
    media: str = "media/film.mp4",
) -> Path:
    """Publish an archive of `recordings` of `passages` each; return `public/archive.db`."""
    speech = Speech()
    with open_store(folder / "work.db") as store:
        for number in range(recordings):
            event, rows = event_of(number, people)
            store.put_event(event, rows)
            session = f"{event}/session"
            turns = speech.turns(session, people, passages, words=words, longest=longest)
            row = {
                "id": session,
                "event_id": event,
                "duration_ms": turns[-1]["end_ms"],
                "missing_ms": 0,
                "media": media,
                "media_offset_ms": 0,
            }
            store.put_recording(row, {"turns": turns})
    public = folder / "public"
    publish(folder / "work.db", public, today=dt.date(2026, 1, 1), names="all")
    return public / "archive.db"
