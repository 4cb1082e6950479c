"""What every executor keeps: the same answers, a lost worker costs one block, nothing is left."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlite_utils import Database
from stations import (
    FATAL,
    FULL,
    POISON,
    RECOGNITION,
    WAITS,
    begun,
    commanded,
    is_alive,
    let_go,
    parent_of,
    said,
    site,
    task,
    wait_for,
)

from archive.errors import CaptureFault, ClusterFault, ModelFault
from pipeline import listening, recognising, split
from pipeline.container import capture_sound
from pipeline.executors import Engine, Task
from pipeline.executors import dask as dask_executor
from pipeline.executors.inline import Inline
from pipeline.executors.local import Local
from pipeline.executors.parcel import _flac
from pipeline.ledger import Done, Ledger, Step
from pipeline.model import Span, Window
from pipeline.progress import Progress
from pipeline.recognising import NOTHING, Asked, Meanwhile
from pipeline.transcribe import Recognition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from stations import Site

    from pipeline.executors import Executor
    from pipeline.model import Recognised
    from pipeline.progress import Stage


pytestmark = pytest.mark.slow

MODEL_SHA = "0" * 64


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a scheduler with two honest stations, which no test kills or stops."""
    with site(tmp_path_factory.mktemp("marks"), stations=2) as here:
        yield here


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Return the folder of a test that has stations of its own."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Kind:
    """A way to run: how its executor is made, with two workers (inline: itself), and its marks."""

    make: Callable[[], Executor]
    marks: Path


@pytest.fixture(params=["inline", "local", "dask"])
def kind(request: pytest.FixtureRequest, marks: Path) -> Iterator[Kind]:
    """Return each way to run in turn."""
    if request.param == "dask":
        here = request.getfixturevalue("shared")
        yield Kind(here.executor, here.marks)
        let_go(here.marks)
    elif request.param == "local":
        yield Kind(lambda: Local(commanded(marks), 2), marks)
    else:
        yield Kind(lambda: Inline(commanded(marks)), marks)


beside = pytest.mark.parametrize("kind", ["local", "dask"], indirect=True)


def _sound(folder: Path, blocks: int) -> tuple[listening.Sound, list[list[Window]]]:
    """Return sound that is cut into so many blocks, each of its own length."""
    lengths = [60 + n for n in range(blocks)]
    dice = np.random.default_rng(5)
    pcm = dice.integers(-9_000, 9_000, sum(lengths) * 16).astype("<i2").tobytes()
    path = folder / "sound.flac"
    path.write_bytes(_flac(pcm))
    ends = np.cumsum(lengths)
    windows = [[Window(Span(int(e) - n, int(e)))] for e, n in zip(ends, lengths, strict=True)]
    done = Done(Step("sound", 1, {}), None, "1" * 64, "")
    return listening.Sound(path, "1" * 64, (), int(ends[-1]), (), (), done), windows


def _content(folder: Path, executor: Executor, blocks: int = 7) -> list[tuple[object, ...]]:
    """Recognise a session through the ledger; return all that it recorded, its moments aside."""
    folder.mkdir(exist_ok=True)
    source, windows = _sound(folder, blocks)
    db = Database(folder / "work.db")
    ledger = Ledger(db, folder)
    with executor, Progress(StringIO()).stage("hall", "words", 0) as stage:
        _recognise(ledger, source, windows, executor, stage)
    query = "SELECT key, options, inputs, result, output_sha256 FROM steps ORDER BY key"
    return list(db.execute(query).fetchall())


def _recognise(
    ledger: Ledger,
    source: listening.Sound,
    windows: list[list[Window]],
    executor: Executor,
    stage: Stage,
    meanwhile: Meanwhile = NOTHING,
    promised: dict[str, Future[Recognised]] | None = None,
) -> None:
    recognising.words(
        ledger,
        Asked(source, windows, RECOGNITION, MODEL_SHA),
        executor,
        stage,
        meanwhile,
        {} if promised is None else promised,
    )


def test_the_same_content_wherever_it_runs(kind: Kind, tmp_path: Path) -> None:
    """The ledger holds the same keys and results, to the last byte, from every executor."""
    found = _content(tmp_path / "found", kind.make())
    assert found == _content(tmp_path / "inline", Inline(commanded(kind.marks)))
    assert len(found) == 7


