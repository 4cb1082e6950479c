"""Clocks that start late, leap, wrap or are set anew: all sound is there, each at its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from clips import ffmpeg, onsets

from archive.errors import CaptureFault
from pipeline import media
from pipeline.clock import Placed, Run, Stamp, place, runs_of

if TYPE_CHECKING:
    from pathlib import Path

BEEPS_S = (1.0, 5.0, 9.0)
LENGTH_S = 10
WRAP_S = 2**33 / 90_000
"""Where the clock of a transport stream begins anew at 0: 33 bits at 90 kHz."""


def clip(target: Path, *options: object, seconds: int = LENGTH_S, picture: bool = True) -> Path:
    """Make a clip with a beep of half a second in every four, the first at 1 s."""
    looks = ("-f", "lavfi", "-i", f"testsrc2=s=160x120:r=25:d={seconds}") if picture else ()
    ffmpeg(
        *looks,
        *("-f", "lavfi", "-i"),
        f"aevalsrc='0.5*sin(880*2*PI*t)*between(mod(t,4),1,1.5)':s=48000:d={seconds}",
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac"),
        *options,
        target,
    )
    return target


def heard(
    folder: Path, *captures: Path, track: int | None = None, channel: int | None = None
) -> tuple[media.Sound, list[float]]:
    target = folder / "heard.flac"
    made = media.extract_sound(captures, target, track=track, channel=channel)
    return made, onsets(media.read_sound(folder / "heard.flac"))


def times(*starts_s: float) -> list[float]:
    return [start + beep for start in starts_s for beep in BEEPS_S]


@pytest.mark.parametrize("picture", [True, False])
def test_two_streams_joined_into_one_file(tmp_path: Path, picture: bool) -> None:
    """`cat a.ts b.ts`: the clock goes back, and all sound of both is there, in a row."""
    one = clip(tmp_path / "a.ts", picture=picture)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    made, beeps = heard(tmp_path, both)
    assert beeps == pytest.approx(times(0, made.duration_ms / 2000), abs=0.1)
    assert made.duration_ms == pytest.approx(20_000, abs=150)
    assert media.probe(both).duration_ms == pytest.approx(made.duration_ms, abs=100)
    assert made.gaps == ()


def test_a_clock_that_wraps(tmp_path: Path) -> None:
    """33 bits are full in the middle of a capture: nobody hears of it."""
    wrapped = clip(tmp_path / "w.ts", "-output_ts_offset", WRAP_S - 4)
    assert media.probe(wrapped).duration_ms == pytest.approx(10_000, abs=100)
    made, beeps = heard(tmp_path, wrapped)
    assert beeps == pytest.approx(BEEPS_S, abs=0.1)
    assert made.gaps == ()


@pytest.mark.parametrize("name", ["next.ts", "next.MTS", "next.mkv"])
def test_a_piece_whose_clock_goes_on(tmp_path: Path, name: str) -> None:
    """The camera's next file begins at a large time stamp; on the timeline, where it follows."""
    options = ("-f", "mpegts", "-mpegts_m2ts_mode", 1) if name.endswith("MTS") else ()
    first = clip(tmp_path / f"first-{name}", *options)
    following = clip(tmp_path / name, "-output_ts_offset", 5_000, *options)
    made, beeps = heard(tmp_path, first, following)
    assert beeps == pytest.approx(times(0, made.parts[0][0].end_ms / 1000), abs=0.1)
    assert made.gaps == ()


@pytest.mark.parametrize("name", ["late.mp4", "late.ts", "late.mkv"])
def test_sound_that_starts_late(tmp_path: Path, name: str) -> None:
    """Sound stands where the picture says; that it is not there from the start is said."""
    whole = clip(tmp_path / "whole.mp4")
    late = tmp_path / name
    ffmpeg(
        "-i", whole, "-itsoffset", 3, "-i", whole, "-map", "0:v", "-map", "1:a", "-c", "copy", late
    )
    made, beeps = heard(tmp_path, late)
    assert beeps == pytest.approx([beep + 3 for beep in BEEPS_S], abs=0.1)
    assert [(g.span.start_ms, round(g.span.end_ms, -2)) for g in made.gaps] == [(0, 3000)]


