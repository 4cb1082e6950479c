"""Whisper's multilingual vocabulary as a `tokenizers` file.

The demo's model keeps the whole real vocabulary (51,865 tokens), so that CTranslate2 takes it
as multilingual and faster-whisper walks the same path as with a published model.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from functools import cache
from itertools import pairwise
from typing import Any

import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers

LANGUAGES = 99
"""Languages of the multilingual models before large-v3 (openai-whisper, `num_languages`)."""

SIZE = 51_865
"""Tokens of that vocabulary, special ones included."""


def byte_letters() -> dict[int, str]:
    """The 256 bytes as printable letters, as in GPT-2's byte-level coding."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    kept += range(ord("®"), ord("ÿ") + 1)
    letters = {byte: chr(byte) for byte in kept}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + place) for place, byte in enumerate(others)}


def split_before(token: bytes, rank: int, ranks: dict[bytes, int]) -> list[bytes]:
    """The parts of `token` that byte-pair merging reaches with the merges below `rank`."""
    parts = [bytes([byte]) for byte in token]
    while True:
        pairs = [
            (ranks[left + right], place)
            for place, (left, right) in enumerate(pairwise(parts))
            if left + right in ranks
        ]
        if not pairs or min(pairs)[0] >= rank:
            return parts
        place = min(pairs)[1]
        parts[place : place + 2] = [parts[place] + parts[place + 1]]


def published() -> Any:
    """The encoding (tiktoken) that the openai-whisper package carries.

    Its module is loaded from its file: the package itself imports numba, which nothing here needs.
    """
    files = importlib.metadata.files("openai-whisper") or []
    path = next(path for path in files if path.as_posix() == "whisper/tokenizer.py")
    spec = importlib.util.spec_from_file_location("whisper_tokenizer", str(path.locate()))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_encoding("multilingual", LANGUAGES)


def build() -> tokenizers.Tokenizer:
    """The tokenizer, from the ranks that the openai-whisper package carries."""
    encoding = published()
    ranks: dict[bytes, int] = encoding._mergeable_ranks  # noqa: SLF001 - tiktoken shows them nowhere else
    letters = byte_letters()

    def spelled(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        parts = split_before(token, rank, ranks) if len(token) > 1 else []
        if len(parts) == 2:
            merges.append((spelled(parts[0]), spelled(parts[1])))
    vocabulary = {spelled(token): rank for token, rank in ranks.items()}
    made = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = sorted(
        encoding._special_tokens.items(),  # noqa: SLF001 - nor these
        key=lambda item: item[1],
    )
    made.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name, _ in special]
    )
    wrong = [name for name, number in special if made.token_to_id(name) != number]
    if wrong or made.get_vocab_size() != SIZE:
        raise ValueError(f"vocabulary of {made.get_vocab_size()} tokens, misplaced: {wrong}")
    return made


@cache
def tokenizer() -> tokenizers.Tokenizer:
    """The tokenizer, built once per process (a few seconds)."""
    return build()
