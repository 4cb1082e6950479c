"""The copies that browsers play: their streams, their times, what is copied, what is private."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from clips import ffmpeg, flashes, onsets

from archive.errors import CaptureFault
from pipeline import media
from pipeline.model import Span
from pipeline.picture import flow, look
from pipeline.webcopy import (
    CEILINGS,
    QUALITIES,
    Flow,
    Picture,
    first_seen,
    limits,
    shape_of,
    why_encoded,
    why_unsteady,
)

MARKS_S = (1.0, 4.0)
"""Where the clip flashes and beeps; each time for 0.4 s."""

LENGTH_MS = 6_000
WHOLE = (Span(0, LENGTH_MS),)
WANTED = limits(360, "medium")
FILM = Picture(
    "h264", "High", 31, "yuv420p", 640, 360, plain=True, interlaced=False, field_order=None,
    rate=Fraction(25), lead_ms=0,
)  # fmt: skip
STEADY = Flow(orderly=True, first_ms=0, end_ms=60_000, keyframe_ms=10_000, kbps=600)


def clip(target: Path, *codecs: str, size: str = "320x240", rate: int = 25, more: str = "") -> None:
    """Make a clip of 6 s: a bar that moves, flashes and beeps at MARKS_S."""
    marks = "+".join(f"between(t,{s},{s + 0.4})" for s in MARKS_S)
    picture = (
        f"color=gray:s={size}:r={rate}:d=6[g];color=0x202020:s=16x1080:r={rate}:d=6[b];"
        f"[g][b]overlay=x='mod(t*400,W)':y=0,"
        f"drawbox=w=iw:h=ih:color=white:t=fill:enable='{marks}'{more}"
    )
    sound = f"aevalsrc='0.5*sin(880*2*PI*t)*({marks})':s=48000:d=6"
    ffmpeg(
        *("-f", "lavfi", "-i", sound, "-filter_complex", f"{picture}[v]"),
        *("-map", "[v]", "-map", "0:a", *codecs, target),
    )


INTERLACED = ",tinterlace=interleave_top,setsar=16/11"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips in the forms that cameras write."""
    folder = tmp_path_factory.mktemp("clips")
    h264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    clip(folder / "film.mp4", *h264)
    for name in ("film.ts", "film.mkv"):
        ffmpeg("-i", folder / "film.mp4", "-c", "copy", folder / name)
    ffmpeg("-i", folder / "film.mp4", "-vn", "-c:a", "copy", folder / "sound.m4a")
    (folder / "turned.mp4").write_bytes(turned((folder / "film.mp4").read_bytes()))
    clip(folder / "small.mp4", *h264, size="160x120", rate=15)
    camera = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-b:v", "3M", "-pix_fmt", "yuv420p")
    clip(
        folder / "card.MTS",
        *camera,
        "-c:a",
        "ac3",
        "-f",
        "mpegts",
        size="352x288",
        rate=50,
        more=INTERLACED,
    )
    clip(
        *(folder / "told.mov", "-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"),
        *("-field_order", "tt", "-c:a", "aac"),
        size="352x288",
        rate=50,
        more=INTERLACED,
    )
    uneven = ",select='not(mod(n,7))+not(mod(n,3))+between(n,25,40)+between(n,99,115)'"
    clip(folder / "uneven.mkv", *h264, rate=30, more=uneven)
    return folder


def turned(data: bytes) -> bytes:
    """Give the first track of an MP4 the display matrix of a phone held upright."""
    at = data.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12, version 0: 40 bytes stand before it
    upright = [0, 1 << 16, 0, -(1 << 16) & 0xFFFFFFFF, 0, 0, 240 << 16, 0, 1 << 30]
    matrix = b"".join(number.to_bytes(4, "big") for number in upright)
    return data[:at] + matrix + data[at + 36 :]


