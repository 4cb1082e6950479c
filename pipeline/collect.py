"""Drop kept results that nothing uses any more.

What is in use is told by the run's own computation of keys: every recording is taken through
its steps by a ledger that is only asked and marks what it finds. A recording that is not
finished (due, failed, its disk absent) keeps everything that was ever made of its captures and
transcripts.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING

from archive.errors import PlenaryError
from pipeline.config import load_settings
from pipeline.dropping import descendants, drop
from pipeline.event import originals_of
from pipeline.hear import hear
from pipeline.ledger import DELETION, Done, Due, Ledger, Step
from pipeline.night import opened, refuse_unbegun
from pipeline.programme import load_events
from pipeline.progress import Progress
from pipeline.recognising import NOTHING
from pipeline.run import something_is_absent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from pipeline.event import Event, Recording
    from pipeline.hear import Bench


@dataclass(frozen=True)
class Collected:
    """What was dropped, or would be: results by step, rows of files, and files with their bytes.

    `unfinished` are the recordings whose results were all kept; `absent` says that a disk
    with events, or with captures never seen, is not connected, so that only what belonged to
    finished recordings was dropped.
    """

    results: dict[str, int]
    result_bytes: int
    rows: int
    files: tuple[Path, ...]
    file_bytes: int
    unfinished: tuple[str, ...]
    absent: bool

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to drop."""
        return not (self.results or self.rows or self.files)


class _Marking(Ledger):
    """Only asked; marks the keys that it finds and the files that it is asked for."""

    def __init__(self, db: Database, kept: Path) -> None:
        super().__init__(db, kept, only_asked=True)
        self.keys: set[str] = set()
        self.paths: set[str] = set()

    def find(self, step: Step) -> Done | None:
        done = super().find(step)
        if done is not None:
            self.keys.add(step.key)
        return done

    def sha256(self, path: Path) -> str:
        self.paths.add(str(path))
        return super().sha256(path)


@dataclass
class _Marks:
    """What is in use. `finished` and `unfinished` are hashes of captures and transcripts."""

    keys: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    unknown: bool = False


def collect(
    config: Path, *, dry_run: bool = False, progress: Callable[[int, int], None] | None = None
) -> Collected:
    """Drop what nothing uses; with `dry_run` only say what would be dropped.

    `progress` hears how many recordings of how many were looked at. Interrupted, it leaves
    what the next call drops. Raises as a run does, before anything is dropped.
    """
    settings = load_settings(config)
    refuse_unbegun(settings)
    events = load_events(settings.events)
    with opened(settings, events, Progress(StringIO())) as (bench, store):
        marks = _mark(bench, store.db, events, progress or (lambda _done, _all: None))
        marks.unknown |= something_is_absent(settings.events, {event.id for event in events})
        steps = _unused_steps(store.db, marks)
        rows = list(_unused_rows(store.db, marks, steps, events))
        files = tuple(_unused_files(settings.data, store.db, steps))
        found = Collected(
            results=_counted(store.db, steps),
            result_bytes=_bytes_of(store.db, steps),
            rows=len(rows),
            files=files,
            file_bytes=sum(file.stat().st_size for file in files),
            unfinished=tuple(marks.names),
            absent=marks.unknown,
        )
        if not dry_run and not found.is_empty:
            drop(store.db, steps, rows, files)
            # On a disk that is nearly full there may be no room to rewrite work.db: the space is
            # then used by what comes next.
            with contextlib.suppress(sqlite3.OperationalError):
                store.db.conn.execute("VACUUM")
            detail = f"{sum(found.results.values())} results, {len(files)} files"
            bench.ledger.note(DELETION, "", "collect", "success", detail)
    return found


