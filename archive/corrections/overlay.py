"""Corrections laid over what the machine found in one recording: pure, word by word.

Turns and passages are taken apart into words, each correction is laid on in the order in which
they were made, and turns and passages are put together again. What no correction touches comes
out as it was. Withdrawals are not laid on here: they take sound away, not words
(`archive.scope`).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from archive.corrections.ground import Landed, find_words, land, land_words
from archive.corrections.spelling import mended
from archive.passage import timed_words
from archive.values import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.corrections.ground import Ground, Grounds
    from archive.corrections.model import Correction, Stretch

Row = dict[str, Any]

EDGE_MS = 400
"""How near a change of turns must be to the end of a stretch to be meant by it."""
LONGEST_MS = 60_000
"""Longer than any word, or passage without the times of its words, that a recogniser gives."""


@dataclass(frozen=True, slots=True)
class Said:
    """One word with what it is part of: the numbers of its turn and passage.

    Not `timed`: a whole passage, the times of whose words are not known. `named` is who said
    it, by which correction's stretch, confirmed or corrected; None: as its turn says.
    """

    start_ms: int
    end_ms: int
    text: str
    probability: float
    heard: str | None
    turn: int
    passage: int
    origin: str
    timed: bool = True
    named: tuple[str | None, str, tuple[int, int]] | None = None

    @property
    def middle_ms(self) -> int:
        """Its middle: what lies in a stretch."""
        return (self.start_ms + self.end_ms) // 2


@dataclass(frozen=True)
class Laid:
    """A recording's turns, each row with its passages, and where each stretch has landed.

    `landed` is by the correction's number, one for each of its stretches that concern this
    recording; `restored` are stretches whose withheld words stand among the passages now;
    `mended` tells, by the correction's number, when what a spelling was mended in is said: start
    and end in ms.
    """

    turns: list[Row]
    landed: Mapping[int, Sequence[Landed]] = field(default_factory=dict)
    restored: tuple[Stretch, ...] = ()
    mended: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)


def overlay(
    recording: str,
    turns: Sequence[Row],
    sessions: Sequence[Row],
    corrections: Sequence[Correction],
    grounds: Grounds,
) -> Laid:
    """Lay corrections over a recording's turns, whose rows hold their passages.

    `sessions` are the rows of the recording's sessions, `corrections` in their order; those of
    other recordings are passed over, unless their sound is in this one today. A stretch whose
    ground is lost, or whose person nobody gives any more, changes nothing.
    """
    table = _Table(recording, turns, sessions)
    landed: dict[int, list[Landed]] = {}
    spelled: dict[int, list[tuple[int, int]]] = {}
    for correction in corrections:
        if correction.kind == "replace":
            spelled[correction.id] = table.mend(correction)
            continue
        was = str(correction.recording)
        for number, stretch in enumerate(correction.stretches):
            ground = grounds.of(was, stretch)
            if (ground.recording if ground else was) != recording:
                continue
            known = stretch.person is None or stretch.person in grounds.people
            found = table.lay(correction, number, ground) if known else Landed(was, stretch, "lost")
            landed.setdefault(correction.id, []).append(found)
    restored = (
        found.stretch
        for correction in corrections
        if correction.kind == "restore"
        for found in landed.get(correction.id, ())
        if found.state != "lost"
    )
    return Laid(table.turns(), landed, tuple(restored), spelled)


def words_of(turns: Sequence[Row]) -> list[Said]:
    """Return the words of turns, in order, with their times."""
    return _Table("", turns, ()).said


def _origin(correction: Correction) -> str:
    return "confirmed" if correction.kind == "confirm" else "corrected"


def _uncut(stretches: Sequence[Stretch], number: int) -> int:
    """Return the number of the first part of a stretch that was cut where a capture begins."""
    while number:
        before, after = stretches[number - 1 : number + 1]
        if before.end_ms != after.start_ms or before.capture == after.capture:
            break
        number -= 1
    return number


class _Table:
    """A recording's words, laid out in a row."""

    def __init__(self, recording: str, turns: Sequence[Row], sessions: Sequence[Row]) -> None:
        self._recording = recording
        self._rows = list(turns)
        self._sessions = sessions
        self._passages = [passage for turn in turns for passage in turn["passages"]]
        self.said: list[Said] = []
        place = 0
        for number, turn in enumerate(turns):
            for passage in turn["passages"]:
                self.said += _words(passage, number, place)
                place += 1

    def lay(self, correction: Correction, number: int, ground: Ground | None) -> Landed:
        """Lay one stretch of a correction where its ground is; say where that was."""
        was, stretch = str(correction.recording), correction.stretches[number]
        if correction.kind != "restore" and correction.is_about_words:
            found, run = land_words(ground, was, stretch, self.said)
            if run is not None:
                self._write(found.stretch, run, _origin(correction))
            return found
        found = land(ground, was, stretch, self.said)
        if found.state == "lost":
            return found
        if correction.is_about_names:
            key = correction.id, _uncut(correction.stretches, number)
            self._name(found.stretch, _origin(correction), key)
        elif correction.kind == "restore" and not self._is_spoken(found.stretch):
            self._put_back(found.stretch)
        elif correction.kind == "restore" and find_words(self.said, found.stretch) is None:
            return replace(found, state="lost")  # other words were heard there since
        return found

    def _is_spoken(self, stretch: Stretch) -> bool:
        """Tell whether something is said in a stretch."""
        near = (self.said[n].middle_ms for n in self._near(stretch.start_ms, stretch.end_ms))
        return any(stretch.start_ms <= middle < stretch.end_ms for middle in near)

    def _name(self, stretch: Stretch, origin: str, key: tuple[int, int]) -> None:
        """Say whose the words of a stretch are."""
        start, end = self._at_turns(stretch)
        for n in self._near(start, end):
            if start <= self.said[n].middle_ms < end:
                self.said[n] = replace(self.said[n], named=(stretch.person, origin, key))

    def _at_turns(self, stretch: Stretch) -> tuple[int, int]:
        """Return the stretch with its ends where turns change, if that is near."""
        near = [self.said[n] for n in self._near(stretch.start_ms, stretch.end_ms)]
        changes = [
            (before.end_ms + after.start_ms) // 2
            for before, after in pairwise(near)
            if before.turn != after.turn
        ]
        start, end = (_snapped(at, changes) for at in (stretch.start_ms, stretch.end_ms))
        return (start, end) if start < end else (stretch.start_ms, stretch.end_ms)

    def _near(self, start_ms: int, end_ms: int) -> range:
        """Return the places of the words that may touch a stretch."""
        first = bisect_left(self.said, start_ms - LONGEST_MS, key=_start)
        return range(first, bisect_left(self.said, end_ms + LONGEST_MS, key=_start))

    def _write(self, stretch: Stretch, run: tuple[int, int], origin: str) -> None:
        """Put the words of a stretch in the place of a run of words."""
        old = self.said[slice(*run)]
        if origin == "confirmed" and [w.text for w in old] == [w for *_, w in stretch.words]:
            written = [replace(w, origin=origin) for w in old]
        else:
            written = [_written(old, *word, origin) for word in stretch.words]
        self.said[slice(*run)] = written

    def _put_back(self, stretch: Stretch) -> None:
        """Put withheld words where they were said: in the turn around them, or one of their own."""
        at = bisect_left(self.said, stretch.start_ms, key=_start)
        before = self.said[at - 1] if at else None
        after = self.said[at] if at < len(self.said) else None
        if before is not None and after is not None and before.turn == after.turn:
            turn = before.turn
        else:
            turn = len(self._rows)
            self._rows.append(self._nobodys(stretch))
        self._passages.append({"origin": "confirmed"})
        self.said[at:at] = [
            Said(start, end, word, 1.0, None, turn, len(self._passages) - 1, "confirmed")
            for start, end, word in stretch.words
        ]

    def _nobodys(self, stretch: Stretch) -> Row:
        labels = (str(row["voice"]).rpartition("-")[2] for row in self._rows)
        voices = [int(label) for label in labels if label.isdecimal()]
        middle = (stretch.start_ms + stretch.end_ms) // 2
        return {
            **dict.fromkeys(("id", "person_id")),
            "session_id": next((s["id"] for s in self._sessions if _holds(s, middle)), None),
            "recording_id": self._recording,
            "start_ms": stretch.start_ms,
            "end_ms": stretch.end_ms,
            "voice": f"voice-{1 + max(voices, default=0)}",
            "confidence": 0.0,
            "evidence": "[]",
            "origin": "automatic",
            "passages": [],
        }

    def mend(self, correction: Correction) -> list[tuple[int, int]]:
        """Mend a spelling wherever it is meant; return when it is said, start and end in ms."""
        within = correction.facts["within"]
        if within and not self._recording.startswith(f"{within}/"):
            here = {n for n, row in enumerate(self._rows) if row["session_id"] == within}
        else:
            here = set(range(len(self._rows)))
        self.said, times = mended(self.said, correction.facts["from"], correction.facts["to"], here)
        return times

    def turns(self) -> list[Row]:
        """Put turns and passages together again."""
        made = []
        for _, words in groupby(self.said, key=self._part_of):
            own = list(words)
            base = self._rows[own[0].turn]
            passages = [
                _passage(self._passages[number], number, list(part))
                for number, part in groupby(own, key=lambda w: w.passage)
            ]
            made.append({**base, **_extent(base, passages), **_who(own[0]), "passages": passages})
        return made

    def _part_of(self, word: Said) -> tuple[object, ...]:
        """Return what words have in common that are one turn."""
        if word.named is None:
            return (word.turn,)
        return (self._rows[word.turn]["session_id"], *word.named)