def copies(
    captures: list[Path],
    folder: Path,
    public: tuple[Span, ...] = WHOLE,
    wanted: str = "medium",
    *,
    damaged: bool = False,
) -> tuple[Path, str | None]:
    """Make both copies of captures; return the web copy and why it was encoded."""
    sound, film = folder / "web.m4a", folder / "web.mp4"
    length_ms = LENGTH_MS * len(captures)
    heard: list[float] = []
    media.make_sound_copy(captures, sound, public=public, duration_ms=length_ms)
    made = media.make_web_copy(
        captures, sound, film,
        public=public, lengths_ms=[LENGTH_MS] * len(captures), wanted=limits(360, wanted),
        damaged=damaged,
        progress=heard.append,
    )  # fmt: skip
    assert made is not None
    assert heard[-1] == pytest.approx(1, abs=0.1)
    assert not list(folder.glob("*.part"))
    return film, made.encoded_because


def assert_sound_plays(path: Path, length_ms: int = LENGTH_MS) -> None:
    """AAC-LC, one channel, index in front, from 0 to the recording's end."""
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as made:
        sound = made.streams.audio[0]
        assert (sound.codec_context.name, sound.profile) == ("aac", "LC")
        assert (sound.codec_context.channels, sound.codec_context.sample_rate) == (1, 48_000)
        assert made.start_time == sound.start_time == 0
        assert (made.duration or 0) / 1000 == pytest.approx(length_ms, abs=60)


def assert_film_plays(path: Path, size: tuple[int, int], length_ms: int = LENGTH_MS) -> None:
    """H.264 High to 4.1, yuv420p, progressive, upright, square pixels, from 0 to the end."""
    assert_sound_plays(path, length_ms)
    with av.open(str(path)) as made:
        video = made.streams.video[0]
        codec = video.codec_context
        assert (codec.name, codec.profile, codec.pix_fmt) == ("h264", "High", "yuv420p")
        assert 0 < codec.level <= 41
        assert (codec.width, codec.height) == size
        assert (video.sample_aspect_ratio or 1) == 1
        times = [float(p.pts * p.time_base) for p in made.demux(video) if p.pts is not None]
        assert min(times) == pytest.approx(0, abs=0.05)
        assert max(times) == pytest.approx(length_ms / 1000, abs=0.1)
    with av.open(str(path)) as made:
        frames = list(made.decode(video=0))
        assert not any(frame.interlaced_frame or frame.rotation for frame in frames)


def assert_in_time(path: Path, folder: Path, marks: tuple[float, ...] = MARKS_S) -> None:
    """Flashes and beeps stand where the recording has them."""
    assert flashes(path) == pytest.approx(marks, abs=0.07)
    media.extract_sound([path], folder / "heard.flac")
    heard = onsets(media.read_sound(folder / "heard.flac"))
    assert heard == pytest.approx(marks, abs=0.05)


def combed(path: Path) -> float:
    """How much neighbouring lines differ: in a film of an upright bar only where it is combed."""
    with av.open(str(path)) as made:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in made.decode(video=0)]
    middle = [frame[4:-4] for frame in frames[2:20]]
    return float(np.mean([np.abs(np.diff(frame, axis=0)).mean() for frame in middle]))


@pytest.mark.parametrize("name", ["film.mp4", "film.ts", "film.mkv"])
def test_what_browsers_play_is_copied(clips: Path, tmp_path: Path, engine: str, name: str) -> None:
    """The picture's packets are the camera's own, from either container, with either ffmpeg."""
    film, reason = copies([clips / name], tmp_path)
    assert reason is None, engine
    assert_film_plays(film, (320, 240))
    assert_in_time(film, tmp_path)
    assert packets(film) == packets(clips / "film.mp4")


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [_slices(bytes(p)) for p in container.demux(video=0) if p.size]


def _slices(packet: bytes) -> bytes:
    """The coded slices of an H.264 sample, without what a transport stream puts before them."""
    found, at = b"", 0
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")
        unit = packet[at + 4 : at + 4 + size]
        found += unit if unit[0] & 31 in {1, 5} else b""
        at += 4 + size
    return found


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [
        ("card.MTS", (512, 288), "mpeg2video"),
        ("told.mov", (512, 288), "mjpeg"),
        ("turned.mp4", (240, 320), "turn or stretch"),
    ],
)
def test_the_rest_is_encoded(
    clips: Path, tmp_path: Path, engine: str, name: str, size: tuple[int, int], why: str
) -> None:
    """Interlaced cards and phones held upright: a browser plays what comes out."""
    film, reason = copies([clips / name], tmp_path)
    assert why in str(reason), engine
    assert_film_plays(film, size)
    assert_in_time(film, tmp_path)
    keys = key_times(film)
    assert all(b - a <= 2.001 for a, b in pairwise([*keys, LENGTH_MS / 1000]))


