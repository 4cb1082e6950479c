"""An archive of any number of hours that nobody filmed: real files, steps and rows, no sound.

    python -m bench.simulated [--each] --config FOLDER/config.yaml run

What a machine would hear is drawn: words of French by Zipf's law, 150 a minute, with times and
probabilities; turns of a minute. With `--each` it is published after each recording, as a run
does; otherwise at its beginning and its end. Everything else is the project's own: programmes,
ledger, gate, mending, store, publication. A recording is an hour, an event eight of them.
"""

from __future__ import annotations

import random
import sys
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from pipeline import cli, listening, night, publication, recognising, run, steps
from pipeline.executors import Task
from pipeline.hashing import hash_file
from pipeline.model import Evidence, Recognised, Segment, Turn, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.event import Recording
    from pipeline.listening import Erased, Show
    from pipeline.model import Window

ROOT = Path(__file__).resolve().parent.parent
HOUR_MS = 3_600_000
PER_EVENT = 8
WORD_MS = 400
"""150 words a minute: 9,000 an hour, 90 million in 10,000 hours."""
PEOPLE = 12
"""Speakers of an event, among a hundred times as many as there are events in a year."""

COMMON = """
de la le et les des en un une du que est pour qui dans a par plus pas au sur ne se ce il sont nous
avec on cette mais comme ou si leur y dont aussi tout fait son être ces entre deux faire ont très
bien peut temps même territoire coopération projet association économie solidaire
""".split()  # noqa: SIM905 - one paragraph of words reads better than seventy strings
"""The words at the head of the law, in the order of their number; the others follow at random."""

CONFIG = f"""\
data: ./data
events: ./events
transcription:
  model: {ROOT / "demo" / "model"}
media:
  web_copy: false
run:
  executor: inline
"""

HEAD = """\
event:
  id: {event}
  title: "Assemblée {number}"
  date: {date}
organisations:
  RTES: "Réseau des territoires pour l'économie solidaire"
people:
{people}
sessions:
"""

PERSON = """\
  p{number}:
    name: "{name}"
    roles: [{{role: "membre", organisation: RTES}}]
"""

SESSION = """\
  - id: s{number}
    title: "Séance {number}"
    captures: [r{number}.wav]
    speakers: [{speakers}]
"""


def write(folder: Path, first: int, hours: int, drawn: int) -> None:
    """Write the programmes and captures of hours `first` to `hours`; captures hold their number.

    From hour `drawn` on (a multiple of PER_EVENT) the captures, people and speakers are those of
    the first hours again, on other days: the ledger knows what is heard in them.
    """
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    for begin in range(first, hours, PER_EVENT):
        dice = random.Random(begin % drawn)
        event = folder / "events" / f"e{begin:06}"
        event.mkdir(parents=True, exist_ok=True)
        chosen = dice.sample(range(PEOPLE * 100), PEOPLE)
        people = "".join(PERSON.format(number=n, name=_name(n)) for n in chosen)
        date = f"{2000 + begin * 25 // 10_000}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        text = HEAD.format(event=event.name, number=begin, date=date, people=people.rstrip("\n"))
        for number in range(begin, min(hours, begin + PER_EVENT)):
            speakers = ", ".join(f"p{n}" for n in dice.sample(chosen, 4))
            text += SESSION.format(number=number, speakers=speakers)
            content = (number % drawn).to_bytes(8, "big") * 2_000
            (event / f"r{number}.wav").write_bytes(content)
        (event / "programme.yaml").write_text(text, "utf-8")


def _name(number: int) -> str:
    dice = random.Random(-number)
    syllables = ("ba", "ler", "mon", "ti", "rou", "sel", "quen", "dar", "vi", "gnol", "pé", "lac")
    return " ".join("".join(dice.choices(syllables, k=n)).title() for n in (2, 3))


@cache
def law() -> tuple[np.ndarray, np.ndarray]:
    """Return French words by falling frequency, and the share of all words up to each.

    Zipf's law with Mandelbrot's constant (2.7), which fits the head of running text better.
    """
    known = sorted(map(_text, DefaultDictionaryFactory().get_dictionary("fr")))
    random.Random(1).shuffle(known)
    words = np.array([*COMMON, *(w for w in known if w.isalpha() and w not in set(COMMON))])
    shares = np.cumsum(1 / (np.arange(len(words)) + 2.7))
    return words, shares / shares[-1]


