"""What an answer from another machine may hold, part by part; anything else is Refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.model import Look, Segment, Span, Version, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

# More than the longest word that one would write, with its marks.
_MOST_LETTERS = 400
# Whisper knows a hundred languages.
_MOST_LANGUAGES = 200


class Refused(Exception):
    """An answer is not what it should be; its message says what is wrong with it."""


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise Refused(f"{_shown(value)} stands where an object should")
    return value


def items(value: object, count: int | None = None) -> list[Any]:
    """Return a list, of `count` items where that is known."""
    if not isinstance(value, list) or (count is not None and len(value) != count):
        raise Refused(f"{_shown(value)} stands where a list should")
    return value


def text(value: object, most: int) -> str:
    """Return a text of 1 to `most` letters that can all be printed."""
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise Refused(f"{_shown(value)} stands where a text should")
    return value


def whole(value: object, within: Span) -> int:
    """Return a whole number from the span's start to its end, both included."""
    if type(value) is not int or not within.start_ms <= value <= within.end_ms:
        raise Refused(f"{_shown(value)} stands where a time should")
    return value


def number(value: object, least: float, most: float) -> float:
    """Return a number from `least` to `most`; what is no number lies between none."""
    if type(value) not in {int, float} or not least <= value <= most:  # type: ignore[operator]
        raise Refused(f"{_shown(value)} stands where a number should")
    return value  # type: ignore[return-value]


def segments_from(value: object, within: Span) -> tuple[Segment, ...]:
    """Return segments, each of words in their order inside `within`."""
    return tuple(_segment(items(one, 2), within) for one in items(value))


def _segment(parts: list[Any], within: Span) -> Segment:
    words: list[Word] = []
    reached = within.start_ms
    for row in items(parts[0]):
        start, end, said, probability = items(row, 4)
        start_ms = whole(start, Span(reached, within.end_ms))
        reached = whole(end, Span(start_ms + 1, max(start_ms + 1, within.end_ms)))
        words.append(Word(start_ms, reached, text(said, _MOST_LETTERS), number(probability, 0, 1)))
    if not words:
        raise Refused("a segment has no word")
    return Segment(tuple(words), number(parts[1], -1e6, 1e6))


def looks_from(value: object, within: Span) -> tuple[Look, ...]:
    """Return the windows that were decoded again."""
    looks = []
    for one in items(value):
        window, kept, versions = items(one, 3)
        start, end = items(window, 2)
        start_ms = whole(start, within)
        looks.append(
            Look(
                Span(start_ms, whole(end, Span(start_ms, within.end_ms))),
                text(kept, 50),
                tuple(_version(items(version, 3), within) for version in items(versions)),
            )
        )
    return tuple(looks)


def _version(parts: list[Any], within: Span) -> Version:
    way, untold, segments = parts
    return Version(
        text(way, 50), whole(untold, Span(0, within.end_ms)), segments_from(segments, within)
    )


def languages_from(value: object, windows: int) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Return what each window may be spoken in; nothing where that was not asked."""
    rows = items(value)
    if len(rows) not in {0, windows} or any(len(items(row)) > _MOST_LANGUAGES for row in rows):
        raise Refused("it tells the languages of other windows")
    return tuple(tuple(_language(items(pair, 2)) for pair in row) for row in rows)


def _language(pair: list[Any]) -> tuple[str, float]:
    return text(pair[0], 20), number(pair[1], 0, 1)


def _shown(value: object) -> str:
    """Show the beginning of what came, in plain letters."""
    return ascii(value)[:40]
