"""How well the archive heard and named, against a reference that a person vouches for.

    words              word error rate, name recall, insertions, missed speech: hearing_score.py
    DER                (missed + false alarm + confused) / speech of the reference, names and
                       voices mapped one to one so that most time agrees (NIST, md-eval)
    named precision    time named rightly / time named
    named coverage     time named rightly / speech of the people whom the programme lists
    wrongly named      seconds of speech under a wrong name, per hour of speech
    reliability        of the turns named automatically with a confidence in each tenth, the
                       share that is right: most of the turn is spoken by whom it names; and
                       the expected calibration error, Σ_bins n_b / n |share_b - confidence_b|
                       (Naeini, Cooper, Hauskrecht 2015)

Times within 0.25 s of a boundary of the reference are not scored (NIST's collar); time is
counted in steps of 10 ms.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, fields
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np

from archive.errors import FileFault
from archive.export import export
from pipeline.hearing_score import NORMALISATION, names_heard, over_nothing, word_errors
from pipeline.model import Span

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STEP_MS = 10
COLLAR_MS = 250

COLUMNS = (
    *("WER", "names", "insert./h", "missed", "DER", "precision", "coverage"),
    *("wrong s/h", "calibr."),
)
"""Heads of the table, in the order of `Score.rates`."""

Line = tuple[int, int, str]
"""Start and end in milliseconds, and who."""


@dataclass(frozen=True)
class Score:
    """Counts that add up over sessions: words, and milliseconds of sound."""

    words: int = 0
    word_errors: int = 0
    names_said: int = 0
    names_right: int = 0
    invented_words: int = 0
    empty_ms: int = 0
    spoken_ms: int = 0
    untold_ms: int = 0
    speech_ms: int = 0
    missed_ms: int = 0
    false_ms: int = 0
    confused_ms: int = 0
    listed_ms: int = 0
    named_ms: int = 0
    right_ms: int = 0
    wrong_ms: int = 0
    sure: tuple[tuple[float, bool], ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Score)))

    def rates(self) -> dict[str, float | None]:
        """Return each figure by its name; None where nothing counts."""

        def ratio(part: int, whole: int) -> float | None:
            return round(part / whole, 4) if whole else None

        errors_ms = self.missed_ms + self.false_ms + self.confused_ms
        return {
            "word_error_rate": ratio(self.word_errors, self.words),
            "name_recall": ratio(self.names_right, self.names_said),
            "insertions_per_hour": ratio(self.invented_words * 3_600_000, self.empty_ms),
            "missed_speech": ratio(self.untold_ms, self.spoken_ms),
            "der": ratio(errors_ms, self.speech_ms),
            "named_precision": ratio(self.right_ms, self.named_ms),
            "named_coverage": ratio(self.right_ms, self.listed_ms),
            "wrong_s_per_h": ratio(3600 * self.wrong_ms, self.speech_ms),
            "calibration_error": calibration_error(self.sure) if self.sure else None,
        }


def score_words(reference: str, heard: str, names: Sequence[str] = ()) -> Score:
    """Count the words of a session that were heard wrongly, and its names that were not."""
    words, errors = word_errors(reference, heard)
    said, right = names_heard(reference, heard, names)
    return Score(words=words, word_errors=errors, names_said=said, names_right=right)


def score_places(reference: Sequence[Line], words: Sequence[Span], within: Span) -> Score:
    """Count the words where nobody speaks, and the speech where nobody was heard."""
    speech = [Span(start_ms, end_ms) for start_ms, end_ms, _ in reference]
    invented, empty_ms, spoken_ms, untold_ms = over_nothing(words, speech, within)
    return Score(
        invented_words=invented, empty_ms=empty_ms, spoken_ms=spoken_ms, untold_ms=untold_ms
    )


def score_turns(reference: Sequence[Line], heard: Sequence[Line], listed: Collection[str]) -> Score:
    """Count the time of a session that was given to the wrong person, or to none."""
    length = max((end for _, end, _ in (*reference, *heard)), default=0) // STEP_MS + 1
    true, found = _grid(reference, length), _grid(heard, length)
    scored = _outside_collar(reference, length)
    true, found = true[scored], found[scored]
    spoken, told = true != "", found != ""
    named = np.isin(found, list(listed))
    agreed = _agreement(true[spoken & told], found[spoken & told])

    def ms(mask: NDArray[np.bool_]) -> int:
        return int(mask.sum()) * STEP_MS

    return Score(
        speech_ms=ms(spoken),
        missed_ms=ms(spoken & ~told),
        false_ms=ms(told & ~spoken),
        confused_ms=ms(spoken & told) - agreed * STEP_MS,
        listed_ms=ms(np.isin(true, list(listed))),
        named_ms=ms(named),
        right_ms=ms(named & (true == found)),
        wrong_ms=ms(named & spoken & (true != found)),
    )


def score_confidence(
    reference: Sequence[Line], turns: Sequence[tuple[int, int, str, float]]
) -> Score:
    """Judge turns (start, end, person, confidence) by who speaks most of each."""
    sure: list[tuple[float, bool]] = []
    for start, end, person, confidence in turns:
        held: Counter[str] = Counter()
        for begins, ends, who in reference:
            held[who] += max(0, min(end, ends) - max(start, begins))
        spoken = max(held.values(), default=0) > 0
        sure.append((confidence, spoken and max(held, key=lambda who: held[who]) == person))
    return Score(sure=tuple(sure))


def tenths(sure: Sequence[tuple[float, bool]]) -> list[tuple[int, float, float]]:
    """Return turns, mean confidence and share right of each tenth that holds any."""
    rows: list[tuple[int, float, float]] = []
    for tenth in range(10):
        inside = [(c, r) for c, r in sure if min(9, int(c * 10)) == tenth]
        if inside:
            stated, right = zip(*inside, strict=True)
            rows.append((len(inside), float(np.mean(stated)), float(np.mean(right))))
    return rows


def calibration_error(sure: Sequence[tuple[float, bool]]) -> float:
    """Return how far stated confidence and share right lie apart, over ten bins."""
    total = max(1, len(sure))
    return round(sum(n * abs(stated - right) for n, stated, right in tenths(sure)) / total, 4)


def reliability(sure: Sequence[tuple[float, bool]]) -> str:
    """Return the reliability table as lines of text."""
    head = f"{'turns':>7} {'stated':>7} {'right':>7}"
    lines = [f"{n:7} {stated:7.2f} {right:7.2f}" for n, stated, right in tenths(sure)]
    return "\n".join([head, *lines, f"expected calibration error {calibration_error(sure):.3f}"])


def _grid(lines: Sequence[Line], length: int) -> NDArray[np.str_]:
    grid = np.full(length, "", dtype=np.array([who for *_, who in lines] or [""]).dtype)
    for start, end, who in lines:
        grid[start // STEP_MS : end // STEP_MS] = who
    return grid


def _outside_collar(lines: Sequence[Line], length: int) -> NDArray[np.bool_]:
    scored = np.ones(length, dtype=bool)
    for edge in (edge for start, end, _ in lines for edge in (start, end)):
        scored[max(0, (edge - COLLAR_MS) // STEP_MS) : (edge + COLLAR_MS) // STEP_MS] = False
    return scored


def _agreement(true: NDArray[np.str_], found: NDArray[np.str_]) -> int:
    """Steps that agree under the best one-to-one mapping of labels to people."""
    together = Counter(zip(true.tolist(), found.tolist(), strict=True))
    people, labels = sorted(set(true.tolist())), sorted(set(found.tolist()))
    gains = np.array([[together[p, label] for label in labels] for p in people], dtype=float)
    return int(best_assignment(gains)) if gains.size else 0


def best_assignment(gains: NDArray[np.float64]) -> float:
    """Largest sum of gains [n, m] with at most one taken per row and per column.

    The Hungarian method with potentials (Kuhn 1955, Munkres 1957), O(n² m).
    """
    costs = -(gains if gains.shape[0] <= gains.shape[1] else gains.T)
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    owner = np.zeros(columns + 1, dtype=int)
    for row in range(1, rows + 1):
        owner[0], column = row, 0
        slack, taken = np.full(columns + 1, np.inf), np.zeros(columns + 1, dtype=bool)
        came_from = np.zeros(columns + 1, dtype=int)
        while owner[column]:
            taken[column] = True
            here = owner[column]
            reduced = costs[here - 1] - row_price[here] - column_price[1:]
            better = ~taken[1:] & (reduced < slack[1:])
            slack[1:][better] = reduced[better]
            came_from[1:][better] = column
            nearest = int(np.argmin(np.where(taken[1:], np.inf, slack[1:]))) + 1
            step = slack[nearest]
            row_price[owner[taken]] += step
            column_price[taken] -= step
            slack[1:][~taken[1:]] -= step
            column = nearest
        while column:
            owner[column] = owner[came_from[column]]
            column = int(came_from[column])
    return float(-sum(costs[owner[c] - 1, c - 1] for c in range(1, columns + 1) if owner[c]))


@dataclass(frozen=True)
class Scores:
    """The score of each session, by its id, and the recording that holds each, if any does."""

    sessions: Mapping[str, Score]
    recording_of: Mapping[str, str | None]

    @property
    def recordings(self) -> dict[str, Score]:
        """The sum of each recording's sessions, by its id."""
        sums: dict[str, Score] = {}
        for session, score in self.sessions.items():
            recording = self.recording_of[session]
            if recording is not None:
                sums[recording] = sums.get(recording, Score()) + score
        return sums

    @property
    def total(self) -> Score:
        """The sum of all."""
        return sum(self.sessions.values(), Score())


