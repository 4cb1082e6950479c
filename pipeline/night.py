"""One call of `plenary run`: open what it needs, run, close; nothing is left behind."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from archive.corrections.model import read as read_corrections
from archive.corrections.report import open_questions
from archive.errors import ArchiveFault, ClusterFault, Faults, FileFault
from archive.store import open_store
from archive.wording import Text, say
from pipeline import settled
from pipeline.awake import awake
from pipeline.config import load_settings
from pipeline.erasing import erase_what_is_due
from pipeline.executors import Engine, cores_here, usual_workers
from pipeline.executors.inline import Inline
from pipeline.executors.local import Local
from pipeline.following import followed
from pipeline.hear import Bench, recognised
from pipeline.ledger import Ledger
from pipeline.models import find_model, model_hash
from pipeline.pictures import take_back
from pipeline.programme import load_events
from pipeline.progress import Progress
from pipeline.reasons import DueStep
from pipeline.run import Outcome, drop_events, due, holding, run
from pipeline.steps import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from archive.store import Store
    from pipeline.config import Settings
    from pipeline.event import Event
    from pipeline.executors import Executor

_SILENT_S = 10


@dataclass(frozen=True)
class Request:
    """What the archivist asked for: which configuration, which events (none: all), until when."""

    config: Path
    events: tuple[str, ...] = ()
    until: datetime | None = None


def run_archive(request: Request, progress: Progress) -> Outcome:
    """Do whatever is due.

    Raises Faults for wrong files, model, disk or data folder, before any work; Busy; Stopped.
    """
    if _is_settled(request):
        return Outcome()
    settings = load_settings(request.config)
    # As it was before anything was read: what changes meanwhile, the date too, is seen next time.
    today, files = _today(), settled.written(settings)
    events, given = _read(request, settings)
    began = (settings.data / "work.db").exists()
    if not began:
        _refuse_faults(request.config)
    with opened(settings, events, progress, until=request.until) as (opened_bench, store):
        # What a withdrawal that was cut short left to do, of every event, before all else.
        take_back(settings.data, store, opened_bench.ledger)
        erase_what_is_due(settings.data, store, opened_bench.ledger)
        bench, unmet = followed(opened_bench, store, events)
        waiting = due(_asked(bench, store), store, events, Looking(progress))
        if waiting and began:
            _refuse_faults(request.config, {name: one.step for name, one in waiting.items()})
        drop_events(bench, store, given)
        with awake():
            outcome = run(bench, store, events, waiting)
        if outcome.heard:
            outcome.questions = tuple(open_questions(store.db.conn))
        outcome.unmet = tuple({str(fault): fault for fault in (*unmet, *outcome.unmet)}.values())
        if not (request.events or outcome.failed or outcome.stopped or outcome.unmet):
            settled.settle(settings, store, bench.ledger, files, today)
        return outcome


@dataclass
class Looking:
    """Tells now and then how far the look for what is due has come: in a large archive it lasts."""

    progress: Progress
    told_s: float = field(default_factory=time.monotonic)

    def __call__(self, done: int, total: int) -> None:
        """Say it, if nothing was said for a while."""
        if time.monotonic() - self.told_s > _SILENT_S:
            self.told_s = time.monotonic()
            told = "looking for what is due: {done} of {total} recordings"
            self.progress.say(say(told, done=done, total=total))


def due_in(request: Request) -> dict[str, DueStep]:
    """Tell the first step that is due for each recording, and why; raises as a run does."""
    if _is_settled(request):
        return {}
    settings = load_settings(request.config)
    events, _ = _read(request, settings)
    if not (settings.data / "work.db").exists():
        new = DueStep("sound", say("a new recording"))
        return {f"{e.id}/{r.id}": new for e in events for r in e.recordings}
    with opened(settings, events, Progress(StringIO())) as (bench, store):
        return due(_asked(bench, store), store, events)


def _asked(bench: Bench, store: Store) -> Bench:
    ledger = Ledger(store.db, bench.ledger.kept, only_asked=True)
    return replace(bench, ledger=ledger, progress=Progress(StringIO()))


def _refuse_faults(config: Path, only: Mapping[str, str] | None = None) -> None:
    """Raise Faults for what would stop the whole run; one bad capture does not.

    Of an archive that stands `only` the captures are opened that are to be worked on.
    """
    from pipeline.check import check  # noqa: PLC0415 (opens captures: only before work)

    faults = check(config, only).faults
    if faults:
        raise Faults(faults)


def _is_settled(request: Request) -> bool:
    """Tell whether nothing is due because nothing changed; asks no programme."""
    settings = load_settings(request.config)
    if not (settings.data / "work.db").exists() or not settings.events.is_dir():
        return False
    with held(settings) as (store, ledger):
        known = {row[0] for row in store.db.execute("SELECT id FROM events")}
        asked = set(request.events)
        return asked <= known and settled.is_settled(settings, store, ledger, _today())


def _today() -> date:
    # An access date is a day of the archivist's calendar.
    return date.today()  # noqa: DTZ011


def _read(request: Request, settings: Settings) -> tuple[tuple[Event, ...], set[str]]:
    """Return the events asked for, and the ids of all that there are."""
    events = load_events(settings.events)
    known = {event.id for event in events}
    for name in request.events:
        if name not in known:
            raise FileFault(
                "there is no event {name}",
                "the events are: {known}",
                path=settings.events,
                name=name,
                known=", ".join(sorted(known)) or Text("none"),
            )
    asked = tuple(e for e in events if not request.events or e.id in request.events)
    return asked, known


@contextmanager
def opened(
    settings: Settings,
    events: Sequence[Event],
    progress: Progress,
    *,
    until: datetime | None = None,
) -> Iterator[tuple[Bench, Store]]:
    """Hold the archive with everything open. Raises as `held` does."""
    folder = _model_folder(settings, events)
    with held(settings, until=until) as (store, ledger):
        model = None if folder is None else _model(settings, folder, ledger)
        corrections = read_corrections(store.db.conn)
        with _executor(settings, model, ledger, progress) as executor:
            yield Bench(settings, ledger, progress, model, executor, corrections), store


@contextmanager
def held(settings: Settings, *, until: datetime | None = None) -> Iterator[tuple[Store, Ledger]]:
    """Hold the archive with its database open. Raises Busy; ArchiveFault where the disk fails."""
    work = settings.data / "work.db"
    try:
        with holding(settings.data), open_store(work) as store:
            kept = settings.data / "kept"
            kept.mkdir(exist_ok=True)
            yield store, Ledger(store.db, kept, until=until)
    except sqlite3.OperationalError as error:
        raise ArchiveFault(
            "the working database cannot be written: {reason}",
            "free some space on its disk and run again: what was done is kept",
            path=work,
            reason=error,
        ) from error


def refuse_unbegun(settings: Settings) -> None:
    """Raise ArchiveFault where no run was ever made."""
    work = settings.data / "work.db"
    if not work.exists():
        raise ArchiveFault("nothing was done here yet", "run `plenary run` first", path=work)


def engine(settings: Settings, folder: Path) -> tuple[Engine, int]:
    """Return how the model in `folder` is run here, and by how many workers at once."""
    cores = cores_here()
    device, kind = settings.transcription.device, settings.transcription.compute_type
    workers = settings.run.workers
    if settings.run.executor == "inline":
        workers = 1
    elif workers == "auto":
        workers = usual_workers(folder, device, cores)
    return Engine(folder, device, kind, max(1, cores // workers)), workers


def _model(settings: Settings, folder: Path, ledger: Ledger) -> Model:
    # A folder is told by its last name: the path of a machine is nobody's business.
    name = Path(settings.transcription.model).name
    return Model(name, folder, model_hash(folder, ledger.sha256))


def _model_folder(settings: Settings, events: Sequence[Event]) -> Path | None:
    """Return the model's folder; None where every session brings its transcripts."""
    if not any(recognised(event, r) for event in events for r in event.recordings):
        return None
    return find_model(settings.transcription.model, settings.data)


def _executor(
    settings: Settings, model: Model | None, ledger: Ledger, progress: Progress
) -> Executor:
    if settings.run.executor == "dask" and model is not None:
        refuse_without_extra()
        from pipeline.executors.dask import Dask  # noqa: PLC0415 (an extra, and slow)
        from pipeline.executors.wire import identity  # noqa: PLC0415

        ours = identity(model.sha256, settings.transcription.compute_type)
        refused = partial(ledger.note, "processing", "", "words", "failure")
        return Dask(settings.run, ours, progress, refused)
    how, workers = engine(settings, settings.data if model is None else model.folder)
    return Local(how, workers) if settings.run.executor == "local" else Inline(how)


def refuse_without_extra() -> None:
    """Raise ClusterFault where the packages for a cluster are not installed."""
    if find_spec("distributed") is None:
        raise ClusterFault(
            "the packages for more than one machine are not installed",
            'install them: pip install "plenary-archive[cluster]"',
        )
