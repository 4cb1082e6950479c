"""Names that a recogniser misspelt get the programme's spelling; the heard form is kept.

Only names and terms of the programme are ever written, only in place of words that are as like
in letters as in sound, and never in place of a common word, whatever it is like: the dictionary
of the language decides (simplemma's). A word that is another name of the programme stays too,
and so does one that is like two names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import simplemma
from rapidfuzz import fuzz

from pipeline.speakers.phonetic import fold, sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.model import Word

SHORTEST = 5
"""Letters of the shortest name that is mended by itself: "Benali", not "Roux"."""

# Likeness of letters and of sound, 0 to 100 (rapidfuzz's normalised indel ratio), of a name that
# stands alone and of one beside another name that was heard as it is written. "Rousso" and
# "Rousseau" are 71 and 100 alike, "Benalli" and "Benali" 92 and 100, "Moreau" and "Morel" 73
# and 75.
ALONE = ((70, 100), (85, 85))
BESIDE = ((60, 100), (78, 80))

_WORD = re.compile(r"^(\W*(?:[^\W\d_]{1,2}['’])?)([^\W_][\w'’\-]*?)(\W*)$")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word without what stands around its letters."""

    before: str
    text: str
    after: str


def mend(words: Sequence[Word], names: Sequence[str], language: str) -> tuple[Word, ...]:
    """Return the words, those that misspell one of `names` respelt with `heard` set.

    `language` is a BCP 47 code; where its dictionary is not there, nothing is mended.
    """
    code = language.partition("-")[0].lower()
    if not _has_dictionary(code):
        return tuple(words)
    forms = _forms(names)
    own = {token for form in forms for token in map(_key, form)}
    tokens = [_token(word.text) for word in words]
    heard = {token.text for token in tokens if token is not None}
    begun = {text: [f for f in forms if _begins(text, f[0], own, code)] for text in heard}
    mended = list(words)
    place = 0
    while place < len(words):
        token = tokens[place]
        possible = begun[token.text] if token is not None else ()
        found = list(_matches(tokens, place, possible, own, code))
        longest = max((len(form) for form in found), default=0)
        likely = {form for form in found if len(form) == longest}
        if len(likely) == 1:
            for offset, name in enumerate(likely.pop()):
                mended[place + offset] = _respelt(words[place + offset], name)
        place += longest or 1
    return tuple(mended)


def _forms(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return each name as its words, and a name of several words by its last one too."""
    whole = [tuple(name.split()) for name in names]
    last = [form[-1:] for form in whole if len(form) > 1]
    return tuple(dict.fromkeys(form for form in (*whole, *last) if form))


def _begins(heard: str, name: str, own: set[str], code: str) -> bool:
    """Tell whether a word may be the first of a name, as it is written or misheard.

    Asked once for each word that is said, not at each place where it is.
    """
    return _key(heard) == _key(name) or _is_misheard(heard, name, BESIDE, own, code)


def _matches(
    tokens: Sequence[_Token | None],
    place: int,
    forms: Sequence[tuple[str, ...]],
    own: set[str],
    code: str,
) -> Iterator[tuple[str, ...]]:
    for form in forms:
        heard = tokens[place : place + len(form)]
        if len(heard) < len(form) or None in heard or any(t.after for t in heard[:-1] if t):
            continue
        pairs = [(t, name) for t, name in zip(heard, form, strict=True) if t is not None]
        unlike = [(t, name) for t, name in pairs if _key(t.text) != _key(name)]
        limits = BESIDE if len(unlike) < len(pairs) else ALONE
        if unlike and all(_is_misheard(t.text, name, limits, own, code) for t, name in unlike):
            yield form


def _is_misheard(
    heard: str, name: str, limits: Sequence[tuple[int, int]], own: set[str], code: str
) -> bool:
    """Tell whether a word is a near miss of a name, and neither a name itself nor a common word."""
    return _is_near(heard, name, limits) and _key(heard) not in own and not _is_common(heard, code)


def _is_near(heard: str, name: str, limits: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a word is a name's near miss, in letters and in sound, capital for capital."""
    if heard[0].isupper() != name[0].isupper() or min(len(name), len(heard)) < SHORTEST:
        return False
    letters = fuzz.ratio(_key(heard), _key(name))
    by_sound = fuzz.ratio(sound(heard), sound(name))
    return any(letters >= least and by_sound >= alike for least, alike in limits)


def _respelt(word: Word, name: str) -> Word:
    token = _token(word.text)
    assert token is not None
    text = f"{token.before}{name}{token.after}"
    return word if text == word.text else replace(word, text=text, heard=word.text)


@lru_cache(maxsize=65_536)
def _token(text: str) -> _Token | None:
    match = _WORD.match(text)
    return None if match is None else _Token(*match.groups())


@lru_cache(maxsize=65_536)
def _key(text: str) -> str:
    return fold(text).lower()


@lru_cache(maxsize=65_536)
def _is_common(text: str, code: str) -> bool:
    """Tell whether a dictionary has the word, or each part of one with a hyphen."""
    return all(simplemma.is_known(part, code) for part in text.lower().split("-") if part)


@lru_cache(maxsize=64)
def _has_dictionary(code: str) -> bool:
    try:
        simplemma.is_known("a", code)
    except ValueError:
        return False
    return True