def _text(word: str | bytes) -> str:
    return word.decode() if isinstance(word, bytes) else word


class Drawn:
    """An executor that draws what was said; each block draws other words."""

    workers = 1
    ahead = 0

    def __init__(self, seed: int) -> None:
        self._dice = np.random.default_rng(seed)

    def warm(self) -> None:
        """Load nothing."""

    def submit(self, task: Task) -> Future[Recognised]:
        """Draw the words of each window."""
        future: Future[Recognised] = Future()
        future.set_result(Recognised(tuple(map(self._segment, task.windows))))
        return future

    def _segment(self, window: Window) -> Segment:
        words, shares = law()
        times = range(window.span.start_ms, window.span.end_ms - WORD_MS, WORD_MS)
        said = words[np.searchsorted(shares, self._dice.random(len(times)))]
        sure = self._dice.beta(8, 1, len(times))
        ends = self._dice.random(len(times)) < 1 / 15
        return Segment(
            tuple(
                Word(t, t + WORD_MS - 50, f"{w}." if end else str(w), round(float(p), 4))
                for t, w, end, p in zip(times, said, ends, sure, strict=True)
            ),
            -0.3,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return


def extract(
    recording: Recording, erased: Sequence[Erased], path: Path, show: Show
) -> listening.Extracted:
    """Find an hour of speech with a pause every ten seconds; write a file of a few bytes."""
    del erased, show
    whole = recording.captures[0].read_bytes()
    path.write_bytes(whole[:16])
    speech = [[start, start + 9_300] for start in range(0, HOUR_MS - 10_000, 10_000)]
    dice = np.random.default_rng(whole[7])
    levels = np.round(dice.normal(-25, 4, HOUR_MS // 100), 1).tolist()
    sound = {
        "duration_ms": HOUR_MS,
        "parts": [[0, HOUR_MS, "wav", len(whole)]],
        "gaps": [],
    }
    hearing = {"duration_ms": HOUR_MS, "speech": speech, "level_db": levels}
    return listening.Extracted(sound, hash_file(path), hearing, "0")


def attribute(
    said: Sequence[Word], segments: object, source: object, hint: steps.Hint
) -> tuple[Turn, ...]:
    """Give each minute to a speaker in turn; a third of them to nobody."""
    del segments, source
    people = [member.id for member in hint.cast.speakers]
    turns = []
    for number, first in enumerate(range(0, len(said), 150)):
        words = tuple(said[first : first + 150])
        known = people[number % len(people)] if number % 3 else None
        reasons = (Evidence("hand-over", words[0].start_ms, "la parole est à vous"),)
        turns.append(Turn(words, f"voice-{number % 5 + 1}", known, 0.9 if known else 0.0, reasons))
    return tuple(turns)


def patch(*, each: bool) -> None:
    """Put what is drawn in the place of what would be heard; publish after each, or not."""
    drawn: list[tuple[object, str, object]] = [
        (listening, "extract", extract),
        (listening, "recording_ms", lambda _recording: HOUR_MS),
        (run, "recording_ms", lambda _recording: HOUR_MS),
        (recognising, "task", lambda _source, block, how: Task(b"", tuple(block), how)),
        (steps, "_attribute", attribute),
        (night, "_executor", lambda settings, *_: Drawn(len(list(settings.events.iterdir())))),
        (night, "_refuse_faults", lambda *_: None),  # captures are no sound
    ]
    if not each:
        drawn.append((publication.Publisher, "now_and_then", lambda _publisher: None))
    for module, name, made in drawn:
        setattr(module, name, made)


def main() -> None:
    """Run the command with everything drawn; `--each` publishes after each recording as ever."""
    each = "--each" in sys.argv
    if each:
        sys.argv.remove("--each")
    patch(each=each)
    cli.main()


if __name__ == "__main__":
    main()
