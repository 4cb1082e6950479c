"""espeak-ng speech with the true time of each word.

The library is called through ctypes because only its callback tells where each word begins; the
command line does not. Its data and constants: espeak-ng's `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray
from scipy.signal import resample_poly

if TYPE_CHECKING:
    import random

Samples = NDArray[np.float32]
"""Mono sound, from -1 to 1."""

RATE = 16_000
"""Samples per second that Whisper and this module use."""

RETRIEVAL, CHARS_UTF8, BY_CHARACTER = 2, 1, 1
RATE_PARAMETER, PITCH_PARAMETER, PUNCTUATION_PARAMETER = 1, 3, 5
EVENT_END_OF_LIST, EVENT_WORD = 0, 1

LOUD = 10 ** (-45 / 20)
"""A stretch whose peak is under -45 dB of the sentence's is taken as a pause, not as speech."""

FRAME = RATE // 100
"""10 ms: the grain of the search for where a word's sound ends."""

PAUSE = 0.08
"""Seconds: a shorter silence before the next word is a closed consonant, not a pause."""

VOICES = (
    "fr",
    "fr+m1",
    "fr+m2",
    "fr+m3",
    "fr+m4",
    "fr+m5",
    "fr+m6",
    "fr+m7",
    "fr+m8",
    "fr+f1",
    "fr+f2",
    "fr+f3",
    "fr+f4",
    "fr+f5",
    "fr+Annie",
    "fr+Alicia",
)
"""espeak-ng variants that Silero VAD hears at its usual threshold (see `heard_share`)."""


@dataclass(frozen=True)
class Voice:
    """One way of speaking: an espeak-ng voice, words per minute, pitch from 0 to 99."""

    name: str
    speed: int
    pitch: int


@dataclass(frozen=True)
class Word:
    """A word as written, punctuation left on, and when it is said: seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Utterance:
    """A sentence said: its sound at RATE, without silence around it, and its words."""

    text: str
    samples: Samples
    words: tuple[Word, ...]

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / RATE


def held_back(voice: Voice) -> bool:
    """Whether training never uses this setting: the events and the measurements do.

    One setting in five, so that each voice has some on both sides.
    """
    return (voice.speed + voice.pitch) % 5 == 0


def draw_voice(dice: random.Random, *, kept: bool) -> Voice:
    """A voice setting from training's share, or (`kept`) from the share held back from it."""
    while True:
        voice = Voice(dice.choice(VOICES), dice.randint(132, 178), dice.randint(28, 68))
        if held_back(voice) == kept:
            return voice


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Speaker:
    """The library, initialised once per process."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
        self._library: Any = ctypes.CDLL(name)
        self._sound: list[NDArray[np.int16]] = []
        self._starts: list[tuple[int, int]] = []
        self._callback = _Callback(self._receive)
        self.rate: int = self._library.espeak_Initialize(RETRIEVAL, 0, None, 0)
        if self.rate <= 0:
            raise OSError("espeak-ng does not start; on Debian: apt install espeak-ng")
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
        place = 0
        while events[place].type != EVENT_END_OF_LIST:
            if events[place].type == EVENT_WORD:
                self._starts.append((events[place].text_position - 1, events[place].sample))
            place += 1
        return 0

    def raw(self, text: str, voice: Voice) -> tuple[Samples, list[tuple[int, int]]]:
        """Sound at the library's own rate, and (character, sample) where words begin."""
        self._sound.clear()
        self._starts.clear()
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name}")
        self._library.espeak_SetParameter(RATE_PARAMETER, voice.speed, 0)
        self._library.espeak_SetParameter(PITCH_PARAMETER, voice.pitch, 0)
        said = text.encode()
        self._library.espeak_Synth(said, len(said) + 1, 0, BY_CHARACTER, 0, CHARS_UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._sound).astype(np.float32) / 32768
        return samples, list(self._starts)


@cache
def speaker() -> Speaker:
    """The process's one speaker."""
    return Speaker()


def say(text: str, voice: Voice) -> Utterance:
    """Say `text`: its sound at RATE, trimmed, and the time of each written word."""
    library = speaker()
    raw, events = library.raw(text, voice)
    samples = resample_poly(raw, RATE, library.rate).astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > LOUD * np.abs(samples).max())
    first, last = int(loud[0]), int(loud[-1]) + 1
    scale = RATE / library.rate
    starts = word_starts(text, [(place, sample * scale - first) for place, sample in events])
    trimmed = samples[first:last]
    return Utterance(text, trimmed, tuple(spans(text.split(), starts, trimmed)))


def word_starts(text: str, events: list[tuple[int, float]]) -> list[float]:
    """The sample where each written word starts.

    espeak-ng reports "n'y" as "n" and joins some small words: a written word takes the first
    event inside it; one without any takes its share, by letters, of the stretch around it.
    """
    starts: list[float | None] = []
    places = []
    place = 0
    for word in text.split():
        place = text.index(word, place)
        inside = [at for where, at in events if place <= where < place + len(word)]
        starts.append(max(inside[0], 0.0) if inside else None)
        places.append(place)
        place += len(word)
    known = [number for number, start in enumerate(starts) if start is not None]
    return [
        start if start is not None else between(number, known, places, starts)
        for number, start in enumerate(starts)
    ]


def between(number: int, known: list[int], places: list[int], starts: list[float | None]) -> float:
    """The start of word `number`, by letters between its neighbours of known start."""
    before = max((at for at in known if at < number), default=None)
    after = min((at for at in known if at > number), default=None)
    if before is None:
        return 0.0
    left = starts[before] or 0.0
    if after is None:
        return left + 0.06 * RATE * (places[number] - places[before])
    right = starts[after] or 0.0
    share = (places[number] - places[before]) / (places[after] - places[before])
    return left + (right - left) * share


def spans(words: list[str], starts: list[float], samples: Samples) -> list[Word]:
    """Words with start and end: an end is the next start, less the pause before it."""
    peak = float(np.abs(samples).max())
    ends = [*starts[1:], float(len(samples))]
    made = []
    for word, start, end in zip(words, starts, ends, strict=True):
        heard = sound_end(samples, int(start), int(end), LOUD * peak)
        last = heard if end - heard > PAUSE * RATE else end
        made.append(Word(word, start / RATE, max(last, start + FRAME) / RATE))
    return made


def sound_end(samples: Samples, start: int, end: int, floor: float) -> float:
    """The last sample of `samples[start:end]`, in frames of 10 ms, that is over `floor`."""
    at = min(end, len(samples))
    while at - FRAME > start and np.abs(samples[at - FRAME : at]).max() < floor:
        at -= FRAME
    return float(at)


def heard_share(voice: Voice, text: str) -> float:
    """The share of a sentence said by `voice` that Silero VAD takes for speech."""
    said = np.concatenate(
        [np.zeros(RATE, np.float32), say(text, voice).samples * 0.7, np.zeros(RATE, np.float32)]
    )
    options = VadOptions(speech_pad_ms=0, min_silence_duration_ms=100)
    spoken = get_speech_timestamps(said, options)
    return sum(part["end"] - part["start"] for part in spoken) / (len(said) - 2 * RATE)
