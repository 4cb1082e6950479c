"""A thousand corrections at random, and the recording run again: none lost, none forced."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from archive.corrections.applied import Corrected
from archive.corrections.model import Correction, Stretch
from archive.corrections.overlay import words_of as said_in
from archive.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archive.corrections.overlay import Laid, Said
    from archive.store import Store

EVENT, RECORDING, SESSION = "e", "e/r", "e/s"
SHA = "c" * 64
PEOPLE = ("ana", "bo", "cleo", "dan")
COUNT = 1_000
WORDS = (
    *("coopération", "territoire", "monnaie", "locale", "habitants", "commune", "projet", "emploi"),
    *("association", "réseau", "travail", "jeunes", "budget", "participatif", "énergie", "culture"),
    *("citoyenne", "quartier", "solidaire", "ensemble"),
)


@dataclass(frozen=True)
class Word:
    start_ms: int
    end_ms: int
    text: str


def spoken(dice: random.Random) -> list[Word]:
    """Eight thousand words, one after the other."""
    words, at = [], 1_000
    for _ in range(8_000):
        length = dice.randrange(150, 600)
        words.append(Word(at, at + length, dice.choice(WORDS)))
        at += length + (dice.randrange(200, 900) if dice.random() < 0.1 else 0)
    return words


def heard_again(words: Sequence[Word], dice: random.Random) -> list[Word]:
    """As another model hears them: times waver, one word in ten is spelt otherwise or missed."""
    again = []
    for word in words:
        start = max(0, word.start_ms + dice.randrange(-120, 121))
        chance = dice.random()
        if chance < 0.02:
            continue
        text = word.text if chance > 0.1 else word.text[:-1] + dice.choice("aeiou")
        again.append(Word(start, start + max(50, word.end_ms - word.start_ms), text))
    return sorted(again, key=lambda w: w.start_ms)


def turns(words: Sequence[Word], dice: random.Random) -> Iterator[dict[str, Any]]:
    """Turns of any length, each of passages of any length."""
    at = 0
    while at < len(words):
        own = words[at : at + dice.randrange(5, 120)]
        at += len(own)
        passages = []
        while own:
            part, own = own[:40], own[40:]
            times = [[w.start_ms, w.end_ms, 0.9] for w in part]
            passages.append(
                {
                    "start_ms": part[0].start_ms,
                    "end_ms": part[-1].end_ms,
                    "text": " ".join(w.text for w in part),
                    "words": str(times).replace("'", '"'),
                }
            )
        yield {
            "session_id": SESSION,
            "start_ms": passages[0]["start_ms"],
            "end_ms": passages[-1]["end_ms"],
            "person_id": dice.choice((*PEOPLE, None)),
            "voice": f"voice-{dice.randrange(1, 6)}",
            "confidence": 0.9,
            "evidence": "[]",
            "passages": passages,
        }


def put(store: Store, words: Sequence[Word], seed: int) -> None:
    """Store what a run heard."""
    row = {"id": RECORDING, "duration_ms": words[-1].end_ms + 1_000}
    capture = {"position": 1, "name": "a.mp4", "sha256": SHA, "start_ms": 0}
    said = list(turns(words, random.Random(seed)))
    store.put_recording(row, {"captures": [capture], "turns": said})


def correction(words: Sequence[Word], dice: random.Random) -> Correction:
    """Make one as somebody would who looks at `words`."""
    first = dice.randrange(len(words) - 60)
    kind = dice.choice(("speaker", "text", "confirm", "withdraw"))
    part = words[first : first + (dice.randrange(1, 5) if kind == "text" else 30)]
    start, end = part[0].start_ms, part[-1].end_ms
    heard = " ".join(w.text for w in part)
    stretch = Stretch(start, end, SHA, start, heard)
    if kind == "speaker":
        stretch = Stretch(start, end, SHA, start, heard, dice.choice(PEOPLE))
    elif kind == "text":
        written = tuple((w.start_ms, w.end_ms, w.text.upper()) for w in part)
        stretch = Stretch(start, end, SHA, start, heard, None, written)
    elif kind == "confirm":
        same = tuple((w.start_ms, w.end_ms, w.text) for w in part)
        stretch = Stretch(start, end, SHA, start, heard, None, same)
    facts = {"what": "words"} if kind == "confirm" else {}
    return Correction(kind, RECORDING, (stretch,), facts, "x", "2026-01-01")  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "work.db") as opened:
        opened.put_event(
            EVENT,
            {
                "events": [{"id": EVENT, "title": "E", "date": "2026-01-01"}],
                "people": [{"id": p, "name": p} for p in PEOPLE],
                "recordings": [{"id": RECORDING}],
                "sessions": [
                    {
                        "id": SESSION,
                        "event_id": EVENT,
                        "position": 1,
                        "title": "S",
                        "recording_id": RECORDING,
                    }
                ],
            },
        )
        yield opened


def laid(store: Store) -> tuple[Corrected, Laid]:
    corrected = Corrected(store.db.conn)
    return corrected, corrected.laid(RECORDING)


def test_a_thousand_corrections_outlive_another_run(store: Store) -> None:
    """Each is applied, or told to have lost its ground; a name holds wherever its sound is."""
    dice = random.Random(7)
    words = spoken(dice)
    put(store, words, seed=1)
    for _ in range(COUNT):
        store.add_correction(correction(words, dice).row())
    _, before = laid(store)
    put(store, heard_again(words, dice), seed=2)
    corrected, after = laid(store)

    assert len(corrected.corrections) == COUNT
    states = {n: places[0].state for n, places in after.landed.items()}
    assert len(states) == COUNT
    assert set(states.values()) <= {"holds", "lost"}
    again = said_in(after.turns)
    for each in corrected.corrections:
        if each.kind == "speaker":
            assert states[each.id] == "holds"
            assert_named(each, corrected.corrections, after)
        elif each.kind == "text" and states[each.id] == "holds":
            assert_written(each, corrected.corrections, again)
    of_words = [c for c in corrected.corrections if c.kind in {"text", "confirm"}]
    kept = [c for c in of_words if states[c.id] == "holds"]
    assert len(kept) > 0.9 * len(of_words)

    put(store, words, seed=1)
    assert laid(store)[1].turns == before.turns


def later_than(each: Correction, among: Sequence[Correction], kinds: set[str]) -> bool:
    """Whether a later correction of those kinds touches the same stretch, or its edges."""
    mine = each.stretches[0]
    return any(
        other.id > each.id
        and other.kind in kinds
        and other.stretches[0].start_ms < mine.end_ms + 1_500
        and other.stretches[0].end_ms > mine.start_ms - 1_500
        for other in among
    )


def assert_named(each: Correction, among: Sequence[Correction], found: Laid) -> None:
    """The words well inside its stretch are that person's, and nobody else's."""
    if later_than(each, among, {"speaker"}):
        return
    mine = each.stretches[0]
    inside = [
        turn["person_id"]
        for turn in found.turns
        for word in said_in([turn])
        if mine.start_ms + 500 <= word.middle_ms < mine.end_ms - 500
    ]
    assert inside
    assert set(inside) == {mine.person}


def assert_written(each: Correction, among: Sequence[Correction], words: Sequence[Said]) -> None:
    """Its words stand at their place."""
    if later_than(each, among, {"text", "confirm"}):
        return
    wanted = [text for *_, text in each.stretches[0].words]
    near = [w.text for w in words if abs(w.start_ms - each.stretches[0].start_ms) < 4_000]
    runs = [near[n : n + len(wanted)] for n in range(len(near))]
    assert wanted in runs
