"""What a silent room made the model say is kept back, with the reason.

The evidence is in the sound: where Silero VAD hears speech, how loud it is, how much time the
words had. Scores of the model decide nothing here: over noise a small model wrote two fluent
sentences at a log-probability of -0.12. What is withheld is returned whole and can be put
back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.model import Segment, Span, Withheld, Word, union
from pipeline.split import LEVEL_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.split import Hearing

SILENT = "no speech is heard here"
TOO_FAST = "more words than anyone can say in this time"
LOOP = "the same words again and again"
INVENTION = "a phrase that speech models invent"
NOISE = "a sound, not words"

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

LONGEST_LOOP = 12
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


def gate(segments: Sequence[Segment], hearing: Hearing) -> Gated:
    """Keep back what no one said. A segment loses the words withheld and nothing else."""
    words = [word for segment in segments for word in segment.words]
    reasons: dict[int, str] = {}
    for found, reason in (
        (_unheard(words, hearing), SILENT),
        (_loops(words), LOOP),
        (_invented(words, hearing), INVENTION),
        (_too_fast(words, hearing), TOO_FAST),
        (_sounds(words), NOISE),
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
            kept.append(Segment(left, segment.log_probability))
    return Gated(tuple(kept), tuple(withheld))


def _unheard(words: Sequence[Word], hearing: Hearing) -> Iterator[int]:
    """Words with no speech within REACH_MS, or where the sound is as good as none."""
    heard = _Index(
        union(
            Span(max(0, span.start_ms - REACH_MS), span.end_ms + REACH_MS)
            for span in hearing.speech
        )
    )
    for place, word in enumerate(words):
        if not heard.touches(word.span) or _loudest(word.span, hearing) < SILENCE_DB:
            yield place


def _loudest(span: Span, hearing: Hearing) -> float:
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
    for length in range(1, LONGEST_LOOP + 1):
        phrase = plain[place : place + length]
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


def _too_fast(words: Sequence[Word], hearing: Hearing) -> Iterator[int]:
    """Runs of words that had less speech, or less time, than they need."""
    heard = _Index(hearing.speech)
    for run in _runs(words):
        letters = sum(len(_plain(words[place].text)) for place in run)
        span = Span(max(0, words[run[0]].start_ms - REACH_MS), words[run[-1]].end_ms + REACH_MS)
        if letters >= FEWEST_LETTERS and letters > LETTERS_PER_S * heard.held_ms(span) / 1000:
            yield from run


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


def _marks_follow(words: Sequence[Word], reasons: dict[int, str]) -> None:
    """Let a mark that stands alone ("?") go where the word before it goes."""
    for place, word in enumerate(words):
        if place and not _plain(word.text):
            before = reasons.get(place - 1)
            if before is None:
                reasons.pop(place, None)
            else:
                reasons[place] = before


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
