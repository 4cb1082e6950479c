"""Which recordings are due, in what order, and what becomes of one that fails.

Words come before pictures: every recording is heard, attributed, stored and published
as soon as it is done; then come the sound copies of all, then their pictures. A recording
that fails costs only itself. Nothing that the ledger holds is done again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import IO, TYPE_CHECKING

from archive.errors import ArchiveFault, Busy, CaptureFault, ClusterFault, PlenaryError, Stopped
from archive.wording import Text, say
from pipeline import rows
from pipeline.following import followed
from pipeline.hear import Bench, begin, hear, inputs, promise_first, recognised
from pipeline.ledger import Due, Step, digest
from pipeline.listening import recording_ms
from pipeline.pictures import make_pictures, make_sound_copy, withdraw
from pipeline.publication import Publisher
from pipeline.reasons import DueStep, why
from pipeline.recognising import NOTHING, Meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from archive.publish import Published
    from archive.store import Store
    from pipeline.event import Event, Recording

# Raised when the way from a programme to rows changes.
_ROWS_VERSION = 1
# A recording whose first due step is one of these will need the recogniser.
_BEFORE_WORDS = {"sound", "hearing", "words"}
# Without work.db or without workers the night stops, not one recording.
_NOT_OF_ONE_RECORDING = (Stopped, Due, ClusterFault, sqlite3.Error)


@dataclass
class Outcome:
    """What a run did: recordings by what happened to them.

    `sound_ms` is the length of all that was heard; `missing` gives, by recording, the
    milliseconds of sound that its captures should hold and do not; `unmet` are the corrections
    of files that cannot be made, and `questions` what of the corrections waits for a person.
    """

    heard: list[str] = field(default_factory=list)
    sound_ms: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    pictured: list[str] = field(default_factory=list)
    failed: dict[str, PlenaryError] = field(default_factory=dict)
    unmet: tuple[PlenaryError, ...] = ()
    questions: tuple[str, ...] = ()
    published: Published | None = None
    stopped: Stopped | None = None


@contextmanager
def holding(data: Path) -> Iterator[None]:
    """Hold the archive for one run.

    Raises Busy with the holder's process number, ArchiveFault where nothing can be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "run.lock").open("a+")
    except OSError as error:
        raise ArchiveFault(
            "the data folder cannot be written: {reason}",
            "choose another `data:` in config.yaml, or change its rights",
            path=data,
            reason=error.strerror or str(error),
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                "another run holds the archive (process {holder})",
                "wait until it ends, or stop it",
                path=data,
                holder=_holder(lock),
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _holder(lock: IO[str]) -> str:
    """Return the number of the process that holds the lock, which it writes once it has it."""
    for _ in range(50):
        lock.seek(0)
        told = lock.read().strip()
        with suppress(ValueError, ProcessLookupError, PermissionError):
            os.kill(int(told), 0)
            return told
        time.sleep(0.02)
    return told or Text("unknown")


def drop_events(bench: Bench, store: Store, given: Collection[str]) -> None:
    """Remove the events that no programme gives any more, their copies too.

    What was recognised stays in the ledger: an event that comes back costs no work. Nothing
    is removed while something shows that a disk with events is absent.
    """
    if something_is_absent(bench.settings.events, given):
        return
    for (event_id,) in store.db.execute("SELECT id FROM events ORDER BY id").fetchall():
        if event_id not in given:
            # First what a visitor hears: killed in between, the event is still there to be removed.
            shutil.rmtree(bench.settings.data / "media" / event_id, ignore_errors=True)
            bench.ledger.forget(event_id)
            store.remove_event(event_id)


def something_is_absent(folder: Path, given: Collection[str]) -> bool:
    """Tell whether there may be events beside those `given`, on a disk that is not connected."""
    return not given or any(_is_absent(child) for child in folder.iterdir())


def _is_absent(child: Path) -> bool:
    """Tell whether this is a link that leads nowhere, or a mount point with nothing mounted."""
    return not child.exists() or (child.is_dir() and not any(child.iterdir()))


def run(
    bench: Bench, store: Store, events: Sequence[Event], waiting: Mapping[str, DueStep]
) -> Outcome:
    """Bring the `waiting` recordings of the events up to date, words first, then pictures.

    When it is time to stop, `stopped` says so; what was done is kept and published.
    """
    outcome, publisher = Outcome(), Publisher(bench.settings, store, bench.ledger)
    bench.progress.plan(_planned(bench, events, waiting))
    for event in events:
        _put_programme(bench, store, event)
        withdraw(bench.settings.data, store, bench.ledger, event)
    publisher.if_due()
    try:
        _work(bench, store, events, waiting, outcome, publisher)
    except Stopped as reason:
        outcome.stopped = reason
    # What failed is said in public too.
    publisher.if_due()
    outcome.published = publisher.shown
    return outcome


def _work(
    bench: Bench,
    store: Store,
    events: Sequence[Event],
    waiting: Mapping[str, DueStep],
    outcome: Outcome,
    publisher: Publisher,
) -> None:
    queue = [(e, r) for e, r in _recordings(events) if f"{e.id}/{r.id}" in waiting]
    for (event, recording), following in zip_longest(queue, queue[1:]):
        name = f"{event.id}/{recording.id}"
        meanwhile = Meanwhile(
            partial(_before, begin, bench, following),
            partial(_before, promise_first, bench, following),
        )
        if waiting[name].step in _BEFORE_WORDS and recognised(event, recording):
            bench.executor.warm()
        with _costing_only_itself(bench, store, outcome, recording, name):
            if _words(bench, store, event, recording, meanwhile):
                # What its corrections.yaml says can be laid on its words now; a voice that is
                # known there is sought in the rest of it.
                bench, unmet = followed(bench, store, [event])
                outcome.unmet += unmet
                _words(bench, store, event, recording)
                _count(store, name, outcome)
                # Words given to somebody who wants nothing published leave the copy now.
                withdraw(bench.settings.data, store, bench.ledger, event)
                publisher.now_and_then()
    for make in (make_sound_copy, make_pictures):
        for event, recording in _with_pictures(bench, events):
            name = f"{event.id}/{recording.id}"
            if name not in waiting or name in outcome.failed:
                continue
            with _costing_only_itself(bench, store, outcome, recording, name, heard=True):
                if make(bench.settings, store, bench.ledger, bench.progress, event, recording):
                    if name not in outcome.pictured:
                        outcome.pictured.append(name)
                    publisher.now_and_then()


def _count(store: Store, name: str, outcome: Outcome) -> None:
    row = store.db.table("recordings").get(name)
    outcome.heard.append(name)
    outcome.sound_ms += row["duration_ms"]
    if row["missing_ms"]:
        outcome.missing[name] = row["missing_ms"]


def due(
    bench: Bench,
    store: Store,
    events: Sequence[Event],
    look: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, DueStep]:
    """Tell the first step that is due for each recording that has one, and why.

    Nothing is done: the bench's ledger must be one that is only asked. A recording whose
    captures cannot be read is due from the start: a run finds out what is wrong with it. `look`
    is told how many recordings were looked at, of how many.
    """
    found: dict[str, DueStep] = {}
    pictured = {(e.id, r.id) for e, r in _with_pictures(bench, events)}
    recordings = list(_recordings(events))
    for place, (event, recording) in enumerate(recordings):
        look(place, len(recordings))
        name = f"{event.id}/{recording.id}"
        try:
            _words(bench, store, event, recording)
            if (event.id, recording.id) in pictured:
                for make in (make_sound_copy, make_pictures):
                    make(bench.settings, store, bench.ledger, bench.progress, event, recording)
        except Due as answer:
            found[name] = why(bench.ledger, name, recording, answer)
        except CaptureFault as fault:
            found[name] = DueStep("sound", fault.shown().partition("\n")[0])
    return found


def _planned(
    bench: Bench, events: Sequence[Event], waiting: Mapping[str, DueStep]
) -> dict[str, float]:
    """Return how much sound lies before each stage of the night, at the most."""
    lengths = {
        (event.id, recording.id): recording_ms(recording)
        for event, recording in _recordings(events)
        if f"{event.id}/{recording.id}" in waiting
    }
    copies = [lengths.get((e.id, r.id), 0) for e, r in _with_pictures(bench, events)]
    heard = [
        lengths[event.id, recording.id]
        for event, recording in _recordings(events)
        if (event.id, recording.id) in lengths and recognised(event, recording)
    ]
    whole = sum(lengths.values())
    return {
        "sound": whole,
        "speech": whole,
        "words": sum(heard),
        "who speaks": whole,
        "sound copy": sum(copies),
        "web copy": sum(copies),
    }


def _recordings(events: Sequence[Event]) -> Iterator[tuple[Event, Recording]]:
    return ((event, recording) for event in events for recording in event.recordings)


def _with_pictures(bench: Bench, events: Sequence[Event]) -> Iterator[tuple[Event, Recording]]:
    """Recordings whose web copy is ours to make: those not played from elsewhere."""
    if bench.settings.media.web_copy:
        yield from ((e, r) for e, r in _recordings(events) if r.media is None)


@contextmanager
def _costing_only_itself(
    bench: Bench,
    store: Store,
    outcome: Outcome,
    recording: Recording,
    name: str,
    *,
    heard: bool = False,
) -> Iterator[None]:
    """Note what goes wrong and go on; words that stand (`heard`) are not called failed for it."""
    try:
        yield
    except _NOT_OF_ONE_RECORDING:
        raise
    except PlenaryError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 (a bug, or a library's: the night goes on)
        bench.ledger.note("processing", name, "run", "failure", traceback.format_exc())
        failure = PlenaryError(
            "something unforeseen happened: {kind}: {reason}",
            "report it with the last line of work.db's table `history`",
            kind=type(error).__name__,
            reason=error,
        )
    else:
        bench.ledger.clear(name)
        return
    outcome.failed[name] = failure
    absent = any(not capture.exists() for capture in recording.captures)
    if absent or not heard:
        store.set_status(name, "waiting" if absent else "failed")
    bench.ledger.fail(name, failure)
    bench.progress.say(say("{name}  failed\n  {failure}", name=name, failure=failure.shown()))


def _put_programme(bench: Bench, store: Store, event: Event) -> None:
    tables = rows.event_tables(event)
    key = digest([_ROWS_VERSION, tables])
    if not bench.ledger.is_applied(f"programme:{event.id}", key):
        with store.db.atomic():
            store.put_event(event.id, tables)
            bench.ledger.apply(f"programme:{event.id}", key)


def _before(
    work: Callable[[Bench, Event, Recording, list[str]], None],
    bench: Bench,
    following: tuple[Event, Recording] | None,
) -> None:
    """Do work for the recording whose turn is next; what is wrong with it is told in its turn."""
    if following is None:
        return
    event, recording = following
    try:
        work(bench, event, recording, _hashes(bench, recording))
    except _NOT_OF_ONE_RECORDING:
        raise
    except Exception:  # noqa: BLE001, S110 (not this recording's fault: it comes again in its turn)
        pass


def _hashes(bench: Bench, recording: Recording) -> list[str]:
    return [bench.ledger.sha256(capture) for capture in recording.captures]


def _words(
    bench: Bench,
    store: Store,
    event: Event,
    recording: Recording,
    meanwhile: Meanwhile = NOTHING,
) -> bool:
    """Hear a recording and store what was heard; tell whether that was due."""
    name = f"{event.id}/{recording.id}"
    hashes = _hashes(bench, recording)
    key = inputs(bench, event, recording, hashes)
    known = store.db.execute(
        "SELECT 1 FROM recordings WHERE id = ? AND status IN ('ok', 'partial')", [name]
    ).fetchone()
    if known and bench.ledger.is_applied(f"recording:{name}", key):
        return False
    story = hear(bench, event, recording, hashes, meanwhile)
    bench.ledger.claim(Step("storing", _ROWS_VERSION, {"all": key}))
    with store.db.atomic():
        store.put_recording(
            rows.recording_row(event.id, recording.id, story.sound), story.tables(recording, hashes)
        )
        bench.ledger.apply(f"recording:{name}", key)
        bench.ledger.note("processing", name, "storing", "success")
    return True
