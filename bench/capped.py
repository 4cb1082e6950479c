"""A cap on the tokens of every batched recognition of a process, the same for every side."""

from __future__ import annotations

from faster_whisper import BatchedInferencePipeline

MAX_NEW = 200
"""Given to CTranslate2, which makes about half of it: a window of speech has a hundred."""


def cap() -> None:
    """Put the cap in force."""
    whole = BatchedInferencePipeline.transcribe

    def capped(self: object, *given: object, **named: object) -> object:
        return whole(self, *given, **{**named, "max_new_tokens": MAX_NEW})

    BatchedInferencePipeline.transcribe = capped
