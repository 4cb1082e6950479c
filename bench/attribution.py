"""Measure who speaks on the attribution bench: our own stages on cases made elsewhere.

    python ../shared/bench/attribution/build_cases.py … --out CASES --cases 30 --seed 7
    python -m bench.attribution CASES --score ../shared/bench/attribution/score.py

Each case is an event folder whose words come as a sidecar: only stretches, voices, names and
attribution run. The bench's own score.py counts. One line per system, ours first, then the
plain ways of bench/plain_ways.py beside it: precision, coverage and turn precision as they
come, and the most coverage that any threshold reaches at a precision of 0.95. Beneath: the 95 %
interval of ours over cases, the reliability table, CPU seconds per hour of sound.

`--only` takes the cases of the sittings in held_back.txt (`held`), or the others (`tuning`).
`--fit` prints weights for pipeline/speakers/trust.py, learnt on the cases given: give it those
for tuning.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from bench.plain_ways import WAYS
from pipeline import sidecar
from pipeline.attribute import attribute, decide
from pipeline.evaluate import reliability
from pipeline.event import cast_of
from pipeline.names import find_cues
from pipeline.programme import load_events
from pipeline.speakers.chain import narrowed
from pipeline.speakers.stretches import stretches
from pipeline.speakers.trust import signs_of
from pipeline.voices import RATE, Embedder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.event import Event
    from pipeline.model import Cast, Span, Turn, Word
    from pipeline.names import Cue

    Truth = list[tuple[int, int, str]]

HELD_BACK = Path(__file__).with_name("held_back.txt")
THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
ENOUGH = 0.95
"""The precision at which coverages are compared."""


@dataclass(frozen=True)
class Case:
    """A case as every system gets it: words, vectors of their stretches, cues, cast, truth."""

    folder: Path
    words: Sequence[Word]
    spans: Sequence[Span]
    vectors: NDArray[np.float32]
    cues: Sequence[Cue]
    cast: Cast
    truth: Truth
    seconds: float


def sound_of(path: Path) -> NDArray[np.float32]:
    """Read a mono FLAC at RATE."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.asarray(np.concatenate(frames), np.float32) / np.float32(32768)


def read_case(event: Event) -> Case:
    """Run the stages before the decision."""
    (session,) = event.sessions
    segments = sidecar.read(session.transcripts[0]).segments
    words = sorted((w for s in segments for w in s.words), key=lambda w: (w.start_ms, w.end_ms))
    cast = cast_of(event, session)
    spans = stretches(words)
    sound = sound_of(event.folder / "captures" / "session.flac")
    vectors = Embedder.embedded().embed(sound, spans)
    cues = find_cues(words, cast, "fr")
    rows = [line.split() for line in (event.folder / "reference.rttm").read_text().splitlines()]
    truth = [
        (round(float(f[3]) * 1000), round((float(f[3]) + float(f[4])) * 1000), f[7]) for f in rows
    ]
    return Case(event.folder, words, spans, vectors, cues, cast, truth, len(sound) / RATE)


def cases_of(folder: Path, only: str) -> Iterator[Case]:
    """Read the cases of a folder, all of them or one side of held_back.txt."""
    lines = HELD_BACK.read_text("utf-8").splitlines()
    held = tuple(line for line in lines if line and not line.startswith("#"))
    for event in load_events(folder):
        if only == "all" or event.id.startswith(held) == (only == "held"):
            yield read_case(event)


def ours(case: Case) -> Sequence[Turn]:
    """Name every turn, however unsure."""
    made = (case.words, case.cast, case.cues, case.spans, case.vectors)
    return attribute(*made, min_confidence=0.0)


def under(turns: Sequence[Turn], threshold: float) -> Iterator[Turn]:
    """Take names away under a threshold, as the archivist's setting does."""
    for turn in turns:
        yield turn if turn.confidence >= threshold else replace(turn, person=None)


def rttm(turns: Sequence[Turn]) -> Iterator[str]:
    """Write turns as lines without overlaps."""
    ends = [*(turn.span.start_ms for turn in turns[1:]), 10**9]
    for turn, limit in zip(turns, ends, strict=True):
        start, end = turn.span.start_ms, min(turn.span.end_ms, limit)
        if end > start:
            yield (
                f"SPEAKER session 1 {start / 1000:.3f} {(end - start) / 1000:.3f}"
                f" <NA> <NA> {turn.person or turn.voice} <NA> <NA>\n"
            )


def judged(turns: Sequence[Turn], truth: Truth) -> Iterator[tuple[float, bool]]:
    """Each named turn's confidence, and whether most of it is spoken by whom it names."""
    for turn in turns:
        if turn.person is not None:
            yield turn.confidence, speaker_of(turn.span, truth) == turn.person


