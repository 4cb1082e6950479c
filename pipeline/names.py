"""Names heard in speech, and what each says about who speaks.

First, who is named: at each place the words are compared with every form under which a person
of the session may be called (whole name, surname, first name, other spellings, a role, an
organisation), by letters and by sound, since a recogniser misspells names. A form counts only
where it points to one person: two people whose forms are nearly as like as one another are
left unknown. Second, what is said of them: the named places become placeholders in the folded
text, and the phrases of phrases.py say which are hand-overs, thanks, introductions, and which
give no floor.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from rapidfuzz import fuzz

from pipeline.model import Span, Word
from pipeline.speakers.phonetic import fold, sound
from pipeline.speakers.phrases import CueKind, language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.model import Cast, Segment
    from pipeline.speakers.phrases import Language

ALIKE = 0.84
"""Likeness (0 to 1) from which words are taken for a form: "Gosslin" for "Gosselin" is 0.93."""
APART = 0.08
"""By how much the likest person must lead the next; under it the name stays unknown."""
BY_SOUND = 0.97
"""What an equal sound is worth against equal letters."""
LABEL = 0.6
"""How far a transcript's label is believed: its names come from a person or from a program, and
nothing says from which."""
FIRST_NAME = 0.93
"""The same for a first name alone: "Français" is as like "François" as 0.88."""
SHORT = 5
"""Letters: a shorter form must be heard whole, by letters or by sound."""
WHO, BODY, STRANGER = "§", "¤", "¿"
"""Placeholders for a person, an organisation that one person speaks for, someone unlisted."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One phrase about one person: `person` is None where it names nobody of the cast.

    `span` is the phrase's place, `at_ms` its middle (whose voice says it), `quote` its words,
    `strength` how far it is to be believed, from 0 to 1.
    """

    kind: CueKind
    person: str | None
    at_ms: int
    span: Span
    quote: str
    strength: float


@dataclass(frozen=True, slots=True)
class _Token:
    """Folded letters, the word they are part of, and what ends with them."""

    text: str
    raw: str
    word: int
    end: str


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of calling a person: joined letters, sound, number of tokens, what it is."""

    person: str
    letters: str
    key: str
    size: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Named:
    """Tokens [start, end) call `person`, or somebody who is not in the cast."""

    start: int
    end: int
    person: str | None
    likeness: float
    sign: str = WHO


_Piece: TypeAlias = tuple[int, int, int, int]
"""Letters [start, end) of the masked text stand for tokens [first, last)."""


def find_cues(words: Sequence[Word], cast: Cast, language: str) -> tuple[Cue, ...]:
    """Return what the words say about who speaks, in order of time.

    `language` is a BCP 47 code; one without a table of phrases gives none.
    """
    words = sorted(words, key=lambda w: (w.start_ms, w.end_ms))
    table = language_of(language)
    tokens = _tokens(words, table)
    named = _named(tokens, cast, table)
    text, pieces, people = _masked(tokens, named)
    cues: list[Cue] = []
    taken: set[int] = set()
    for kind, pattern, strength in _patterns(language.split("-", maxsplit=1)[0].lower()):
        for match in pattern.finditer(text):
            place = next(
                (i for i in range(*match.span()) if text[i] in WHO + BODY + STRANGER), None
            )
            if place is not None and place in taken:
                continue
            if kind == "mention" and place is not None and text[place] != WHO:
                continue
            taken |= {place} if place is not None else set()
            found = None if place is None else people[place]
            inside = [tokens[t].word for t in _inside(pieces, *match.span())]
            cues.append(_cue(kind, found, strength, words, inside))
    return tuple(sorted(cues, key=lambda c: (c.at_ms, c.kind, c.person or "")))


def find_labels(segments: Sequence[Segment], cast: Cast, language: str) -> tuple[Cue, ...]:
    """Return what the labels of a transcript made elsewhere say: one cue for each person.

    It stands where she is labelled longest, so that a diarizer's mistake counts once however
    often it is repeated. A label that names nobody of the cast, or might be two, says nothing.
    """
    longest: dict[str, Segment] = {}
    for segment in segments:
        before = longest.get(segment.label or "")
        if segment.label and (before is None or before.span.duration_ms < segment.span.duration_ms):
            longest[segment.label] = segment
    table, cues = language_of(language), []
    for label, segment in longest.items():
        tokens = _tokens([Word(0, 1, word) for word in label.title().split()], table)
        found = [one for one in _named(tokens, cast, table) if one.person is not None]
        if len({one.person for one in found}) == 1:
            span, named = segment.span, found[0]
            middle = (span.start_ms + span.end_ms) // 2
            cues.append(Cue("label", named.person, middle, span, label, LABEL * named.likeness))
    return tuple(cues)


