"""An archive of one short recording that needs no model: every session brings its transcript."""

from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING

from conftest import ROOT, Archive, archive_of

if TYPE_CHECKING:
    from pathlib import Path

EVENT = "2020-01-01-essai"
PROGRAMME = """\
event:
  id: 2020-01-01-essai
  title: "Essai"
  date: 2020-01-01
people:
  zoe:
    name: "Zoé Exemple"
recordings:
  - id: matin
    captures: [matin.wav]
sessions:
  - id: une
    title: "La première"
    recording: matin
    from: "00:00"
    to: "00:03"
    transcripts: [matin.srt]
    speakers: [zoe]
  - id: pause
    title: "Pause"
    kind: break
    recording: matin
    from: "00:03"
    to: "00:04"
  - id: deux
    title: "La seconde"
    recording: matin
    from: "00:04"
    to: "00:06"
    transcripts: [matin.srt]
    glossary: [{term: motsecret, means: "affaire en cours"}]
"""
CUE = "1\n00:00:01,000 --> 00:00:02,000\nBonjour.\n"


def small_archive(folder: Path) -> Archive:
    """Make one recording of 6 s, a hum, with two sessions and a break between."""
    event = folder / "events" / EVENT
    event.mkdir(parents=True)
    event.joinpath("programme.yaml").write_text(PROGRAMME, "utf-8")
    event.joinpath("matin.srt").write_text(CUE, "utf-8")
    write_hum(event / "matin.wav")
    made = archive_of(folder, folder / "events")
    edit(made.config, str(ROOT / "demo" / "model"), str(folder / "no-model"))
    return made


def write_hum(path: Path, seconds: int = 6) -> None:
    """Write a hum of that length."""
    hum = struct.pack("<64h", *(2000 if n < 32 else -2000 for n in range(64)))
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(hum * (16_000 * seconds // 64))


def edit(path: Path, old: str, new: str) -> None:
    """Replace words that must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def programme_of(archive: Archive) -> Path:
    """Return the programme of the one event."""
    return archive.config.parent / "events" / EVENT / "programme.yaml"
