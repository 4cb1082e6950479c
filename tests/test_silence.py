"""Nothing that no one said gets out, though the model is made to listen where nobody speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from noises import Hall, hall

from pipeline import split
from pipeline.gate import REACH_MS, gate
from pipeline.model import Segment, Span, Word
from pipeline.transcribe import FasterWhisper, Recognition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.split import Hearing

pytestmark = pytest.mark.slow

LINES = (
    "Nous allons maintenant passer à la question suivante.",
    "Je vous remercie de votre attention et de votre patience.",
    "Il y a beaucoup de choses à dire sur ce sujet.",
    "C'est la première fois que je viens ici.",
    "On se retrouve tout de suite après la pause.",
    "Le budget de cette année reste très serré.",
    "Madame la présidente, vous avez raison.",
    "Et donc, voilà, c'est un peu ça.",
    "Les associations du territoire en parlent depuis longtemps.",
    "Je ne sais pas si vous m'entendez bien.",
)
PACES_MS = (180, 300, 420)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    """Return ten minutes of silence, room noise, applause, music and hum between sentences."""
    return hall(tmp_path_factory.mktemp("hall"), 10)


@pytest.fixture(scope="module")
def hearing(place: Hall) -> Hearing:
    """Return what is heard in it."""
    return split.listen([place.samples])


def kept(segments: Sequence[Segment], hearing: Hearing) -> list[Word]:
    ordered = sorted(segments, key=lambda segment: segment.span)
    return [word for segment in gate(ordered, hearing, ("fr",)).kept for word in segment.words]


def true_words(place: Hall, shift_ms: int) -> list[Segment]:
    """What is said, the time of each sentence shared out by letters and then moved."""
    segments = []
    for span, text in place.said:
        texts = text.split()
        ends = np.cumsum([len(t) for t in texts]) * span.duration_ms // sum(map(len, texts))
        starts = [0, *ends[:-1]]
        at = span.start_ms + shift_ms
        words = [
            Word(at + int(a), at + int(b), t) for a, b, t in zip(starts, ends, texts, strict=True)
        ]
        segments.append(Segment(tuple(words)))
    return segments


def invented(place: Hall, offset_ms: int, pace_ms: int) -> list[Segment]:
    """Varied, plausible lines, one after the other, through all of what is empty."""
    segments = []
    for turn, span in enumerate(place.empty):
        at, line = span.start_ms + offset_ms, turn
        while True:
            texts = LINES[line % len(LINES)].split()
            if at + len(texts) * pace_ms > span.end_ms - offset_ms:
                break
            words = [
                Word(at + n * pace_ms, at + (n + 1) * pace_ms, t, 0.99) for n, t in enumerate(texts)
            ]
            segments.append(Segment(tuple(words), -0.1))
            at, line = words[-1].end_ms, line + 3
    return segments


@pytest.mark.parametrize("pace_ms", PACES_MS)
@pytest.mark.parametrize("offset_ms", [0, 100, 250, 400])
def test_varied_inventions_stay_in(
    place: Hall, hearing: Hearing, offset_ms: int, pace_ms: int
) -> None:
    """Fluent lines that never repeat, sure of themselves, up to the very edge of speech."""
    lies = invented(place, offset_ms, pace_ms)
    lying = {word for segment in lies for word in segment.words}
    assert len(lying) > 1_000
    out = kept([*true_words(place, 0), *lies], hearing)
    assert [word.text for word in out if word in lying] == []
    assert len(out) >= 0.995 * sum(len(segment.words) for segment in true_words(place, 0))


@pytest.mark.parametrize("shift_ms", [-REACH_MS, -150, 0, 150, REACH_MS])
def test_true_words_near_the_edges_stay(place: Hall, hearing: Hearing, shift_ms: int) -> None:
    """All word times wrong by 0.3 s: at most 0.5 % of the words are lost."""
    said = true_words(place, shift_ms)
    assert len(kept(said, hearing)) >= 0.995 * sum(len(segment.words) for segment in said)


@pytest.mark.parametrize("empty_only", [True, False], ids=["nobody speaks", "both"])
def test_the_models_own_inventions_stay_in(
    place: Hall, hearing: Hearing, root: Path, *, empty_only: bool
) -> None:
    """Forced past the VAD the bundled model invents sentences; none of them gets out."""
    end_ms = len(place.samples) // 16
    even = [Span(at, min(at + 30_000, end_ms)) for at in range(0, end_ms, 30_000)]
    alone = [Span(e.start_ms, min(e.end_ms, e.start_ms + 30_000)) for e in place.empty]
    recogniser = FasterWhisper(root / "demo" / "model", "cpu", threads=1)
    options = Recognition("fr", "Claire Morel, RTES")
    found = recogniser.recognise(place.samples, alone if empty_only else even, options)
    assert sum(len(segment.words) for segment in found) > 100
    out = kept(found, hearing)
    reach = REACH_MS + split.PAD_MS
    near = [Span(s.start_ms - reach, s.end_ms + reach) for s, _ in place.said]
    assert [word for word in out if not any(s.overlap_ms(word.span) for s in near)] == []
    assert len(out) == 0 if empty_only else len(out) > 30
