"""The cues of WebVTT and SubRip: lines of text with times, and who is said to speak them.

The two differ in what may stand between cues. Video platforms roll their captions: each line
is shown two or three times, as it is spoken, when it is done, and above the next one.
"""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}")
_STAMP = re.compile(rf"<{_CLOCK}>")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>\n]+)>")
_TAG = re.compile(r"<[^>\n]*>|\{\\[^}\n]*\}")
# "ANA EXEMPLE:", "Ana Exemple :", "SPEAKER_00:", "Intervenante 2 :"; never one word with one
# capital, such as "Question :".
_WORD = r"[^\W\d_][\w.'’\-]*"
_LABEL = re.compile(
    rf"(?:[-–—]\s*|>>\s*)?((?:{_WORD}[ _]){{0,4}}(?:{_WORD}|\d+))[ \u00a0\u202f]?:(?=\s|$)"
)
_PARTICLES = frozenset({"de", "du", "des", "d", "la", "le", "van", "von", "der", "el", "al", "di"})
_BLOCKS = ("NOTE", "STYLE", "REGION")

FEWEST_ROLLED = 3
"""Cues that begin with the end of the one before; fewer may be people who repeat themselves."""


class Cue(NamedTuple):
    """A caption: its times in ms, its lines without tags, and the name set before its words.

    A line is (text, start, end) pieces where it has times of its own, else one piece.
    """

    start_ms: int
    end_ms: int
    lines: tuple[tuple[tuple[str, int, int], ...], ...]
    label: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines as plain text."""
        return tuple(" ".join("".join(text for text, *_ in line).split()) for line in self.lines)


def read_cues(text: str) -> tuple[tuple[Cue, ...], bool]:
    """Return the cues of a WebVTT or SubRip text, labels apart, and whether they were rolled.

    Rolled captions are folded: each line stands once, where it was first shown.
    """
    cues = sorted(_cues(text), key=lambda cue: (cue.start_ms, cue.end_ms))
    rolled = _is_rolled(cues)
    return tuple(_labelled(list(_unrolled(cues)) if rolled else cues)), rolled


def _cues(text: str) -> Iterator[Cue]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_vtt = text.lstrip("\ufeff \n").startswith("WEBVTT")
    places = [n for n, line in enumerate(lines) if _TIMING.match(line)]
    for place, following in zip(places, [*places[1:], len(lines)], strict=True):
        timing = _TIMING.match(lines[place])
        assert timing is not None
        shown = lines[place + 1 : following]
        if following < len(lines):
            shown = _without_identifier(shown)
        if is_vtt:  # an empty line ends a cue; what follows is a note or a style
            shown = shown[: shown.index("")] if "" in shown else shown
        numbers = timing.groups()
        start_ms, end_ms = _ms(numbers[:4]), _ms(numbers[4:])
        voice = next((found for line in shown if (found := _VOICE.search(line))), None)
        made = (_pieces(line, start_ms, end_ms) for line in shown)
        kept = tuple(line for line in made if any(text.strip() for text, *_ in line))
        yield Cue(start_ms, end_ms, kept, None if voice is None else voice[1].strip())


def _without_identifier(shown: list[str]) -> list[str]:
    """Drop the line before the next cue's times, if it is that cue's number or name."""
    if shown and (shown[-1].strip().isdigit() or (len(shown) > 1 and not shown[-2].strip())):
        return shown[:-1]
    return shown


def _pieces(line: str, start_ms: int, end_ms: int) -> tuple[tuple[str, int, int], ...]:
    """Part a line at the times that stand in it; most have none."""
    stamps = list(_STAMP.finditer(line))
    cuts = [0, *(stamp.start() for stamp in stamps), len(line)]
    times = [start_ms, *(_ms(stamp.groups()) for stamp in stamps), end_ms]
    return tuple(
        (html.unescape(_TAG.sub("", line[a:b])), times[n], max(times[n], times[n + 1]))
        for n, (a, b) in enumerate(itertools.pairwise(cuts))
    )


def _ms(numbers: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(number or 0) for number in numbers)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _repeated(before: Sequence[str], now: Sequence[str]) -> int:
    """Return how many lines at the head of a cue are the last ones of the cue before."""
    for count in range(min(len(before), len(now)), 0, -1):
        if tuple(before[-count:]) == tuple(now[:count]):
            return count
    return 0


def _is_rolled(cues: Sequence[Cue]) -> bool:
    repeats = sum(_repeated(a.texts, b.texts) > 0 for a, b in itertools.pairwise(cues))
    return repeats >= FEWEST_ROLLED and repeats * 2 >= len(cues) - 1


def _unrolled(cues: Sequence[Cue]) -> Iterator[Cue]:
    before: tuple[str, ...] = ()
    for cue in cues:
        fresh = cue.lines[_repeated(before, cue.texts) :]
        before = cue.texts or before
        if fresh:
            yield cue._replace(lines=fresh)


def _labelled(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Take the names before the words out of the text and keep them as labels."""
    found = [_LABEL.match(cue.texts[0]) if cue.lines else None for cue in cues]
    names = Counter(match[1] for match in found if match is not None)
    for cue, match in zip(cues, found, strict=True):
        if match is None or not _is_name(match[1], names[match[1]]):
            yield cue
            continue
        rest = cue.texts[0][match.end() :].strip()
        first = ((rest, cue.start_ms, cue.end_ms),)
        lines = (first, *cue.lines[1:]) if rest else cue.lines[1:]
        yield cue._replace(lines=lines, label=match[1])


def _is_name(label: str, times: int) -> bool:
    """Tell a speaker from a heading: several capitalised words, a number, or capitals often."""
    words = [word for word in re.split(r"[ _]", label) if word.lower() not in _PARTICLES]
    if len(words) > 1:
        return all(word[0].isupper() or word.isdigit() for word in words)
    return label.isupper() and times > 1