def _cue(
    kind: CueKind, named: _Named | None, strength: float, words: Sequence[Word], inside: list[int]
) -> Cue:
    first, last = min(inside), max(inside)
    heard = words[first : last + 1]
    span = Span(min(w.start_ms for w in heard), max(w.end_ms for w in heard))
    quote = " ".join(w.text for w in heard)
    person = None if named is None else named.person
    weight = strength * (named.likeness if named is not None else 1.0)
    return Cue(kind, person, (span.start_ms + span.end_ms) // 2, span, quote, weight)


@cache
def _patterns(language: str) -> tuple[tuple[CueKind, re.Pattern[str], float], ...]:
    signs = {"{P}": WHO, "{O}": rf"(?:l |le |la |les |the )?{BODY}", "{N}": STRANGER}

    def filled(pattern: str) -> str:
        for name, sign in signs.items():
            pattern = pattern.replace(name, sign)
        return pattern

    return tuple(
        (p.kind, re.compile(r"(?<![a-z])" + filled(p.pattern)), p.strength)
        for p in language_of(language).phrases
    )


def _tokens(words: Sequence[Word], table: Language) -> tuple[_Token, ...]:
    """Split words at apostrophes and hyphens; a lone mark belongs to the word before it."""
    tokens: list[_Token] = []
    for index, word in enumerate(words):
        parts = re.findall(r"[^\W_]+", fold(word.text))
        tokens += [_Token(part.lower(), part, index, "") for part in parts]
        mark = re.search(r"[.,;:!?…]", word.text.rstrip("»\"') ")[-1:])
        # "M." ends no sentence.
        if mark and tokens and not (mark.group() == "." and tokens[-1].text in table.titles):
            end = "," if mark.group() in ",;:" else "."
            tokens[-1] = replace(tokens[-1], end=end)
    return tuple(tokens)


def _masked(
    tokens: Sequence[_Token], named: Sequence[_Named]
) -> tuple[str, list[_Piece], dict[int, _Named]]:
    """Return the folded text with placeholders, its pieces, each placeholder's person."""
    text, at = " . ", 0
    pieces: list[_Piece] = []
    people: dict[int, _Named] = {}
    starts = {n.start: n for n in named}
    while at < len(tokens):
        found = starts.get(at)
        end = at + 1 if found is None else found.end
        piece = tokens[at].text if found is None else found.sign
        if found is not None:
            people[len(text)] = found
        pieces.append((len(text), len(text) + len(piece), at, end))
        text += piece + (f" {tokens[end - 1].end} " if tokens[end - 1].end else " ")
        at = end
    return text + ". ", pieces, people


def _inside(pieces: Sequence[_Piece], start: int, end: int) -> Iterator[int]:
    """Yield the tokens of the pieces that stretch [start, end) of the text touches."""
    for number in range(bisect_right(pieces, start, key=lambda p: p[1]), len(pieces)):
        begin, _, first, last = pieces[number]
        if begin >= end:
            return
        yield from range(first, last)


def _named(tokens: Sequence[_Token], cast: Cast, table: Language) -> tuple[_Named, ...]:
    """Find who is named where, from left to right, the longest form first."""
    forms = _forms(cast)
    longest = max((f.size for f in forms), default=0) + 1
    found: list[_Named] = []
    at = 0
    while at < len(tokens):
        one = (
            _role(tokens, at, cast, table)
            or _body(tokens, at, cast)
            or _person(tokens, at, forms, longest, table)
            or _stranger(tokens, at, table)
        )
        if one is None:
            at += 1
        else:
            found.append(one)
            at = one.end
    return tuple(found)


def _forms(cast: Cast) -> tuple[_Form, ...]:
    """Return every form of every person; a first name that two people share counts for neither."""
    firsts = Counter(sound(_split(m.name)[0]) for m in cast.people)
    made: dict[tuple[str, str], _Form] = {}
    for member in cast.people:
        for spelling in dict.fromkeys((member.name, *member.spellings)):
            first, last = _split(spelling)
            kinds = [(spelling, "whole"), (last, "surname")]
            if firsts[sound(first)] <= 1:
                kinds.append((first, "first"))
            for text, kind in kinds:
                parts = _parts(text)
                if parts:
                    letters = "".join(parts)
                    form = _Form(member.id, letters, sound(text), len(parts), kind)
                    made.setdefault((member.id, letters), form)
    return tuple(made.values())


@cache
def _parts(text: str) -> tuple[str, ...]:
    """Return the folded words of a name, a role or an organisation."""
    return tuple(re.findall(r"[^\W_]+", fold(text).lower()))


def _split(name: str) -> tuple[str, str]:
    """First name and surname; a name of one word is a surname alone."""
    first, _, last = name.strip().partition(" ")
    return (first, last) if last else ("", first)


def _person(
    tokens: Sequence[_Token], at: int, forms: Sequence[_Form], longest: int, table: Language
) -> _Named | None:
    """Someone of the cast called by name at token `at`, with or without a title."""
    start = at
    while start < len(tokens) and start < at + 2 and tokens[start].text in table.titles:
        start += 1
    titled = start > at
    # Hand-overs put the title before the preposition where word times are out of order.
    if titled and start < len(tokens) and tokens[start].text in {"a", "de"}:
        start += 1
    if start >= len(tokens) or not tokens[start].raw[0].isupper():
        return None
    best: tuple[float, int, str] | None = None
    for size in range(min(longest, len(tokens) - start), 0, -1):
        window = tokens[start : start + size]
        if any(t.end for t in window[:-1]) or not window[-1].raw[0].isupper():
            continue
        scores = _scores(window, forms, tokens, start + size)
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < ALIKE:
            continue
        lead = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0.0)
        person = ranked[0][0] if lead >= APART else ""
        if best is None or ranked[0][1] > best[0] + 0.02:
            best = (ranked[0][1], start + size, person)
    if best is None:
        return None
    likeness, end, person = best
    if not person:
        return _Named(at, end, None, likeness, "?")
    return _Named(at, end, person, likeness)


