"""The script of an event: who says what, and the pauses and sounds between.

A script is YAML: `event`, `recording`, `capture`, `voices` (id: voice, speed, pitch) and `parts`, a
list of steps that are each one of

    session: ID          the session begins, on a whole second (title and lines of its slide beside)
    end: ID              it ends, on a whole second
    slide: TITLE         the picture changes (with `lines:`)
    say: SENTENCE        with `who:`, and `gap:` seconds before it (0.35 unless told)
    silence: SECONDS
    applause: SECONDS
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML

from demo.make import grammar, sounds
from demo.make.fresh import Placed, at_level
from demo.make.speech import RATE, Samples, Voice, held_back, say

if TYPE_CHECKING:
    from pathlib import Path

GAP = 0.35
"""Seconds between two sentences, unless the script says otherwise."""

SEED = 20250314
ROOM_NOISE = 10 ** (-70 / 20)
APPLAUSE = 10 ** (-24 / 20)
FADE = 0.5
"""Levels as root mean square; seconds in which applause swells and dies."""


@dataclass(frozen=True)
class Slide:
    """A picture: its title and lines, from `start` seconds on."""

    title: str
    lines: tuple[str, ...]
    start: float


@dataclass
class Stage:
    """An event as it is being put together: what is said, shown and sounds, and until when."""

    voices: dict[str, Voice]
    at: float = 0.0
    placed: list[Placed] = field(default_factory=list)
    slides: list[Slide] = field(default_factory=list)
    noises: list[tuple[float, float]] = field(default_factory=list)
    sessions: dict[str, tuple[float, float]] = field(default_factory=dict)

    def play(self, part: dict[str, Any]) -> None:
        """One step of the script."""
        if "session" in part:
            self.at = float(math.ceil(self.at))
            self.sessions[part["session"]] = (self.at, math.inf)
        elif "end" in part:
            self.at = float(math.ceil(self.at + 0.5))
            self.sessions[part["end"]] = (self.sessions[part["end"]][0], self.at)
        elif "say" in part:
            self.speak(part["who"], part["say"], part.get("gap", GAP))
        elif "silence" in part:
            self.at += part["silence"]
        elif "applause" in part:
            self.noises.append((self.at, part["applause"]))
            self.at += part["applause"]
        if "slide" in part:
            self.slides.append(Slide(part["slide"], tuple(part.get("lines", ())), self.at))

    def speak(self, who: str, text: str, gap: float) -> None:
        """A sentence, which must be one that training never sees."""
        if not grammar.is_kept(text):
            raise ValueError(f"training may have seen: {text}")
        line = Placed(who, say(text, self.voices[who]), self.at + gap)
        self.placed.append(line)
        self.at = line.end

    def sound(self) -> Samples:
        """All of it, mixed, at RATE."""
        dice = np.random.default_rng(SEED)
        sound = sounds.pink(int(self.at * RATE), dice) * np.float32(ROOM_NOISE)
        for start, seconds in self.noises:
            clapped = sounds.applause(int(seconds * RATE), dice) * np.float32(APPLAUSE)
            ramp = np.minimum(1, np.arange(len(clapped), dtype=np.float32) / (FADE * RATE))
            first = round(start * RATE)
            sound[first : first + len(clapped)] += clapped * ramp * ramp[::-1]
        for line in self.placed:
            first = round(line.start * RATE)
            sound[first : first + len(line.said.samples)] += at_level(line.said)
        return sound.clip(-1, 1)

    def said_in(self, session: str) -> tuple[Placed, ...]:
        """What is said in a session."""
        start, end = self.sessions[session]
        return tuple(line for line in self.placed if start <= line.start < end)


def voices(given: dict[str, Any]) -> dict[str, Voice]:
    """The voice of each speaker; none may be one that training uses."""
    made = {who: Voice(each["voice"], each["speed"], each["pitch"]) for who, each in given.items()}
    used = [who for who, voice in made.items() if not held_back(voice)]
    if used:
        raise ValueError(f"training may use the voices of {', '.join(used)}")
    return made


def read(path: Path) -> dict[str, Any]:
    """The script as YAML holds it."""
    script: dict[str, Any] = YAML(typ="safe").load(path)
    return script


def staged(script: dict[str, Any]) -> Stage:
    """The script, played."""
    stage = Stage(voices(script["voices"]))
    for part in script["parts"]:
        stage.play(part)
    return stage
