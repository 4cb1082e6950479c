"""Where the ground of a correction is today.

The capture's SHA-256 finds the sound again, wherever it stands now: the same sound at another
time, or in another recording. Only where that file is gone, a re-encoded one in its place, is
the sound looked for by the words that were heard. Words themselves are found by likeness, near
where they stood: another model spells them otherwise and times them a little differently.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from rapidfuzz.distance import Indel

from archive.french import fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from archive.corrections.model import Stretch

State: TypeAlias = Literal["holds", "moved", "lost"]

ALIKE = 0.6
"""How alike (share of letters in common, in order) words near their place must be to be the ones
meant: "pétécé" and "PTCE" are 0.8 alike, two French words at random about 0.3."""
ALIKE_AFAR, TELLING = 0.8, 4
"""How alike anywhere else in the recording, and how many words tell one place from another: drawn
at random from French texts, 16 of 300 single words were found near another place by chance, and
none of 300 runs of four."""
LEAD = 0.1
"""How far the likeliest place must lead the next one, where words are looked for afar."""
NEAR_MS = 1_000
"""How far models disagree on the time of a word, at most."""
NEARNESS = 0.2
"""What NEAR_MS away costs in likeness."""
STEP_MS = 500
"""From so many ms on, an end of a stretch counts as moved."""

_NOT_A_LETTER = re.compile(r"[\W_]+")


class Timed(Protocol):
    """A word with its time in ms of the recording."""

    @property
    def start_ms(self) -> int:
        """Its start."""

    @property
    def end_ms(self) -> int:
        """Its end."""

    @property
    def text(self) -> str:
        """As it is written."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The recording that holds a stretch today, and by how much it has moved there.

    `by_sound`: told by the capture itself; else the recording is only of the same name.
    """

    recording: str
    by_ms: int
    by_sound: bool


@dataclass(frozen=True, slots=True)
class Landed:
    """A stretch where it is today, and what became of it on the way."""

    recording: str
    stretch: Stretch
    state: State


@dataclass(frozen=True, slots=True)
class Grounds:
    """What stands in work.db: recordings, people, and captures by SHA-256.

    A capture is told by the recordings that hold it and its start in each, in ms.
    """

    recordings: frozenset[str]
    captures: Mapping[str, Sequence[tuple[str, int]]]
    people: frozenset[str] = frozenset()

    def of(self, recording: str, stretch: Stretch) -> Ground | None:
        """Return where a stretch of a recording is today; None where nothing tells."""
        named = Ground(recording, 0, by_sound=False) if recording in self.recordings else None
        holding = sorted(self.holding(stretch), key=lambda ground: ground.recording != recording)
        return next(iter(holding), named)

    def holding(self, stretch: Stretch) -> Iterator[Ground]:
        """Yield every place where the sound of a stretch is: a film may be shown twice."""
        for name, start_ms in self.captures.get(stretch.capture, ()):
            by_ms = start_ms + stretch.capture_ms - stretch.start_ms
            yield Ground(name, by_ms, by_sound=True)


def read_grounds(db: sqlite3.Connection) -> Grounds:
    """Read from work.db where its captures stand."""
    captures: dict[str, list[tuple[str, int]]] = {}
    for sha256, recording, start_ms in db.execute(
        "SELECT sha256, recording_id, start_ms FROM captures WHERE sha256 IS NOT NULL "
        "AND start_ms IS NOT NULL ORDER BY recording_id, position"
    ).fetchall():
        captures.setdefault(sha256, []).append((recording, start_ms))
    known, people = (
        frozenset(row[0] for row in db.execute(f"SELECT id FROM {table}").fetchall())  # noqa: S608
        for table in ("recordings", "people")
    )
    return Grounds(known, captures, people)


def land(ground: Ground | None, recording: str, stretch: Stretch, said: Sequence[Timed]) -> Landed:
    """Say where a stretch of sound is among the words `said` in the ground's recording.

    The same capture has the same sound at the same time, whatever was heard there. Where it is
    gone, only the words that were heard tell.
    """
    if ground is None:
        return Landed(recording, stretch, "lost")
    moved = stretch.shift(ground.by_ms)
    if ground.by_sound:
        return Landed(ground.recording, moved, _state(ground, recording))
    run = _find_in_another_file(said, moved)
    if run is None:
        return Landed(ground.recording, stretch, "lost")
    by_ms = said[run[0]].start_ms - moved.start_ms
    if abs(by_ms) < STEP_MS:
        return Landed(ground.recording, moved, "holds")
    return Landed(ground.recording, moved.shift(by_ms), "moved")


def land_words(
    ground: Ground | None, recording: str, stretch: Stretch, said: Sequence[Timed]
) -> tuple[Landed, tuple[int, int] | None]:
    """Say where the words of a stretch are: also as a half-open run of the words `said`."""
    if ground is None:
        return Landed(recording, stretch, "lost"), None
    moved = stretch.shift(ground.by_ms)
    if ground.by_sound:
        run = find_words(said, moved)
        state = _state(ground, recording) if run else "lost"
        return Landed(ground.recording, moved, state), run
    run = _find_in_another_file(said, moved)
    return land(ground, recording, stretch, said), run


def _state(ground: Ground, recording: str) -> State:
    stays = ground.recording == recording and abs(ground.by_ms) < STEP_MS
    return "holds" if stays else "moved"


def plain(text: str) -> str:
    """Return the letters and digits of a text, folded: what two spellings have in common."""
    return _NOT_A_LETTER.sub("", fold(text))


def find_words(said: Sequence[Timed], stretch: Stretch) -> tuple[int, int] | None:
    """Return the run of words near the stretch that is likest to what is meant; None if none is.

    What is meant is what was heard there, or already what it was corrected to.
    """
    first = bisect_left(said, stretch.start_ms - NEAR_MS, key=_start)
    near = said[first : bisect_right(said, stretch.end_ms + NEAR_MS, key=_start)]
    best, found = ALIKE, None
    wanted = _wanted(stretch)
    letters = _Letters(near)
    for start, end in _runs(near, stretch):
        away = abs(near[start].start_ms - stretch.start_ms)
        away += abs(near[end - 1].end_ms - stretch.end_ms)
        alike = letters.alike(start, end, wanted) - NEARNESS * away / (2 * NEAR_MS)
        if alike > best:
            best, found = alike, (first + start, first + end)
    return found


def _start(word: Timed) -> int:
    return word.start_ms


def _runs(said: Sequence[Timed], stretch: Stretch) -> Iterator[tuple[int, int]]:
    """Yield the runs that begin and end near the stretch's beginning and end."""
    starts = [n for n, w in enumerate(said) if abs(w.start_ms - stretch.start_ms) <= NEAR_MS]
    ends = [n + 1 for n, w in enumerate(said) if abs(w.end_ms - stretch.end_ms) <= NEAR_MS]
    return ((start, end) for start in starts for end in ends if start < end)


