"""What stands before a window in training: hotwords as faster-whisper sends them, or text.

`WhisperModel.get_prompt` sends `<|startofprev|>`, the tokens of " " + hotwords cut to 223, then
the start of the transcript. A session's hotwords are names and terms, most of which are not in
the window: the model must use those that are and not mind the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from demo.make import grammar, words
from demo.make.vocabulary import tokenizer

if TYPE_CHECKING:
    import random

BUDGET = 223
"""Tokens of hotwords that faster-whisper keeps: half of 448, less one."""

NAMES = re.compile(rf"(?:{'|'.join((*words.WOMEN, *words.MEN))}) (?:{'|'.join(words.SURNAMES)})")
TERMS = tuple(
    re.sub(r"^(?:le |la |les |l')", "", noun.text) for noun in (*words.ORGANISATIONS, *words.TOPICS)
)
ENTRY = 4
"""Tokens of a short entry and its comma: so many entries fill the room, or more than fill it."""

STRANGE = 0.1
"""Share of entries drawn from the whole vocabulary: an event has words of its own."""


def encode(text: str) -> list[int]:
    """Tokens of " " + `text`."""
    found: list[int] = tokenizer().encode(" " + text, add_special_tokens=False).ids
    return found


def entry(dice: random.Random) -> str:
    """A name or a term that a programme might hold."""
    drawn = dice.random()
    if drawn < STRANGE:
        numbers = [dice.randrange(256, 50_000) for _ in range(dice.randint(1, 4))]
        return tokenizer().decode(numbers).replace("\ufffd", "").strip() or "e"
    if drawn < 0.6:
        return grammar.person(dice).name
    if drawn < 0.7:
        return dice.choice(list(words.ACRONYMS.values()))
    return dice.choice(TERMS)


def hotwords(said: str, room: int, dice: random.Random) -> list[int]:
    """Up to `room` tokens of names and terms; those of `said` among them, three times in four."""
    right = [*NAMES.findall(said), *(term for term in TERMS if term in said)]
    entries = right if dice.random() < 0.75 else []
    size = room if dice.random() < 0.5 else dice.randint(1, room)
    entries = [*entries, *(entry(dice) for _ in range(size // ENTRY - len(entries)))]
    dice.shuffle(entries)
    return encode(", ".join(dict.fromkeys(entries)))[:room]


def draw(said: str, room: int, dice: random.Random) -> list[int]:
    """A prompt of at most `room` tokens: none, hotwords, or sentences said before."""
    drawn = dice.random()
    if drawn < 0.35:
        return []
    if drawn < 0.85:
        return hotwords(said, room, dice)
    before = " ".join(grammar.training_sentence(dice) for _ in range(dice.randint(1, 4)))
    return encode(before)[-room:]