def _mark(
    bench: Bench, db: Database, events: Sequence[Event], progress: Callable[[int, int], None]
) -> _Marks:
    marks = _Marks()
    if bench.model is not None:
        marks.paths |= {str(file) for file in bench.model.folder.iterdir()}
    recordings = [(event, recording) for event in events for recording in event.recordings]
    for place, (event, recording) in enumerate(recordings):
        progress(place, len(recordings))
        ledger = _Marking(db, bench.ledger.kept)
        told = replace(bench, ledger=ledger, progress=Progress(StringIO()))
        roots = _roots(ledger, event, recording)
        marks.unknown |= None in roots.values()
        try:
            hashes = [ledger.sha256(capture) for capture in recording.captures]
            hear(told, event, recording, hashes, NOTHING)
        except (Due, PlenaryError):
            marks.names.append(f"{event.id}/{recording.id}")
            marks.unfinished |= {sha256 for sha256 in roots.values() if sha256 is not None}
        else:
            marks.finished |= {sha256 for sha256 in roots.values() if sha256 is not None}
        marks.keys |= ledger.keys
        marks.paths |= ledger.paths
    # What stands and is no file of the ledger's (a web copy) says itself what it was made from.
    marks.keys |= {key.partition(" ")[0] for _, key in bench.ledger.applied()}
    return marks


def _roots(ledger: Ledger, event: Event, recording: Recording) -> dict[Path, str | None]:
    """Return the hashes of what a recording is made from; None where nothing vouches for one."""
    roots: dict[Path, str | None] = {}
    for path in originals_of(event, recording):
        roots[path] = None
        with contextlib.suppress(Due, PlenaryError):
            roots[path] = ledger.sha256(path)
    return roots


def _unused_steps(db: Database, marks: _Marks) -> set[str]:
    """Return the keys of results that nothing uses.

    A result descends from a file when it was made of it, or of what was made of it.
    """
    made = db.execute("SELECT key, inputs, output_sha256 FROM steps ORDER BY rowid").fetchall()
    read = [(key, set(json.loads(inputs).values()), output) for key, inputs, output in made]
    unused = {key for key, _, _ in read} - marks.keys - descendants(read, marks.unfinished)
    return unused & descendants(read, marks.finished) if marks.unknown else unused


def _unused_rows(
    db: Database, marks: _Marks, steps: set[str], events: Sequence[Event]
) -> Iterator[tuple[str, str]]:
    """Yield statements and their argument for rows about files and recordings that are gone.

    With a disk absent none is dropped: they are small, and may be all that is known of it.
    """
    if marks.unknown:
        return
    places = dict(db.execute("SELECT path, sha256 FROM places").fetchall())
    wanted = {""} | {sha256 for path, sha256 in places.items() if path in marks.paths}
    for key, inputs in db.execute("SELECT key, inputs FROM steps").fetchall():
        if key not in steps:
            wanted |= set(json.loads(inputs).values())
    for path in sorted(places.keys() - marks.paths):
        yield "DELETE FROM places WHERE path = ?", path
    for mark, sha256 in db.execute("SELECT fingerprint, sha256 FROM files").fetchall():
        if sha256 not in wanted:
            yield "DELETE FROM files WHERE fingerprint = ?", mark
    given = {f"{event.id}/{recording.id}" for event in events for recording in event.recordings}
    for table in ("failures", "plans"):
        told = db.execute(f"SELECT DISTINCT recording_id FROM {table}").fetchall()  # noqa: S608
        for (name,) in told:
            if name not in given:
                yield f"DELETE FROM {table} WHERE recording_id = ?", name  # noqa: S608


def _unused_files(data: Path, db: Database, steps: set[str]) -> Iterator[Path]:
    """Yield kept files that belong to no result, and what interrupted work left behind.

    Nothing is being written: a run would hold the archive.
    """
    keys = {row[0] for row in db.execute("SELECT key FROM steps WHERE step = 'sound'").fetchall()}
    for file in sorted((data / "kept").iterdir()):
        if file.is_file() and file.stem not in keys - steps:
            yield file
    yield from sorted((data / "media").glob("**/.*.part"))
    yield from sorted((data / "public").glob(".archive*.tmp*"))


def _counted(db: Database, keys: set[str]) -> dict[str, int]:
    """Count results by the name of their step."""
    counts: dict[str, int] = {}
    for key, step in db.execute("SELECT key, step FROM steps ORDER BY step").fetchall():
        if key in keys:
            counts[step] = counts.get(step, 0) + 1
    return counts


def _bytes_of(db: Database, keys: set[str]) -> int:
    sizes = db.execute(
        "SELECT key, LENGTH(options) + LENGTH(inputs) + LENGTH(result) FROM steps"
    ).fetchall()
    return sum(size for key, size in sizes if key in keys)
