"""Transcripts made elsewhere: Whisper-family JSON, WebVTT and SubRip.

What a file is, its content says, not its name. JSON: openai-whisper, whisper-timestamped,
faster-whisper and whisper-ctranslate2, whisperX (`segments`), whisper.cpp
(`transcription`). Where words have no times of their own, those of the segment or cue are
shared out by letters. Words without length, overlaps and times out of order, all found in
real output, are put right by `timing.straighten`, and a note says so; a transcript that goes
on long after its sound has ended is another recording's, and refused. Who is said to speak
(`<v Name>`, "NAME:", a `speaker`) is kept as a segment's label: a hint, never the truth.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from archive.errors import FileFault
from pipeline.captions import read_cues
from pipeline.model import Segment, Span, Word, complement, union
from pipeline.timing import straighten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LARGEST_BYTES = 100_000_000
"""A day's transcript with every token is under a fifth of this."""

BEYOND_MS = 30_000
"""How far past the end of the sound a transcript may reach: Whisper pads the last window to
30 s, and a small model puts invented words into the padding (found in real output)."""

ROLLED = "rolling captions, each line shown two or three times, were folded to one"
RECODED = "it is not in UTF-8 and was read as {encoding}"
SET_RIGHT = "times of {count} words were set right: {kinds}"

LEAST_TOLD = 0.3
"""A transcript with words for less than this share of the speech heard is another sound's."""

_SPECIAL_TOKEN = re.compile(r"^\[_.*\]$|^<\|.*\|>$")


class Transcript(NamedTuple):
    """What a file says, and what had to be done to it, in sentences."""

    segments: tuple[Segment, ...]
    notes: tuple[str, ...] = ()


class _Stretch(NamedTuple):
    """Text with times in milliseconds, which may be missing, and how sure the model was."""

    text: str
    start_ms: int | None
    end_ms: int | None
    probability: float


class _Line(NamedTuple):
    """A segment or cue: its stretches (words or one text), its times, its log-probability."""

    stretches: tuple[_Stretch, ...]
    start_ms: int
    end_ms: int
    log_probability: float
    label: str | None = None


def read(path: Path, duration_ms: int | None = None) -> Transcript:
    """Read a transcript; times count from the start of the capture that it belongs to.

    With the capture's length given, words up to BEYOND_MS past its end are crowded into its
    last moments, where the gate finds them spoken impossibly fast.
    Raises FileFault when it cannot be read, is no transcript, or belongs to another sound.
    """
    notes: list[str] = []
    text = _text_of(path, notes)
    try:
        lines = sorted(_lines(text, notes), key=lambda line: line.start_ms)
        spoken = [_words(line) for line in lines]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise _fault(
            path, "it is no transcript that can be read ({reason})", reason=error
        ) from error
    told = [word for words in spoken for word in words]
    last_ms = max((word.end_ms for word in told), default=0)
    if duration_ms is not None and last_ms > duration_ms + BEYOND_MS:
        raise FileFault(
            "it has words at {last}, but its capture ends at {end}",
            "name the transcript that was made of this capture; transcripts stand in the"
            " order of the captures",
            path=path,
            last=_clock(last_ms),
            end=_clock(duration_ms),
        )
    within = Span(0, last_ms if duration_ms is None else duration_ms)
    try:
        straight = straighten(told, within)
    except ValueError as error:
        raise _fault(path, "its times cannot be right ({reason})", reason=error) from error
    notes += _set_right(told, straight, within)
    words = iter(straight)
    return Transcript(
        tuple(
            Segment(tuple(next(words) for _ in found), line.log_probability, line.label)
            for line, found in zip(lines, spoken, strict=True)
            if found
        ),
        tuple(notes),
    )


