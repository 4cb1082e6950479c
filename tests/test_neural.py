"""neural.py: a voice model by name, on ONNX files that the tests write themselves."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from archive.errors import ModelFault
from pipeline import neural
from pipeline.config import load_settings
from pipeline.model import Span
from pipeline.neural import NeuralEmbedder, fetch_voice_model, find_voice_model, metadata
from pipeline.voices import RATE, embedder

if TYPE_CHECKING:
    from pathlib import Path

COMPLETE = {
    "framework": "wespeaker",
    "language": "English",
    "sample_rate": "16000",
    "output_dim": "80",
    "normalize_samples": "0",
}


def number(value: int) -> bytes:
    """A number in sevens of bits, the lowest first."""
    low, high = value & 127, value >> 7
    return bytes([low | 128]) + number(high) if high else bytes([low])


def field(place: int, value: bytes | int) -> bytes:
    """One field of a protocol buffer: bytes with their length, or a number."""
    if isinstance(value, int):
        return number(place << 3) + number(value)
    return number(place << 3 | 2) + number(len(value)) + value


def tensor(name: str, *sizes: str | int) -> bytes:
    """Name and type of floats [sizes], as a graph lists its inputs."""
    shape = b"".join(
        field(1, field(2, s.encode()) if isinstance(s, str) else field(1, s)) for s in sizes
    )
    return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, shape)))


def write_onnx(path: Path, said: dict[str, str]) -> Path:
    """A network that gives the mean over time of [1, T, 80]: four nodes less than ResNet34."""
    axis = field(1, b"axes") + field(8, 1) + field(20, 7)
    keep = field(1, b"keepdims") + field(3, 0) + field(20, 2)
    node = field(1, b"feats") + field(2, b"embs") + field(4, b"ReduceMean")
    node += field(5, axis) + field(5, keep)
    graph = field(1, node) + field(2, b"g")
    graph += field(11, tensor("feats", "B", "T", 80)) + field(12, tensor("embs", "B", 80))
    model = field(1, 8) + field(7, graph) + field(8, field(2, 13))
    for key, value in said.items():
        model += field(14, field(1, key.encode()) + field(2, value.encode()))
    path.write_bytes(model)
    return path


def test_metadata_are_read(tmp_path: Path) -> None:
    """A file with what sherpa-onnx looks for is taken."""
    assert metadata(write_onnx(tmp_path / "v.onnx", COMPLETE)) == COMPLETE


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "no framework, no sample_rate, no output_dim"),
        ({k: v for k, v in COMPLETE.items() if k != "output_dim"}, "no output_dim"),
        ({**COMPLETE, "sample_rate": "8000"}, "8000 Hz"),
    ],
)
def test_file_without_metadata_is_refused(
    tmp_path: Path, said: dict[str, str], sentence: str
) -> None:
    """What would end the process of sherpa-onnx is a sentence, with the next step."""
    with pytest.raises(ModelFault, match=sentence) as fault:
        NeuralEmbedder.load(write_onnx(tmp_path / "v.onnx", said))
    assert "plenary fetch-models" in str(fault.value)


def test_what_is_no_onnx_is_refused(tmp_path: Path) -> None:
    """A page of a captive portal under the model's name is no model."""
    (tmp_path / "v.onnx").write_text("<html>Sign in</html>")
    with pytest.raises(ModelFault, match="no ONNX file"):
        metadata(tmp_path / "v.onnx")


def test_absent_library_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the sentence says how to install it."""
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(ModelFault, match=r"plenary-archive\[neural\]"):
        NeuralEmbedder.load(write_onnx(tmp_path / "v.onnx", COMPLETE))


def test_vectors_come_from_the_network(tmp_path: Path) -> None:
    """With sherpa-onnx installed, a vector per span, of unit length; zeros outside the sound."""
    pytest.importorskip("sherpa_onnx")
    model = NeuralEmbedder.load(write_onnx(tmp_path / "v.onnx", COMPLETE))
    sound = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32) * 0.1
    vectors = model.embed(sound, [Span(0, 1500), Span(1000, 1100), Span(9000, 9500)])
    assert vectors.shape == (3, 80)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0], atol=1e-5)


def test_fetched_file_is_held_to_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The named revision is asked for once; another file than the one named is not kept."""
    asked: list[str] = []

    def download(repository: str, file: str, *, revision: str, local_dir: Path, **_: int) -> None:
        asked.append(f"{repository}@{revision}/{file}")
        local_dir.mkdir(parents=True, exist_ok=True)
        write_onnx(local_dir / file, COMPLETE)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(ModelFault, match="another file"):
        fetch_voice_model("wespeaker", tmp_path)
    with pytest.raises(ModelFault, match="fetch-models"):
        find_voice_model("wespeaker", tmp_path)
    right = hashlib.sha256(write_onnx(tmp_path / "v.onnx", COMPLETE).read_bytes()).hexdigest()
    pinned = dataclasses.replace(neural.NEURAL["wespeaker"], sha256=right)
    monkeypatch.setattr(neural, "NEURAL", {"wespeaker": pinned})
    path = fetch_voice_model("wespeaker", tmp_path)
    assert (
        fetch_voice_model("wespeaker", tmp_path) == path == find_voice_model("wespeaker", tmp_path)
    )
    assert len(asked) == 2


def test_configuration_names_the_models(tmp_path: Path) -> None:
    """Every name that the configuration takes is a model; an unfetched one says how to get it."""
    for name in ("embedded", *neural.NEURAL):
        config = tmp_path / "config.yaml"
        config.write_text(f"data: ./data\nevents: ./events\nvoices:\n  model: {name}\n")
        assert load_settings(config).voices.model == name
    with pytest.raises(ModelFault, match="not on this machine"):
        embedder("wespeaker", tmp_path)
