"""Measure who speaks on the attribution bench: our own stages on cases made elsewhere.

    python ../shared/bench/attribution/build_cases.py … --out CASES --cases 30 --seed 7
    python bench/attribution.py CASES --score ../shared/bench/attribution/score.py

Each case is an event folder whose words come as a sidecar: only stretches, voices, names and
attribution run. The bench's own score.py counts, with its interval over cases. Beneath its
lines: how often names with a stated confidence are right, and CPU seconds per hour of sound.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from pipeline import sidecar
from pipeline.attribute import attribute
from pipeline.names import find_cues
from pipeline.programme import cast_of, load_events
from pipeline.speakers.stretches import stretches
from pipeline.voices import RATE, Embedder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.model import Turn
    from pipeline.programme import Event

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Lower edges of the reliability table."""


def sound_of(path: Path) -> NDArray[np.float32]:
    """Read a mono FLAC at RATE."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.asarray(np.concatenate(frames), np.float32) / np.float32(32768)


def turns_of(event: Event, sound: NDArray[np.float32], confidence: float) -> tuple[Turn, ...]:
    """Run our stages on the one session of a case."""
    (session,) = event.sessions
    segments = sidecar.read(session.transcripts[0]).segments
    words = sorted((w for s in segments for w in s.words), key=lambda w: (w.start_ms, w.end_ms))
    cast = cast_of(event, session)
    spans = stretches(words)
    vectors = Embedder.embedded().embed(sound, spans)
    cues = find_cues(words, cast, "fr")
    return attribute(words, cast, cues, spans, vectors, min_confidence=confidence)


def rttm(turns: tuple[Turn, ...]) -> Iterator[str]:
    """Write turns as lines without overlaps, under the names that `confidence` allows."""
    ends = [*(turn.span.start_ms for turn in turns[1:]), sys.maxsize]
    for turn, limit in zip(turns, ends, strict=True):
        start, end = turn.span.start_ms, min(turn.span.end_ms, limit)
        if end > start:
            yield (
                f"SPEAKER session 1 {start / 1000:.3f} {(end - start) / 1000:.3f}"
                f" <NA> <NA> {turn.person or turn.voice} <NA> <NA>\n"
            )


def truth_at(reference: Path) -> list[tuple[float, float, str]]:
    """Who speaks from when to when, in seconds."""
    rows = [line.split() for line in reference.read_text().splitlines()]
    return [(float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in rows]


def judge(turn: Turn, truth: list[tuple[float, float, str]]) -> bool:
    """Whether most of the turn is spoken by whom it names."""
    held: Counter[str] = Counter()
    for start, end, who in truth:
        shared = min(end, turn.span.end_ms / 1000) - max(start, turn.span.start_ms / 1000)
        if shared > 0:
            held[who] += round(shared * 1000)
    return bool(held) and held.most_common(1)[0][0] == turn.person


def main() -> None:
    """Read the command line, run, score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--confidence", type=float, default=0.8)
    given = parser.parse_args()
    scored: list[str] = []
    sure: list[tuple[float, bool]] = []
    spent = heard = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for event in load_events(given.cases):
            sound = sound_of(event.folder / "captures" / "session.flac")
            before = time.process_time()
            turns = turns_of(event, sound, given.confidence)
            spent, heard = spent + time.process_time() - before, heard + len(sound) / RATE
            made = Path(folder) / f"{event.id}.rttm"
            made.write_text("".join(rttm(turns)))
            scored += ["--case", str(event.folder), str(made)]
            truth = truth_at(event.folder / "reference.rttm")
            sure += [(t.confidence, judge(t, truth)) for t in turns if t.person is not None]
        subprocess.run([sys.executable, given.score, *scored], check=True)
        subprocess.run([sys.executable, given.score, *scored, "--json"], check=True)
    for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
        right = [good for stated, good in sure if low <= stated < high]
        if right:
            share = f"{np.mean(right):.3f} of {len(right)} turns right"
            print(f"confidence {low:.2f} to {min(high, 1):.2f}: {share}")
    print(f"{3600 * spent / heard:.0f} s of CPU per hour of sound, vectors included")


if __name__ == "__main__":
    main()
