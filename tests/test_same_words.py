"""The same words, byte for byte: for any workers and blocks, interrupted or not."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from noises import hall
from sqlite_utils import Database

from archive.errors import Stopped
from archive.values import canonical
from pipeline import listening, media, recognising, split
from pipeline.executors import Engine
from pipeline.executors.inline import Inline
from pipeline.executors.local import Local
from pipeline.kept import segments_to_json
from pipeline.ledger import Done, Ledger, Step
from pipeline.progress import Progress
from pipeline.recognising import NOTHING, Asked
from pipeline.transcribe import Recognition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.executors import Executor
    from pipeline.split import Hearing

pytestmark = pytest.mark.slow

MINUTE = 60_000
OPTIONS = Recognition("fr", "Claire Morel, Marc Tissier, RTES")
MODEL_SHA = "0" * 64


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> listening.Sound:
    """Return 21 minutes of sound, extracted as a run extracts it."""
    folder = tmp_path_factory.mktemp("same")
    samples = hall(folder, 21, every=5).samples
    (folder / "raw.wav").write_bytes(_wave(samples))
    path = folder / "sound.flac"
    made = media.extract_sound([folder / "raw.wav"], path)
    done = Done(Step("sound", 1, {}), None, "1" * 64, "")
    return listening.Sound(path, done.output_sha256, (), made.duration_ms, (), (), done)


def _wave(samples: np.ndarray) -> bytes:
    pcm = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()
    rate = (16_000).to_bytes(4, "little") + (32_000).to_bytes(4, "little")
    layout = b"\x01\x00\x01\x00" + rate + b"\x02\x00\x10\x00"
    size, whole = len(pcm).to_bytes(4, "little"), (36 + len(pcm)).to_bytes(4, "little")
    return b"".join((b"RIFF", whole, b"WAVEfmt \x10\x00\x00\x00", layout, b"data", size, pcm))


@pytest.fixture(scope="module")
def hearing(source: listening.Sound) -> Hearing:
    """Return what is heard in it."""
    return split.listen(media.stream_sound(source.path))


@pytest.fixture(scope="module")
def engine(root: Path) -> Callable[[int], Engine]:
    """Return the bundled model, to be loaded with a number of threads."""
    return lambda threads: Engine(root / "demo" / "model", "cpu", "int8", threads)


def _ledger(folder: Path) -> Ledger:
    return Ledger(Database(folder / "work.db"), folder)


def _words(
    ledger: Ledger, source: listening.Sound, hearing: Hearing, length_ms: int, executor: Executor
) -> bytes:
    blocks = split.blocks(split.plan(hearing), length_ms=length_ms)
    windows = [[split.closer(hearing, window) for window in block] for block in blocks]
    with executor, Progress(StringIO()).stage("hall", "words", 0) as stage:
        asked = Asked(source, windows, OPTIONS, MODEL_SHA)
        segments, done = recognising.words(ledger, asked, executor, stage, NOTHING, {})
    looks = [look for one in done for look in one.result["looked_again"]]
    return canonical([segments_to_json(segments), looks]).encode()


@pytest.fixture(scope="module")
def usual(
    source: listening.Sound,
    hearing: Hearing,
    engine: Callable[[int], Engine],
    tmp_path_factory: pytest.TempPathFactory,
) -> bytes:
    """Return the words as one process makes them, in blocks of ten minutes."""
    ledger = _ledger(tmp_path_factory.mktemp("usual"))
    words = _words(ledger, source, hearing, split.BLOCK_MS, Inline(engine(2)))
    assert words.count(b"Merci") > 5
    assert b'"kept"' in words, "no window took the careful path"
    return words


@pytest.mark.parametrize(("workers", "minutes"), [(1, 2), (2, 5), (4, 20)])
def test_workers_and_blocks_change_nothing(
    source: listening.Sound,
    hearing: Hearing,
    engine: Callable[[int], Engine],
    usual: bytes,
    tmp_path: Path,
    workers: int,
    minutes: int,
) -> None:
    """One, two or four workers, each with its share of threads; blocks of 2 to 20 minutes."""
    local = Local(engine(max(1, 2 // workers)), workers)
    assert _words(_ledger(tmp_path), source, hearing, minutes * MINUTE, local) == usual


def test_an_interruption_changes_nothing(
    source: listening.Sound,
    hearing: Hearing,
    engine: Callable[[int], Engine],
    usual: bytes,
    tmp_path: Path,
) -> None:
    """Stopped before each block in turn, the run goes on and ends with the same bytes."""

    class Interrupted(Ledger):
        def claim(self, step: Step) -> None:
            if len(claimed) % 2:
                claimed.append(step)
                raise Stopped("it is time to stop", "run again")
            claimed.append(step)
            super().claim(step)

    claimed: list[Step] = []
    ledger = Interrupted(Database(tmp_path / "work.db"), tmp_path)
    while True:
        try:
            words = _words(ledger, source, hearing, 7 * MINUTE, Inline(engine(1)))
            break
        except Stopped:
            continue
    assert words == usual
    assert len(claimed) > 4