def _written(old: Sequence[Said], start_ms: int, end_ms: int, text: str, origin: str) -> Said:
    """Return a word of a person's, part of the turn and passage that speak at its time."""
    middle = (start_ms + end_ms) // 2
    part_of = min(old, key=lambda word: abs(word.middle_ms - middle))
    return replace(
        part_of,
        start_ms=start_ms,
        end_ms=end_ms,
        text=text,
        probability=1.0,
        heard=None,
        origin=origin,
        timed=True,
    )


def _snapped(time_ms: int, changes: Sequence[int]) -> int:
    near = min(changes, key=lambda change: abs(change - time_ms), default=time_ms)
    return near if abs(near - time_ms) <= EDGE_MS else time_ms


def _holds(session: Row, at_ms: int) -> bool:
    start, end = session["from_ms"], session["to_ms"]
    return (start or 0) <= at_ms and (end is None or at_ms < end)


def _start(word: Said) -> int:
    return word.start_ms


def _words(passage: Row, turn: int, number: int) -> list[Said]:
    words = timed_words(passage["text"], passage["words"])
    heard: Mapping[str, str] = json.loads(passage["heard"] or "{}")
    origin = passage["origin"]
    if words is None:
        whole = (passage["start_ms"], passage["end_ms"], passage["text"], 1.0, None)
        return [Said(*whole, turn, number, origin, timed=False)]
    return [
        Said(start, end, text, probability, heard.get(str(n)), turn, number, origin)
        for n, (start, end, probability, text) in enumerate(words)
    ]


