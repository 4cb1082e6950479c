"""A checkpoint to a CTranslate2 int8 folder that faster-whisper loads like any other.

    python -m demo.make.convert CHECKPOINT [--out demo/model] [--heads 1.0,1.1]

The folder is made beside its place and then renamed, so that a reader never sees half of it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import shutil
import tempfile
from pathlib import Path

import torch
from ctranslate2.converters.transformers import WhisperLoader
from faster_whisper.tokenizer import _LANGUAGE_CODES

from demo.make.network import Hearer
from demo.make.vocabulary import tokenizer

SPACE = 220
"""The token of a lone space, which may not come first. Whisper forbids the end of text there too;
here it may come first, since that is how this model says that there is nothing to hear."""

FEATURES = {
    "feature_size": 80,
    "sampling_rate": 16_000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
}

KEPT = ("README.md", "LICENSE-vocabulary")
"""Files of the folder that a new conversion carries over."""


def write_model(hearer: Hearer, folder: Path, heads: list[tuple[int, int]]) -> None:
    """Write the int8 model and all that faster-whisper reads with it into `folder`."""
    made = tokenizer()
    hearer.eval()
    with torch.no_grad():
        spec = WhisperLoader().get_model_spec(hearer.whisper)
    words = {number: word for word, number in made.get_vocab().items()}
    spec.register_vocabulary([words[number] for number in range(len(words))])
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [SPACE]
    spec.config.alignment_heads = [list(head) for head in heads]
    found = (made.token_to_id(f"<|{code}|>") for code in _LANGUAGE_CODES)
    spec.config.lang_ids = sorted(number for number in found if number is not None)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    made.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "preprocessor_config.json").write_text(json.dumps(FEATURES) + "\n")


def licence() -> str:
    """The licence text of the package that the vocabulary comes from (MIT)."""
    for path in importlib.metadata.files("openai-whisper") or []:
        if path.name == "LICENSE":
            return path.read_text()
    raise FileNotFoundError("openai-whisper is installed without its licence")


def replace(made: Path, place: Path) -> None:
    """Put the folder `made` at `place`, with the texts that lay there."""
    for name in KEPT:
        if (place / name).exists() and not (made / name).exists():
            shutil.copy2(place / name, made / name)
    made.chmod(0o755)
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    made.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def convert(checkpoint: Path, place: Path, heads: list[tuple[int, int]]) -> None:
    """Make the folder `place` from `checkpoint`."""
    hearer = Hearer()
    hearer.load(checkpoint)
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".model-", dir=place.parent))
    write_model(hearer, made, heads)
    (made / "LICENSE-vocabulary").write_text(licence())
    replace(made, place)


def main() -> None:
    """Read the command line and convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=Path("demo/model"))
    parser.add_argument("--heads", default="1.1", help="layer.head, comma-separated")
    given = parser.parse_args()
    heads = [
        (int(layer), int(head))
        for layer, head in (pair.split(".") for pair in given.heads.split(","))
    ]
    convert(given.checkpoint, given.out, heads)
    size = sum(path.stat().st_size for path in given.out.iterdir())
    print(f"{given.out}: {size / 1e6:.1f} MB, alignment heads {heads}")


if __name__ == "__main__":
    main()
