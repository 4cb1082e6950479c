"""Which stretches of a text are in another language than those spoken.

A recogniser that is at a loss goes over to a language of its own choice. The writing system
tells at once; between languages in Latin letters the short, frequent words tell. Words of a
language that is spoken are never evidence against it, whatever other language has them too.
A quotation is short: only longer runs count.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

AUTO = "auto"
"""What stands for a language where the recording is to tell (language_vote.py)."""

FREQUENT = {
    "fr": (
        "le la les l un une des du de et est es en à a au aux ce c cet cette ces ça cela on il"
        " ils elle elles je j tu nous vous me te se lui leur leurs y que qu qui quoi dont où ou"
        " mais donc or ni car ne n pas plus très bien tout tous toute toutes si oui non sur sous"
        " dans par pour avec sans chez vers entre être ai as avons avez ont suis sommes êtes sont"
        " était étaient étais été sera serait fait faire fais faut peut peux peuvent mon ma mes ton"
        " ta tes son sa ses notre nos votre vos comme aussi alors même merci bonjour voilà là ici"
        " quand comment pourquoi parce puis après avant encore moi toi eux rien deux trois an ans"
        " va vais aller dit dire"
    ),
    "en": (
        "the and of to in is that it you for was with are this have not they be from what were we"
        " can your when there which their will how she he his her him has them then would like so"
        " these those more i my am us our who been had could should than some other about into out"
        " up just know think really very well want don didn doesn isn won ll re ve hello hi yes"
        " yeah okay thank thanks of by if or but an at as on do me no all one any because here"
    ),
    "de": (
        "der die das und ist ich nicht ein eine einer eines einem einen zu den dem mit auf für sie"
        " er es wir ihr von im auch sich wie wenn aber oder dass sind war hat haben wird werden"
        " kann noch nur nach bei aus als man über so dann ja nein hier da was mein dir mir uns"
    ),
    "es": (
        "el los las y es que de en un una por con para no se lo su al del como más pero muy está"
        " están yo tú usted nosotros ellos ella hay fue son era ser tiene esto eso esta este ya sí"
        " también porque cuando donde gracias hola me mi"
    ),
    "it": (
        "il lo gli i di che e è un una per con non si sono della del nel nella anche come più ma"
        " questo questa ho hai ha abbiamo molto io lui lei noi voi loro grazie sì perché quando"
        " dove cosa essere al alla dei delle"
    ),
    "pt": (
        "o os as um uma e é que de do da dos das em no na nos nas para por com não se mais mas"
        " você eu ele ela nós eles isso isto está foi ser são tem muito também obrigado quando"
        " porque como"
    ),
    "nl": (
        "de het een en van is dat ik je niet in op te zijn met voor er hij wij we ze maar aan ook"
        " als dan nog wel naar om heeft hebben wordt worden kan wat dit die deze bij uit over"
    ),
}
"""The most frequent words of speech, by language; what an apostrophe parts stands apart."""

LONGEST_CHUNK = 25
"""Words after which a text without punctuation is judged anew."""

FEWEST_FOREIGN = 12
"""A run of fewer words in Latin letters may be a title or a quotation."""

_PIECES = re.compile(r"[^\W\d_]+")


def foreign(
    words: Sequence[str], ends: Collection[int], languages: Sequence[str]
) -> Iterator[range]:
    """Yield the runs of words that are in none of `languages` (BCP 47), as ranges of places.

    `ends` are the places of words with which a sentence, or a stretch of speech, ends. Where
    one of the languages has no table here, nothing is judged and nothing is foreign.
    """
    spoken = frozenset(language.partition("-")[0].lower() for language in languages)
    if not spoken or not spoken <= FREQUENT.keys():
        return
    run: list[tuple[range, _Evidence]] = []
    for chunk in _chunks(len(words), ends):
        found = _evidence(words[chunk.start : chunk.stop], spoken)
        if found.others > 2 * found.ours or (run and found.is_mute):
            run.append((chunk, found))
        else:
            yield from _judged(run)
            run = []
    yield from _judged(run)


def _judged(run: list[tuple[range, _Evidence]]) -> Iterator[range]:
    """Yield the run, less what nothing tells of at its end, if it is long or in other letters."""
    while run and run[-1][1].is_mute:
        run.pop()
    if run:
        whole = range(run[0][0].start, run[-1][0].stop)
        if len(whole) >= FEWEST_FOREIGN or any(found.strange for _, found in run):
            yield whole


def _chunks(count: int, ends: Collection[int]) -> Iterator[range]:
    start = 0
    for place in range(count):
        if place in ends or place + 1 - start >= LONGEST_CHUNK or place + 1 == count:
            yield range(start, place + 1)
            start = place + 1


class _Evidence(NamedTuple):
    """Words told to be of the languages spoken, of others; whether most are in other letters."""

    ours: int
    others: int
    strange: bool

    @property
    def is_mute(self) -> bool:
        return not self.ours and not self.others


def _evidence(words: Sequence[str], spoken: frozenset[str]) -> _Evidence:
    own, others = _tables(spoken)
    pieces = [piece for word in words for piece in _PIECES.findall(word.lower())]
    strange = sum(not _latin(piece) for piece in pieces)
    return _Evidence(
        sum(piece in own for piece in pieces),
        sum(piece in others for piece in pieces) + strange,
        strange * 2 > len(pieces),
    )


@cache
def _tables(spoken: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    own = frozenset(word for language in spoken for word in FREQUENT[language].split())
    others = frozenset(
        word for language in FREQUENT.keys() - spoken for word in FREQUENT[language].split()
    )
    return own, others - own


@lru_cache(maxsize=65_536)
def _latin(piece: str) -> bool:
    """Tell whether any letter is Latin; one alone (a formula's alpha) tells nothing."""
    return len(piece) < 2 or any(unicodedata.name(c, "").startswith("LATIN") for c in piece)
