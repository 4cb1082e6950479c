"""What a silent room made the model say is kept back, with the reason.

The evidence is in the sound: where Silero VAD hears speech, how loud it is, how much time the
words had; and in the words themselves: loops, known inventions, another language than those
spoken. Scores of the model decide nothing here: over noise a small model wrote two fluent
sentences at a log-probability of -0.12. What is withheld is returned whole and can be put
back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from pipeline.languages import foreign
from pipeline.model import Segment, Span, Withheld, Word, union
from pipeline.sentences import ends_sentence
from pipeline.split import LEVEL_MS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipeline.split import Hearing

SILENT = "no speech is heard here"
TOO_FAST = "more words than anyone can say in this time"
LOOP = "the same words again and again"
INVENTION = "a phrase that speech models invent"
NOISE = "a sound, not words"
LANGUAGE = "another language than those spoken here"

REACH_MS = 300
"""Word times are uncertain by a tenth of a second or two: speech this near counts."""

SILENCE_DB = -70.0
"""A stretch that nowhere reaches this level holds no voice, whatever the VAD thinks."""

RUN_PAUSE_MS = 1_000
"""A pause of this length ends a run of words whose pace is judged."""

LETTERS_PER_S = 30.0
"""Faster than anyone speaks, per second of heard speech: the fastest run of the real medium
and tiny output has 22, lines invented over laughter have 34 and more."""

FEWEST_LETTERS = 12
"""A run with fewer letters than this is too short for its pace to tell anything."""

LONGEST_LOOP = 40
"""Words in the longest phrase whose repetition is looked for."""

TELLING = (
    "sous titres réalisés par la communauté d amara org",
    "sous titres réalisés para la communauté d amara org",
    "sous titres par la communauté d amara org",
    "sous titrage st 501",
    "sous titrage société radio canada",
    "sous titres par soustitreur com",
    "sous titrage fr",
    "subtitles by the amara org community",
    "transcription by castingwords",
)
"""Lines that models learnt from subtitles' credits and that no one says in a plenary."""

DOUBTFUL = (
    "merci d avoir regardé cette vidéo",
    "merci d avoir regardé la vidéo",
    "n oubliez pas de vous abonner",
    "abonnez vous à la chaîne",
    "abonnez vous",
    "à la prochaine",
    "thank you for watching",
    "thanks for watching",
    "please subscribe",
    "see you in the next video",
)
"""Lines that models invent too and that a person may say: the sound decides."""

SAID_SHARE = 0.6
"""A doubtful line is kept where speech is heard for at least this share of its time."""

_LAUGH = re.compile(r"(?:h+[aeiéo]+){2,}h?|(?:a+h+){2,}")
_SOUNDS = frozenset(
    {"rire", "rires", "musique", "applaudissement", "applaudissements", "générique", "silence"}
    | {"toux", "soupir", "soupirs", "laughter", "laughs", "music", "applause"}
)
_PIECES = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Gated:
    """The words that may go on, and those kept back; together all that was given."""

    kept: tuple[Segment, ...]
    withheld: tuple[Withheld, ...]


def gate(segments: Sequence[Segment], hearing: Hearing, languages: Sequence[str]) -> Gated:
    """Keep back what no one said. A segment loses the words withheld and nothing else.

    `languages` are those spoken (BCP 47).
    """
    words = [word for segment in segments for word in segment.words]
    reasons: dict[int, str] = {}
    for found, reason in (
        (_unheard(words, hearing), SILENT),
        (_loops(words), LOOP),
        (_invented(words, hearing), INVENTION),
        (_too_fast(words, hearing, reasons), TOO_FAST),
        (_sounds(words), NOISE),
        (_foreign(words, segments, languages), LANGUAGE),
    ):
        for place in found:
            reasons.setdefault(place, reason)
    _marks_follow(words, reasons)
    kept: list[Segment] = []
    withheld: list[Withheld] = []
    start = 0
    for segment in segments:
        places = range(start, start + len(segment.words))
        start = places.stop
        for why, group in groupby(places, reasons.get):
            part = tuple(words[place] for place in group)
            if why is not None:
                withheld.append(Withheld(part, why))
        left = tuple(words[place] for place in places if place not in reasons)
        if left:
            kept.append(replace(segment, words=left))
    return Gated(tuple(kept), tuple(withheld))


