"""Training windows: several voices and sentences, pauses, noise, and where each token is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.make import prompts, sounds
from demo.make.features import log_mel
from demo.make.network import EOT, SOT
from demo.make.speech import RATE, Samples
from demo.make.vocabulary import tokenizer

if TYPE_CHECKING:
    import random

    from torch import Tensor

    from demo.make.bank import Line, Take

FRENCH, TRANSCRIBE = 50265, 50359
PREVIOUS, NO_SPEECH, NO_TIMES, TIME_ZERO = 50361, 50362, 50363, 50364
TICK = 0.02
"""Seconds per timestamp token, and per encoder frame."""

TOKENS = 448
"""Positions of the decoder."""

SILENT_SHARE, TIMED_SHARE = 0.06, 0.4
"""Of the windows: without speech, with timestamps to write."""

LEAST = 0.06
"""Seconds: the shortest stretch that a token is looked for in."""

TRIES = 24
"""Lines tried for a window; those too long for what is left of it are passed over."""

AFTER = 0.3
"""Seconds after a word in which its full stop is said to lie."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Said:
    """A line at its place: seconds from the start of the window, and the pause after it."""

    line: Line
    start: float
    pause: float

    @property
    def end(self) -> float:
        """When it ends."""
        return self.start + self.line.seconds


@dataclass(frozen=True)
class Example:
    """What the model is shown: features [80, frames], tokens, what to answer and where to look."""

    mel: Tensor
    tokens: list[int]
    labels: list[int]
    looks: list[Span | None]
    text: str


def pause(dice: random.Random) -> float:
    """Seconds between two sentences."""
    low, high = dice.choices(((0.02, 0.1), (0.1, 0.6), (0.6, 1.5), (1.5, 7.0)), (30, 48, 18, 4))[0]
    return dice.uniform(low, high)


def arrange(bank: list[Take], seconds: float, dice: random.Random) -> list[Said]:
    """Lines of one or several voices that fill `seconds`: padding teaches little."""
    at = dice.choice((0.0, dice.uniform(0, 0.3), dice.uniform(0.3, 0.8)))
    made: list[Said] = []
    take = dice.choice(bank)
    for _ in range(TRIES):
        if dice.random() < 0.3:
            take = dice.choice(bank)
        line = dice.choice(take)
        if at + line.seconds > seconds:
            continue
        made.append(Said(line, at, pause(dice)))
        at = made[-1].end + made[-1].pause
    return made


def mixed(
    said: list[Said], seconds: float, dice: random.Random, noise: np.random.Generator
) -> Samples:
    """The sound of a window: lines at their level, noise in some pauses, noise under all."""
    end = said[-1].end if said else 0.0
    length = min(seconds, end + dice.choice((0.0, 0.2, dice.uniform(0, 1.0)))) if said else seconds
    sound = np.zeros(int(length * RATE), np.float32)
    loudness = dice.uniform(0.15, 1.0)
    for line in said:
        start = int(line.start * RATE)
        part = line.line.samples()[: len(sound) - start]
        sound[start : start + len(part)] += part * loudness * dice.uniform(0.7, 1.2)
        gap = slice(int(line.end * RATE), min(int((line.end + line.pause) * RATE), len(sound)))
        if line.pause > 1.0 and dice.random() < 0.6 and gap.stop - gap.start > RATE // 10:
            sound[gap] += sounds.draw(gap.stop - gap.start, noise) * loudness
    if not said:
        sound = sounds.draw(len(sound), noise)
    elif dice.random() < 0.6:
        under = sounds.coloured(len(sound), dice.choice((0.0, 1.0)), noise)
        sound += under * loudness * np.float32(10 ** dice.uniform(-4.5, -2.3))
    return sound.clip(-1, 1)


def line_tokens(said: Said) -> tuple[list[int], list[Span]]:
    """The tokens of a line and the stretch of the window in which each is said."""
    text = said.line.text
    coded = tokenizer().encode(" " + text, add_special_tokens=False)
    places = []
    at = 0
    for word in said.line.words:
        places.append(text.index(word.text, at))
        at = places[-1] + len(word.text)
    spans = []
    for first, last in coded.offsets:
        begin = max(first - 1, 0)
        begin += text[begin] == " "
        number = max(index for index, place in enumerate(places) if place <= begin)
        spans.append(token_span(said, number, begin - places[number], last - 1 - places[number]))
    return list(coded.ids), spans


def token_span(said: Said, number: int, first: int, last: int) -> Span:
    """The stretch in which the letters `first:last` of word `number` are said."""
    word = said.line.words[number]
    letters = len(word.text.rstrip(".,?!")) or 1
    start, end = said.start + word.start, said.start + word.end
    if first >= letters or not word.text[0].isalnum():
        following = said.line.words[number + 1 : number + 2]
        until = said.start + following[0].start if following else said.end + said.pause
        return end, max(min(end + AFTER, until), end + LEAST)
    low = start + (end - start) * first / letters
    high = start + (end - start) * min(last, letters) / letters
    return low, max(high, low + LEAST)


def answer(said: list[Said], *, times: bool) -> tuple[list[int], list[Span | None]]:
    """The tokens to write for a window, and where each is heard.

    Nothing to hear is a lone timestamp, with or without times asked for: it holds no word, and
    CTranslate2's beam search never chooses an empty answer (its score is minus infinity).
    """
    tokens: list[int] = []
    looks: list[Span | None] = []
    for line in said:
        written, spans = line_tokens(line)
        if times:
            written = [
                TIME_ZERO + round(line.start / TICK),
                *written,
                TIME_ZERO + round(line.end / TICK),
            ]
            edge = 2 * TICK
            spans = [
                (line.start - edge, line.start + edge),
                *spans,
                (line.end - edge, line.end + edge),
            ]
        tokens += written
        looks += spans
    if not said:
        return [TIME_ZERO, EOT], [None, None]
    return [*tokens, EOT], [*looks, (said[-1].end, said[-1].end + AFTER)]


def example(
    bank: list[Take], seconds: float, room: int, dice: random.Random, noise: np.random.Generator
) -> Example:
    """One window of at most `seconds` behind a prompt of at most `room` tokens."""
    said = [] if dice.random() < SILENT_SHARE else arrange(bank, seconds - 0.3, dice)
    length = seconds if said else dice.uniform(1.0, seconds)
    mel = log_mel(mixed(said, length, dice, noise))
    text = " ".join(line.line.text for line in said)
    times = dice.random() < TIMED_SHARE
    written, looks = answer(said, times=times)
    head = [SOT, FRENCH, TRANSCRIBE] if times else [SOT, FRENCH, TRANSCRIBE, NO_TIMES]
    before = prompts.draw(text, min(room, TOKENS - len(head) - len(written) - 1), dice)
    front = [*([PREVIOUS, *before] if before else []), *head]
    labels = [-100] * (len(front) - 1) + written
    labels[len(front) - len(head)] = FRENCH if said else NO_SPEECH
    where = [None] * (len(front) - 1) + looks
    return Example(mel, (front + written)[:-1], labels, where, text)
