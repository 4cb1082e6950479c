"""Captures in, sound out: times stay true, damage is told, files are data."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clips import ffmpeg, onsets

from archive.errors import CaptureFault
from pipeline import media, processes
from pipeline.model import Span
from pipeline.sink import HEARD, Sink

if TYPE_CHECKING:
    from collections.abc import Callable

BEEPS_S = (1.0, 5.0, 9.0)
"""Where the clip's beeps begin; each lasts half a second."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 10 s of test picture, beeps at 1, 5 and 9 s, as MP4 and as MPEG-TS."""
    folder = tmp_path_factory.mktemp("clips")
    beeps = "+".join(f"between(t,{s},{s + 0.5})" for s in BEEPS_S)
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=10"),
        *("-f", "lavfi", "-i", f"aevalsrc='0.5*sin(880*2*PI*t)*({beeps})':s=48000:d=10"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ac", "2"),
        folder / "whole.mp4",
    )
    ffmpeg("-i", folder / "whole.mp4", "-c", "copy", folder / "whole.ts")
    ffmpeg("-i", folder / "whole.mp4", "-vn", "-c:a", "copy", folder / "sound.m4a")
    ffmpeg("-i", folder / "whole.mp4", "-an", "-c:v", "copy", folder / "silent.mp4")
    return folder


def ended(pid: int) -> bool:
    """Whether a process is gone, or will be once its parent takes note, within two seconds."""
    for _ in range(40):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_sound_keeps_the_times_of_the_capture(clips: Path, tmp_path: Path, engine: str) -> None:
    """Beeps stand where they were, from either container, with either ffmpeg."""
    for name in ("whole.mp4", "whole.ts"):
        target = tmp_path / f"{name}.flac"
        heard: list[float] = []
        made = media.extract_sound([clips / name], target, progress=heard.append)
        assert onsets(media.read_sound(target)) == pytest.approx(BEEPS_S, abs=0.03)
        assert made.gaps == ()
        assert made.duration_ms == pytest.approx(10_000, abs=60)
        assert made.decoder
        assert (engine == "packaged") == ("imageio" in media.ffmpeg_path())
        assert heard == sorted(heard)
        assert heard[-1] == pytest.approx(1, abs=0.1)
        assert not list(tmp_path.glob(".*"))


def test_captures_follow_each_other_on_one_timeline(clips: Path, tmp_path: Path) -> None:
    """The second capture begins where the first one's container ends."""
    first = media.probe(clips / "whole.ts").duration_ms
    made = media.extract_sound([clips / "whole.ts", clips / "whole.mp4"], tmp_path / "s.flac")
    later = [first / 1000 + beep for beep in BEEPS_S]
    assert onsets(media.read_sound(tmp_path / "s.flac")) == pytest.approx(
        [*BEEPS_S, *later], abs=0.03
    )
    assert made.duration_ms == pytest.approx(first + 10_000, abs=60)