def speaker_of(span: Span, truth: Truth) -> str:
    """Return who speaks most of a span."""
    held: dict[str, int] = {}
    for start, end, who in truth:
        shared = min(end, span.end_ms) - max(start, span.start_ms)
        if shared > 0:
            held[who] = held.get(who, 0) + shared
    return max(held, key=lambda who: held[who], default="")


class Scorer:
    """score.py of the bench, on turns instead of files."""

    def __init__(self, path: Path) -> None:
        spec = importlib.util.spec_from_file_location("score", path)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{path} cannot be read")
        self.module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def rows(self, cases: Sequence[Case], answers: Sequence[Sequence[Turn]]) -> list[Any]:
        """Counts per case."""
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "case.rttm"
            for case, turns in zip(cases, answers, strict=True):
                made.write_text("".join(rttm(turns)))
                rows.append(self.module.score(str(case.folder), str(made)))
        return rows

    def rates(self, rows: Sequence[Any]) -> dict[str, float]:
        """Rates over cases."""
        total = {key: sum(row[key] for row in rows) for key in rows[0]}
        return {k: v or 0.0 for k, v in self.module.rates(total).items()}

    def interval(self, rows: Sequence[Any], key: str) -> tuple[float, float]:
        """Draw cases again and again, as score.py does: 95 % of the rates lie between."""
        dice = np.random.default_rng(0)
        picks = [dice.integers(0, len(rows), len(rows)) for _ in range(300)]
        drawn = [self.rates([rows[i] for i in pick])[key] for pick in picks]
        low, high = np.percentile(drawn, (2.5, 97.5))
        return float(low), float(high)


def line(scorer: Scorer, cases: Sequence[Case], name: str, answers: list[Sequence[Turn]]) -> None:
    """Print one system's figures, at the default threshold and at a precision of 0.95."""
    best = 0.0
    shown: dict[str, float] = {}
    for threshold in THRESHOLDS:
        rows = scorer.rows(cases, [tuple(under(turns, threshold)) for turns in answers])
        rates = scorer.rates(rows)
        if rates["precision"] >= ENOUGH:
            best = max(best, rates["coverage"])
        if threshold == 0.8:
            shown = rates
            if name == "ours":
                bounds = {
                    key: scorer.interval(rows, key)
                    for key in ("precision", "coverage", "turn_precision")
                }
    print(
        f"{name:32s} {shown['precision']:9.3f} {shown['coverage']:9.3f}"
        f" {shown['turn_precision']:9.3f} {shown['unlisted']:9.3f} {shown['wrong_s_per_h']:9.0f}"
        f" {shown['silence_s_per_h']:9.1f} {best:9.3f}",
        flush=True,
    )
    if name == "ours":
        for key, (low, high) in bounds.items():
            print(f"    95 % of draws of cases: {key} from {low:.3f} to {high:.3f}")


def fit(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Logistic regression of "the likeliest name is right" on its signs, by Newton's method."""
    tables, right = [], []
    for case in cases:
        rows = narrowed(np.asarray(case.vectors, np.float64))
        scene, people = decide(case.words, case.cast, case.cues, case.spans, rows)
        if not scene.index:
            continue
        tables.append(signs_of(scene, people, rows))
        for run in scene.runs:
            best = int(people[run.start : run.end].mean(axis=0)[:-1].argmax())
            whole = [scene.spans[run.start], scene.spans[run.end - 1]]
            span = type(whole[0])(whole[0].start_ms, whole[1].end_ms)
            right.append(speaker_of(span, case.truth) == scene.cast.people[best].id)
    table, truth = np.concatenate(tables), np.array(right, np.float64)
    weights = np.zeros(table.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (truth - chance) - weights
        bend = (table.T * (chance * (1 - chance))) @ table + np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights, np.float64)


def main() -> None:
    """Read the command line, run, score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--score", type=Path)
    parser.add_argument("--only", choices=("all", "tuning", "held"), default="all")
    parser.add_argument("--plain", action="store_true", help="the plain ways beside ours")
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    before = time.process_time()
    cases = [case for folder in given.cases for case in cases_of(folder, given.only)]
    reading = time.process_time() - before
    if given.fit:
        print(", ".join(f"{weight:.2f}" for weight in fit(cases)))
        return
    scorer = Scorer(given.score)
    print(f"{'':32s} precision  coverage     turns  unlisted wrong s/h silent s/h  at {ENOUGH}")
    before = time.process_time()
    answers = [ours(case) for case in cases]
    deciding = time.process_time() - before
    line(scorer, cases, "ours", answers)
    for name, way in WAYS.items() if given.plain else ():
        line(scorer, cases, name, [way(case) for case in cases])
    sure = [pair for case, t in zip(cases, answers, strict=True) for pair in judged(t, case.truth)]
    print(reliability(sure))
    hours = sum(case.seconds for case in cases) / 3600
    print(f"CPU per hour of sound: {reading / hours:.0f} s to read and for the vectors,")
    print(f"{deciding / hours:.0f} s to decide")


if __name__ == "__main__":
    main()
