"""A model of whisper-small's shape with random weights, for measuring speed and nothing else.

It hears nothing: what it writes is noise of as many tokens as it is let. Built with CTranslate2's
own spec classes, so that no other library and no download is needed.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
from ctranslate2.specs import whisper_spec
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

LAYERS, HEADS, WIDTH, INNER = 12, 12, 768, 3072
MELS, FRAMES, POSITIONS = 80, 1500, 448
"""whisper-small: github.com/openai/whisper, model-card.md and the dimensions of its checkpoint."""

ALIGNMENT = [[5, 3], [5, 9], [8, 0], [8, 4], [8, 7], [8, 8], [9, 0], [9, 7], [9, 9], [10, 5]]
"""The heads whose attention gives whisper-small its word times (its generation config)."""


def write_small(folder: Path, like: Path) -> None:
    """Write the model into the new `folder`, with the tokenizer and languages of `like`."""
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "preprocessor_config.json"):
        shutil.copy2(like / name, folder / name)
    tokenizer = Tokenizer.from_file(str(like / "tokenizer.json"))
    spec = whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    _fill(spec, tokenizer.get_vocab_size())
    numbers = tokenizer.get_vocab()
    spec.register_vocabulary(sorted(numbers, key=lambda word: numbers[word]))
    first = numbers["<|en|>"]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [220, numbers["<|endoftext|>"]]
    spec.config.alignment_heads = ALIGNMENT
    spec.config.lang_ids = list(range(first, first + 99))
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))


def _fill(spec: whisper_spec.WhisperSpec, vocabulary: int) -> None:
    dice = np.random.default_rng(7)

    def drawn(*shape: int) -> np.ndarray:
        return (dice.standard_normal(shape) * 0.02).astype(np.float32)

    def norm(layer: object) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)  # type: ignore[attr-defined]

    def linear(layer: object, wide: int, narrow: int) -> None:
        layer.weight, layer.bias = drawn(wide, narrow), np.zeros(wide, np.float32)  # type: ignore[attr-defined]

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = drawn(WIDTH, MELS, 3), drawn(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = drawn(WIDTH, WIDTH, 3), drawn(WIDTH)
    encoder.position_encodings.encodings = drawn(FRAMES, WIDTH)
    decoder.position_encodings.encodings = drawn(POSITIONS, WIDTH)
    decoder.embeddings.weight = drawn(vocabulary, WIDTH)
    decoder.projection.weight = decoder.embeddings.weight
    for side in (encoder, decoder):
        norm(side.layer_norm)
        for layer in side.layer:
            attentions = [layer.self_attention]
            if side is decoder:
                attentions.append(layer.attention)
            for number, attention in enumerate(attentions):
                norm(attention.layer_norm)
                widths = [WIDTH, 2 * WIDTH, WIDTH] if number else [3 * WIDTH, WIDTH]
                for part, wide in zip(attention.linear, widths, strict=True):
                    linear(part, wide, WIDTH)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, INNER, WIDTH)
            linear(layer.ffn.linear_1, WIDTH, INNER)