def test_a_long_loss_and_a_clock_set_ahead(tmp_path: Path) -> None:
    """Stamps that leap by more than 10 s: with packets missing time passed, without it did not."""
    whole = clip(tmp_path / "whole.ts", seconds=40).read_bytes()
    places = [len(whole) * share // 40 // 188 * 188 for share in (11, 31)]
    robbed = tmp_path / "robbed.ts"
    robbed.write_bytes(whole[: places[0]] + whole[places[1] :])
    made, beeps = heard(tmp_path, robbed)
    assert beeps == pytest.approx([1, 5, 9, 33, 37], abs=0.1)
    (gap,) = made.gaps
    assert gap.span.duration_ms == pytest.approx(20_000, abs=1500)
    assert made.duration_ms == pytest.approx(40_000, abs=150)

    ahead = tmp_path / "ahead.ts"
    ahead.write_bytes(whole[: places[0]] + set_ahead(whole[places[0] :], 3_000))
    made, beeps = heard(tmp_path, ahead)
    assert beeps == pytest.approx([1 + 4 * n for n in range(10)], abs=0.1)
    assert made.duration_ms == pytest.approx(40_000, abs=300)


def set_ahead(packets: bytes, seconds: int) -> bytes:
    """Add to every time stamp of a transport stream (ISO/IEC 13818-1, 2.4.3.6)."""
    data = bytearray(packets)
    for at in range(0, len(data), 188):
        start = at + 4 + (data[at + 4] + 1 if data[at + 3] & 0x20 else 0)
        if not data[at + 1] & 0x40 or data[start : start + 3] != b"\0\0\1":
            continue
        for number in range((data[start + 7] >> 6).bit_count()):
            field = slice(start + 9 + 5 * number, start + 14 + 5 * number)
            a, b, c, d, e = data[field]
            told = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
            told = (told + seconds * 90_000) % 2**33
            data[field] = bytes(
                [
                    a & 0xF1 | (told >> 30) << 1,
                    told >> 22 & 0xFF,
                    (told >> 14 & 0xFE) | 1,
                    told >> 7 & 0xFF,
                    (told << 1 & 0xFE) | 1,
                ]
            )
    return bytes(data)


@pytest.mark.parametrize(
    ("rate", "layout", "codec"),
    [
        (8_000, "mono", "pcm_s16le"),
        (11_025, "stereo", "pcm_u8"),
        (22_050, "mono", "adpcm_ms"),
        (44_100, "stereo", "pcm_s24le"),
        (48_000, "5.1", "pcm_f32le"),
        (96_000, "stereo", "pcm_s32le"),
        (48_000, "quad", "pcm_s16le"),
    ],
)
def test_any_rate_and_any_channels(tmp_path: Path, rate: int, layout: str, codec: str) -> None:
    """From a telephone's sound to a studio's: beeps stand where they were, nothing is missing."""
    capture = tmp_path / "capture.wav"
    ffmpeg(
        *("-f", "lavfi", "-i"),
        f"aevalsrc='0.5*sin(880*2*PI*t)*between(mod(t,4),1,1.5)':s={rate}:d=10",
        *(
            "-af",
            f"aformat=channel_layouts=mono,pan={layout}|c0=c0|c1=c0"
            if layout != "mono"
            else "anull",
        ),
        *("-c:a", codec),
        capture,
    )
    made, beeps = heard(tmp_path, capture)
    assert beeps == pytest.approx(BEEPS_S, abs=0.02)
    assert made.duration_ms == pytest.approx(10_000, abs=100)
    assert made.gaps == ()


@pytest.mark.parametrize("name", ["two.mkv", "two.mp4", "two.ts"])
def test_another_track_may_be_taken(tmp_path: Path, name: str) -> None:
    """`sound: {track: 2}` hears the second sound of a capture, and nothing of the first."""
    capture = tmp_path / name
    ffmpeg(
        *("-f", "lavfi", "-i", "aevalsrc='0.5*sin(440*2*PI*t)':d=6:s=48000"),
        *("-f", "lavfi", "-i", "aevalsrc='0.5*sin(880*2*PI*t)*between(t,2,3)':d=6:s=32000"),
        *("-map", 0, "-map", 1, "-c:a", "aac"),
        capture,
    )
    made, beeps = heard(tmp_path, capture, track=2)
    assert beeps == pytest.approx([2.0], abs=0.1)
    assert made.gaps == ()
    _, beeps = heard(tmp_path, capture)
    assert beeps == pytest.approx([0.0], abs=0.1)
    with pytest.raises(CaptureFault, match="no sound track 3: it has 2"):
        heard(tmp_path, capture, track=3)


def test_a_channel_of_a_capture_without_it(tmp_path: Path) -> None:
    """Each of a recording's captures must have the channel that the programme names."""
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"
    ffmpeg("-f", "lavfi", "-i", "aevalsrc='0|0.5*sin(440*2*PI*t)':d=2", two)
    ffmpeg("-f", "lavfi", "-i", "aevalsrc='0.5*sin(440*2*PI*t)':d=2", one)
    with pytest.raises(CaptureFault, match="no channel 2: its sound has 1") as caught:
        heard(tmp_path, two, one, channel=2)
    assert caught.value.path == one


def test_a_recording_of_seven_kinds_of_captures(tmp_path: Path) -> None:
    """Containers, rates and channels may differ from capture to capture."""
    captures = [
        clip(tmp_path / "a.ts"),
        clip(tmp_path / "b.mkv", "-ar", 44_100),
        clip(tmp_path / "c.MTS", "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", 1),
        clip(tmp_path / "d.mp3", "-c:a", "libmp3lame", picture=False),
        clip(tmp_path / "e.wav", "-c:a", "pcm_s16le", "-ac", 2, picture=False),
        clip(tmp_path / "f.mov"),
        clip(tmp_path / "g.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame"),
    ]
    made, beeps = heard(tmp_path, *captures)
    starts = [span.start_ms / 1000 for span, _ in made.parts]
    assert beeps == pytest.approx(times(*starts), abs=0.1)
    assert made.duration_ms == pytest.approx(70_000, abs=300)
    assert made.gaps == ()


def _lasts(_before: Run, _run: Run) -> bool:
    return True


def _stamps(*runs: tuple[float, float]) -> list[Stamp]:
    """Packets of 0.1 s, from start to end of each run."""
    told: list[Stamp] = []
    for start_s, end_s in runs:
        for number in range(round((end_s - start_s) * 10)):
            at = start_s + number / 10
            told.append(Stamp(at, at + 0.1, len(told) * 188))
    return told


@pytest.mark.parametrize(
    ("runs", "moved", "length_s"),
    [
        ([(5, 15)], [-5], 10),
        ([(5, 15), (18, 20)], [-5, -5], 15),
        ([(5, 15), (5, 15)], [-5, 5], 20),
        ([(5, 15), (900, 901), (16, 20)], [-5, -890, -5], 15),
        ([(5, 15), (2, 3), (16, 20)], [-5, 8, -5], 15),
        ([(5, 15), (17, 18), (20, 25)], [-5, -5, -5], 20),
        ([(5, 15), (90_000, 90_010)], [-5, -89_990], 20),
        ([(14, 15), (5, 15)], [-14, -5], 10),
    ],
    ids=[
        "late",
        "lost",
        "anew",
        "stray ahead",
        "stray back",
        "lost twice",
        "too far",
        "stray first",
    ],
)
def test_where_runs_lie(
    runs: list[tuple[float, float]], moved: list[float], length_s: float
) -> None:
    """A loss leaves its time free, a clock set anew leaves none, a garbled stamp moves nothing."""
    placed, end_s = place(runs_of(_stamps(*runs)), 5.0, _lasts)
    assert [one.add_s for one in placed] == pytest.approx(moved)
    assert end_s == pytest.approx(length_s)


def test_jitter_makes_no_run() -> None:
    """Stamps a little early or late belong together."""
    jitter = np.random.default_rng(1).uniform(-0.04, 0.04, 200)
    stamps = [Stamp(n / 10 + j, n / 10 + 0.1 + j, 0) for n, j in enumerate(jitter)]
    assert place(runs_of(stamps), 0.0, _lasts)[0] == [Placed(0, 0, 0.0)]
