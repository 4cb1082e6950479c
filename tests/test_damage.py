"""Captures cut, garbled and robbed of packets at any place: nothing moves, nothing is hushed up.

Clips are made at test time: a beep every two seconds, each at a pitch of its own, over a quiet
tone that never ends. The tone tells where there is sound, whatever the code under test says.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import imageio_ffmpeg
import numpy as np
import pytest
from clips import ffmpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import CaptureFault
from pipeline.container import read_sound
from pipeline.model import Span, complement, union
from pipeline.sink import HEARD
from pipeline.timeline import Laid, Order, lay

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 24
BEEPS_S = [float(second) for second in range(1, SECONDS, 2)]
"""Where the beeps begin; each lasts 0.4 s."""
PITCHES = [500 + 170 * number for number in range(len(BEEPS_S))]
TONE = 3_500
"""The tone's frequency in Hz, above all beeps."""

BLAST_S = {"ts": 1.8, "MTS": 1.8, "mkv": 6.0, "frag.mp4": 3.0, "mp4": 0.1, "avi": 1.2, "mp3": 0.2}
"""How far damage reaches past the packets that it touches: to the next place that a reader
finds by itself, be it a packet, a fragment or a cluster."""

EXAMPLES = int(os.environ.get("DAMAGE_EXAMPLES", "0"))
"""Set it to try that many new places for each test; otherwise a few, always the same."""