@pytest.mark.parametrize("how", ["cut", "garbled"])
def test_damage_moves_nothing_and_is_listed(
    clips: Path, tmp_path: Path, engine: str, how: str
) -> None:
    """Whatever is lost in the middle, a beep after it keeps its time and the loss is a gap."""
    data = bytearray((clips / "whole.ts").read_bytes())
    begin, end = (int(len(data) * share) // 188 * 188 for share in (0.55, 0.75))
    if how == "cut":
        del data[begin:end]
    else:
        data[begin:end] = b"\xff" * (end - begin)
    broken = tmp_path / "broken.ts"
    broken.write_bytes(data)
    made = media.extract_sound([broken], tmp_path / "s.flac")
    assert onsets(media.read_sound(tmp_path / "s.flac")) == pytest.approx(BEEPS_S, abs=0.1), engine
    lost_ms = sum(gap.span.duration_ms for gap in made.gaps)
    assert lost_ms == pytest.approx(2_000, abs=500)
    assert all(5_300 < g.span.start_ms < g.span.end_ms < 9_000 for g in made.gaps)


def test_a_garbled_mp4_tells_its_gap(clips: Path, tmp_path: Path, engine: str) -> None:
    """In an MP4 the packets stay in place and cannot be decoded: that is a gap as well."""
    data = bytearray((clips / "whole.mp4").read_bytes())
    begin, end = (int(len(data) * share) for share in (0.6, 0.75))
    data[begin:end] = bytes(end - begin)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    made = media.extract_sound([broken], tmp_path / "s.flac")
    found = onsets(media.read_sound(tmp_path / "s.flac"))
    assert [found[0], found[-1]] == pytest.approx([1.0, 9.0], abs=0.1), engine
    assert sum(gap.span.duration_ms for gap in made.gaps) > 500


def test_sound_is_read_by_span_and_in_chunks(clips: Path, tmp_path: Path) -> None:
    """A span holds the very samples of the whole, and chunks joined are the whole."""
    target = tmp_path / "s.flac"
    media.extract_sound([clips / "whole.mp4"], target)
    whole = media.read_sound(target)
    for chunk_ms in (100, 777, 30_000):
        assert np.array_equal(np.concatenate(list(media.stream_sound(target, chunk_ms))), whole)
    for start_ms, end_ms in ((0, 1), (4_321, 6_543), (9_000, 99_000), (5_000, 5_000)):
        part = media.read_sound(target, Span(start_ms, end_ms))
        assert np.array_equal(part, whole[start_ms * 16 : end_ms * 16])


@pytest.mark.parametrize("length_ms", [400, 3_000, 5_030, 20_000])
def test_sound_is_read_from_anywhere(tmp_path: Path, length_ms: int) -> None:
    """Also from the last frame but one, to which libav finds no way in some FLAC files."""
    target = tmp_path / "s.flac"
    noise = np.random.default_rng(0).normal(0, 3_000, length_ms * 16).astype(np.int16)
    with Sink(target, HEARD) as sink:
        sink.write(noise)
        sink.finish()
    for start_ms in range(0, length_ms, 97):
        part = media.read_sound(target, Span(start_ms, start_ms + 50))
        expected = noise[start_ms * 16 : (start_ms + 50) * 16] / np.float32(32768)
        assert np.array_equal(part, expected), start_ms


def test_one_channel_may_be_taken(tmp_path: Path) -> None:
    """`channel: 2` hears the second channel and nothing of the first."""
    capture = tmp_path / "two.wav"
    ffmpeg(
        *("-f", "lavfi", "-i", "aevalsrc='0.5*sin(440*2*PI*t)|0.5*between(t,1,2)':d=3:s=44100"),
        capture,
    )
    media.extract_sound([capture], tmp_path / "s.flac", channel=2)
    sound = np.abs(media.read_sound(tmp_path / "s.flac"))
    assert sound[:15_000].max() < 0.01
    assert sound[20_000:28_000].mean() > 0.3
    with pytest.raises(CaptureFault, match="has no channel 3"):
        media.extract_sound([capture], tmp_path / "s.flac", channel=3)


def test_what_cannot_be_a_capture_is_named_at_once(clips: Path, tmp_path: Path) -> None:
    """Each bad capture gets a sentence and a next step, and none of them hangs."""
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("Ceci n'est pas une vidéo.\n" * 100, "utf-8")
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(50_000))
    (tmp_path / "half.mp4").write_bytes((clips / "whole.mp4").read_bytes()[:60_000])
    (tmp_path / "astray.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "device.mp4").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.mp4")
    expected = {
        "absent.mp4": "no such file",
        "astray.mp4": "no such file",
        "empty.mp4": "empty",
        "text.mp4": "no video or sound",
        "noise.mp4": "no video or sound",
        "half.mp4": "no index",
        "pipe.mp4": "not a file",
        "device.mp4": "not a file",
        ".": "not a file",
        "\0.mp4": "no such file",
        "x" * 256: "no such file",
        str(clips / "silent.mp4"): "no sound",
    }
    begun = time.monotonic()
    for name, sentence in expected.items():
        with pytest.raises(CaptureFault, match=sentence) as caught:
            media.probe(tmp_path / name)
        assert "→" in str(caught.value)
        with pytest.raises(CaptureFault, match=sentence):
            media.extract_sound([tmp_path / name], tmp_path / "s.flac")
    assert time.monotonic() - begun < 60


