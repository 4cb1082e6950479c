"""Make an event: its video and its truth, from its script.

    python -m demo.make.event demo/make/rivemont.yaml demo
    python -m demo.make.event demo/make/sauvelande.yaml demo/second

writes events/<event>/captures/<file>.mp4 and reference/<event>/<session>.txt and .rttm under the
given folder (a break's under reference/<event>/private), and compares the sessions' times with
events/<event>/programme.yaml.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from ruamel.yaml import YAML

from demo.make.fresh import rttm, turns, write_wave
from demo.make.script import Slide, Stage, read, staged

SIZE = (960, 540)
PAPER, INK, FAINT, BAND = "#f6f3ec", "#1d2733", "#6b7480", "#2f5d62"
FONT = "DejaVuSans.ttf"
"""Pillow's own font has no accents; this one lies on most systems (Debian: fonts-dejavu-core)."""
FICTION = "Événement fictif : personnes et organisations inventées"
PRIVATE = ("pause",)
"""Sessions that a programme calls a break."""

FRAMES_PER_SECOND = 10


def drawn(slide: Slide, number: int, total: int) -> Image.Image:
    """A slide: a band, a title, a few lines, and that all is fictional."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 24, SIZE[1]), fill=BAND)
    pen.text((80, 90), slide.title, fill=INK, font=ImageFont.truetype(FONT, 52))
    for place, line in enumerate(slide.lines):
        pen.text((80, 210 + 60 * place), line, fill=INK, font=ImageFont.truetype(FONT, 32))
    small = ImageFont.truetype(FONT, 20)
    pen.text((80, SIZE[1] - 60), FICTION, fill=FAINT, font=small)
    pen.text((SIZE[0] - 90, SIZE[1] - 60), f"{number} / {total}", fill=FAINT, font=small)
    return image


def write_slides(stage: Stage, folder: Path) -> Path:
    """The slides as pictures, and the list that ffmpeg's concat reads."""
    ends = [slide.start for slide in stage.slides[1:]] + [stage.at]
    lines = ["ffconcat version 1.0"]
    for number, (slide, end) in enumerate(zip(stage.slides, ends, strict=True), 1):
        name = f"{number:02}.png"
        drawn(slide, number, len(ends)).save(folder / name)
        start = 0.0 if number == 1 else slide.start
        lines += [f"file {name}", f"duration {end - start:.3f}"]
    lines.append(f"file {len(ends):02}.png")
    listed = folder / "slides.ffconcat"
    listed.write_text("\n".join(lines) + "\n")
    return listed


def write_video(stage: Stage, place: Path) -> None:
    """H.264 and AAC in an MP4 with its index in front."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wave(folder / "sound.wav", stage.sound())
        command = [
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            "-y",
            "-i",
            str(write_slides(stage, folder)),
            "-i",
            str(folder / "sound.wav"),
            "-vf",
            f"fps={FRAMES_PER_SECOND},format=yuv420p",
            "-t",
            f"{stage.at:.3f}",
            "-c:v",
            "libx264",
            "-preset",
            "slow",
            "-tune",
            "stillimage",
            "-crf",
            "24",
            "-g",
            str(5 * FRAMES_PER_SECOND),
            "-c:a",
            "aac",
            "-ar",
            "44100",
            "-b:a",
            "64k",
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags",
            "+bitexact",
            "-movflags",
            "+faststart",
            str(place),
        ]
        subprocess.run(command, check=True)


def write_truth(stage: Stage, folder: Path) -> None:
    """What is said in each session, and who speaks when, in seconds of the recording.

    What is said in a break lies apart: it is never published, so no output is held against it.
    """
    for session in stage.sessions:
        into = folder / "private" if session in PRIVATE else folder
        into.mkdir(parents=True, exist_ok=True)
        placed = stage.said_in(session)
        text = "\n".join(line.said.text for line in placed)
        (into / f"{session}.txt").write_text(text + "\n")
        (into / f"{session}.rttm").write_text(rttm(session, turns(placed)))


def clock(seconds: float) -> str:
    """HH:MM:SS."""
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def misplaced(stage: Stage, programme: dict[str, Any]) -> list[str]:
    """Sessions whose times in the programme are not those of the video."""
    told = {each["id"]: (each.get("from"), each.get("to")) for each in programme["sessions"]}
    return [
        f"{session}: from {clock(start)} to {clock(end)} in the video, {told.get(session)} told"
        for session, (start, end) in stage.sessions.items()
        if told.get(session) != (clock(start), clock(end))
    ]


def main() -> None:
    """Read the command line, make the event, compare its programme."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("script", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    script = read(given.script)
    stage = staged(script)
    event = given.folder / "events" / script["event"]
    write_video(stage, event / script["capture"])
    write_truth(stage, given.folder / "reference" / script["event"])
    size = (event / script["capture"]).stat().st_size / 1e6
    print(f"{event}: {stage.at:.1f} s, {size:.2f} MB")
    wrong = misplaced(stage, YAML(typ="safe").load(event / "programme.yaml"))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