QUICK = settings(
    derandomize=not EXAMPLES,
    deadline=None,
    max_examples=EXAMPLES or 10,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Hole = tuple[float, float]
"""Where damage begins and how long it is, as shares of the file."""
HOLES = st.lists(st.tuples(st.floats(0, 1), st.floats(0.0005, 0.25)), min_size=1, max_size=3)


@dataclass(frozen=True)
class Packet:
    """A packet of sound in the whole clip: bytes and seconds."""

    at: int
    end: int
    start_s: float
    end_s: float


class Clip:
    """A whole clip: its bytes, its packets of sound, how long its sound is.

    No dataclass, for hypothesis would print all of it. Damage begins behind byte `head`.
    """

    def __init__(
        self, kind: str, data: bytes, packets: tuple[Packet, ...], length_ms: int, head: int
    ) -> None:
        self.kind = kind
        self.data = data
        self.packets = packets
        self.length_ms = length_ms
        self.head = head

    def __repr__(self) -> str:
        return f"<clip.{self.kind}>"

    def touched(self, holes: list[tuple[int, int]]) -> list[Span]:
        """Return when the sound is that lies in these bytes, in milliseconds, and what follows."""
        reach_s = BLAST_S[self.kind]
        return [
            Span(max(0, round(1000 * (p.start_s - 0.2))), round(1000 * (p.end_s + reach_s)))
            for p in self.packets
            for first, last in holes
            if p.at < last and first < p.end
        ]


@pytest.fixture(scope="module", params=["system", "packaged"])
def clips(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Clip]:
    """Return a clip in each container, as the system's ffmpeg and the packaged one write it."""
    if request.param == "system" and shutil.which("ffmpeg") is None:
        pytest.skip("this machine has no ffmpeg of its own")
    folder = tmp_path_factory.mktemp("damage")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "packaged":
            patch.setattr("pipeline.media.ffmpeg_path", imageio_ffmpeg.get_ffmpeg_exe)
        beeps = "+".join(
            f"sin({pitch}*2*PI*t)*between(t,{start},{start + 0.4})"
            for pitch, start in zip(PITCHES, BEEPS_S, strict=True)
        )
        ffmpeg(
            *("-f", "lavfi", "-i", f"testsrc2=s=160x120:r=25:d={SECONDS}"),
            *("-f", "lavfi", "-i"),
            f"aevalsrc='0.4*({beeps})+0.05*sin({TONE}*2*PI*t)':s=48000:d={SECONDS}",
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-ac", "2"),
            folder / "whole.mkv",
        )
        whole = ("-i", folder / "whole.mkv")
        ffmpeg(*whole, "-c", "copy", folder / "clip.ts")
        ffmpeg(*whole, "-c:v", "copy", "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", 1,
               folder / "clip.MTS")  # fmt: skip
        ffmpeg(*whole, "-c", "copy", folder / "clip.mkv")
        ffmpeg(*whole, "-c", "copy", "-movflags", "+faststart", folder / "clip.mp4")
        ffmpeg(*whole, "-c", "copy", "-movflags", "+frag_keyframe+empty_moov",
               folder / "clip.frag.mp4")  # fmt: skip
        ffmpeg(*whole, "-c:v", "mpeg4", "-c:a", "mp3", folder / "clip.avi")
        ffmpeg(*whole, "-vn", "-b:a", "64k", folder / "clip.mp3")
    return {kind: _clip(folder / f"clip.{kind}", kind) for kind in BLAST_S}


def _clip(path: Path, kind: str) -> Clip:
    told: list[tuple[int, int, float, float]] = []
    with av.open(str(path)) as container:
        origin = (container.start_time or 0) / av.time_base
        for packet in container.demux(container.streams.audio[0]):
            if packet.size:
                tick = float(packet.time_base or 0)
                start = (packet.pts or 0) * tick - origin
                at = told[-1][0] if packet.pos is None else packet.pos
                told.append((at, packet.size, start, start + (packet.duration or 0) * tick))
    data = path.read_bytes()
    ends = [*(at for at, *_ in told[1:]), len(data)]
    streamed = kind in {"ts", "MTS"}
    packets = tuple(
        # In a transport stream a packet lies scattered up to where the next one begins.
        Packet(at, max(end, at + 1) if streamed else at + size, start, last)
        for (at, size, start, last), end in zip(told, ends, strict=True)
    )
    head = 0 if streamed else packets[0].at + 1
    return Clip(kind, data, packets, round(packets[-1].end_s * 1000), head)


def hear(path: Path) -> tuple[Laid, np.ndarray]:
    """Lay the sound of one capture, as the program does that a run starts."""
    target = path.with_suffix(".flac")
    laid = lay(Order((path,), target, HEARD), lambda _: None)
    return laid, read_sound(target)


def power(sound: np.ndarray, pitch: float) -> np.ndarray:
    """Amplitude at one pitch, every 10 ms, in windows of 40 ms."""
    size, hop = 640, 160
    wave = np.exp(-2j * np.pi * pitch * np.arange(size) / 16_000) * np.hanning(size)
    padded = np.concatenate([np.zeros(size // 2), sound, np.zeros(size // 2)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    amplitude: np.ndarray = np.abs(windows @ wave) * 4 / size
    return amplitude


def beeps(sound: np.ndarray) -> dict[float, float]:
    """Where each beep is heard to begin, by where it should; only those of 0.3 s or more."""
    found: dict[float, float] = {}
    for second, pitch in zip(BEEPS_S, PITCHES, strict=True):
        loud = np.flatnonzero(np.convolve(power(sound, pitch) > 0.15, np.ones(30), "valid") == 30)
        if len(loud):
            found[second] = loud[0] / 100
    return found


def holes_in(clip: Clip, shares: list[Hole]) -> list[tuple[int, int]]:
    """Return damage as byte ranges behind the clip's header and before its index."""
    tail = clip.data.rfind(b"idx1") if clip.kind == "avi" else len(clip.data)
    room = tail - clip.head
    ranges = [
        (first, min(tail, first + max(1, int(length * room))))
        for start, length in shares
        for first in (clip.head + int(start * (room - 1)),)
    ]
    return [(span.start_ms, span.end_ms) for span in union(Span(*pair) for pair in ranges)]


@pytest.mark.parametrize("kind", ["ts", "MTS"])
@QUICK
@given(shares=HOLES)
def test_a_stream_robbed_of_packets(
    clips: dict[str, Clip], tmp_path: Path, kind: str, shares: list[Hole]
) -> None:
    """A card lost packets: what follows keeps its time, and what is missing is told."""
    clip = clips[kind]
    step = 192 if kind == "MTS" else 188
    holes = [(a // step * step, b // step * step) for a, b in holes_in(clip, shares)]
    data = bytearray(clip.data)
    for first, last in reversed(holes):
        del data[first:last]
    path = tmp_path / f"clip.{kind}"
    path.write_bytes(data)
    _hold(clip, path, holes, moved=True)


@pytest.mark.parametrize("kind", list(BLAST_S))
@QUICK
@given(shares=HOLES, filling=st.sampled_from(["zeros", "ones", "random"]))
def test_a_garbled_capture(
    clips: dict[str, Clip], tmp_path: Path, kind: str, shares: list[Hole], filling: str
) -> None:
    """Sectors went bad: what follows keeps its time, and what cannot be decoded is told."""
    clip = clips[kind]
    holes = holes_in(clip, shares)
    data = bytearray(clip.data)
    for first, last in holes:
        size = last - first
        data[first:last] = {
            "zeros": bytes(size),
            "ones": b"\xff" * size,
            "random": np.random.default_rng(size).bytes(size),
        }[filling]
    path = tmp_path / f"clip.{kind}"
    path.write_bytes(data)
    # Random bytes may pass for sound where a container has no sums to tell.
    told = filling != "random" or kind in {"ts", "MTS", "mkv"}
    _hold(clip, path, holes, moved=kind in {"ts", "MTS", "frag.mp4"}, told=told)


@pytest.mark.parametrize("kind", list(BLAST_S))
@QUICK
@given(share=st.floats(0.05, 0.999))
def test_a_capture_cut_off(clips: dict[str, Clip], tmp_path: Path, kind: str, share: float) -> None:
    """A recorder lost power: what there is is had, the rest is missing where it is known."""
    clip = clips[kind]
    end = clip.head + int(share * (len(clip.data) - clip.head))
    path = tmp_path / f"clip.{kind}"
    path.write_bytes(clip.data[:end])
    laid = _hold(clip, path, [(end, len(clip.data))], moved=kind in {"ts", "MTS", "frag.mp4"})
    if kind not in {"ts", "MTS", "frag.mp4"}:
        assert laid.parts[0][0].end_ms == pytest.approx(clip.length_ms, abs=100)


def _hold(
    clip: Clip,
    path: Path,
    holes: list[tuple[int, int]],
    *,
    moved: bool = False,
    told: bool = True,
) -> Laid:
    """Hold what must be true of a damaged clip.

    `moved`: the file may begin later or end earlier than it did, and does not say so.
    `told`: whatever does not sound is known to be missing.
    """
    try:
        laid, sound = hear(path)
    except CaptureFault:
        assert sum(last - first for first, last in holes) > 0.3 * len(clip.data)
        return Laid(((Span(0, clip.length_ms), ""),), (), "")
    ((whole, _),) = laid.parts
    assert len(sound) == whole.end_ms * 16
    assert all(0 <= gap.start_ms < gap.end_ms <= whole.end_ms for gap in laid.gaps)
    if not moved:
        assert whole.end_ms == pytest.approx(clip.length_ms, abs=100)
    untouched = complement(clip.touched(holes), Span(0, clip.length_ms))
    heard = beeps(sound)
    # A stream that lost its beginning begins later, and its clock knows nothing of that.
    late = [second - heard[second] for second in BEEPS_S if second in heard]
    late_s = late[0] if moved and late and holes[0][0] < 0.02 * len(clip.data) else 0.0
    for second in BEEPS_S:
        beep = Span(round(second * 1000), round(second * 1000) + 400)
        if any(beep.clip(span) == beep for span in untouched):
            assert heard.get(second) == pytest.approx(second - late_s, abs=0.1), laid.gaps
    if told:
        present_ms = 10 * int((power(sound, TONE) > 0.02).sum())
        missing_ms = sum(gap.duration_ms for gap in laid.gaps)
        assert present_ms + missing_ms == pytest.approx(whole.end_ms, abs=500), laid.gaps
        # Where a stream ends stands nowhere: picture and sound do not end together.
        if present_ms < whole.end_ms - (600 if moved else 150):
            assert laid.gaps
    return laid
