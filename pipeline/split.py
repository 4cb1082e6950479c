"""Where people speak in a recording, and the windows and blocks that recognition works on.

`listen` is one pass of Silero VAD over the whole recording, with the network's state carried
through speech, so memory is constant and no cut changes what is heard. `plan` packs the
speech into windows; it knows no block. `blocks` are runs of whole windows, made only to
share work and to resume.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from faster_whisper.vad import get_vad_model

from pipeline.container import PER_MS, SAMPLE_RATE
from pipeline.model import Span, Window, complement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

STEP = 512
"""Samples that Silero VAD 6 judges at a time at 16 kHz (faster_whisper/vad.py)."""

CONTEXT = 64
"""Samples before each step that it wants to see again (the same)."""

STATE = (1, 1, 128)
"""Shape of the network's hidden and cell state (the same)."""

LEVEL_MS = 100
"""One level of loudness is told for each stretch of this length."""

BATCH = 76_800
"""Samples given to the network at once, 4.8 s: a multiple of STEP and of LEVEL_MS.

A batch without speech ends the network's memory. Measured on a real greeting said twice with
30 s of room noise between (tests/test_split.py has it): with the state carried all along, the
second one stayed under 0.1 and was not heard; started afresh 2.5 s before it, it passed 0.8.
"""

SPEECH_ON, SPEECH_OFF = 0.5, 0.35
"""Speech begins at the first probability and ends under the second (Silero's defaults)."""

MIN_PAUSE_MS, MIN_SPEECH_MS, PAD_MS = 160, 100, 60
"""A shorter pause is part of speech, shorter speech is a click, and speech is heard this much
before and after it is certain."""

FLOOR_DB = -100.0
"""Level of digital silence, in decibels below full scale."""

WINDOW_MS = 30_000
"""The longest stretch that Whisper hears at once."""

PAUSE_MS = 600
"""A pause of this length may end a window."""

PIECE_MS, PIECE_PAUSE_MS = 10_000, 200
"""The same for the pieces of a window that is looked at again: two or three sentences each."""

LONG_PAUSE_MS = 4_000
"""A pause of this length always does: silence makes Whisper invent and its times drift."""

MARGIN_MS = 200
"""Silence kept around a window where there is some: voices begin and end softly."""

BLOCK_MS = 240_000
"""Length of a block: about eight windows, which are decoded at once; an interruption costs that
much of each worker's work."""

SHARES = 4
"""A session that is shorter than as many blocks is divided into about so many all the same, so
that workers have equal shares. It does not depend on how many there are: the ledger's keys
would."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in a recording, before any word.

    `speech` is sorted and disjoint. `level_db` has one level for each LEVEL_MS begun, in
    decibels below full scale (RMS), FLOOR_DB for digital silence.
    """

    duration_ms: int
    speech: tuple[Span, ...]
    level_db: tuple[float, ...]


def listen(chunks: Iterable[NDArray[np.float32]]) -> Hearing:
    """Hear a whole recording (16 kHz, mono, [-1, 1]), given in chunks of any size.

    The result depends on the sound alone, not on where the chunks were cut.
    """
    probabilities: list[NDArray[np.float32]] = []
    levels: list[float] = []
    samples = 0
    hidden, cell = np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)
    context = np.zeros(CONTEXT, np.float32)
    session = get_vad_model().session
    for batch in _batches(chunks):
        samples += len(batch)
        levels += _levels(batch)
        steps = np.pad(batch, (0, -len(batch) % STEP)).reshape(-1, STEP)
        before = np.vstack([context, steps[:-1, -CONTEXT:]])
        output, hidden, cell = session.run(
            None, {"input": np.hstack([before, steps]), "h": hidden, "c": cell}
        )
        context = steps[-1, -CONTEXT:]
        probabilities.append(output.reshape(-1))
        if output.max() < SPEECH_OFF:
            hidden, cell = np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)
    duration_ms = samples // PER_MS
    heard = np.concatenate(probabilities) if probabilities else np.zeros(0, np.float32)
    return Hearing(duration_ms, _speech(heard, duration_ms), tuple(levels))


def plan(
    hearing: Hearing,
    *,
    within: Span | None = None,
    max_ms: int = WINDOW_MS,
    pause_ms: int = PAUSE_MS,
) -> tuple[Span, ...]:
    """Pack the speech (of `within`) into windows of at most `max_ms`, sorted and disjoint.

    A window is one contiguous stretch. It ends in a pause of at least `pause_ms`, and as
    late as it can; a run of speech that is longer than a window and has no such pause is
    cut where it is quietest. All speech lies in a window.
    """
    whole = within or Span(0, hearing.duration_ms)
    speech = _heard(hearing, whole)
    runs = _runs(speech, hearing, pause_ms, max_ms - 2 * MARGIN_MS)
    windows: list[Span] = []
    for run in runs:
        last = windows[-1] if windows else None
        if (
            last is not None
            and run.start_ms - last.end_ms < LONG_PAUSE_MS
            and run.end_ms - last.start_ms <= max_ms - 2 * MARGIN_MS
        ):
            windows[-1] = Span(last.start_ms, run.end_ms)
        else:
            windows.append(run)
    return _with_margins(windows, whole)


def closer(hearing: Hearing, window: Span) -> Window:
    """Return a window with its speech, and cut into pieces for a second look."""
    pieces = plan(hearing, within=window, max_ms=PIECE_MS, pause_ms=PIECE_PAUSE_MS)
    return Window(window, tuple(_heard(hearing, window)), pieces)