def _passage(base: Row, number: int, words: Sequence[Said]) -> Row:
    if "text" in base and _as_found(base, number, words):
        return base
    text = " ".join(w.text for w in words)
    origins = {w.origin for w in words}
    origin = "corrected" if "corrected" in origins else "automatic"
    row = {**base, "text": text, "origin": origins.pop() if len(origins) == 1 else origin}
    if not all(w.timed for w in words):
        return {
            **row,
            "start_ms": words[0].start_ms,
            "end_ms": max(w.end_ms for w in words),
            "words": None,
            "heard": None,
        }
    heard = {str(n): w.heard for n, w in enumerate(words) if w.heard is not None}
    return {
        **row,
        "start_ms": words[0].start_ms,
        "end_ms": max(w.end_ms for w in words),
        "words": canonical([[w.start_ms, w.end_ms, w.probability] for w in words]),
        "heard": canonical(heard) if heard else None,
    }


def _as_found(base: Row, number: int, words: Sequence[Said]) -> bool:
    untouched = _words(base, words[0].turn, number)
    return [replace(w, named=None) for w in words] == untouched


def _extent(base: Row, passages: Sequence[Row]) -> Row:
    """Return a turn's times: its own where its words are untouched, else those of its words."""
    if [p["text"] for p in base["passages"]] == [p["text"] for p in passages]:
        return {"start_ms": base["start_ms"], "end_ms": base["end_ms"]}
    return {
        "start_ms": passages[0]["start_ms"],
        "end_ms": max(p["end_ms"] for p in passages),
    }


def _who(word: Said) -> Row:
    if word.named is None:
        return {}
    person, origin, _ = word.named
    sure = None if person is None else 1.0
    return {"person_id": person, "confidence": sure, "evidence": "[]", "origin": origin}