def key_times(path: Path) -> list[float]:
    with av.open(str(path)) as made:
        found = [p for p in made.demux(video=0) if p.pts is not None and p.is_keyframe]
        return [float((p.pts or 0) * p.time_base) for p in found]


@pytest.mark.parametrize("damaged", [False, True])
def test_uneven_pictures_keep_their_times(
    clips: Path, tmp_path: Path, engine: str, damaged: bool
) -> None:
    """A variable rate, as phones and screen recorders write it, copied or encoded."""
    film, reason = copies([clips / "uneven.mkv"], tmp_path, damaged=damaged)
    assert reason == ("the capture is damaged" if damaged else None), engine
    assert_film_plays(film, (320, 240))
    assert_in_time(film, tmp_path)


@pytest.mark.parametrize("name", ["card.MTS", "told.mov"])
def test_fields_are_woven_into_pictures(clips: Path, tmp_path: Path, name: str) -> None:
    """No comb is left, whether the frames say that they are two fields or the container alone."""
    film, _ = copies([clips / name], tmp_path)
    assert combed(clips / name) > 1
    assert combed(film) < 0.3


def test_ten_bits_become_eight(tmp_path: Path, engine: str) -> None:
    """HEVC with 10 bits, as phones write it, plays as H.264."""
    encoders = subprocess.run(
        [media.ffmpeg_path(), "-hide_banner", "-encoders"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "libx265" not in encoders:
        pytest.skip(f"the {engine} ffmpeg cannot write HEVC")
    phone = tmp_path / "phone.mp4"
    x265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    clip(phone, *x265, "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-c:a", "aac")
    film, reason = copies([phone], tmp_path)
    assert "hevc in yuv420p10le" in str(reason)
    assert_film_plays(film, (320, 240))
    assert_in_time(film, tmp_path)


def test_a_picture_that_starts_late_keeps_its_times(
    clips: Path, tmp_path: Path, engine: str
) -> None:
    """A transport stream's clock starts anywhere, and its picture after its sound."""
    late = tmp_path / "late.ts"
    film = clips / "film.mp4"
    ffmpeg(
        *("-i", film, "-itsoffset", "1.5", "-i", film, "-map", "1:v", "-map", "0:a"),
        *("-c", "copy", "-muxdelay", "3", late),
    )
    copy, reason = copies([late], tmp_path)
    assert reason == "it begins after the sound", engine
    assert flashes(copy) == pytest.approx([2.5, 5.5], abs=0.07)


def test_captures_of_any_form_are_one_film(clips: Path, tmp_path: Path) -> None:
    """The first picture gives the size; the others fit into it; where there is none it is black."""
    captures = [clips / "small.mp4", clips / "sound.m4a", clips / "card.MTS"]
    film, reason = copies(captures, tmp_path, (Span(0, 18_000),))
    assert reason == "there are several captures"
    assert_film_plays(film, (160, 120), 18_000)
    first, second = (media.probe(path).duration_ms / 1000 for path in captures[:2])
    marks = [*MARKS_S, *(first + second + mark for mark in MARKS_S)]
    assert flashes(film) == pytest.approx(marks, abs=0.1)
    with av.open(str(film)) as made:
        for frame in made.decode(video=0):
            if first + 0.1 < frame.time < first + second - 0.1:
                assert frame.to_ndarray(format="gray").mean() < 20


def test_what_is_private_is_neither_heard_nor_seen(
    clips: Path, tmp_path: Path, engine: str
) -> None:
    """Silent in both copies and black in the film; what is public keeps its times."""
    before = hashlib.sha256((clips / "film.mp4").read_bytes()).hexdigest()
    film, reason = copies([clips / "film.mp4"], tmp_path, (Span(500, 3_500), Span(5_000, 6_000)))
    assert reason == "not all of it is public", engine
    assert_film_plays(film, (320, 240))
    for path in (film, film.with_suffix(".m4a")):
        media.extract_sound([path], tmp_path / "heard.flac")
        heard = media.read_sound(tmp_path / "heard.flac")
        assert onsets(heard) == pytest.approx([1.0], abs=0.05)
        assert 20 * np.log10(max(1e-9, np.abs(heard[3_500 * 16 : 5_000 * 16]).max())) < -60
    with av.open(str(film)) as made:
        for frame in made.decode(video=0):
            bright = frame.to_ndarray(format="gray").mean()
            assert (bright < 20) == (frame.time <= 0.5 or 3.5 <= frame.time <= 5.0), frame.time
    assert hashlib.sha256((clips / "film.mp4").read_bytes()).hexdigest() == before


def test_hundreds_of_private_stretches_are_silenced(
    clips: Path, tmp_path: Path, engine: str
) -> None:
    """Somebody who speaks often may wish to have nothing published of a whole day."""
    public = tuple(Span(at, at + 10) for at in range(0, LENGTH_MS, 20))
    target = tmp_path / "web.m4a"
    media.make_sound_copy([clips / "film.mp4"], target, public=public, duration_ms=LENGTH_MS)
    assert_sound_plays(target)
    assert engine


@pytest.mark.parametrize("harm", ["garbled", "cut"])
def test_a_damaged_picture_is_not_copied(
    clips: Path, tmp_path: Path, engine: str, harm: str
) -> None:
    """Where a frame does not decode a browser might stop: the picture is encoded, in time."""
    data = bytearray((clips / "film.ts").read_bytes())
    ours = [at for at in range(0, len(data), 188) if data[at + 1] & 31 == 1 and data[at + 2] == 0]
    middle = ours[int(len(ours) * 0.4) : int(len(ours) * 0.4) + 6]
    for at in reversed(middle):
        if harm == "garbled":
            data[at + 128 : at + 188] = b"\xaa" * 60
        else:
            del data[at : at + 188]
    broken = tmp_path / "broken.ts"
    broken.write_bytes(data)
    film, reason = copies([broken], tmp_path)
    assert reason in {"not every frame of it decodes", "its time stamps are not in order"}, engine
    assert_film_plays(film, (320, 240))
    assert flashes(film)[-1] == pytest.approx(MARKS_S[-1], abs=0.07)


@pytest.mark.parametrize("harm", ["lost", "joined"])
def test_picture_and_sound_stay_in_step(tmp_path: Path, engine: str, harm: str) -> None:
    """After a loss of more than 10 s, and after a clock that was set anew."""
    whole = tmp_path / "whole.ts"
    marks = "lt(mod(t,4),0.4)*gt(t,0.5)"
    ffmpeg(
        *("-f", "lavfi", "-i", f"aevalsrc='0.5*sin(880*2*PI*t)*{marks}':s=48000:d=30"),
        *("-f", "lavfi", "-i", "color=gray:s=160x120:r=25:d=30"),
        *("-vf", f"drawbox=w=iw:h=ih:color=white:t=fill:enable='{marks}'"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-c:a", "aac", whole),
    )
    data = whole.read_bytes()
    if harm == "lost":
        first, last = (len(data) * second // 30 // 188 * 188 for second in (10, 25))
        data = data[:first] + data[last:]
    else:
        data *= 2
    capture = tmp_path / "capture.ts"
    capture.write_bytes(data)
    heard = media.extract_sound([capture], tmp_path / "heard.flac")
    lengths_ms = [heard.duration_ms]
    sound, film = tmp_path / "web.m4a", tmp_path / "web.mp4"
    public = (Span(0, heard.duration_ms),)
    media.make_sound_copy([capture], sound, public=public, duration_ms=heard.duration_ms)
    media.make_web_copy(
        [capture], sound, film, public=public, lengths_ms=lengths_ms, wanted=WANTED, damaged=True
    )
    beeps = onsets(media.read_sound(tmp_path / "heard.flac"))
    assert len(beeps) == (3 if harm == "lost" else 14), engine
    assert flashes(film) == pytest.approx(beeps, abs=0.15)
    media.extract_sound([film], tmp_path / "film.flac")
    assert onsets(media.read_sound(tmp_path / "film.flac")) == pytest.approx(beeps, abs=0.05)


def test_a_film_keeps_below_its_ceiling(tmp_path: Path) -> None:
    """Not even noise takes more of the disk than docs/files.md says."""
    noise = tmp_path / "noise.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "nullsrc=s=640x360:r=25:d=6,geq=random(1)*255:128:128"),
        *("-f", "lavfi", "-i", "sine=d=6", "-c:v", "mjpeg", "-q:v", "9", noise),
    )
    film, _ = copies([noise], tmp_path, wanted="low")
    size = film.stat().st_size - film.with_suffix(".m4a").stat().st_size
    most = limits(360, "low").kbps * 1000 / 8 * LENGTH_MS / 1000
    assert size < most * 1.35  # the buffer of two seconds once filled


def test_the_poster_is_what_the_film_shows(clips: Path, tmp_path: Path) -> None:
    """Upright, with square pixels, at most 960 wide; none after the film's end."""
    film, _ = copies([clips / "turned.mp4"], tmp_path)
    assert media.make_poster(film, tmp_path / "p.jpg", 1_200)
    with av.open(str(tmp_path / "p.jpg")) as still:
        (picture,) = still.decode(video=0)
        assert (picture.width, picture.height) == (240, 320)
        assert picture.to_ndarray(format="gray").mean() > 200
    wide = tmp_path / "wide.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=1280x720:d=1", "-c:v", "libx264", wide)
    assert media.make_poster(wide, tmp_path / "wide.jpg", 0)
    with av.open(str(tmp_path / "wide.jpg")) as still:
        assert still.streams.video[0].codec_context.width == 960
    assert not media.make_poster(film, tmp_path / "none.jpg", 99_000)
    assert not (tmp_path / "none.jpg").exists()


def test_sound_alone_has_no_film(clips: Path, tmp_path: Path) -> None:
    """Without any picture there is nothing to make."""
    sound = clips / "sound.m4a"
    made = media.make_web_copy(
        [sound], sound, tmp_path / "w.mp4", public=WHOLE, lengths_ms=[LENGTH_MS], wanted=WANTED
    )
    assert made is None
    assert list(tmp_path.iterdir()) == []


def test_an_hour_of_sound_takes_about_25_megabytes(tmp_path: Path) -> None:
    """Measured on the bundled model's speech, in which somebody speaks all the time."""
    speech = next((Path(__file__).parents[1] / "demo" / "events").rglob("*.mp4"))
    length_ms = media.probe(speech).duration_ms
    target = tmp_path / "web.m4a"
    media.make_sound_copy([speech], target, public=(Span(0, length_ms),), duration_ms=length_ms)
    assert target.stat().st_size * 3_600_000 / length_ms == pytest.approx(25e6, rel=0.1)


def test_a_picture_without_frames_is_a_fault(clips: Path, tmp_path: Path) -> None:
    """What cannot be decoded at all ends in a sentence."""
    data = bytearray((clips / "film.ts").read_bytes())
    for at in range(0, len(data), 188):
        if data[at + 1] & 31 == 1 and data[at + 2] == 0:
            data[at + 4 : at + 188] = b"\xff" * 184
    broken = tmp_path / "broken.ts"
    broken.write_bytes(data)
    with pytest.raises(CaptureFault):
        copies([broken], tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"codec": "hevc"}, "hevc"),
        ({"pixels": "yuv420p10le"}, "yuv420p10le"),
        ({"pixels": "yuv422p"}, "yuv422p"),
        ({"pixels": "yuvj420p"}, "yuvj420p"),
        ({"profile": "Main"}, "Main"),
        ({"level": 42}, "level"),
        ({"level": 0}, "level"),
        ({"interlaced": True}, "interlaced"),
        ({"plain": False}, "turn or stretch"),
        ({"width": 642}, "642 x 360"),
        ({"height": 480}, "640 x 480"),
        ({"width": 320, "height": 180}, None),
    ],
)
def test_only_what_browsers_play_is_copied(change: dict[str, object], why: str | None) -> None:
    """Each of its properties alone decides."""
    picture = replace(FILM, **change)  # type: ignore[arg-type]
    found = why_encoded([picture], WANTED, all_public=True, damaged=False)
    assert (found is None) if why is None else (why in str(found))


