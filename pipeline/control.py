"""The control sample: an archive's own accuracy, from stretches that a person listens to.

`draw` takes stretches at random, each moment of published speech as likely as any other;
`write_sheet` makes a table for a spreadsheet; `read_sheet` counts what the person filled in.
"""

from __future__ import annotations

import csv
import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate
from random import SystemRandom
from typing import TYPE_CHECKING

from archive.errors import FileFault
from archive.export.csv_ import safe
from archive.site.links import Links
from archive.wording import Text, say
from pipeline.progress import clock
from pipeline.sentences import ends_sentence

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_WORDS = 40
"""Words of a stretch at most: a sentence, a quarter of a minute."""

Z = 1.96
"""Of the normal distribution, for an interval that holds the truth 95 times in 100."""

TEXT_RIGHT, NAME_RIGHT = "text right? (yes/no)", "name right? (yes/no)"
HEAD = ("number", "play", "recording", "from", "to", "speaker", "text", TEXT_RIGHT, NAME_RIGHT)
YES = frozenset({"yes", "y", "oui", "o", "1", "x", "true", "vrai"})
NO = frozenset({"no", "n", "non", "0", "false", "faux"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sentence or so: where it stands, in ms of the recording, who is said to say what."""

    recording: str
    start_ms: int
    end_ms: int
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the stretches judged were right, and the 95 % interval of the archive's rate."""

    right: int
    judged: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (Wilson 1927); (0, 1) where nothing was judged."""
        if not self.judged:
            return 0.0, 1.0
        rate, count = self.right / self.judged, self.judged
        middle = (rate + Z * Z / (2 * count)) / (1 + Z * Z / count)
        half = Z / (1 + Z * Z / count)
        half *= math.sqrt(rate * (1 - rate) / count + Z * Z / (4 * count * count))
        return max(0.0, middle - half), min(1.0, middle + half)


def write_sample(db: sqlite3.Connection, count: int, sheet: Path, site: str | None) -> int:
    """Draw a sample and write its sheet; return how many stretches it has.

    Raises FileFault where the sheet is there already: somebody may have filled it in.
    """
    if sheet.exists():
        raise FileFault(
            "there is a sheet already",
            "read it with `plenary evaluate --sheet`, or name another one",
            path=sheet,
        )
    stretches = draw(db, count, SystemRandom())
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    sheet.write_text(write_sheet(stretches, site), "utf-8-sig")
    return len(stretches)


def draw(db: sqlite3.Connection, count: int, dice: random.Random) -> tuple[Stretch, ...]:
    """Return up to `count` stretches of a published file, in order, none twice."""
    passages = db.execute(
        "SELECT passages.id, turns.recording_id, COALESCE(people.name, ''), text, words"
        " FROM passages JOIN turns ON turns.id = turn_id"
        " LEFT JOIN people ON people.id = person_id WHERE words IS NOT NULL"
        " ORDER BY turns.recording_id, passages.start_ms, passages.id"
    ).fetchall()
    stretches = [stretch for row in passages for stretch in _stretches(*row[1:])]
    weights = [max(1, one.end_ms - one.start_ms) for one in stretches]
    taken: set[int] = set()
    ends = list(accumulate(weights))
    while len(taken) < min(count, len(stretches)):
        taken.add(bisect_right(ends, dice.randrange(ends[-1])))
    return tuple(stretches[place] for place in sorted(taken))


def _stretches(recording: str, speaker: str, text: str, words: str) -> list[Stretch]:
    """Cut a passage at the ends of sentences, and where a sentence is too long."""
    made: list[Stretch] = []
    texts, times = text.split(" "), json.loads(words)
    start = 0
    for place, word in enumerate(texts):
        last = place + 1 == len(texts)
        if last or ends_sentence(word) or place + 1 - start >= LONGEST_WORDS:
            said = " ".join(texts[start : place + 1])
            made.append(Stretch(recording, times[start][0], times[place][1], speaker, said))
            start = place + 1
    return made


def write_sheet(stretches: Sequence[Stretch], site: str | None) -> str:
    """Return the sheet as CSV; `site` is the archive's address, for the links to play."""
    text = StringIO()
    table = csv.writer(text)
    table.writerow(HEAD)
    links = Links.from_afar(site or "http://127.0.0.1:8001")
    for number, one in enumerate(stretches, start=1):
        address = links.recording(one.recording, one.start_ms, one.end_ms)
        times = (clock(one.start_ms), clock(one.end_ms))
        said = (safe(one.speaker), safe(one.text))
        table.writerow((number, address, one.recording, *times, *said, "", ""))
    return text.getvalue()


def read_sheet(path: Path) -> dict[str, Share]:
    """Count a sheet that was filled in: {"text": …, "name": …}. Raises FileFault.

    A cell that was left empty is not judged. Spreadsheets may save it with semicolons.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFault(
            "it cannot be read ({reason})",
            "save the sheet as CSV, in UTF-8",
            path=path,
            reason=error,
        ) from error
    first = text.partition("\n")[0]
    rows = csv.reader(StringIO(text), delimiter=max(",;\t", key=first.count))
    head = next(rows, [])
    missing = [name for name in (TEXT_RIGHT, NAME_RIGHT) if name not in head]
    if missing:
        raise FileFault(
            "it has no column `{column}`",
            "make a sheet with `plenary evaluate --sample 30` and keep its first line",
            path=path,
            column=missing[0],
        )
    columns = {"text": head.index(TEXT_RIGHT), "name": head.index(NAME_RIGHT)}
    answers: dict[str, list[bool]] = {name: [] for name in columns}
    for number, row in enumerate(rows, start=2):
        for name, column in columns.items():
            cell = row[column].strip().lower() if column < len(row) else ""
            if cell and cell not in YES | NO:
                raise FileFault(
                    "`{cell}` is neither yes nor no",
                    "write yes or no, or leave it empty where you cannot tell",
                    path=path,
                    line=number,
                    cell=cell,
                )
            answers[name] += [cell in YES] if cell else []
    return {name: Share(sum(told), len(told)) for name, told in answers.items()}


def as_json(shares: dict[str, Share]) -> str:
    """Return the shares for programs."""
    told = {
        name: {"right": s.right, "judged": s.judged, "interval": s.interval}
        for name, s in shares.items()
    }
    return json.dumps(told, indent=2)


def shares_table(shares: dict[str, Share]) -> str:
    """Return one line for each share."""
    return "\n".join(_line(name, share) for name, share in shares.items())


_JUDGED = {"text": Text("text"), "name": Text("name")}


def _line(name: str, share: Share) -> str:
    low, high = share.interval
    if not share.judged:
        return say("{what}: none was judged", what=_JUDGED[name])
    return say(
        "{what}: {right} of {judged} right; for the whole archive between"
        " {low:.1%} and {high:.1%} (95 % interval)",
        what=_JUDGED[name],
        right=share.right,
        judged=share.judged,
        low=low,
        high=high,
    )
