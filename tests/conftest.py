"""What every test may ask for: the repository, the shared material, a finished archive."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright
from site_browser import address, open_page

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["address", "open_page"]  # served once for all that drive a browser

# The command speaks the language of the locale: here English, on whatever machine.
os.environ["LC_ALL"] = "C.UTF-8"

# Started in the background, a shell has Ctrl-C ignored by us and by all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
PLENARY = Path(sys.executable).with_name("plenary")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared material beside the checkout; skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared, which is not here")
    return folder


@pytest.fixture(scope="session")
def material(shared: Path) -> Path:
    """Return real speech, sittings and Whisper output; skip where they are absent."""
    return shared / "material"


@dataclass(frozen=True)
class Archive:
    """An archive on disk and the command that works on it."""

    config: Path

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.config.parent / "data"

    def plenary(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command, as an archivist would."""
        return subprocess.run(
            [PLENARY, "--config", self.config, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def recorded(self, step: str = "%") -> dict[str, str]:
        """Return what stands in the ledger, of one step or of all: keys, each with its moment."""
        work = self.data / "work.db"
        if not work.exists():
            return {}
        with closing(sqlite3.connect(f"{work.as_uri()}?mode=ro", uri=True)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'steps'").fetchone():
                return {}
            query = "SELECT key, made_at FROM steps WHERE step LIKE ?"
            return dict(db.execute(query, [step]).fetchall())


def archive_of(folder: Path, events: Path) -> Archive:
    """Write the configuration of an archive in `folder` over `events`, with the demo model."""
    config = folder / "config.yaml"
    config.write_text(
        f"data: ./data\n"
        f'events: "{events}"\n'
        f"transcription:\n"
        f'  model: "{ROOT / "demo" / "model"}"\n'
        f"  language: fr\n"
        f"site:\n"
        f'  title: "Archive"\n',
        "utf-8",
    )
    return Archive(config)


def _finished(folder: Path, events: Path) -> Archive:
    archive = archive_of(folder, events)
    done = archive.plenary("run")
    assert done.returncode == 0, done.stdout + done.stderr
    return archive


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return the archive that `plenary run` makes of the bundled event."""
    return _finished(tmp_path_factory.mktemp("demo"), ROOT / "demo" / "events")


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return the archive of the second event, which no training or tuning touches."""
    return _finished(tmp_path_factory.mktemp("second"), ROOT / "demo" / "second" / "events")


@pytest.fixture(params=["system", "packaged"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Run the test with the system's ffmpeg, and with the packaged one and nothing on the PATH."""
    if request.param == "system" and shutil.which("ffmpeg") is None:
        pytest.skip("this machine has no ffmpeg of its own")
    if request.param == "packaged":
        monkeypatch.setenv("PATH", str(tmp_path))
    return str(request.param)


CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No window, no call home; sound may play without a press, so that a test can hear it begin.
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the system's Chromium; skip where there is none, but fail where CI is set.

    For one module only: while Playwright runs, no other test can run an event loop.
    """
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing = "no Chromium on the PATH: the browser tests did not run"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
