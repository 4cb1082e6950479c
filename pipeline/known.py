"""What people who listened said of who speaks, as cues beside those heard in speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model import Span
from pipeline.names import Cue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.model import Known, Word

SLICE = 40
"""Words, about a quarter of a minute, in which the voice of one known speaker is told once."""


def known_cues(known: Iterable[Known], said: Sequence[Word]) -> Iterator[Cue]:
    """Yield what people said of who speaks where, as cues in the middle of the words there."""
    for one in known:
        words = [w for w in said if one.span.overlap_ms(w.span) * 2 > w.span.duration_ms]
        for first in range(0, len(words), SLICE):
            part = words[first : first + SLICE]
            span = Span(part[0].start_ms, max(w.end_ms for w in part))
            yield Cue("known", one.person, (span.start_ms + span.end_ms) // 2, span, "", 1.0)