def check_speech(path: Path, words: Sequence[Word], speech: Sequence[Span]) -> None:
    """Refuse a transcript that leaves most of the speech without a word. Raises FileFault."""
    spoken_ms = sum(span.duration_ms for span in speech)
    told = union(word.span for word in words)
    told_ms = spoken_ms - sum(hole.duration_ms for s in speech for hole in complement(told, s))
    if told_ms < LEAST_TOLD * spoken_ms:
        raise FileFault(
            "it has words for {told} of the {spoken} of speech that are heard",
            "name the transcript that was made of this capture, whole; or take it out of"
            " `transcripts:`, and the recogniser does its work",
            path=path,
            told=_clock(told_ms),
            spoken=_clock(spoken_ms),
        )


def _set_right(told: Sequence[Word], straight: Sequence[Word], within: Span) -> Iterator[str]:
    """Say how many words got other times, and what was wrong with them."""
    pairs = list(zip(told, straight, strict=True))
    moved = sum(a.span != b.span for a, b in pairs)
    kinds = {
        "without length": sum(a.end_ms <= a.start_ms for a, _ in pairs),
        "overlapping": sum(b.start_ms < a.end_ms for a, b in itertools.pairwise(told)),
        "past the end of the sound": sum(a.end_ms > within.end_ms for a, _ in pairs),
    }
    if moved:
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
        yield SET_RIGHT.format(count=moved, kinds=found)


