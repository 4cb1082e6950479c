"""What the web copy is to be, and when a capture's picture is copied instead of encoded: pure.

A browser plays H.264 in 4:2:0 with 8 bits, progressive, up to High at level 4.1. What is so
already, is small enough and stands at the recording's own times is not encoded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.model import Span

CEILINGS: Mapping[int, int] = {360: 700, 480: 1_000, 720: 2_000, 1080: 4_000}
"""Heights that the web copy may have, in lines, and the picture's highest kbit/s at each in
medium quality. The encoder keeps below it (x264's VBV), so that it bounds the disk's need."""

QUALITIES: Mapping[str, tuple[int, Fraction]] = {
    "low": (29, Fraction(1, 2)),
    "medium": (26, Fraction(1)),
    "high": (22, Fraction(2)),
}
"""x264's constant rate factor (less is better), and the share of the ceiling."""

MOST_RATE = 30
"""Pictures a second in the web copy, at most: what level 4.1 holds at 1920 x 1080."""

PROFILE, LEVEL, PIXELS = "High", 41, "yuv420p"
"""What the web copy's H.264 is, encoded or copied: level 4.1 as the stream writes it."""

KEYFRAME_MS = 2_000
"""Between the key frames of an encoded picture: how far a seek may have to decode."""

MOST_KEYFRAME_MS = 10_500
"""Between those of a copied one: x264's default, 250 pictures, at 24 pictures a second."""

JITTER_MS = 50
"""A copied picture may begin this late: one picture of a slow camera."""

TAIL_MS = 1_000
"""A copied picture may end this long before the recording does; the last one then stands."""

POSTER_MS = 3_000
"""How long after the first moment that may be seen the still is taken: past a fade or a shake."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A web copy's box in pixels, its rate factor, and the most kbit/s of its picture."""

    width: int
    height: int
    crf: int
    kbps: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What a capture's picture is, as far as a few frames tell.

    `width` and `height` are those shown: pixels made square, the picture turned upright.
    `plain` is True where the stored picture is that already. `field_order` is "tff" or "bff"
    where only the container knows that frames are two fields, so that they must be told.
    `rate` is in pictures a second; `lead_ms` is when the first one shows in the capture.
    """

    codec: str
    profile: str
    level: int
    pixels: str
    width: int
    height: int
    plain: bool
    interlaced: bool
    field_order: str | None
    rate: Fraction
    lead_ms: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What a picture's packets tell, from the capture's start.

    `orderly`: every packet has its times, each after the one before, none is known to be
    corrupt, and the first is a key frame. `keyframe_ms` is the longest way between key
    frames, and to the end; `kbps` the mean.
    """

    orderly: bool
    first_ms: int
    end_ms: int
    keyframe_ms: int
    kbps: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The web copy's picture: even numbers of pixels, pictures a second."""

    width: int
    height: int
    rate: Fraction

    def fitted(self, picture: Picture) -> tuple[int, int]:
        """Return the size in pixels at which a picture just fits into this one."""
        scale = min(Fraction(self.width, picture.width), Fraction(self.height, picture.height))
        return min(self.width, _even(picture.width * scale)), min(
            self.height, _even(picture.height * scale)
        )


def limits(height: int, quality: str) -> Limits:
    """Return what `media: {height, quality}` in config.yaml ask for; the box is 16:9."""
    crf, share = QUALITIES[quality]
    return Limits(_even(Fraction(height * 16, 9)), height, crf, int(CEILINGS[height] * share))


def shape_of(picture: Picture, wanted: Limits) -> Shape:
    """Return the web copy's shape after its first picture: never enlarged, rate divided whole.

    50 pictures a second become 25, so that motion stays even.
    """
    scale = min(
        Fraction(1), Fraction(wanted.width, picture.width), Fraction(wanted.height, picture.height)
    )
    rate = picture.rate / ceil(picture.rate / MOST_RATE)
    return Shape(_even(picture.width * scale), _even(picture.height * scale), rate)


def why_encoded(
    pictures: Sequence[Picture | None], wanted: Limits, *, all_public: bool, damaged: bool
) -> str | None:
    """Return why the pictures must be encoded; None where the one there is may be copied.

    One for each capture, None where a capture has no picture. Times are not looked at:
    `why_unsteady` does.
    """
    if len(pictures) != 1 or pictures[0] is None:
        return "there are several captures"
    one = pictures[0]
    return _first_that_holds(
        ("not all of it is public", not all_public),
        ("the capture is damaged", damaged),
        (f"it is {one.codec} in {one.pixels}", (one.codec, one.pixels) != ("h264", PIXELS)),
        (f"it is H.264 {one.profile}", one.profile != PROFILE),
        (f"its level is {one.level}", not 0 < one.level <= LEVEL),
        ("it is interlaced", one.interlaced),
        ("players would have to turn or stretch it", not one.plain),
        (
            f"it is {one.width} x {one.height} pixels large",
            one.width > wanted.width or one.height > wanted.height,
        ),
    )


def why_unsteady(flow: Flow, length_ms: int, wanted: Limits) -> str | None:
    """Return why a picture's packets cannot be copied; None where they can."""
    return _first_that_holds(
        ("its time stamps are not in order", not flow.orderly),
        ("it begins after the sound", flow.first_ms > JITTER_MS),
        ("it ends before the sound", flow.end_ms + TAIL_MS < length_ms),
        ("its key frames are far apart", flow.keyframe_ms > MOST_KEYFRAME_MS),
        (f"it has {flow.kbps} kbit/s", flow.kbps > wanted.kbps),
    )


def _first_that_holds(*reasons: tuple[str, bool]) -> str | None:
    return next((words for words, holds in reasons if holds), None)


def first_seen(public: Iterable[Span], seen: Iterable[Span]) -> int | None:
    """Return the moment of the still: in the first stretch that is public and has a picture.

    The middle of a stretch that is shorter than twice POSTER_MS.
    """
    pictured = list(seen)
    both = (part for span in public for one in pictured if (part := span.clip(one)))
    first = min(both, key=lambda span: span.start_ms, default=None)
    return None if first is None else first.start_ms + min(POSTER_MS, first.duration_ms // 2)


def _even(length: Fraction | int) -> int:
    """Round to an even number: H.264 with 4:2:0 colours wants that."""
    return max(2, 2 * round(length / 2))
