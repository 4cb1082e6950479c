"""What `plenary correct` does: look at what stands, record what a person says, undo it.

Every function records one correction, which is undone as a whole, and says what it is about.
Nothing that the machine found is changed.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from archive import values
from archive.corrections import model
from archive.corrections.applied import Corrected
from archive.corrections.model import NOBODY_NAMED, Correction, Stretch
from archive.corrections.place import Place
from archive.corrections.retime import retimed
from archive.corrections.wishes import ids_of, spellings
from archive.errors import ArchiveFault
from archive.french import tokens
from archive.passage import timed_words
from archive.wording import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archive.corrections.model import SpokenWord, Wish
    from archive.corrections.wishes import Mention
    from archive.store import Store

Row = dict[str, Any]
Reach = Literal["turn", "voice", "session"]

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]*")
"""As in a programme: it becomes part of addresses."""

UNKNOWN = "unknown"
"""What is written in the place of a person's id where nobody listed speaks."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who corrects, and why; `source` is the file that says it, "" for the command."""

    by: str
    why: str = ""
    source: str = ""


class Desk:
    """One recording after the other, as it stands with all corrections."""

    def __init__(self, store: Store, author: Author) -> None:
        self._store = store
        self._author = author
        self._db = store.db.conn

    def name_speaker(
        self, place: Place, person: str, reach: Reach, newcomer: Mapping[str, str]
    ) -> Correction:
        """Say who speaks: in a stretch, the turn at a moment, or all turns of its voice.

        `person` is an id of the programme, or UNKNOWN. `newcomer` holds the name (perhaps role
        and organisation) of somebody whom no programme gives. Raises ArchiveFault for an
        unknown id, or for a newcomer's that is taken.
        """
        who = None if person == UNKNOWN else person
        if newcomer:
            self._refuse_newcomer(person, newcomer)
        elif who is not None:
            self._refuse_stranger(who)
        turns = self._turns(place.recording)
        if reach == "turn" and place.end_ms is not None:
            spans = [(place.start_ms, place.end_ms)]
        else:
            spans = _spans(_reached(turns, place, reach))
        pieces = self._by_capture(place.recording, spans)
        stretches = [self._stretch(place.recording, turns, a, b, person=who) for a, b in pieces]
        return self._record(
            Correction("speaker", place.recording, tuple(stretches), dict(newcomer))
        )

    def confirm_names(self, place: Place, reach: Reach) -> Correction:
        """Confirm the names that stand: of a turn, of a voice's turns, of a session's.

        Raises ArchiveFault where nobody is named there.
        """
        turns = self._turns(place.recording)
        named = [t for t in _reached(turns, place, reach) if t["person_id"] is not None]
        if not named:
            raise ArchiveFault(
                "nobody is named at {place}",
                "say who speaks with `plenary correct speaker`",
                place=place,
            )
        stretches = [
            self._stretch(place.recording, turns, start, end, person=t["person_id"])
            for t in named
            for start, end in self._by_capture(place.recording, _spans([t]))
        ]
        return self._record(
            Correction("confirm", place.recording, tuple(stretches), {"what": "name"})
        )

    def confirm_words(self, place: Place, reach: Reach) -> Correction:
        """Confirm the words that stand: of a stretch, of a turn, of a voice, of a session."""
        turns = self._turns(place.recording)
        stretches = []
        for turn in _reached(turns, place, reach):
            for passage in turn["passages"]:
                words = _spoken(passage)
                if reach == "turn" and place.end_ms is not None:
                    words = [w for w in words if _in(w, place.start_ms, place.end_ms)]
                if words:
                    start, end = words[0][0], max(w[1] for w in words)
                    stretch = self._stretch(place.recording, turns, start, end)
                    said = " ".join(w for *_, w in words)
                    stretches.append(replace(stretch, words=tuple(words), heard=said))
        if not stretches:
            raise _nothing_said(place)
        return self._record(
            Correction("confirm", place.recording, tuple(stretches), {"what": "words"})
        )

    def write_text(self, place: Place, text: str) -> Correction:
        """Write other words in the place of those of a stretch, or of the passage at a moment.

        No words at all take away what nobody said. Raises ArchiveFault where there are none,
        or where several people speak.
        """
        turns = self._turns(place.recording)
        words, turn_ids = self._words_at(turns, place)
        if not words:
            raise _nothing_said(place)
        if len(turn_ids) > 1:
            raise ArchiveFault(
                "several turns speak at {place}", "correct one turn at a time", place=place
            )
        start, end = words[0][0], max(w[1] for w in words)
        stretch = self._stretch(place.recording, turns, start, end)
        heard = " ".join(w for *_, w in words)
        written = tuple(retimed(words, text.split()))
        return self._record(
            Correction("text", place.recording, (replace(stretch, heard=heard, words=written),))
        )

    def mend_spelling(self, wrong: str, right: str, within: str) -> Correction:
        """Write one spelling for another, everywhere, or within an event or a session.

        Raises ArchiveFault where the wrong one has no letter.
        """
        if not tokens(wrong):
            raise ArchiveFault(
                "there is no word in {wrong!r}", "write the spelling to be mended", wrong=wrong
            )
        facts = {"from": wrong, "to": right, "within": within}
        return self._record(Correction("replace", None, (), facts))

    def withdraw(self, place: Place, *, erased: bool = False) -> Correction:
        """Take a stretch away from everything that is public."""
        if place.end_ms is None:
            raise ArchiveFault(
                "a moment cannot be withdrawn: {place}",
                "say until when: from 12:34–13:10, or a link with two times",
                place=place,
            )
        spans = [(place.start_ms, place.end_ms)]
        return self.withdraw_stretches(place.recording, spans, erased=erased)

    def withdraw_stretches(
        self, recording: str, spans: Sequence[tuple[int, int]], *, erased: bool = False
    ) -> Correction:
        """Take stretches of one recording away, in ms, as one correction."""
        turns = self._turns(recording)
        pieces = self._by_capture(recording, spans)
        stretches = tuple(self._stretch(recording, turns, *span) for span in pieces)
        if erased:
            stretches = tuple(replace(stretch, heard="") for stretch in stretches)
        facts = {"erased": "yes"} if erased else {}
        return self._record(Correction("withdraw", recording, stretches, facts))

    def withdraw_person(self, person: str, wish: Wish, kept: Sequence[Mention]) -> Correction:
        """Take away a person's name ("no-name"), or all that she said too ("nothing").

        `kept` are the places where others go on saying the name: somebody decided so.
        """
        self._refuse_stranger(person)
        turns = {recording: self._turns(recording) for recording in {m.recording for m in kept}}
        stretches = tuple(
            self._stretch(m.recording, turns[m.recording], m.start_ms, m.end_ms) for m in kept
        )
        ids = ids_of(self._db, person)
        names = "\n".join(spellings(self._db, ids))
        same = "\n".join(sorted(ids - {person}))
        facts = {"person": person, "wish": wish, "same": same, "names": names}
        return self._record(Correction("withdraw", None, stretches, facts))

    def restore(self, place: Place) -> Correction:
        """Put back words that were withheld at a place. Raises ArchiveFault where none were."""
        end = place.start_ms + 1 if place.end_ms is None else place.end_ms
        found = self._db.execute(
            "SELECT start_ms, end_ms, words FROM withheld WHERE recording_id = ? "
            "AND start_ms < ? AND end_ms > ? AND words <> '' ORDER BY start_ms",
            [place.recording, end, place.start_ms],
        ).fetchall()
        if not found:
            raise ArchiveFault(
                "no words were withheld at {place}",
                "the notes on the recording's page tell where some were",
                place=place,
            )
        turns = self._turns(place.recording)
        stretches = []
        for start, stop, words in found:
            stretch = self._stretch(place.recording, turns, start, stop)
            spoken = tuple(retimed([(start, stop, "")], words.split()))
            stretches.append(replace(stretch, heard=words, words=spoken))
        return self._record(Correction("restore", place.recording, tuple(stretches)))

    def undo(self, number: int) -> Correction:
        """Let a correction hold no more; return it. It stays on record, with the day.

        Raises ArchiveFault where none of that number holds, or what it took away is erased.
        """
        found = next((c for c in model.read(self._db) if c.id == number), None)
        if found is None:
            raise ArchiveFault(
                "no correction {number} holds",
                "see their numbers with `plenary correct list`",
                number=number,
            )
        if found.facts.get("erased"):
            raise ArchiveFault(
                "correction {number} erased the words: they cannot be put back",
                "they are only in the originals, which were never changed",
                number=number,
            )
        self._store.undo_correction(number, values.now())
        return found

    def _record(self, correction: Correction) -> Correction:
        known = replace(correction, **asdict(self._author), made_at=values.now())
        return replace(known, id=self._store.add_correction(known.row()))

    def _refuse_stranger(self, person: str) -> None:
        rows = self._db.execute("SELECT id FROM people ORDER BY id").fetchall()
        known = [row[0] for row in rows]
        if person not in known:
            raise ArchiveFault(
                "nobody has the id {person}",
                'the ids are: {known}; for somebody new add --name "…"',
                person=person,
                known=", ".join(known[:30]) or Text("none"),
            )

    def _refuse_newcomer(self, person: str, told: Mapping[str, str]) -> None:
        """Refuse an id that is no id, or somebody else's; an organisation that nobody gives."""
        named = self._db.execute("SELECT name FROM people WHERE id = ?", [person]).fetchone()
        reserved = {UNKNOWN, NOBODY_NAMED[0]}
        if person in reserved or not _IDENTIFIER.fullmatch(person):
            raise ArchiveFault(
                "{person!r} cannot be a newcomer's id",
                "write another, of lower-case letters, digits and hyphens",
                person=person,
            )
        if named is not None and named[0] != told["name"]:
            raise ArchiveFault(
                "{person} is the id of {name}",
                "leave --name out if that is who speaks, else choose another id",
                person=person,
                name=named[0],
            )
        known = [row[0] for row in self._db.execute("SELECT id FROM organisations ORDER BY 1")]
        if told.get("organisation") not in {None, *known}:
            raise ArchiveFault(
                "no programme gives the organisation {organisation}",
                "the organisations are: {known}",
                organisation=told["organisation"],
                known=", ".join(known[:30]) or Text("none"),
            )

    def _turns(self, recording: str) -> list[Row]:
        return Corrected(self._db).laid(recording).turns

    def _words_at(self, turns: Sequence[Row], place: Place) -> tuple[list[SpokenWord], set[int]]:
        words: list[SpokenWord] = []
        found: set[int] = set()
        for number, turn in enumerate(turns):
            for passage in turn["passages"]:
                spoken = _spoken(passage)
                if place.end_ms is not None:
                    inside = [w for w in spoken if _in(w, place.start_ms, place.end_ms)]
                else:
                    holds = passage["start_ms"] <= place.start_ms < passage["end_ms"]
                    inside = spoken if holds else []
                words += inside
                found |= {number} if inside else set()
        return words, found

    def _by_capture(
        self, recording: str, spans: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """Yield spans cut where a capture begins or the last ends: each goes with its own sound."""
        rows = self._db.execute(
            "SELECT start_ms, start_ms + duration_ms FROM captures "
            "WHERE recording_id = ? AND start_ms + duration_ms IS NOT NULL",
            [recording],
        ).fetchall()
        last = max((end for _, end in rows), default=0)
        for start, end in spans:
            stop = min(end, last) if start < last else end
            cuts = sorted({at for at, _ in rows if start < at < stop})
            yield from pairwise((start, *cuts, stop))

    def _stretch(
        self,
        recording: str,
        turns: Sequence[Row],
        start_ms: int,
        end_ms: int,
        person: str | None = None,
    ) -> Stretch:
        """Return a stretch with its ground: the capture it lies in, and what was heard there."""
        capture = self._db.execute(
            "SELECT sha256, start_ms FROM captures WHERE recording_id = ? AND start_ms <= ? "
            "AND sha256 IS NOT NULL ORDER BY start_ms DESC LIMIT 1",
            [recording, start_ms],
        ).fetchone()
        place = Place(recording, start_ms, end_ms)
        words, _ = self._words_at(turns, place)
        heard = " ".join(word for *_, word in words)
        sha256, begins = capture or ("", start_ms)
        return Stretch(start_ms, end_ms, sha256, start_ms - begins, heard, person)


def _nothing_said(place: Place) -> ArchiveFault:
    return ArchiveFault(
        "nothing is said at {place}", "check the time on the recording's page", place=place
    )


def _reached(turns: list[Row], place: Place, reach: Reach) -> list[Row]:
    """Return the turns that a place means: those it touches, or those of their voice or session."""
    end = place.start_ms + 1 if place.end_ms is None else place.end_ms
    here = [t for t in turns if t["start_ms"] < end and t["end_ms"] > place.start_ms]
    if not here and reach == "session":  # a pause in it is a place in it, too
        here = [t for t in turns if t["end_ms"] <= place.start_ms][-1:] or turns[:1]
    if not here:
        raise _nothing_said(place)
    if reach == "turn":
        return here if place.end_ms is not None else here[:1]
    column = {"voice": "voice", "session": "session_id"}[reach]
    among = {t[column] for t in here[:1]}
    return [t for t in turns if t[column] in among]


def _spans(turns: Iterable[Row]) -> list[tuple[int, int]]:
    return [(t["start_ms"], t["end_ms"]) for t in turns]


def _spoken(passage: Row) -> list[SpokenWord]:
    """Return a passage's words; whole as one where their times are not known."""
    words = timed_words(passage["text"], passage["words"])
    if words is None:
        return [(passage["start_ms"], passage["end_ms"], passage["text"])]
    return [(start, end, word) for start, end, _, word in words]


def _in(word: SpokenWord, start_ms: int, end_ms: int) -> bool:
    return start_ms <= (word[0] + word[1]) // 2 < end_ms