def score_archive(db: sqlite3.Connection, reference: Path) -> Scores:
    """Score each session of a published file that has `<event>/<session>.txt` or `.rttm`.

    Raises FileFault for a damaged reference, and where there is none for this archive.
    """
    scores: dict[str, Score] = {}
    recordings = dict(db.execute("SELECT id, recording_id FROM sessions ORDER BY id"))
    for session_id in recordings:
        text, turns = reference / f"{session_id}.txt", reference / f"{session_id}.rttm"
        score = Score()
        if text.exists():
            score += score_words(_read(text), _text_of(db, session_id), _names(db, session_id))
        if turns.exists():
            true = parse_rttm(_read(turns), turns)
            heard = parse_rttm(export(db, "rttm", session_id), turns)
            score += score_turns(true, heard, _listed(db, session_id))
            score += score_places(true, _words_of(db, session_id), _span_of(db, session_id))
            score += score_confidence(true, _named(db, session_id))
        if text.exists() or turns.exists():
            scores[session_id] = score
    if not scores:
        raise FileFault(
            "it holds no <event>/<session>.txt or .rttm of a published session",
            "name the folder above those of the events",
            path=reference,
        )
    return Scores(scores, recordings)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFault("is not UTF-8", "save it again as UTF-8", path=path) from error


