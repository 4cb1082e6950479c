"""What was corrected, in lines to read: where, by whom, and whether it still holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from archive.corrections import model
from archive.corrections.applied import Corrected
from archive.corrections.model import Correction
from archive.corrections.wishes import Mask, addresses, mentions, spellings
from archive.export.clock import clock, hours
from archive.wording import Text, look_up, say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from archive.corrections.ground import Landed
    from archive.corrections.wishes import Mention


def reported(db: sqlite3.Connection, *, undone: bool) -> Iterator[str]:
    """Yield a line or two for each correction, oldest first; with `undone` those undone too."""
    landed, mended = _landings(db)
    for correction in model.read(db, undone=undone):
        yield f"{correction.id:>4}  {look_up(_KINDS[correction.kind]):<8}  {_what(correction)}"
        yield f"      {_state(correction, landed[correction.id], mended[correction.id])}"
        why = f": {correction.why}" if correction.why else ""
        source = f" ({correction.source})" if correction.source else ""
        yield f"      {correction.by}, {correction.made_at[:10]}{source}{why}"


def open_questions(db: sqlite3.Connection) -> Iterator[str]:
    """Yield what waits for a person to look: lost ground, names that are newly said."""
    corrected = Corrected(db)
    for name in addresses(db, Mask(spellings(db, corrected.wishes))):
        told = "the name of somebody who is not to be named stands in the id {name}: change it"
        yield say(told, name=name)
    if not (corrected.corrections or corrected.wishes):
        return
    landed, _ = _landings(db)
    lost = [c.id for c in corrected.corrections if _lost(c, landed[c.id])]
    if lost:
        numbers = ", ".join(map(str, lost))
        told = "corrections whose ground has moved, see `plenary correct list`: {numbers}"
        yield say(told, numbers=numbers)
    for correction in (*corrected.corrections, *_stated(corrected)):
        for mention in undecided(db, corrected, correction):
            who = correction.facts["person"]
            place = f"{mention.recording} {clock(mention.start_ms)}–{clock(mention.end_ms)}"
            yield say(
                "the name of {who} is said: « {quote} »; to take it away:"
                ' plenary correct withdraw "{place}"',
                who=who,
                quote=mention.quote,
                place=place,
            )


def _stated(corrected: Corrected) -> Iterator[Correction]:
    """Yield the wishes of programmes, as if somebody had just asked for them."""
    asked = {person for correction in corrected.corrections for person in correction.whose}
    for person, wish in sorted(corrected.wishes.items()):
        if person not in asked:
            yield Correction("withdraw", facts={"person": person, "wish": wish})


def undecided(
    db: sqlite3.Connection, corrected: Corrected, correction: Correction
) -> Iterator[Mention]:
    """Yield where a name that was taken away is still said, and nobody decided about it."""
    if not correction.whose:
        return
    names = spellings(db, correction.whose)
    decided = {
        (ground.recording, s.start_ms + ground.by_ms, s.end_ms + ground.by_ms)
        for s in correction.stretches
        if (ground := corrected.grounds.of("", s)) is not None
    }
    for recording in corrected.recordings:
        gone = corrected.withdrawn(recording)
        for mention in mentions(corrected.laid(recording).turns, names):
            places = [(w.start_ms, w.end_ms) for w in gone]
            places += [(a, b) for name, a, b in decided if name == recording]
            if corrected.wishes.get(mention.speaker or "") == "nothing":
                continue  # her words are not public
            if not any(a < mention.end_ms and b > mention.start_ms for a, b in places):
                yield mention


def _landings(db: sqlite3.Connection) -> tuple[dict[int, list[Landed]], Counter[int]]:
    """Return what became of each correction's stretches, and how often a spelling was mended."""
    corrected = Corrected(db)
    landed: dict[int, list[Landed]] = defaultdict(list)
    mended: Counter[int] = Counter()
    for recording in corrected.recordings:
        laid = corrected.laid(recording)
        for number, places in laid.landed.items():
            landed[number] += places
        mended.update({number: len(times) for number, times in laid.mended.items()})
    return landed, mended


_CONFIRMED = {"name": Text("name"), "words": Text("words")}
_KINDS = {
    "speaker": Text("speaker"),
    "text": Text("text"),
    "confirm": Text("confirm"),
    "replace": Text("replace"),
    "withdraw": Text("withdraw"),
    "restore": Text("restore"),
}


def _what(correction: Correction) -> str:
    facts = correction.facts
    if correction.kind == "replace":
        within = say(" in {within}", within=facts["within"]) if facts["within"] else ""
        return f"{facts['from']} → {facts['to']}{within}"
    if "person" in facts:
        return f"{facts['person']}: {facts['wish']}"
    first, count = correction.stretches[0], len(correction.stretches)
    last = correction.stretches[-1]
    place = f"{correction.recording} {hours(first.start_ms)}–{hours(last.end_ms)}"
    many = say(" ({count} stretches)", count=count) if count > 1 else ""
    told = {
        "speaker": say(" is {person}", person=first.person or Text("unknown")),
        "text": f": {' '.join(word for *_, word in first.words)}",
        "confirm": f": {look_up(_CONFIRMED.get(facts.get('what', ''), ''))}",
    }
    return f"{place}{many}{told.get(correction.kind, '')}"


def _lost(correction: Correction, landed: Sequence[Landed]) -> int:
    """Count the stretches whose ground was not found; where a recording is gone, all of its."""
    if correction.whose:
        return 0
    return len(correction.stretches) - sum(place.state != "lost" for place in landed)


def _state(correction: Correction, landed: Sequence[Landed], mended: int) -> str:
    """Say whether it holds; where the recording itself is gone, nothing landed anywhere."""
    if correction.undone_at is not None:
        return say("undone on {day}", day=correction.undone_at[:10])
    if correction.kind == "replace":
        return say("places mended: {count}", count=mended)
    lost = _lost(correction, landed)
    is_wish = bool(correction.whose)
    moved = [place for place in landed if place.state == "moved" and not is_wish]
    if lost and correction.kind == "withdraw":
        return say(
            "holds where it was; its sound was not found again: look whether it is elsewhere"
        )
    if lost:
        whole = lost == len(correction.stretches)
        which = Text("its ground") if whole else say("the ground of {count}", count=lost)
        return say(
            "{which} has moved beyond recognition: not applied; look, undo it, make it anew",
            which=which,
        )
    if moved:
        place = f"{moved[0].recording} {hours(moved[0].stretch.start_ms)}"
        return say("holds, moved to {place}", place=place)
    return say("holds")
