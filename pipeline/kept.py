"""Results as the ledger keeps them: plain JSON, probabilities to four decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.model import Evidence, Segment, Span, Turn, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.model import Recognised


def spans_to_json(spans: Iterable[Span]) -> list[list[int]]:
    """Return spans as [[start_ms, end_ms], …]."""
    return [[span.start_ms, span.end_ms] for span in spans]


def spans_from_json(rows: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    """Return what `spans_to_json` was given."""
    return tuple(Span(a, b) for a, b in rows)


def words_to_json(said: Iterable[Word]) -> list[object]:
    """Return words as [[start_ms, end_ms, text, probability, heard], …]."""
    return [[w.start_ms, w.end_ms, w.text, round(w.probability, 4), w.heard] for w in said]


def words_from_json(rows: Iterable[Sequence[Any]]) -> tuple[Word, ...]:
    """Return what `words_to_json` was given."""
    return tuple(Word(*row) for row in rows)


def segments_to_json(segments: Iterable[Segment]) -> list[object]:
    """Return segments as [[words, log probability, label], …], the label where there is one."""
    return [
        [words_to_json(s.words), round(s.log_probability, 4), *([s.label] if s.label else ())]
        for s in segments
    ]


def segments_from_json(rows: Iterable[Sequence[Any]]) -> tuple[Segment, ...]:
    """Return what `segments_to_json` was given."""
    return tuple(Segment(words_from_json(said), *rest) for said, *rest in rows)


def recognised_to_json(heard: Recognised) -> dict[str, object]:
    """Return {"segments": …, "looked_again": [{"window", "kept", "versions"}, …]}.

    Versions are [way, untold ms, segments]; those of the one kept stand among "segments".
    """
    return {
        "segments": segments_to_json(heard.segments),
        "looked_again": [
            {
                "window": [look.window.start_ms, look.window.end_ms],
                "kept": look.kept,
                "versions": [
                    [
                        v.way,
                        v.untold_ms,
                        None if v.way == look.kept else segments_to_json(v.segments),
                    ]
                    for v in look.versions
                ],
            }
            for look in heard.looks
        ],
    }


def turn_to_json(turn: Turn) -> list[object]:
    """Return a turn as [words, voice, person, confidence, evidence]."""
    evidence = [[e.kind, e.start_ms, e.quote, e.likeness] for e in turn.evidence]
    return [words_to_json(turn.words), turn.voice, turn.person, turn.confidence, evidence]


def turn_from_json(row: Sequence[Any]) -> Turn:
    """Return what `turn_to_json` was given."""
    said, voice, person, confidence, evidence = row
    reasons = tuple(Evidence(*reason) for reason in evidence)
    return Turn(words_from_json(said), voice, person, confidence, reasons)
