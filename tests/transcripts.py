"""Random transcripts, hostile in every field, and what must come back of a text."""

from __future__ import annotations

import itertools
import re

from hypothesis import strategies as st

from archive.export.transcript import (
    Missing,
    Organisation,
    Passage,
    Person,
    Role,
    Transcript,
    Turn,
    Word,
)
from archive.provenance import Capture, Correction, Step

HOSTILE = (
    *("<script>alert(1)</script>", "</v><v Autre>", "&amp;", "&lt;b&gt;", "]]>", '"', "-->"),
    *("=cmd|' /C calc'!A0", "x;=1+1", "'=1", "; ' -2", "\ufeff@x", "a,b;c\td"),
    *("\x00", "\x1b[31m", "\x85", "\u2028", "\r\n\r\n", "\n\n2\n00:00:01,000 --> 00:00:09,000\nx"),
    *(
        "\u202eelpmas",
        "\u2067abc",
        "\u202c",
        "\u200f",
        "🙂",
        "\U0001d11e",
        "\ud800",
        "\udfff",
        "\ufffe",
    ),
    *("{\\an8}", "\\N", "NOTE x", "WEBVTT", "STYLE\n::cue{}", "[00:00:01] A :", ";; x"),
    "SPEAKER x 1 0.000 9.000 <NA> <NA> moi <NA> <NA>",
)

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.lists(st.sampled_from((*HOSTILE, "bonjour", "l’été")), max_size=4).map(" ".join),
)
said = texts.map(lambda text: text.replace(" ", "\xa0")).filter(
    lambda text: text != "" and (needed(text) != "" or not re.search("[\u202c\u2069]", text))
)
"""Words: what stands between single spaces; never empty, and no end of a direction alone."""


ORIGINS = ("automatic", "confirmed", "corrected")
MS = st.integers(0, 10_000)
PLACES = st.sampled_from((0, 40, 900, 1_000, 2_500))
"""How long after the word before a word begins, in ms."""


@st.composite
def passages(draw: st.DrawFn, after_ms: int) -> Passage:
    words, end = [], after_ms
    for text in draw(st.lists(said, min_size=1, max_size=4)):
        start = end + draw(PLACES)
        end = start + draw(st.integers(100, 900))
        words.append(Word(start, end, text, draw(st.floats(0, 1)), draw(st.none() | said)))
    text, origin = " ".join(word.text for word in words), draw(st.sampled_from(ORIGINS))
    return Passage(
        words[0].start_ms, end, text, origin, tuple(words) if draw(st.booleans()) else ()
    )


@st.composite
def turns(draw: st.DrawFn, people: list[Person]) -> tuple[Turn, ...]:
    made: list[Turn] = []
    for _ in range(draw(st.integers(0, 3))):
        own = [draw(passages(made[-1].end_ms if made else 0))]
        if draw(st.booleans()):
            own.append(draw(passages(own[0].end_ms)))
        person = draw(st.sampled_from([None, *people]))
        made.append(
            Turn(
                start_ms=own[0].start_ms,
                end_ms=own[-1].end_ms,
                person=None if person is None else person.id,
                name=None if person is None else person.name,
                role=None if person is None else draw(st.none() | texts),
                organisation=None if person is None else draw(st.none() | texts),
                voice=draw(st.sampled_from(("voice-1", "voice-2"))),
                confidence=draw(st.integers(0, 1000)) / 1000,
                origin="automatic" if person is None else draw(st.sampled_from(ORIGINS)),
                passages=tuple(own),
            )
        )
    return tuple(made)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    organisations = draw(st.lists(st.builds(Organisation, texts, texts), max_size=2, unique_by=_id))
    of = st.sampled_from([None, *(one.id for one in organisations)])
    roles = st.lists(st.builds(Role, st.none() | texts, of), max_size=2).map(tuple)
    known = draw(st.lists(st.builds(Person, texts, texts, roles), max_size=2, unique_by=_id))
    spoken = draw(turns(known))
    speaking = {turn.person for turn in spoken}
    capture = st.builds(
        Capture, texts, st.none() | MS, texts, texts, start_ms=st.just(0), end_ms=st.just(90_000)
    )
    step = st.builds(Step, *[texts] * 9, st.lists(texts, max_size=2).map(tuple))
    correction = st.builds(Correction, texts, MS, MS, texts, texts)
    return Transcript(
        id=draw(texts),
        title=draw(texts),
        event=draw(texts),
        event_title=draw(texts),
        date=draw(texts),
        language=draw(texts),
        licence=draw(texts),
        organisers=tuple(draw(st.lists(texts, max_size=2))),
        recording=draw(texts),
        captures=(draw(capture),),
        steps=tuple(draw(st.lists(step, max_size=2))),
        corrections=tuple(draw(st.lists(correction, max_size=1))),
        missing=tuple(draw(st.lists(st.builds(Missing, MS, MS, texts), max_size=1))),
        people=tuple(person for person in known if person.id in speaking),
        organisations=tuple(organisations),
        turns=spoken,
    )


def _id(one: Organisation | Person) -> str:
    # Ids that differ by what no file can hold (half a pair) are the same.
    return whole(one.id)


def whole(text: str) -> str:
    """Return the text as far as UTF-8 can hold it."""
    joined = re.sub(
        "([\ud800-\udbff])([\udc00-\udfff])",
        lambda pair: chr(0x10000 + ((ord(pair[1]) - 0xD800) << 10) + ord(pair[2]) - 0xDC00),
        text,
    )
    return re.sub("[\ud800-\udfff]", "\ufffd", joined)


def needed(text: str | None) -> str:
    """Return what a reader needs of a text: all but control characters, on one line.

    Ends of directions of writing are left out: an export may add them.
    """
    kept = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", whole(text or ""))
    return " ".join(re.sub("[\u202c\u2069]", "", kept).split())


def tokens(turn: Turn) -> list[tuple[str, int, int]]:
    """Return the words that must come back, with their times; a passage's where it has no words."""
    found = []
    for passage in turn.passages:
        for text, start, end in (
            ((w.text, w.start_ms, w.end_ms) for w in passage.words)
            if passage.words
            else ((passage.text, passage.start_ms, passage.end_ms),)
        ):
            found += [(token, start, end) for token in needed(text).split()]
    return found


def labelled(transcript: Transcript) -> list[tuple[Turn, list[tuple[str, int, int]]]]:
    """Return the turns in which anything is left to read."""
    pairs = ((turn, tokens(turn)) for turn in transcript.turns)
    return [(turn, found) for turn, found in pairs if found]


def milliseconds_of(stamp: str) -> int:
    """Read [hh:]mm:ss.mmm or hh:mm:ss,mmm."""
    *hours, minutes, seconds = re.split(":", stamp.replace(",", "."))
    whole_seconds, _, thousandths = seconds.partition(".")
    whole_minutes = int(hours[0] if hours else 0) * 60 + int(minutes)
    return (whole_minutes * 60 + int(whole_seconds)) * 1000 + int(thousandths)


def runs(values: list[str]) -> list[str]:
    """Return the values without repetitions next to each other."""
    return [value for value, _ in itertools.groupby(values)]
