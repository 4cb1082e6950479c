"""Words from sound: faster-whisper behind one protocol.

A window is decoded with nothing of its neighbours, so words do not depend on how windows
are grouped. What the batched pipeline takes no notice of is not passed: prefix, best_of,
the compression, log-probability and no-speech thresholds, hallucination_silence_threshold,
condition_on_previous_text, initial timestamps, and temperature (it samples from the likeliest
token alone).
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import merge_punctuations

from archive.errors import ModelFault
from pipeline.container import PER_MS, SAMPLE_RATE
from pipeline.model import Segment, Word
from pipeline.models import find_model
from pipeline.timing import SHORTEST_MS, straighten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model import Span

HOTWORD_TOKENS = 223
"""Tokens that a prompt may hold: half of Whisper's 448, less one (faster-whisper cuts there).

With the five tokens around it this leaves 220 new tokens to a window of 30 s. No
`max_new_tokens` is ever passed: CTranslate2 takes the least of half the whole length and
what the prompt leaves, so that 220 with no hotwords would mean 112 (measured).
"""

BATCH = 8
"""Windows decoded at once: faster-whisper's own default."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """How to recognise: the language spoken, the words to expect, the width of the search.

    No run of `no_repeat` tokens is written twice (0: any may be). `also_spoken` are further
    languages, in which words are credible.
    """

    language: str
    hotwords: str = ""
    beam_size: int = 5
    no_repeat: int = 0
    also_spoken: tuple[str, ...] = ()


class Recogniser(Protocol):
    """Anything that turns sound into words."""

    def recognise(
        self, sound: NDArray[np.float32], windows: Sequence[Span], options: Recognition
    ) -> tuple[Segment, ...]:
        """Return a segment for each window in which words were heard, in order.

        `sound` is 16 kHz, mono, in [-1, 1]. Windows, and the words' times, count from its
        start. Words lie inside their window, in order, without overlap, none empty.
        Raises ModelFault where the model does not know the language.
        """

    def languages(
        self, sound: NDArray[np.float32], windows: Sequence[Span]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Return what each window may be spoken in: (code, probability), likeliest first."""


class FasterWhisper:
    """A model in memory. Raises ModelFault when its folder does not hold one that loads.

    `device` is auto, cpu or cuda; `compute_type` auto means int8 on a CPU and float16 on a
    GPU (the library's default would widen a float16 model on a CPU). `threads` 0 leaves
    the choice to CTranslate2.
    """

    def __init__(
        self, folder: Path, device: str = "auto", compute_type: str = "auto", threads: int = 0
    ) -> None:
        where = device
        if device == "auto":
            where = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
        kind = compute_type
        if compute_type == "auto":
            kind = "float16" if where == "cuda" else "int8"
        # Checked first: without its tokenizer faster-whisper would ask the network for one.
        find_model(str(folder.absolute()), folder)
        try:
            self._model = _TimedModel(
                str(folder), device=where, compute_type=kind, cpu_threads=threads
            )
        except Exception as error:
            # CTranslate2 and tokenizers raise RuntimeError, ValueError and bare Exception.
            raise ModelFault(
                "the model cannot be loaded on {device} with {kind}: {reason}",
                "fetch or copy the model again, or set device and compute_type to auto",
                path=folder,
                device=where,
                kind=kind,
                reason=error,
            ) from error

    def recognise(
        self, sound: NDArray[np.float32], windows: Sequence[Span], options: Recognition
    ) -> tuple[Segment, ...]:
        """Recognise with the batched pipeline; see `Recogniser`."""
        if not windows:
            return ()
        decoded, _ = BatchedInferencePipeline(self._model).transcribe(
            sound,
            language=self._code(options.language),
            beam_size=options.beam_size,
            hotwords=options.hotwords or None,
            no_repeat_ngram_size=options.no_repeat,
            clip_timestamps=[_clip(window) for window in windows],
            word_timestamps=True,
            batch_size=BATCH,
        )
        by_seek = {_seek(window): window for window in windows}
        segments: list[Segment] = []
        for part in decoded:
            window = by_seek[part.seek]
            words = straighten(_words(part, window), window)
            if words:
                segments.append(Segment(words, float(part.avg_logprob)))
        return tuple(segments)

    def languages(
        self, sound: NDArray[np.float32], windows: Sequence[Span]
    ) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Ask the model about each window alone; see `Recogniser`. Raises ModelFault."""
        if not self._model.model.is_multilingual:
            raise self._unknown("auto")
        found = []
        for window in windows:
            clip = sound[window.start_ms * PER_MS : window.end_ms * PER_MS]
            _, _, told = self._model.detect_language(clip)
            found.append(tuple((code, round(float(share), 4)) for code, share in told))
        return tuple(found)

    def _code(self, language: str) -> str:
        """Return the model's code of a BCP 47 tag. Raises ModelFault."""
        code = language.partition("-")[0].lower()
        known = self._model.supported_languages
        if code not in known:
            raise self._unknown(language)
        return code

    def _unknown(self, language: str) -> ModelFault:
        known = self._model.supported_languages
        return ModelFault(
            "the model does not know the language {language}",
            "it knows: {known}. Correct `language:`, or choose another model",
            language=language,
            known=", ".join(known[:10]) + (" …" if len(known) > 10 else ""),
        )