def _text_of(db: sqlite3.Connection, session_id: str) -> str:
    rows = db.execute(
        "SELECT text FROM passages JOIN turns ON turns.id = turn_id WHERE session_id = ?"
        " ORDER BY passages.start_ms",
        [session_id],
    )
    return " ".join(text for (text,) in rows)


def _names(db: sqlite3.Connection, session_id: str) -> list[str]:
    """Return the names and terms of the session's event, as its programme spells them."""
    rows = db.execute(
        "SELECT people.name FROM programme JOIN people ON people.id = person_id"
        " WHERE session_id = ?1"
        " UNION SELECT organisations.name FROM roles JOIN organisations"
        "  ON organisations.id = organisation_id JOIN sessions ON sessions.id = ?1"
        "  WHERE roles.event_id = sessions.event_id"
        " UNION SELECT term FROM glossary",
        [session_id],
    )
    return [name for (name,) in rows]


def _words_of(db: sqlite3.Connection, session_id: str) -> list[Span]:
    rows = db.execute(
        "SELECT words FROM passages JOIN turns ON turns.id = turn_id WHERE session_id = ?",
        [session_id],
    )
    return [Span(word[0], word[1]) for (words,) in rows for word in json.loads(words or "[]")]


def _span_of(db: sqlite3.Connection, session_id: str) -> Span:
    row = db.execute(
        "SELECT COALESCE(from_ms, 0), COALESCE(to_ms, duration_ms, 0) FROM sessions"
        " LEFT JOIN recordings ON recordings.id = recording_id WHERE sessions.id = ?",
        [session_id],
    ).fetchone()
    return Span(row[0], max(row))


def _named(db: sqlite3.Connection, session_id: str) -> list[tuple[int, int, str, float]]:
    """Return the turns that the machine named, in the times of their recording."""
    return db.execute(
        "SELECT start_ms, end_ms, person_id, confidence FROM turns WHERE session_id = ?"
        " AND person_id <> 'une-personne' AND origin = 'automatic' ORDER BY start_ms",
        [session_id],
    ).fetchall()


def _listed(db: sqlite3.Connection, session_id: str) -> set[str]:
    rows = db.execute("SELECT person_id FROM programme WHERE session_id = ?", [session_id])
    return {person for (person,) in rows}


def parse_rttm(text: str, path: Path) -> list[Line]:
    """Read the SPEAKER lines of an RTTM; `path` is named in errors. Raises FileFault."""
    lines: list[Line] = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts or parts[0] != "SPEAKER":
            continue
        try:
            start, length = float(parts[3]), float(parts[4])
            lines.append((round(start * 1000), round((start + length) * 1000), parts[7]))
        except (IndexError, ValueError) as error:
            raise FileFault(
                "is no SPEAKER line of an RTTM",
                "write: SPEAKER <session> 1 <start> <length> <NA> <NA> <who> <NA> <NA>",
                path=path,
                line=number,
            ) from error
    return lines


def as_json(scores: Scores) -> str:
    """Return the figures of each session, of each recording and of `all` for programs."""
    sessions = {name: score.rates() for name, score in scores.sessions.items()}
    recordings = {name: score.rates() for name, score in scores.recordings.items()}
    told = {**sessions, "recordings": recordings, "all": scores.total.rates()}
    return json.dumps(told, indent=2)


def table(scores: Scores) -> str:
    """Scores as lines of text, and beneath how reliable confidence is."""
    heads = "".join(f" {name:>9}" for name in COLUMNS)
    lines = [
        *(f"{'session':40}{heads}", *starmap(_line, scores.sessions.items())),
        *("", f"{'recording':40}{heads}", *starmap(_line, scores.recordings.items())),
        _line("all", scores.total),
        f"Words are compared in {NORMALISATION}.",
    ]
    sure = scores.total.sure
    return "\n".join([*lines, "", reliability(sure)] if sure else lines)


def _line(name: str, score: Score) -> str:
    rates = score.rates().values()
    return f"{name:40}" + "".join(f" {'–' if r is None else f'{r:.3f}':>9}" for r in rates)