def test_the_next_session_is_under_way_before_its_turn(kind: Kind, tmp_path: Path) -> None:
    """Workers elsewhere get its blocks once all of this one's are given.

    Workers of this machine get none: the words of this session are being attributed there.
    """
    source, blocks = _sound(tmp_path, 7)
    this, following = blocks[:4], blocks[4:]
    promised: dict[str, Future[Recognised]] = {}
    ledger = Ledger(Database(tmp_path / "work.db"), tmp_path)
    executor = kind.make()

    def promise() -> None:
        if not promised:
            asked = Asked(source, following, RECOGNITION, MODEL_SHA)
            recognising.give_ahead(ledger, asked, executor, promised)

    with executor, Progress(StringIO()).stage("hall", "words", 0) as stage:
        _recognise(ledger, source, this, executor, stage, Meanwhile(promise=promise), promised)
        assert len(promised) == min(3, executor.ahead)
        for answer in promised.values():
            answer.result(timeout=300)
        _recognise(ledger, source, following, executor, stage, promised=promised)
    assert not promised
    query = "SELECT key, options, inputs, result, output_sha256 FROM steps ORDER BY key"
    found = list(Database(tmp_path / "work.db").execute(query).fetchall())
    assert found == _content(tmp_path / "inline", Inline(commanded(kind.marks)))


