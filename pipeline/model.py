"""What stages give each other: frozen values, integer milliseconds, half-open spans.

A recording's timeline starts at 0. A span [start_ms, end_ms) holds its start and not
its end, so spans that touch do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open interval [start_ms, end_ms) on a recording's timeline, in milliseconds.

    Raises ValueError when it ends before it starts.
    """

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:
            message = f"a span cannot end ({self.end_ms}) before it starts ({self.start_ms})"
            raise ValueError(message)

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def overlap_ms(self, other: Span) -> int:
        """Milliseconds that both spans hold."""
        return max(0, min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms))

    def shift(self, by_ms: int) -> Span:
        """Return the same stretch, moved by `by_ms`."""
        return Span(self.start_ms + by_ms, self.end_ms + by_ms)

    def clip(self, within: Span) -> Span | None:
        """Return the part inside `within`; None when there is none."""
        start, end = max(self.start_ms, within.start_ms), min(self.end_ms, within.end_ms)
        return Span(start, end) if start < end else None


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, disjoint spans that hold what the given ones hold; touching ones are joined."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start_ms <= joined[-1].end_ms:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        else:
            joined.append(span)
    return tuple(joined)


def complement(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Return what `within` holds and the given spans do not."""
    free: list[Span] = []
    position = within.start_ms
    for span in union(spans):
        clipped = span.clip(within)
        if clipped is None:
            continue
        if clipped.start_ms > position:
            free.append(Span(position, clipped.start_ms))
        position = clipped.end_ms
    if position < within.end_ms:
        free.append(Span(position, within.end_ms))
    return tuple(free)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of sound to decode at once, never with its neighbours.

    `speech` is what was heard to be speech in it; `pieces` are shorter windows of the same
    speech, for a second look.
    """

    span: Span
    speech: tuple[Span, ...] = ()
    pieces: tuple[Span, ...] = ()

    def shift(self, by_ms: int) -> Self:
        """Return the same window, moved by `by_ms`."""
        return replace(
            self,
            span=self.span.shift(by_ms),
            speech=tuple(span.shift(by_ms) for span in self.speech),
            pieces=tuple(span.shift(by_ms) for span in self.pieces),
        )


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the recogniser wrote it, its punctuation attached, no space around.

    `heard` holds the form that was heard where `text` is a mended spelling.
    """

    start_ms: int
    end_ms: int
    text: str
    probability: float = 1.0
    heard: str | None = None

    @property
    def span(self) -> Span:
        """The word's place."""
        return Span(self.start_ms, self.end_ms)

    def shift(self, by_ms: int) -> Self:
        """Return the same word, moved by `by_ms`."""
        return replace(self, start_ms=self.start_ms + by_ms, end_ms=self.end_ms + by_ms)


@dataclass(frozen=True, slots=True)
class Segment:
    """What one decoding of the recogniser gave: words in order, never empty.

    `label` is the speaker's name that a transcript made elsewhere has: a hint.
    """

    words: tuple[Word, ...]
    log_probability: float = 0.0
    label: str | None = None

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end."""
        return Span(self.words[0].start_ms, max(w.end_ms for w in self.words))

    @property
    def text(self) -> str:
        """The words, with single spaces."""
        return " ".join(w.text for w in self.words)

    def shift(self, by_ms: int) -> Self:
        """Return the same segment, moved by `by_ms`."""
        return replace(self, words=tuple(w.shift(by_ms) for w in self.words))


@dataclass(frozen=True, slots=True)
class Version:
    """One decoding of a window: in which way, how much speech it leaves untold, its words."""

    way: str
    untold_ms: int
    segments: tuple[Segment, ...]

    def shift(self, by_ms: int) -> Self:
        """Return the same version, moved by `by_ms`."""
        return replace(self, segments=tuple(s.shift(by_ms) for s in self.segments))


@dataclass(frozen=True, slots=True)
class Look:
    """A window that was decoded more than once: the way that was kept, and all versions."""

    window: Span
    kept: str
    versions: tuple[Version, ...]

    def shift(self, by_ms: int) -> Self:
        """Return the same look, moved by `by_ms`."""
        return replace(
            self,
            window=self.window.shift(by_ms),
            versions=tuple(version.shift(by_ms) for version in self.versions),
        )


@dataclass(frozen=True, slots=True)
class Recognised:
    """What recognition made of a block: its segments, and the windows it decoded again.

    `languages` answers a task that asks for them: each window's (code, probability) pairs.
    """

    segments: tuple[Segment, ...]
    looks: tuple[Look, ...] = ()
    languages: tuple[tuple[tuple[str, float], ...], ...] = ()

    def shift(self, by_ms: int) -> Self:
        """Return the same, moved by `by_ms`."""
        return replace(
            self,
            segments=tuple(segment.shift(by_ms) for segment in self.segments),
            looks=tuple(look.shift(by_ms) for look in self.looks),
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Sound that the capture should hold and does not."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Words that the gate kept back, with its reason; they can be put back."""

    words: tuple[Word, ...]
    reason: str

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end."""
        return Span(self.words[0].start_ms, max(w.end_ms for w in self.words))


@dataclass(frozen=True, slots=True)
class CastMember:
    """A person of a session, with every form under which she may be called."""

    id: str
    name: str
    spellings: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of one session: who chairs, and who speaks in the order announced."""

    chair: tuple[CastMember, ...] = ()
    speakers: tuple[CastMember, ...] = ()

    @property
    def people(self) -> tuple[CastMember, ...]:
        """Everyone once, the chair first."""
        return tuple({m.id: m for m in (*self.chair, *self.speakers)}.values())


@dataclass(frozen=True, slots=True)
class Known:
    """Who speaks in a stretch, as a person said who listened; None: nobody of the programme."""

    span: Span
    person: str | None


EvidenceKind = Literal[
    "hand-over", "thanks", "introduction", "question", "chair", "order", "voice", "hint", "known"
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a turn's name: what was heard or seen, and where.

    `quote` is the phrase that was heard, if one was; `likeness` is the cosine of the
    turn's voice with the voice at `start_ms`, if voices are the reason.
    """

    kind: EvidenceKind
    start_ms: int
    quote: str = ""
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Words of one voice without another's between; `person` is None where unknown.

    `voice` is a label within the recording (`voice-1`, …); `confidence` is the
    probability that `person` is right, 0 where there is none.
    """

    words: tuple[Word, ...]
    voice: str
    person: str | None = None
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end."""
        return Span(self.words[0].start_ms, max(w.end_ms for w in self.words))
