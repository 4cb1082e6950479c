"""A neural voice model by name: fetched once from the Hub, run by sherpa-onnx.

    voices:
      model: wespeaker        # pip install "plenary-archive[neural]"; then plenary fetch-models

A residual network (ResNet34, large-margin fine-tuning; Wang et al., "Wespeaker: a research and
production oriented speaker embedding learning toolkit", ICASSP 2023, CC BY 4.0) gives a vector
per stretch, as `voices.Embedder` does, and nothing else changes. It is held to a repository, a
revision and a SHA-256: another file under the same name is another model.

sherpa-onnx ends the whole process on a file without the metadata that it looks for; so they
are read with onnxruntime first, and such a file is refused with a sentence.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import huggingface_hub
import numpy as np
import onnxruntime

from archive.errors import ModelFault
from pipeline.voices import RATE, piece_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model import Span

ANSWER_S = 5
"""Seconds within which the model hub must answer."""
SHORTEST = RATE // 2
"""Samples: the network's own windows want half a second; a shorter stretch is widened."""
ASKED = ("framework", "sample_rate", "output_dim")
"""Metadata without which sherpa-onnx ends the process."""


@dataclass(frozen=True, slots=True)
class Published:
    """One file of one revision of a repository of the Hub, and its hash."""

    repository: str
    revision: str
    file: str
    sha256: str


NEURAL: Mapping[str, Published] = {
    "wespeaker": Published(
        "csukuangfj/speaker-embedding-models",
        "0743f301363dec56491a490f6d6cbc9d67f9a3bf",
        "wespeaker_en_voxceleb_resnet34_LM.onnx",
        "e9848563da86f263117134dfd7ad63c92355b37de492b55e325400c9d9c39012",
    )
}
"""Neural models by the name that stands under `voices: model:`."""


def find_voice_model(name: str, data: Path) -> Path:
    """Return the file of a fetched model; never uses the network. Raises ModelFault."""
    path = _place(name, data)
    if not path.is_file():
        raise ModelFault(
            "the voice model {name} is not on this machine",
            "run `plenary fetch-models` once, with a connection to the internet",
            name=name,
        )
    return path


def fetch_voice_model(name: str, data: Path) -> Path:
    """Bring a model into `data/models`, once, check its hash and its metadata.

    Raises ModelFault, within seconds where the hub does not answer.
    """
    wanted, path = NEURAL[name], _place(name, data)
    if not path.is_file():
        try:
            huggingface_hub.hf_hub_download(
                wanted.repository,
                wanted.file,
                revision=wanted.revision,
                local_dir=path.parent,
                etag_timeout=ANSWER_S,
            )
        except Exception as error:
            # Its client raises its own errors, those of two HTTP libraries and the system's.
            raise ModelFault(
                "the voice model {name} could not be fetched ({reason})",
                "see whether the internet can be reached, then run `plenary fetch-models` again;"
                " or write `voices: model: embedded`",
                name=name,
                reason=type(error).__name__,
            ) from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wanted.sha256:
        path.unlink()
        raise ModelFault(
            "the voice model that the hub gave is another file (SHA-256 {found}…)",
            "run `plenary fetch-models` again; it was not kept",
            path=path,
            found=found[:12],
        )
    metadata(path)
    return path


def metadata(path: Path) -> dict[str, str]:
    """Return an ONNX file's metadata, if sherpa-onnx can run it; raises ModelFault."""
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        found = dict(session.get_modelmeta().custom_metadata_map)
    except Exception as error:
        # onnxruntime raises a dozen unrelated classes of its C++ library.
        raise _refused(path, "it is no ONNX file") from error
    missing = [key for key in ASKED if key not in found]
    if missing:
        raise _refused(path, f"its metadata say no {', no '.join(missing)}")
    if found["sample_rate"] != str(RATE):
        raise _refused(path, f"it wants sound at {found['sample_rate']} Hz, not {RATE}")
    return found


@dataclass(frozen=True, slots=True)
class NeuralEmbedder:
    """Vectors by a network; `extractor` is sherpa-onnx's."""

    extractor: Any
    size: int

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a file whose metadata were read first. Raises ModelFault."""
        said = metadata(path)
        try:
            import sherpa_onnx  # noqa: PLC0415 (an extra: most installations lack it)
        except ImportError as error:
            raise ModelFault(
                "the voice model {file} needs sherpa-onnx, which is not installed",
                'run `pip install "plenary-archive[neural]"`, or write `voices: model: embedded`',
                file=path.name,
            ) from error
        wanted = sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(path), num_threads=1)
        return cls(sherpa_onnx.SpeakerEmbeddingExtractor(wanted), int(said["output_dim"]))

    def embed(self, sound: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
        """Unit vectors [len(spans), D] for spans of `sound`; zeros for a span outside it."""
        vectors = np.zeros((len(spans), self.size), np.float32)
        for row, span in enumerate(spans):
            piece = piece_of(sound, span, SHORTEST)
            if len(piece) < SHORTEST:
                continue
            stream = self.extractor.create_stream()
            stream.accept_waveform(RATE, piece)
            stream.input_finished()
            if self.extractor.is_ready(stream):
                vector = np.asarray(self.extractor.compute(stream), np.float32)
                vectors[row] = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return vectors


def _place(name: str, data: Path) -> Path:
    return data / "models" / f"voices-{name}" / NEURAL[name].file


def _refused(path: Path, reason: str) -> ModelFault:
    return ModelFault(
        "it is no voice model that can be used: {reason}",
        "run `plenary fetch-models` again, or write `voices: model: embedded`",
        path=path,
        reason=reason,
    )