def _find_in_another_file(said: Sequence[Timed], stretch: Stretch) -> tuple[int, int] | None:
    """Return the run of words that is what was heard, in a file of which nothing else is known.

    None where there are too few words to tell.
    """
    if len(stretch.heard.split()) < TELLING:
        return None
    return find_words(said, stretch) or find_words_afar(said, stretch)


def find_words_afar(said: Sequence[Timed], stretch: Stretch) -> tuple[int, int] | None:
    """Return the one run of words in the whole recording that is what was heard; None if none is.

    None too where two places are alike.
    """
    wanted = _wanted(stretch)
    count = len(stretch.heard.split())
    letters = _Letters(said)
    scored = [
        (letters.alike(start, end, wanted, ALIKE_AFAR - LEAD), start, end)
        for start in range(len(said))
        for end in range(start + count - 1, min(start + count + 1, len(said)) + 1)
        if end <= len(said)
    ]
    best = max(scored, default=(0.0, 0, 0))
    others = (alike for alike, start, end in scored if end <= best[1] or start >= best[2])
    if best[0] < ALIKE_AFAR or max(others, default=0.0) > best[0] - LEAD:
        return None
    return best[1], best[2]


def _wanted(stretch: Stretch) -> tuple[str, ...]:
    corrected = " ".join(word for _, _, word in stretch.words)
    return tuple(filter(None, dict.fromkeys(map(plain, (stretch.heard, corrected)))))


class _Letters:
    """The plain letters of words in a row, any run of them at hand."""

    def __init__(self, said: Sequence[Timed]) -> None:
        letters = [plain(word.text) for word in said]
        self._places = [0, *accumulate(map(len, letters))]
        self._all = "".join(letters)

    def alike(
        self, start: int, end: int, wanted: Sequence[str], least: float | None = None
    ) -> float:
        """Return how alike a run is to the likest of what is wanted, from 0 to 1."""
        run = self._all[self._places[start] : self._places[end]]
        return max(
            (Indel.normalized_similarity(run, one, score_cutoff=least) for one in wanted),
            default=0.0,
        )