def credible(
    segments: Sequence[Segment], speech: Sequence[Span], languages: Sequence[str]
) -> tuple[Segment, ...]:
    """Return what would pass the gate if it knew where speech is, and not how loud."""
    from pipeline.split import Hearing  # noqa: PLC0415 (onnxruntime is slow to import)

    end_ms = max((span.end_ms for span in speech), default=0)
    return gate(segments, Hearing(end_ms, tuple(speech), ()), languages).kept


def _unheard(words: Sequence[Word], hearing: Hearing) -> Iterator[int]:
    """Words without speech, or where the sound is as good as none.

    A word that stands beside speech, no farther than REACH_MS, was said, if its times are
    the only thing against it. Where it goes on into words that are farther off, it is the
    first of a line that no one said, and goes with them.
    """
    speech = _Index(hearing.speech)
    near = _Index(
        union(
            Span(max(0, span.start_ms - REACH_MS), span.end_ms + REACH_MS)
            for span in hearing.speech
        )
    )
    beside: list[int] = []
    lost = False
    for place, word in enumerate(words):
        alone = speech.held_ms(word.span) * 2 < min(word.span.duration_ms, REACH_MS)
        silent = _loudest(word.span, hearing) < SILENCE_DB
        if (alone or silent) and _plain(word.text):
            beside.append(place)
            lost = lost or silent or not near.touches(word.span)
        if not (alone or silent) or ends_sentence(word.text) or place + 1 == len(words):
            yield from beside if lost else ()
            beside, lost = [], False


