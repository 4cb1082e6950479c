"""French words as search compares them: folded, without elision, by lemma.

Folding follows FTS5's `unicode61 remove_diacritics 2`, and writes œ as oe besides. Lemmas
are simplemma's (its French dictionary), folded and without hyphens, so that
"co-constructions" and "coconstruction" meet.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import simplemma
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LETTERS = r"[^\W_]+"
_TOKEN = re.compile(_LETTERS)
# A word keeps its inner hyphens and apostrophes; single letters with points are an acronym.
_WORD = re.compile(rf"(?<!\w)[^\W\d_](?:\.[^\W\d_])+(?!\w)|{_LETTERS}(?:['’ʼ\-‐‑]{_LETTERS})*")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=\w)", re.IGNORECASE)
_PLURAL = re.compile(r"\w{2}[^\Ws\d][sx]$")
# New verbs end in -iser and -ifier, and are all regular.
_NEW_VERB = re.compile(
    r"(\w{3,}(?:is|ifi))(?:er?|es|ons|ez|ent|ée?s?|ant|ai[st]?|aient|ions|iez|er(?:ai|as?|ons|ez|ont))"
)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})

STOP_WORDS = frozenset(
    """
    à a afin ai ainsi as au aussi aux avec c car ce ceci cela celle celles celui ces cet cette
    ceux chez ci comme d dans de des donc dont du elle elles en es est et eux il ils j je jusqu
    l la là le les leur leurs lui m ma mais me mes moi mon n ne ni nos notre nous on ont or ou
    où par pas pour qu quand que quel quelle quelles quels qui quoi s sa sans se ses si soi son
    sont sous sur t ta te tes toi ton très tu un une vos votre vous y ça était étaient être
    etaient etait etre tres
    """.split()  # noqa: SIM905 - one paragraph of words reads better than a hundred strings
)
"""Too common to search for; accents count: "sur" is here, "sûr" is not."""


class _Bare(dict[int, int | None]):
    """For `str.translate`: no combining character stays; looked up once for each character."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_BARE = _Bare()


def index_form(token: str) -> str:
    """Return a token as the full-text index holds it: lower case, no diacritics; œ stays."""
    if token.isascii():
        return token.lower()
    return unicodedata.normalize("NFD", token.lower()).translate(_BARE)


def fold(text: str) -> str:
    """Return `text` in lower case, without diacritics, œ as oe and æ as ae."""
    return index_form(text).translate(_LIGATURES)


def tokens(text: str) -> list[str]:
    """Return the tokens that the full-text index makes of `text`, as it holds them."""
    return [index_form(t) for t in _TOKEN.findall(unicodedata.normalize("NFC", text))]


def spellings(token: str) -> tuple[str, ...]:
    """Return an index form with oe and ae written apart and joined: "coeur", "cœur"."""
    pieces = re.split("(oe|ae|œ|æ)", token)[:9]
    if len(pieces) == 1:
        return (token,)
    pairs = {"oe": ("oe", "œ"), "œ": ("oe", "œ"), "ae": ("ae", "æ"), "æ": ("ae", "æ")}
    choices = [pairs.get(piece, (piece,)) for piece in pieces]
    return tuple("".join(choice) for choice in product(*choices))


@dataclass(frozen=True, slots=True)
class Written:
    """A word as it stands in a text, elision dropped.

    `form` holds its index tokens, `end` is where it ends in the NFC text.
    """

    text: str
    form: str
    end: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The pieces between hyphens or apostrophes that are words by themselves."""
        return () if "." in self.text else tuple(_TOKEN.findall(self.text))


def written(text: str) -> Iterator[Written]:
    """Yield the words of a text, without l', d', qu' and their kin."""
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        word = match.group()
        while elided := _ELISION.match(word):
            word = word[elided.end() :]
        yield Written(word, " ".join(tokens(word)), match.end())


def is_stop_word(word: str) -> bool:
    """Tell whether a word is too common to search for; accents count."""
    return word.lower() in STOP_WORDS


@cache
def lemma(word: str) -> str:
    """Return the folded lemma of a word, without hyphens, apostrophes or points.

    A word that the dictionary does not know leads to its verb in -iser or -ifier, loses a
    plural's s or x, or is its own lemma; the last part of a compound decides for it.
    """
    if "." in word:
        return "".join(tokens(word)).translate(_LIGATURES)
    plain = word.lower().replace("’", "'")
    # The dictionary writes some words with œ, some with oe, some both ways.
    ways = (plain.replace("oe", "œ"), plain.replace("œ", "oe"), plain)
    known = next((way for way in ways if simplemma.is_known(way, "fr")), None)
    found = str(simplemma.lemmatize(known or plain, "fr"))
    if known is None and found == plain:
        head, hyphen, last = plain.rpartition("-")
        if hyphen:
            found = head + lemma(_ELISION.sub("", last))
        elif verb := _NEW_VERB.fullmatch(plain):
            found = f"{verb[1]}er"
        elif _PLURAL.search(plain):
            found = plain[:-1]
    return "".join(_TOKEN.findall(fold(found)))


def lemmas(word: str) -> frozenset[str]:
    """Return the lemma of a word, and the word itself where its plural has it for a lemma.

    The dictionary gives one lemma to each form: to "crainte" that of the verb alone, to
    "craintes" that of the noun.
    """
    own, plural = fold(word), f"{word.lower()}s"
    singular = simplemma.is_known(plural, "fr") and lemma(plural) == own
    return frozenset({lemma(word), own} if singular else {lemma(word)})


def participles(word: str) -> tuple[str, ...]:
    """Return the participles, as indexed, of the regular verb that a word is a form of.

    The dictionary knows many of them as adjectives alone: "épanoui", "vociférant".
    """
    infinitive = str(simplemma.lemmatize(word.lower(), "fr"))
    stem, group = infinitive[:-2], infinitive[-2:]
    known = {"er": ("ez", "é", "ant"), "ir": ("issez", "i", "issant")}.get(group)
    if known is None or str(simplemma.lemmatize(stem + known[0], "fr")) != infinitive:
        return ()
    past, present = index_form(stem + known[1]), index_form(stem + known[2])
    softened = (f"{past}ant",) if infinitive.endswith("ger") else ()
    return (past, f"{past}e", f"{past}s", f"{past}es", present, *softened)


@cache
def _accents_left_out() -> Mapping[str, str]:
    """Return, for each form of the dictionary that has accents, its lemmas by its bare form."""
    letters = str.maketrans({c: fold(c) for c in "àâäçéèêëîïôöùûüÿñœæ'-"} | {"'": "", "-": ""})
    dictionary = DefaultDictionaryFactory().get_dictionary("fr")
    accented = [(form, base) for form, base in dictionary.items() if not form.isascii()]
    # Translated all at once: a call for each word takes more than twice as long.
    forms, bases = (
        "\n".join(words).translate(letters).split("\n") for words in zip(*accented, strict=True)
    )
    lemmas: dict[str, str] = {}
    for bare, found in zip(forms, bases, strict=True):
        known = lemmas.get(bare)
        lemmas[bare] = found if known is None or known == found else f"{known} {found}"
    return lemmas


def lemmas_without_accents(word: str) -> frozenset[str]:
    """Return the folded lemmas of the dictionary's words that are `word` but for accents.

    The first call reads the whole dictionary.
    """
    return frozenset(_accents_left_out().get("".join(tokens(fold(word))), "").split())


def read_dictionary() -> None:
    """Read the dictionary now, so that no visitor waits for it: it takes a second or two."""
    lemma("maison")
    _accents_left_out()
