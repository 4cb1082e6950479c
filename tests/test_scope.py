"""Which words are public: asked of many at once, and of each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.passage import extent
from archive.public_words import _public_evidence
from archive.scope import Scope

SESSION = {"id": "s", "recording_id": "r"}
EDGES = st.lists(st.integers(0, 40), min_size=2, max_size=6, unique=True).map(sorted)


def scope_of(edges: list[int]) -> Scope:
    """Return what is public where every second stretch between some edges is."""
    public = tuple(zip(edges[::2], edges[1::2], strict=False))
    none: frozenset[str] = frozenset()
    return Scope({"s": SESSION}, {}, {"s": public}, {"r": public}, {}, {}, none, none, none, False)


@given(EDGES, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=5))
def test_what_is_public_as_a_whole_is_public_word_by_word(
    edges: list[int], times: list[tuple[int, int]]
) -> None:
    """Words of no length at an edge, or that end before they begin, are no exception."""
    scope = scope_of(edges)
    words = [(start, end, 1.0, "mot") for start, end in times]
    if scope.holds_all(SESSION, *extent(words)):
        assert all(scope.holds_word(SESSION, start, end) for start, end in times)


def test_a_quote_of_marks_alone_is_not_published() -> None:
    """Nothing in it can be found among the published words."""
    scope = scope_of([0, 40])
    evidence = '[{"kind": "hand-over", "start_ms": 5, "quote": "…"}]'
    told = _public_evidence(evidence, "r", [(0, 40, "bonjour à tous ")], scope, str)
    assert '"quote":""' in told.replace(" ", "")