def _scores(
    window: Sequence[_Token], forms: Sequence[_Form], tokens: Sequence[_Token], after: int
) -> dict[str, float]:
    """Each person's likeness with the window, where it may count."""
    letters = "".join(t.text for t in window)
    key = "".join(sound(t.raw) for t in window)
    goes_on = after < len(tokens) and not window[-1].end and tokens[after].raw[0].isupper()
    scores: dict[str, float] = {}
    for form in forms:
        if abs(form.size - len(window)) > 1 or abs(len(form.letters) - len(letters)) > 3:
            continue
        if form.kind == "first" and (goes_on or len(window) > form.size):
            continue
        by_letters = fuzz.ratio(letters, form.letters) / 100
        by_sound = BY_SOUND * fuzz.ratio(key, form.key) / 100
        if form.kind == "first" and max(by_letters, by_sound) < FIRST_NAME:
            continue
        if min(len(letters), len(form.letters)) < SHORT and max(by_letters, by_sound) < BY_SOUND:
            continue
        scores[form.person] = max(scores.get(form.person, 0.0), by_letters, by_sound)
    return scores


def _role(tokens: Sequence[_Token], at: int, cast: Cast, table: Language) -> _Named | None:
    """A role that one person of the cast has, with its article: "notre trésorière"."""
    start = at
    while start < len(tokens) and start < at + 3 and tokens[start].text in table.articles:
        start += 1
    bare = start == at and at > 0 and tokens[at - 1].text in table.copulas
    if start >= len(tokens) or not (start > at or bare):
        return None
    holders: dict[str, str] = {}
    length = 0
    for member in cast.people:
        for role in member.roles:
            parts = _parts(role)
            heard = tuple(t.text for t in tokens[start : start + len(parts)])
            if parts and heard == parts and len(parts) >= length:
                holders = {} if len(parts) > length else holders
                holders[member.id], length = role, len(parts)
    leader = tokens[start].text in table.leaders and any(
        t.text in table.titles for t in tokens[at:start]
    )
    if not holders and leader and len(cast.chair) == 1:
        holders, length = {cast.chair[0].id: ""}, 1
    if len(holders) != 1:
        return None
    return _Named(at, start + length, next(iter(holders)), 0.9)


def _body(tokens: Sequence[_Token], at: int, cast: Cast) -> _Named | None:
    """An organisation that one person of the cast belongs to."""
    holders: set[str] = set()
    length = 0
    for member in cast.people:
        for organisation in member.organisations:
            parts = _parts(organisation)
            heard = tuple(t.text for t in tokens[at : at + len(parts)])
            if parts and heard == parts and len(parts) >= length:
                holders = holders if len(parts) == length else set()
                holders.add(member.id)
                length = len(parts)
    return _Named(at, at + length, holders.pop(), 0.8, BODY) if len(holders) == 1 else None


def _stranger(tokens: Sequence[_Token], at: int, table: Language) -> _Named | None:
    """A titled or two-part name in capitals that is nobody's of the cast.

    A sentence's first word has its capital for another reason.
    """
    start = at
    while start < len(tokens) and start < at + 2 and tokens[start].text in table.titles:
        start += 1
    titled = start > at
    if not titled and (at == 0 or tokens[at - 1].end == "."):
        return None
    end = start
    while end < min(len(tokens), start + 4) and tokens[end].raw[0].isupper():
        end += 1
        if tokens[end - 1].end:
            break
    if end - start >= (1 if titled else 2):
        return _Named(at, end, None, 0.8, STRANGER)
    return None