def test_only_one_whole_public_capture_is_copied() -> None:
    """What must be cut, joined or blackened must be encoded."""
    assert why_encoded([FILM], WANTED, all_public=False, damaged=False)
    assert why_encoded([FILM], WANTED, all_public=True, damaged=True)
    assert why_encoded([FILM, FILM], WANTED, all_public=True, damaged=False)
    assert why_encoded([FILM, None], WANTED, all_public=True, damaged=False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"orderly": False}, "not in order"),
        ({"first_ms": 60}, "begins after"),
        ({"end_ms": 58_000}, "ends before"),
        ({"keyframe_ms": 12_000}, "far apart"),
        ({"kbps": 800}, "800 kbit/s"),
    ],
)
def test_only_a_steady_picture_is_copied(change: dict[str, object], why: str | None) -> None:
    """Times must be the recording's, and a seek short."""
    found = why_unsteady(replace(STEADY, **change), 60_000, WANTED)  # type: ignore[arg-type]
    assert (found is None) if why is None else (why in str(found))


@pytest.mark.parametrize(
    ("width", "height", "rate", "expected"),
    [
        (1920, 1080, Fraction(50), (1280, 720, Fraction(25))),
        (1920, 1080, Fraction(60_000, 1001), (1280, 720, Fraction(30_000, 1001))),
        (1080, 1920, Fraction(30), (404, 720, Fraction(30))),
        (1024, 576, Fraction(25), (1024, 576, Fraction(25))),
        (961, 721, Fraction(24), (960, 720, Fraction(24))),
        (3440, 1440, Fraction(30), (1280, 536, Fraction(30))),
    ],
)
def test_the_film_fits_its_box(
    width: int, height: int, rate: Fraction, expected: tuple[int, int, Fraction]
) -> None:
    """Even numbers of pixels, nothing enlarged, every second or third picture of a fast camera."""
    picture = replace(FILM, width=width, height=height, rate=rate)
    shape = shape_of(picture, limits(720, "medium"))
    assert (shape.width, shape.height, shape.rate) == expected
    fitted = shape.fitted(replace(FILM, width=1000, height=1000))
    assert max(fitted) <= min(shape.width, shape.height)