def test_a_playlist_leads_nowhere(clips: Path, tmp_path: Path) -> None:
    """A file that calls itself a film and names others, here or on the network, is none."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        url = f"http://127.0.0.1:{other.getsockname()[1]}/x.ts"
        film = clips / "whole.ts"
        lists = {
            "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{film}\n#EXT-X-ENDLIST\n",
            "url.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
            "ffconcat": f"ffconcat version 1.0\nfile '{film}'\n",
            "url.ffconcat": f"ffconcat version 1.0\nfile '{url}'\n",
            "mpd": f'<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>',
            "sdp": "v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        }
        for kind, text in lists.items():
            for suffix in ("", ".mp4"):
                capture = tmp_path / f"list.{kind}{suffix}"
                capture.write_text(text, "utf-8")
                with pytest.raises(CaptureFault):
                    media.probe(capture)
                with pytest.raises(CaptureFault):
                    media.extract_sound([capture], tmp_path / "s.flac")
                with pytest.raises(CaptureFault):
                    media.make_poster(capture, tmp_path / "p.jpg", 0)
        with pytest.raises(BlockingIOError):
            other.accept()


@pytest.mark.parametrize(
    "name",
    [
        *("-i.mp4", "concat:x.mp4", "a\nb.mp4", "d'\"`$(x).mp4", "%03d.mp4", "\u202egpm.mp4"),
        *("é" * 125 + "x.mp4", "subfile,,start,0,end,9,,:x.mp4", "a|b;c\\[0:a].mp4", " .mp4"),
    ],
)
def test_hostile_names_are_data(clips: Path, tmp_path: Path, engine: str, name: str) -> None:
    """No name is an option, an address, a pattern or a command; nor is that of a link's aim."""
    assert len(os.fsencode(name)) <= 255
    (tmp_path / "elsewhere").mkdir()
    shutil.copyfile(clips / "whole.mp4", tmp_path / "elsewhere" / name)
    capture = tmp_path / name
    capture.symlink_to(tmp_path / "elsewhere" / name)
    assert media.probe(capture).video_codec == "h264", engine
    media.extract_sound([capture], tmp_path / "s.flac")
    whole = (Span(0, 10_000),)
    media.make_sound_copy([capture], tmp_path / "%03d.m4a", public=whole, duration_ms=10_000)
    assert media.make_poster(capture, tmp_path / "%03d.jpg", 500)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {name, "elsewhere", "s.flac", "%03d.m4a", "%03d.jpg"}


def test_a_name_that_is_no_text(clips: Path, tmp_path: Path) -> None:
    """A card may hold names in any bytes."""
    capture = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        shutil.copyfile(clips / "whole.mp4", capture)
    except OSError:
        pytest.skip("this disk takes no such name")
    assert media.extract_sound([capture], tmp_path / "s.flac").gaps == ()


MAKERS: dict[str, Callable[[Path, Path], object]] = {
    "sound": lambda capture, folder: media.extract_sound([capture], folder / "made"),
    "picture": lambda capture, folder: media.make_poster(capture, folder / "made", 500),
}


def instead(patch: pytest.MonkeyPatch, folder: Path, maker: str, script: str) -> None:
    """Put a script in the place of the program that makes sound, or pictures."""
    fake = folder / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    if maker == "sound":
        patch.setattr(sys, "executable", str(fake))
    else:
        patch.setenv("PATH", f"{fake.parent}")


@pytest.mark.parametrize("maker", MAKERS)
def test_what_hangs_is_stopped(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    """A process that makes no progress is killed with its children and named; nothing is left."""
    script = f"/bin/sleep 60 &\necho $! $$ > {tmp_path}/pids\nwait"
    instead(monkeypatch, tmp_path, maker, script)
    monkeypatch.setattr(processes, "STALL_S", 5)  # time enough to write `pids`
    with pytest.raises(CaptureFault, match="standstill"):
        MAKERS[maker](clips / "whole.mp4", tmp_path)
    assert all(ended(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("maker", MAKERS)
def test_what_crashes_costs_its_capture(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    """A decoder that a file brings down is a fault of that file, told with its last words."""
    instead(monkeypatch, tmp_path, maker, "echo 'a bad file' >&2; kill -SEGV $$")
    with pytest.raises(CaptureFault, match="a bad file") as caught:
        MAKERS[maker](clips / "whole.mp4", tmp_path)
    assert caught.value.path == clips / "whole.mp4"


@pytest.mark.parametrize("where", ["", ">&2"])
def test_what_talks_without_end_fills_no_memory(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Endless lines, or last words, are passed over."""
    script = f"/usr/bin/head -c 400000000 /dev/zero {where}; exit 1"
    instead(monkeypatch, tmp_path, "picture", script)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CaptureFault):
        media.make_poster(clips / "whole.mp4", tmp_path / "made", 500)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.parametrize("maker", MAKERS)
def test_nothing_outlives_a_killed_parent(clips: Path, tmp_path: Path, maker: str) -> None:
    """After SIGKILL of the parent none of its processes runs on."""
    fake = tmp_path / "ffmpeg"
    fake.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec /bin/sleep 60\n")
    fake.chmod(0o755)
    capture = str(clips / "whole.mp4")
    code = {
        "sound": f"import sys; sys.executable = {str(fake)!r}; "
        f"media.extract_sound([Path({capture!r})], Path('made'))",
        "picture": f"media.make_poster(Path({capture!r}), Path('made'), 500)",
    }[maker]
    parent = subprocess.Popen(
        [sys.executable, "-c", f"from pathlib import Path; from pipeline import media; {code}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text().strip()):
        assert parent.poll() is None
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert ended(int(pid.read_text()))
