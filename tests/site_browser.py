"""The small archive with a real film on a free port, and what opens its pages in Chromium.

Every test may ask for the fixtures `address` and `open_page`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from archive_fixture import DAY, make_public
from clips import ffmpeg

from archive.site.serve import make_app
from archive.site.settings import SiteSettings
from pipeline import media
from pipeline.model import Span
from pipeline.webcopy import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Frame, Page

SECONDS = 60
RECORDING = f"recordings/{DAY}/matin"
TIME = "document.querySelector('video').currentTime"
PAUSED = "document.querySelector('video').paused"
WAIT_S = 30


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the small archive with a real video on a free port; return its address."""
    folder = tmp_path_factory.mktemp("browser")
    public = make_public(folder)
    make_copies(folder, folder / "media" / DAY / "matin.mp4")
    with served(public, folder / "media") as found:
        yield found


@contextmanager
def served(public: Path, copies: Path) -> Iterator[str]:
    """Serve a public file and a folder of media on a free port; return the address."""
    site = SiteSettings(
        "Archive d'essai", "fr", "https://archive.example.org", "mailto:x@example.org"
    )
    app = make_app(public, copies, site)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(10)


def make_copies(folder: Path, film: Path) -> None:
    """Make the copies of a capture that no browser plays, as a camera's card holds it."""
    capture = folder / "card.mts"
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size=176x144:rate=25:duration={SECONDS}"),
        *("-f", "lavfi", "-i", f"sine=duration={SECONDS}"),
        *("-c:v", "mpeg2video", "-pix_fmt", "yuv420p", "-flags", "+ilme+ildct", "-aspect", "16:9"),
        *("-c:a", "ac3", "-f", "mpegts", capture),
    )
    whole, sound = (Span(0, SECONDS * 1000),), film.with_suffix(".m4a")
    media.make_sound_copy([capture], sound, public=whole, duration_ms=SECONDS * 1000)
    media.make_web_copy(
        *([capture], sound, film),
        public=whole,
        lengths_ms=[SECONDS * 1000],
        wanted=limits(360, "medium"),
    )
    assert media.make_poster(film, film.with_suffix(".jpg"), 3_000)


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Return what opens a path in a page of its own; any fault of a script fails the test.

    With `may_miss`, an answer 404 is no fault.
    """
    faults: list[str] = []
    contexts = []

    def start(path: str = "", *, may_miss: bool = False, **looks: object) -> Page:
        context = browser.new_context(locale="fr-FR", **looks)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on(
            "console",
            lambda said: (
                faults.append(said.text)
                if said.type == "error" and not (may_miss and "404" in said.text)
                else None
            ),
        )
        page.on(
            "request",
            lambda asked: faults.append(asked.url) if not asked.url.startswith(address) else None,
        )
        page.goto(address + path)
        return page

    yield start
    for context in contexts:
        context.close()
    assert not faults


def until(page: Page | Frame, condition: str) -> None:
    """Wait for a condition; from outside, since the page's policy lets nothing evaluate text."""
    for _ in range(WAIT_S * 20):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def stands_at(page: Page, seconds: float) -> None:
    until(page, f"Math.abs({TIME} - {seconds}) <= 0.3")