def _heard(hearing: Hearing, within: Span) -> list[Span]:
    """Return the speech of a stretch, without a look at all that is said in a long day."""
    first = bisect_right(hearing.speech, within.start_ms, key=lambda span: span.end_ms)
    after = bisect_left(hearing.speech, within.end_ms, key=lambda span: span.start_ms)
    parts = (span.clip(within) for span in hearing.speech[first:after])
    return [part for part in parts if part is not None]


def blocks(windows: Sequence[Span], *, length_ms: int = BLOCK_MS) -> tuple[tuple[Span, ...], ...]:
    """Divide windows into runs that span at most `length_ms`, each of one window or more."""
    whole_ms = windows[-1].end_ms - windows[0].start_ms if windows else 0
    most_ms = min(length_ms, whole_ms // SHARES)
    made: list[list[Span]] = []
    for window in windows:
        if made and window.end_ms - made[-1][0].start_ms <= most_ms:
            made[-1].append(window)
        else:
            made.append([window])
    return tuple(tuple(block) for block in made)


def _batches(chunks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Cut the sound into BATCH samples, whatever the chunks were; the last may be shorter."""
    waiting: list[NDArray[np.float32]] = []
    count = 0
    for chunk in chunks:
        waiting.append(chunk)
        count += len(chunk)
        if count >= BATCH:
            joined = np.concatenate(waiting)
            whole = count - count % BATCH
            yield from joined[:whole].reshape(-1, BATCH)
            waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)


def _levels(batch: NDArray[np.float32]) -> list[float]:
    """Loudness of each LEVEL_MS of a batch, the last one of what is there."""
    size = LEVEL_MS * PER_MS
    starts = np.arange(0, len(batch), size)
    lengths = np.minimum(size, len(batch) - starts)
    power = np.add.reduceat(np.square(batch, dtype=np.float64), starts) / lengths
    floor = 10 ** (FLOOR_DB / 10)
    return [round(float(level), 1) for level in 10 * np.log10(np.maximum(power, floor))]


def _speech(probabilities: NDArray[np.float32], duration_ms: int) -> tuple[Span, ...]:
    """Turn a probability per STEP into spans, with hysteresis as Silero's own code has it."""
    edges: list[int] = []
    speaking = False
    for step, probability in enumerate(probabilities):
        if speaking != (probability >= (SPEECH_OFF if speaking else SPEECH_ON)):
            speaking = not speaking
            edges.append(step * STEP * 1000 // SAMPLE_RATE)
    if speaking:
        edges.append(duration_ms)
    joined: list[Span] = []
    for start_ms, end_ms in zip(edges[::2], edges[1::2], strict=True):
        if joined and start_ms - joined[-1].end_ms < MIN_PAUSE_MS:
            joined[-1] = Span(joined[-1].start_ms, end_ms)
        else:
            joined.append(Span(start_ms, end_ms))
    return tuple(
        Span(max(0, span.start_ms - PAD_MS), min(duration_ms, span.end_ms + PAD_MS))
        for span in joined
        if span.duration_ms >= MIN_SPEECH_MS
    )


def _runs(speech: Sequence[Span], hearing: Hearing, pause_ms: int, max_ms: int) -> list[Span]:
    """Join speech over pauses too short to end a window; cut what is longer than a window."""
    runs: list[Span] = []
    for span in speech:
        if runs and span.start_ms - runs[-1].end_ms < pause_ms:
            runs[-1] = Span(runs[-1].start_ms, span.end_ms)
        else:
            runs.append(span)
    return [piece for run in runs for piece in _pieces(run, speech, hearing, max_ms)]


def _pieces(run: Span, speech: Sequence[Span], hearing: Hearing, max_ms: int) -> Iterator[Span]:
    """Cut a run into pieces of at most `max_ms`, each cut in the quietest place it may have.

    A place is a LEVEL_MS stretch in the second half of what fits. Where no one speaks goes
    before quiet speech, and of equals the last.
    """
    while run.duration_ms > max_ms:
        reach = Span(run.start_ms + max_ms // 2, run.start_ms + max_ms)
        pauses = complement(speech, reach)
        places = range(reach.start_ms // LEVEL_MS + 1, reach.end_ms // LEVEL_MS)

        def quiet(place: int, pauses: Sequence[Span] = pauses) -> tuple[bool, float, int]:
            middle = Span(place * LEVEL_MS + LEVEL_MS // 2, place * LEVEL_MS + LEVEL_MS // 2 + 1)
            paused = any(pause.overlap_ms(middle) for pause in pauses)
            return not paused, hearing.level_db[place], -place

        cut_ms = min(places, key=quiet) * LEVEL_MS + LEVEL_MS // 2
        yield Span(run.start_ms, cut_ms)
        run = Span(cut_ms, run.end_ms)
    yield run


def _with_margins(windows: Sequence[Span], whole: Span) -> tuple[Span, ...]:
    """Widen windows by MARGIN_MS, or by half the pause to the neighbour where that is less."""
    if not windows:
        return ()
    middles = [(a.end_ms + b.start_ms) // 2 for a, b in pairwise(windows)]
    firsts, lasts = [whole.start_ms, *middles], [*middles, whole.end_ms]
    return tuple(
        Span(max(first, w.start_ms - MARGIN_MS), min(last, w.end_ms + MARGIN_MS))
        for w, first, last in zip(windows, firsts, lasts, strict=True)
    )