def _text_of(path: Path, notes: list[str]) -> str:
    try:
        size = path.stat().st_size
        if not (path.is_file() or path.is_dir()):  # a pipe would be waited for, for ever
            raise _fault(path, "it is not a file")
        data = b"" if size > LARGEST_BYTES else path.read_bytes()
    except OSError as error:
        raise _fault(path, "it cannot be read ({reason})", reason=error.strerror) from error
    if size > LARGEST_BYTES:
        raise _fault(path, "it is too large for a transcript ({size} MB)", size=size // 1_000_000)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.append(RECODED.format(encoding="UTF-16"))
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3:
            raise _fault(path, "it is cut off in the middle of a letter") from error
    # Old subtitle tools on Windows write its own Latin-1.
    notes.append(RECODED.format(encoding="Windows-1252 (Latin-1)"))
    return data.decode("cp1252", errors="replace")


def _lines(text: str, notes: list[str]) -> Iterator[_Line]:
    if text.lstrip()[:1] in {"{", "["}:
        yield from _json_lines(json.loads(text))
    elif text.lstrip().startswith("WEBVTT") or "-->" in text:
        yield from _caption_lines(text, notes)
    else:
        message = "neither Whisper's JSON, WebVTT nor SubRip"
        raise ValueError(message)


def _json_lines(document: Any) -> Iterator[_Line]:
    if isinstance(document, dict) and "transcription" in document:
        yield from map(_whisper_cpp_line, document["transcription"])
        return
    segments = document["segments"] if isinstance(document, dict) else document
    if not isinstance(segments, list):
        message = "its segments are no list"
        raise TypeError(message)
    for segment in segments:
        start_ms, end_ms = _ms(segment["start"]), _ms(segment["end"])
        spoken = segment.get("words") or ()
        words = tuple(_json_word(word) for word in spoken)
        whole = _Stretch(segment.get("text", ""), start_ms, end_ms, 1.0)
        log_probability = float(segment.get("avg_logprob") or 0.0)
        yield _Line(words or (whole,), start_ms, end_ms, log_probability, segment.get("speaker"))


def _json_word(word: Mapping[str, Any]) -> _Stretch:
    """Take a word under any of the names that the tools of the family give its parts."""
    text = word["word"] if "word" in word else word["text"]
    sure = next((word[k] for k in ("probability", "confidence", "score") if k in word), 1.0)
    times = (word.get("start"), word.get("end"))
    if None in times:
        return _Stretch(text, None, None, float(sure))
    return _Stretch(text, _ms(times[0]), _ms(times[1]), float(sure))


def _whisper_cpp_line(segment: Mapping[str, Any]) -> _Line:
    """Take a segment of whisper.cpp's JSON, whose tokens (`--output-json-full`) have times."""
    offsets = segment["offsets"]
    start_ms, end_ms = int(offsets["from"]), int(offsets["to"])
    tokens = tuple(
        _Stretch(t["text"], int(t["offsets"]["from"]), int(t["offsets"]["to"]), float(t["p"]))
        for t in segment.get("tokens", ())
        if not _SPECIAL_TOKEN.match(t["text"])
    )
    whole = _Stretch(segment["text"], start_ms, end_ms, 1.0)
    return _Line(tokens or (whole,), start_ms, end_ms, 0.0)


def _caption_lines(text: str, notes: list[str]) -> Iterator[_Line]:
    cues, rolled = read_cues(text)
    if rolled:
        notes.append(ROLLED)
    for cue in cues:
        pieces = [_Stretch(t, a, b, 1.0) for line in cue.lines for t, a, b in _apart(line)]
        if len(pieces) == len(cue.lines):  # no word has a time of its own
            pieces = [_Stretch(" ".join(cue.texts), cue.start_ms, cue.end_ms, 1.0)]
        yield _Line(tuple(pieces), cue.start_ms, cue.end_ms, 0.0, cue.label)


def _apart(line: Sequence[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Give a line's pieces, the first with a space before it: lines do not share words."""
    for number, (text, start_ms, end_ms) in enumerate(line):
        yield (f" {text.lstrip()}" if number == 0 else text), start_ms, end_ms


def _ms(seconds: Any) -> int:
    value = float(seconds)
    if not math.isfinite(value) or value < 0:
        message = f"{seconds} is no time"
        raise ValueError(message)
    return round(value * 1000)


def _words(line: _Line) -> list[Word]:
    """Make whole words of a line's stretches, each with times."""
    return [
        word for stretch in _timed(_whole(line.stretches), line) for word in _shared_out(stretch)
    ]


def _whole(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Join pieces of words, where a leading space tells the beginning of a word."""
    if not any(stretch.text.startswith(" ") for stretch in stretches):
        return list(stretches)
    joined: list[_Stretch] = []
    for stretch in stretches:
        if joined and not stretch.text.startswith(" "):
            last = joined[-1]
            joined[-1] = _Stretch(
                last.text + stretch.text,
                last.start_ms,
                stretch.end_ms,
                min(last.probability, stretch.probability),
            )
        else:
            joined.append(stretch)
    return joined


def _timed(stretches: Sequence[_Stretch], line: _Line) -> Iterator[_Stretch]:
    """Give stretches without times (whisperX leaves numbers so) the room that others leave."""
    before_ms = line.start_ms
    waiting: list[_Stretch] = []
    for stretch in (*stretches, None):
        if stretch is not None and (stretch.start_ms is None or stretch.end_ms is None):
            waiting.append(stretch)
            continue
        after_ms = line.end_ms if stretch is None else stretch.start_ms
        if waiting:
            text = " ".join(each.text for each in waiting)
            room_ms = max(before_ms, after_ms or 0)
            yield _Stretch(text, before_ms, room_ms, waiting[0].probability)
            waiting = []
        if stretch is not None:
            before_ms = stretch.end_ms or before_ms
            yield stretch


def _shared_out(stretch: _Stretch) -> Iterator[Word]:
    """Divide a stretch's time among its words by their letters."""
    assert stretch.start_ms is not None
    assert stretch.end_ms is not None
    texts = stretch.text.split()
    weights = [sum(letter.isalnum() for letter in text) for text in texts]
    if not any(weights):
        weights = [1] * len(texts)
    total = sum(weights)
    length_ms = max(0, stretch.end_ms - stretch.start_ms)
    said = 0
    for text, weight in zip(texts, weights, strict=True):
        start_ms = stretch.start_ms + length_ms * said // total
        said += weight
        end_ms = stretch.start_ms + length_ms * said // total
        yield Word(start_ms, end_ms, text, stretch.probability)


def _clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def _fault(path: Path, sentence: str, **facts: Any) -> FileFault:
    return FileFault(
        sentence,
        "export it again as JSON, VTT or SRT, in UTF-8, or take it out of `transcripts:`",
        path=path,
        **facts,
    )
