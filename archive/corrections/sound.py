"""What corrections say about the sound itself: whose voice it is, what of it was erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from archive.corrections.model import Correction


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A stretch of a capture, by its SHA-256, in ms of it, and who speaks there.

    `person` is None where it is nobody of the programme.
    """

    capture: str
    start_ms: int
    end_ms: int
    person: str | None


def known_voices(
    corrections: Iterable[Correction], captures: Collection[str]
) -> tuple[KnownVoice, ...]:
    """Return what is known of some captures, in order; of two that say otherwise, the later.

    Stretches of one capture do not overlap.
    """
    found: list[KnownVoice] = []
    for correction in corrections:
        if not correction.is_about_names:
            continue
        for stretch in correction.stretches:
            if stretch.capture in captures:
                end = stretch.capture_ms + stretch.end_ms - stretch.start_ms
                new = KnownVoice(stretch.capture, stretch.capture_ms, end, stretch.person)
                found = [part for old in found for part in _less(old, new)] + [new]
    return tuple(sorted(found, key=lambda v: (v.capture, v.start_ms)))


def erased(
    corrections: Iterable[Correction], captures: Sequence[str]
) -> tuple[tuple[int, int, int], ...]:
    """Return what was erased of captures given by their SHA-256: (place, start_ms, end_ms).

    In ms of each capture, in order; the place counts from 0.
    """
    return tuple(
        sorted(
            (place, s.capture_ms, s.capture_ms + s.end_ms - s.start_ms)
            for correction in corrections
            if correction.facts.get("erased")
            for s in correction.stretches
            for place, sha256 in enumerate(captures)
            if sha256 == s.capture
        )
    )


def _less(old: KnownVoice, new: KnownVoice) -> Iterator[KnownVoice]:
    """Yield what is left of what was known beside what is known now."""
    if old.capture != new.capture:
        yield old
        return
    if old.start_ms < min(old.end_ms, new.start_ms):
        yield replace(old, end_ms=min(old.end_ms, new.start_ms))
    if max(old.start_ms, new.end_ms) < old.end_ms:
        yield replace(old, start_ms=max(old.start_ms, new.end_ms))
