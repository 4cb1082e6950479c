"""What the ledger keeps comes back as it went in."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.kept import (
    segments_from_json,
    segments_to_json,
    spans_from_json,
    spans_to_json,
    turn_from_json,
    turn_to_json,
)
from pipeline.model import Evidence, Segment, Span, Turn, Word

TIMES = st.integers(0, 10**8)
SPANS = st.tuples(TIMES, TIMES).map(lambda ends: Span(min(ends), max(ends)))
SHARES = st.integers(0, 10_000).map(lambda n: n / 10_000)
WORDS = st.builds(Word, TIMES, TIMES, st.text(), SHARES, st.none() | st.text())
SAID = st.lists(WORDS, min_size=1).map(tuple)
EVIDENCE = st.builds(Evidence, st.just("thanks"), TIMES, st.text(), st.none() | SHARES)
TURNS = st.builds(
    Turn, SAID, st.text(), st.none() | st.text(), SHARES, st.lists(EVIDENCE).map(tuple)
)


@given(st.lists(SPANS).map(tuple), st.lists(st.builds(Segment, SAID, SHARES)).map(tuple), TURNS)
def test_results_survive_being_kept(
    spans: tuple[Span, ...], segments: tuple[Segment, ...], turn: Turn
) -> None:
    """Spans, segments and turns are the same after a passage through JSON text."""
    assert spans_from_json(json.loads(json.dumps(spans_to_json(spans)))) == spans
    assert segments_from_json(json.loads(json.dumps(segments_to_json(segments)))) == segments
    assert turn_from_json(json.loads(json.dumps(turn_to_json(turn)))) == turn