def _loudest(span: Span, hearing: Hearing) -> float:
    """Return the highest level within REACH_MS of a span; where none is known, full scale."""
    if not hearing.level_db:
        return 0.0
    first = max(0, (span.start_ms - REACH_MS) // LEVEL_MS)
    last = (span.end_ms + REACH_MS) // LEVEL_MS + 1
    return max(hearing.level_db[first:last], default=SILENCE_DB - 1)


def _loops(words: Sequence[Word]) -> Iterator[int]:
    """Repetitions of a phrase, from the second on, where there are more than people make."""
    plain = [_plain(word.text) for word in words]
    place = 0
    while place < len(words):
        length, times = _repeated(plain, place)
        if times:
            yield from range(place + length, place + length * times)
        place += max(1, length * times)


def _repeated(plain: Sequence[str], place: int) -> tuple[int, int]:
    """Return (words, times) of the shortest phrase that loops at `place`; times 0 when none.

    One word eight times, two or three words five times, more words three times: "très, très,
    très bien" and a refrain said twice are speech.
    """
    again = place
    with suppress(ValueError):  # the word does not come again soon enough
        while True:
            again = plain.index(plain[place], again + 1, place + LONGEST_LOOP + 1)
            length = again - place
            phrase = plain[place:again]
            times = 1
            while plain[place + length * times : place + length * (times + 1)] == phrase:
                times += 1
            if times >= (8 if length == 1 else 5 if length <= 3 else 3) and any(phrase):
                return length, times
    return 1, 0


def _invented(words: Sequence[Word], hearing: Hearing) -> Iterator[int]:
    """Known inventions, the doubtful ones only where too little speech is heard."""
    pieces = [(piece, n) for n, word in enumerate(words) for piece in _pieces(word.text)]
    texts = [piece for piece, _ in pieces]
    heard = _Index(hearing.speech)
    for line in (*TELLING, *DOUBTFUL):
        phrase = line.split()
        for at in range(len(texts) - len(phrase) + 1):
            if texts[at] != phrase[0] or texts[at : at + len(phrase)] != phrase:
                continue
            places = range(pieces[at][1], pieces[at + len(phrase) - 1][1] + 1)
            span = Span(words[places[0]].start_ms, words[places[-1]].end_ms)
            if line in TELLING or heard.held_ms(span) < SAID_SHARE * span.duration_ms:
                yield from places


def _too_fast(words: Sequence[Word], hearing: Hearing, gone: Collection[int]) -> Iterator[int]:
    """Words that had less speech, or less time, than they need.

    Sentences are judged whole, then what the earlier checks (`gone`) leave of each run: a
    line that no one said must not take the sentence before it along.
    """
    heard = _Index(hearing.speech)
    left = [[place for place in run if place not in gone] for run in _runs(words)]
    for places in (*_sentences(words), *filter(None, left)):
        letters = sum(len(_plain(words[place].text)) for place in places)
        first, last = words[places[0]], words[places[-1]]
        span = Span(max(0, first.start_ms - REACH_MS), last.end_ms + REACH_MS)
        if letters >= FEWEST_LETTERS and letters > LETTERS_PER_S * heard.held_ms(span) / 1000:
            yield from places


def _sentences(words: Sequence[Word]) -> Iterator[range]:
    """Runs, cut where sentences end, as ranges of places."""
    for run in _runs(words):
        start = run.start
        for place in run:
            if ends_sentence(words[place].text) or place + 1 == run.stop:
                yield range(start, place + 1)
                start = place + 1


def _runs(words: Sequence[Word]) -> Iterator[range]:
    """Words without a long pause between them, as ranges of their places."""
    start = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or words[place].start_ms - words[place - 1].end_ms >= RUN_PAUSE_MS:
            yield range(start, place)
            start = place


def _sounds(words: Sequence[Word]) -> Iterator[int]:
    """Laughter spelled out, and names of sounds that stand alone ("Rires", "[Musique]")."""
    for run in _runs(words):
        plain = {place: _plain(words[place].text) for place in run}
        spoken = {place: text for place, text in plain.items() if text}
        yield from (place for place, text in spoken.items() if _LAUGH.fullmatch(text))
        if all(text in _SOUNDS for text in spoken.values()):
            yield from run


def _foreign(
    words: Sequence[Word], segments: Sequence[Segment], languages: Sequence[str]
) -> Iterator[int]:
    """Runs of words in another language; a sentence, a segment or a long pause ends a chunk."""
    ends = {sentence.stop - 1 for sentence in _sentences(words)}
    ends |= {end - 1 for end in accumulate(len(segment.words) for segment in segments)}
    for run in foreign([word.text for word in words], ends, languages):
        yield from run


def _marks_follow(words: Sequence[Word], reasons: dict[int, str]) -> None:
    """Let a mark that stands alone ("?") go where the word before it goes."""
    for place, word in enumerate(words):
        if place and not _plain(word.text):
            before = reasons.get(place - 1)
            if before is None:
                reasons.pop(place, None)
            else:
                reasons[place] = before


@lru_cache(maxsize=65_536)
def _plain(text: str) -> str:
    """Return a word's letters and figures, in lower case."""
    return "".join(_pieces(text))


def _pieces(text: str) -> list[str]:
    return _PIECES.findall(text.lower())


class _Index:
    """Sorted, disjoint spans that can be asked quickly."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = tuple(spans)
        self._starts = [span.start_ms for span in self._spans]

    def _near(self, span: Span) -> Iterator[Span]:
        for place in range(max(0, bisect_right(self._starts, span.start_ms) - 1), len(self._spans)):
            if self._starts[place] >= span.end_ms:
                return
            yield self._spans[place]

    def held_ms(self, span: Span) -> int:
        """Milliseconds of `span` that the spans hold."""
        return sum(each.overlap_ms(span) for each in self._near(span))

    def touches(self, span: Span) -> bool:
        """Whether they hold any of `span`."""
        return self.held_ms(span) > 0