def test_without_keys_of_their_own_answers_would_be_mixed_up(
    marks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: under one key Dask gives one answer to all, and the suite notices."""
    monkeypatch.setattr(dask_executor, "_key", lambda: "block")
    with site(marks, stations=1) as here, pytest.raises(CaptureFault, match="another sound"):
        _content(tmp_path / "found", here.executor())


def test_the_real_model_hears_the_same_everywhere(root: Path, marks: Path) -> None:
    """Every word, time and probability of the bundled model, second looks and languages too."""
    path = root / "demo" / "second" / "events" / "2025-10-09-sauvelande" / "captures"
    engine = Engine(root / "demo" / "model", "cpu", "int8", 1)
    real = _real_task(next(iter(sorted(path.glob("*")))))
    answers = []
    with site(marks) as here:
        here.station(engine=engine)
        here.ready(1)
        for executor in (Inline(engine), Local(engine, 1), here.executor()):
            with executor:
                answers.append(executor.submit(real).result(timeout=300))
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0].segments) > 1


def _real_task(capture: Path) -> Task:
    sound = capture_sound(capture, Span(20_000, 50_000))
    heard = split.listen([sound])
    windows = tuple(split.closer(heard, window) for window in split.plan(heard))
    pcm = np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()
    return Task(pcm, windows, Recognition("fr", "Claire Morel"))


def test_languages_come_back(kind: Kind) -> None:
    """A task with the language `auto` is answered with what each window may be spoken in."""
    with kind.make() as executor:
        heard = executor.submit(task(900, Recognition(language="auto"))).result(timeout=300)
    assert (heard.segments, heard.languages) == ((), ((("fr", 0.75), ("en", 0.25)),))


def test_errors_come_back_as_they_were(kind: Kind) -> None:
    """An error of the recogniser comes with its kind, its sentence and its next step."""
    with kind.make() as executor, pytest.raises(ModelFault, match="too full") as caught:
        executor.submit(task(FULL)).result(timeout=300)
    assert "choose a smaller one" in str(caught.value)


@beside
def test_a_killed_recogniser_costs_only_its_block(kind: Kind) -> None:
    """SIGKILL in the middle of a block: it is done again, and the others never notice."""
    with kind.make() as executor:
        futures = [executor.submit(task(n)) for n in (WAITS, 900, 901)]
        wait_for(lambda: begun(kind.marks))
        os.kill(begun(kind.marks)[0], signal.SIGKILL)
        wait_for(lambda: len(begun(kind.marks)) == 2)
        (kind.marks / "go").touch()
        assert [said(f.result(timeout=300)) for f in futures] == [str(WAITS), "900", "901"]


@beside
def test_a_block_that_kills_twice_is_set_aside(kind: Kind) -> None:
    """It fails with its evidence, and the next block is done."""
    with kind.make() as executor:
        poison, good = executor.submit(task(POISON)), executor.submit(task(900))
        with pytest.raises(CaptureFault, match=r"ended 2 times .*\(signal 9\)"):
            poison.result(timeout=300)
        assert said(good.result(timeout=300)) == "900"


@beside
def test_leaving_ends_what_is_under_way(kind: Kind) -> None:
    """A run that is left breaks its promises at once and leaves no recogniser of its own."""
    with kind.make() as executor:
        waiting = executor.submit(task(WAITS))
        wait_for(lambda: begun(kind.marks))
    assert waiting.done()
    if isinstance(executor, Local):
        assert not is_alive(begun(kind.marks)[0])


def test_a_stopped_station_is_replaced_and_its_late_answer_ignored(marks: Path) -> None:
    """SIGSTOP: another does its block; after SIGCONT its answer is late, and it works again."""
    with site(marks, stations=2) as here, here.executor() as executor:
        executor.warm()
        heard = executor.submit(task(WAITS))
        wait_for(lambda: begun(marks))
        first = begun(marks)[0]
        stopped = parent_of(first)
        os.kill(stopped, signal.SIGSTOP)
        wait_for(lambda: len(begun(marks)) == 2)
        (marks / "go").touch()
        result = heard.result(timeout=300)
        assert said(result) == str(WAITS)
        os.kill(stopped, signal.SIGCONT)
        here.ready(2)
        later = [executor.submit(task(n)) for n in range(900, 906)]
        assert [said(f.result(timeout=300)) for f in later] == [str(n) for n in range(900, 906)]
        assert heard.result() is result


def test_a_killed_station_costs_only_its_block(marks: Path) -> None:
    """SIGKILL of a whole station: another does its block, and its recogniser dies with it."""
    with site(marks, stations=2) as here, here.executor() as executor:
        executor.warm()
        heard = executor.submit(task(WAITS))
        wait_for(lambda: begun(marks))
        (first,) = begun(marks)
        os.kill(parent_of(first), signal.SIGKILL)
        wait_for(lambda: len(begun(marks)) == 2)
        wait_for(lambda: not is_alive(first))
        (marks / "go").touch()
        assert said(heard.result(timeout=300)) == str(WAITS)


def test_a_station_that_is_told_to_leave_hands_its_block_on(marks: Path) -> None:
    """SIGINT of a worker ends it, with its recogniser, at once; another does its block."""
    with site(marks, stations=2) as here, here.executor() as executor:
        heard = executor.submit(task(WAITS))
        wait_for(lambda: begun(marks))
        (first,) = begun(marks)
        leaving = parent_of(first)
        os.kill(leaving, signal.SIGINT)
        wait_for(lambda: len(begun(marks)) == 2)
        wait_for(lambda: not is_alive(first))
        (marks / "go").touch()
        assert said(heard.result(timeout=300)) == str(WAITS)
        wait_for(lambda: any(not station.is_alive() for station in here.stations))


def test_a_block_that_kills_two_stations_is_set_aside(marks: Path) -> None:
    """It is not given to a third, and says which machine it cost last."""
    with site(marks, stations=3) as here, here.executor() as executor:
        executor.warm()
        with pytest.raises(CaptureFault, match=r"ended 2 times .* tcp://127"):
            executor.submit(task(FATAL)).result(timeout=300)
        wait_for(lambda: sum(station.is_alive() for station in here.stations) == 1)
        assert said(executor.submit(task(900)).result(timeout=300)) == "900"


def test_a_killed_scheduler_ends_the_run_and_the_next_finishes(marks: Path, tmp_path: Path) -> None:
    """What was recorded stays; with a new scheduler the next run does the rest and no more."""
    folder = tmp_path / "found"
    with site(marks, stations=1) as here:
        executor = here.executor()
        with executor:
            assert said(executor.submit(task(900)).result(timeout=300)) == "900"
            waiting = executor.submit(task(WAITS))
            wait_for(lambda: begun(marks))
            assert here.scheduler is not None
            here.scheduler.kill()
            with pytest.raises(ClusterFault, match="is gone"):
                waiting.result(timeout=300)
            with pytest.raises(ClusterFault, match="is gone"):
                executor.submit(task(901)).result(timeout=300)
        (marks / "go").touch()
        here.scheduler.join()
        here.schedule()
        here.ready(1)
        found = _content(folder, here.executor())
    assert found == _content(tmp_path / "inline", Inline(commanded(marks)))


@beside
def test_a_slow_block_holds_up_no_other(kind: Kind) -> None:
    """What is quicker is answered before it."""
    with kind.make() as executor:
        slow = executor.submit(task(WAITS))
        wait_for(lambda: begun(kind.marks))
        quick = [executor.submit(task(n)) for n in range(900, 908)]
        assert [said(f.result(timeout=300)) for f in quick] == [str(n) for n in range(900, 908)]
        assert not slow.done()
        (kind.marks / "go").touch()
        assert said(slow.result(timeout=300)) == str(WAITS)
