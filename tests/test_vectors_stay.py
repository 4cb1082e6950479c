"""Voice vectors are biometric: they live in memory and reach no file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
from sqlite_utils import Database

from pipeline import listening, media, steps, voices
from pipeline.ledger import Ledger, Step
from pipeline.model import Cast, CastMember, Segment, Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest
    from numpy.typing import NDArray

    from pipeline.model import Span

SAID = "La séance est ouverte. La parole est à Claire Morel. Nous avons commencé il y a six ans."


class Marked:
    """Vectors that would be known again in any file."""

    given: NDArray[np.float32]

    def embed(self, sound: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
        assert len(sound)
        rows = np.random.default_rng(4711).standard_normal((len(spans), 40))
        self.given = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return self.given


def test_vectors_reach_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the step no byte of a vector stands in the archive, nor its digits."""
    marked = Marked()
    monkeypatch.setattr(voices, "embedder", lambda *_: marked)
    monkeypatch.setattr(media, "read_sound", lambda *_: np.zeros(16_000, np.float32))
    ledger = Ledger(Database(tmp_path / "work.db"), tmp_path)
    gated = ledger.once(Step("gate", 1, {}, {}), list)
    source = listening.Sound(tmp_path / "sound.flac", "aa", (), 60_000, (), (), gated)
    words = tuple(Word(i * 400, i * 400 + 380, text) for i, text in enumerate(SAID.split()))
    cast = Cast((CastMember("o", "Odile Garnier"),), (CastMember("c", "Claire Morel"),))
    hint = steps.Hint(cast, (), "fr", 0.8, "embedded", tmp_path)
    turns, done = steps.turns(ledger, [Segment(words)], gated, source, hint)
    assert turns
    assert done.result
    kept = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert b"Claire" in kept
    for number in marked.given.ravel().tolist():
        assert struct.pack("<f", number) not in kept
        assert struct.pack("<d", number) not in kept
        assert f"{abs(number):.6f}".encode() not in kept