def test_levels_hold_what_is_asked_for() -> None:
    """H.264 level 4.1: 8,192 macroblocks a picture, 50 Mbit/s (ITU-T H.264, table A-1)."""
    for height in CEILINGS:
        for quality in QUALITIES:
            asked = limits(height, quality)
            assert -(-asked.width // 16) * -(-asked.height // 16) <= 8_192
            assert asked.kbps < 50_000
    crfs = [limits(720, quality).crf for quality in ("low", "medium", "high")]
    assert crfs == sorted(crfs, reverse=True)


def test_the_still_is_public_and_has_a_picture() -> None:
    """The first stretch that is both gives it, three seconds in, or in its middle."""
    public = [Span(0, 10_000), Span(20_000, 21_000), Span(40_000, 90_000)]
    assert first_seen(public, [Span(0, 90_000)]) == 3_000
    assert first_seen(public, [Span(15_000, 90_000)]) == 20_500
    assert first_seen(public, [Span(50_000, 90_000)]) == 53_000
    assert first_seen(public, [Span(10_000, 20_000)]) is None
    assert first_seen([], [Span(0, 90_000)]) is None


def test_what_a_picture_is_told_to_be(clips: Path) -> None:
    """The looks of the clips, as PyAV tells them."""
    assert look(clips / "sound.m4a") is None
    film, card, told = (look(clips / name) for name in ("film.mp4", "card.MTS", "told.mov"))
    assert film is not None
    assert card is not None
    assert told is not None
    assert (film.codec, film.plain, film.interlaced) == ("h264", True, False)
    assert (card.interlaced, card.field_order) == (True, None)
    assert film.rate == card.rate == Fraction(25)
    assert (told.interlaced, told.field_order) == (True, "tff")
    assert flow(clips / "film.mp4").orderly
    assert flow(clips / "film.ts").first_ms <= 50
