"""docs/keeping.md: its commands do what it says, on a small archive."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from conftest import PLENARY, ROOT, Archive
from small_archive import EVENT, edit, programme_of, small_archive

from pipeline import media
from pipeline.night import Request, due_in, run_archive
from pipeline.pictures import Copies
from pipeline.progress import Progress
from pipeline.run import holding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAGE = (ROOT / "docs" / "keeping.md").read_text("utf-8")
DISK = "/media/second-disk"


def commands(heading: str) -> list[str]:
    """Return the blocks of commands under a heading of the page."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with the finished archive `our-archive`, its paths relative."""
    folder = tmp_path / "home" / "our-archive"
    folder.mkdir(parents=True)
    made = small_archive(folder)
    edit(made.config, f'events: "{folder / "events"}"', "events: ./events")
    assert made.plenary("run").returncode == 0
    return folder.parent


def shell(home: Path, block: str, folder: str = "our-archive") -> str:
    """Do a block of the page in the archive's folder; it must end well."""
    done = subprocess.run(
        ["bash", "-euc", block.replace(DISK, str(home / "disk"))],
        cwd=home / folder,
        env={**os.environ, "HOME": str(home), "PATH": f"{PLENARY.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("way", [0, 1])
def test_nothing_is_due_after_a_restore_elsewhere(home: Path, way: int) -> None:
    """Either backup, put back under another path: the same archive, and no work."""
    blocks = commands("A backup")
    assert len(blocks) == 2
    if way == 1 and shutil.which("sqlite3") is None:
        pytest.skip("needs the sqlite3 command")
    (restore,) = commands("Putting it back")
    shell(home, blocks[way])
    shutil.rmtree(home / "our-archive" / "data")
    assert "0 recordings are due" in shell(home, restore)
    restored = Archive(home / "restored" / "config.yaml")
    assert restored.plenary("run").stdout.startswith("0 recordings heard, 0 web copies made")
    assert (restored.data / "public" / "archive.db").exists()
    assert restored.plenary("verify").returncode == 0


def test_dates_owner_and_links_may_be_lost_on_the_way(home: Path) -> None:
    """A copy by way of a disk that keeps neither has new dates and no link; nothing is redone."""
    shutil.copytree(home / "our-archive", home / "restored", copy_function=shutil.copyfile)
    restored = Archive(home / "restored" / "config.yaml")
    (restored.data / "public" / "archive.db").unlink()
    assert due_in(Request(restored.config)) == {}
    outcome = run_archive(Request(restored.config), Progress(StringIO()))
    assert (outcome.heard, outcome.pictured) == ([], [])
    assert (restored.data / "public" / "archive.db").exists()


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs the flock command")
def test_the_lock_of_the_page_is_that_of_a_run(home: Path) -> None:
    """No backup is begun while a run holds the archive, and no run while it is copied."""
    block = commands("A backup")[0]
    with holding(home / "our-archive" / "data"), pytest.raises(AssertionError):
        shell(home, block)
    held = block[block.index("flock") : block.index("cp -a")]
    assert shell(home, f"{held} bash -c 'plenary run; echo $?'") == "75\n"


def test_the_checks_of_the_page(home: Path) -> None:
    """Originals, second copy, published file, what is unused: all good, all said."""
    shell(home, commands("A backup")[0])
    told = {
        "Is everything as it was": "2 unchanged",
        "A second copy": "2 unchanged",
        "A published file": "1 unchanged",
        "What nothing uses": "nothing to drop",
    }
    for heading, words in told.items():
        (block,) = commands(heading)
        assert words in shell(home, block)


def _move(programme: Path, old: str, new: str) -> None:
    (programme.parent / old).rename(programme.parent / new)
    edit(programme, f"captures: [{old}/", f"captures: [{new}/")


def test_a_disk_under_another_mount_point_changes_nothing(home: Path) -> None:
    """Even one that went away during a run and came back elsewhere: only the rest is done."""
    archive = Archive(home / "our-archive" / "config.yaml")
    programme = programme_of(archive)
    (programme.parent / "disk-a").mkdir()
    programme.with_name("matin.wav").rename(programme.parent / "disk-a" / "matin.wav")
    edit(programme, "[matin.wav]", "[disk-a/matin.wav]")
    assert due_in(Request(archive.config)) == {}
    _move(programme, "disk-a", "disk-b")
    assert due_in(Request(archive.config)) == {}
    # The copy is to be made again, and the disk goes as ffmpeg begins.
    copies = Copies(archive.data, EVENT, "matin")
    copies.sound.unlink()
    with pytest.MonkeyPatch.context() as broken:
        real = media.make_sound_copy

        def unplugged(captures: Sequence[Path], *rest: object, **options: object) -> None:
            (programme.parent / "disk-b").rename(programme.parent / "unplugged")
            real(captures, *rest, **options)  # type: ignore[arg-type]

        broken.setattr(media, "make_sound_copy", unplugged)
        outcome = run_archive(Request(archive.config), Progress(StringIO()))
    assert list(outcome.failed) == [f"{EVENT}/matin"]
    assert "waiting" in archive.plenary("status").stdout
    assert (archive.data / "public" / "archive.db").exists(), "what is published stays"
    (programme.parent / "unplugged").rename(programme.parent / "disk-c")
    edit(programme, "[disk-b/", "[disk-c/")
    outcome = run_archive(Request(archive.config), Progress(StringIO()))
    assert outcome.pictured == [f"{EVENT}/matin"]
    assert outcome.failed == {}
    assert due_in(Request(archive.config)) == {}