def choose_hotwords(
    terms: Sequence[str], count_tokens: Callable[[str], int], budget: int = HOTWORD_TOKENS
) -> str:
    """Join as many terms as fit into the budget, most telling first, with commas.

    A term that does not fit is left out and shorter ones after it may still enter.
    `count_tokens` counts with the model's own tokenizer.
    """
    chosen: list[str] = []
    for term in terms:
        plain = " ".join(term.split())
        if plain and count_tokens(", ".join([*chosen, plain])) <= budget:
            chosen.append(plain)
    return ", ".join(chosen)


class _TimedModel(WhisperModel):  # type: ignore[misc]
    """faster-whisper's model, its word times taken from the alignment of one window alone.

    The library's own method carries the end of one window's speech into the next window and
    the next call (`last_speech_timestamp`), and one of its repairs depends on how late in
    the sound a window stands. It also aligns a batch at once, padded to its longest text: the
    last digits of a word's probability then depend on its window's neighbours (measured).
    """

    def add_word_timestamps(
        self,
        segments: list[list[dict[str, Any]]],
        tokenizer: Any,
        encoder_output: Any,
        num_frames: Any,
        prepend_punctuations: str,
        append_punctuations: str,
        last_speech_timestamp: float,
    ) -> float:
        """Give each part of each window its "words", in seconds from the sound's start."""
        encoded = np.asarray(
            encoder_output.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu)
        )
        for place, window in enumerate(segments):
            tokens = [t for part in window for t in part["tokens"] if t < tokenizer.eot]
            alone = ctranslate2.StorageView.from_array(encoded[place : place + 1].copy())
            [words] = self.find_alignment(tokenizer, [tokens], alone, num_frames[place])
            merge_punctuations(words, prepend_punctuations, append_punctuations)
            offset = window[0]["seek"] / self.frames_per_second
            following = iter(words)
            for part in window:
                part["words"] = _taken(part, following, offset, tokenizer.eot)
        return last_speech_timestamp


def _taken(
    part: dict[str, Any], words: Iterator[dict[str, Any]], offset: float, eot: int
) -> list[dict[str, Any]]:
    """Take the words that hold a part's tokens from those of its window."""
    missing = sum(token < eot for token in part["tokens"])
    taken: list[dict[str, Any]] = []
    while missing > 0 and (word := next(words, None)) is not None:
        missing -= len(word["tokens"])
        if word["word"]:
            taken.append(
                {
                    "word": word["word"],
                    "start": offset + word["start"],
                    "end": offset + word["end"],
                    "probability": word["probability"],
                }
            )
    return taken


def _clip(window: Span) -> dict[str, float]:
    """Return a window as faster-whisper takes it, in seconds.

    It rounds seconds down to samples; half a sample more keeps the edges where they are.
    """
    return {
        "start": (window.start_ms * PER_MS + 0.5) / SAMPLE_RATE,
        "end": (window.end_ms * PER_MS + 0.5) / SAMPLE_RATE,
    }


def _seek(window: Span) -> int:
    """Return the number by which a result tells its window: its start in hundredths."""
    return int(window.start_ms * PER_MS / SAMPLE_RATE * 100)


def _words(part: Any, window: Span) -> list[Word]:
    """Turn a result's words into ours: whole words, times in the sound, nothing respelled.

    A piece without a leading space continues the word before ("l'" + "économie"). A mark
    that stands alone ("bien ?") is set right behind its word: it has no sound of its own.
    """
    shift_ms = window.start_ms - part.seek * 10
    words: list[Word] = []
    for piece in part.words:
        text = piece.word.strip()
        start_ms, end_ms = (round(float(t) * 1000) + shift_ms for t in (piece.start, piece.end))
        if not text:
            continue
        if words and not piece.word.startswith(" "):
            last = words[-1]
            words[-1] = Word(
                last.start_ms,
                max(last.end_ms, end_ms),
                last.text + text,
                min(last.probability, float(piece.probability)),
            )
        elif words and all(mark in MARKS for mark in text):
            behind = words[-1].end_ms
            words.append(Word(behind, behind + SHORTEST_MS, text, float(piece.probability)))
        else:
            words.append(Word(start_ms, end_ms, text, float(piece.probability)))
    return words


MARKS = frozenset(string.punctuation + "«»“”’…–—")
"""Characters that are no word by themselves."""
