"""How fast the site answers: own search page beside Datasette's own of the same table.

    python -m bench.site_speed [--passages 100000] [--seconds 20] [--clients 8]

One served archive of made-up speech; clients ask the one page and then the other, in turns, with
the same words. Prints requests per second, and the time that 95 of 100 requests stay under.
Then the page of a recording of three hours: its bytes, and in Chromium (where there is one) when
it is first painted, how far things move, and tasks over 50 ms while it loads and while it follows.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import random
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

import imageio_ffmpeg
import uvicorn
from datasette.app import Datasette

from archive.site.serve import make_app
from archive.site.settings import SiteSettings
from bench.long_speech import KNOWN, Speech, make_archive

PASSAGES_A_RECORDING = 1_000
ROUNDS = 3
QUERIES = 200
MOST_TURNS = 50
AS_IT_COMES = "/as-it-comes"
FORMS = {
    "own, first asked": "/search?q={word}&x={new}",
    "own, asked again": "/search?q={word}",
    "Datasette's own, as the site sets it": "/archive/passages?_search={word}",
    "Datasette's own, as it comes": AS_IT_COMES + "/{file}/passages?_search={word}",
}
PLAYED_S = 30
FASTER = 8  # so that a passage ends every few seconds
WATCH = """
window.seen = { tasks: [], shift: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.tasks.push([entry.startTime, entry.duration]);
}).observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def serve(public: Path, media: Path, port: int) -> None:
    """Serve an archive until ended: the site, and Datasette as it comes under /as-it-comes."""
    site = make_app(public, media, SiteSettings("Mesure", "fr", "https://archive.example.org"))
    plain = Datasette(immutables=[str(public.resolve())]).app()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        inside = str(scope["path"]).removeprefix(AS_IT_COMES)
        if inside == scope["path"]:
            await site(scope, receive, send)
        else:
            await plain({**scope, "path": inside, "raw_path": inside.encode()}, receive, send)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")


class Served:
    """A server in a process of its own, for the length of a `with`."""

    def __init__(self, public: Path, media: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(public, media, self.port)
        )

    def __enter__(self) -> int:
        self._process.start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return self.port

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def ask(port: int, paths: list[str], seconds: float) -> list[float]:
    """Ask one path after the other over one connection; return the seconds each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    end = time.perf_counter() + seconds
    for number in range(1_000_000):
        begin = time.perf_counter()
        if begin >= end:
            break
        connection.request("GET", paths[number % len(paths)])
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, paths[number % len(paths)]
        taken.append(time.perf_counter() - begin)
    connection.close()
    return taken


def load(
    port: int, form: str, words: list[str], number: int, clients: int, seconds: float
) -> tuple[float, float]:
    """Return requests per second, and the 95th percentile in ms, under so many clients.

    `new` in a form makes each address new, so that nothing kept answers it.
    """
    with ThreadPoolExecutor(clients) as visitors:
        lists = [
            [
                form.format(word=quote(word), new=f"{number}-{client}-{turn}")
                for turn in range(MOST_TURNS)
                for word in random.Random(client).sample(words, len(words))
            ]
            for client in range(clients)
        ]
        results = list(visitors.map(lambda own: ask(port, own, seconds), lists))
    taken = [one for result in results for one in result]
    return len(taken) / seconds, 1000 * quantiles(taken, n=20)[-1]


def searches(folder: Path, passages: int, clients: int, seconds: float) -> None:
    """Measure both search pages in turns."""
    begin = time.perf_counter()
    recordings = max(1, passages // PASSAGES_A_RECORDING)
    public = make_archive(
        folder, recordings=recordings, passages=PASSAGES_A_RECORDING, words=30, people=40
    )
    size = public.stat().st_size / 1e6
    print(f"{passages:,} passages, {size:.0f} MB, made in {time.perf_counter() - begin:.0f} s")
    draw = random.Random(3)
    words = [*KNOWN.split()[20:], *draw.sample(Speech().words[50:3_000], QUERIES)]
    forms = {n: form.replace("{file}", public.resolve().stem) for n, form in FORMS.items()}
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in forms}
    with Served(public, folder) as port:
        for form in forms.values():
            ask(port, [form.format(word=quote(word), new="warm") for word in words[:20]], 5)
        for number in range(ROUNDS):
            for name, form in forms.items():
                measured[name].append(load(port, form, words, number, clients, seconds))
    for name, rounds in measured.items():
        rates, slow = zip(*rounds, strict=True)
        each = ", ".join(f"{rate:.1f}" for rate in rates)
        print(f"{name}: {median(rates):.1f} requests/s ({each}), p95 {median(slow):.0f} ms")
    first, again, *others = (median(rate for rate, _ in rounds) for rounds in measured.values())
    for name, other in zip(list(forms)[2:], others, strict=True):
        print(f"beside {name}: {first / other:.1f} times, asked again {again / other:.1f} times")


def recording(folder: Path) -> None:
    """Measure the page of three hours of speech, in turns of about a minute."""
    public = make_archive(folder, recordings=1, passages=450, longest=4, media="media/film.m4a")
    silence = folder / "media" / "film.m4a"
    silence.parent.mkdir()
    silent = ("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "10800", "-b:a", "16k")
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-v", "error", *silent, str(silence)], check=True)
    with Served(public, folder / "media") as port:
        path = "/recordings/2020-01-01-event-0/session"
        for name, headers in (("plain", {}), ("gzip", {"accept-encoding": "gzip"})):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", path, headers=headers)
            print(f"three hours, {name}: {len(connection.getresponse().read()) / 1000:.0f} kB")
        watch(f"http://127.0.0.1:{port}{path}")


def watch(address: str) -> None:
    """Open the page in Chromium, let it load whole, and let it follow."""
    found = shutil.which("chromium")
    if found is None:
        print("no Chromium on the PATH: nothing watched")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 — only where it is used

    flags = ["--headless", "--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=flags)
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCH)
        page.goto(address)
        while page.evaluate("document.querySelectorAll('.passage').length") < 450:
            page.wait_for_timeout(200)
        page.wait_for_timeout(1_000)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        tasks = page.evaluate("seen.tasks.map(([, length]) => Math.round(length))")
        print(f"first paint after {paint:.0f} ms; tasks over 50 ms while loading: {tasks}")
        page.evaluate(
            f"seen.tasks = []; const s = document.querySelector('audio');"
            f"s.playbackRate = {FASTER}; s.play()"
        )
        page.wait_for_timeout(PLAYED_S * 1_000)
        passages = page.evaluate("document.querySelector('audio').currentTime") / 24
        tasks = page.evaluate("seen.tasks.map(([, length]) => Math.round(length))")
        print(f"following {passages:.0f} passages: tasks over 50 ms: {tasks}")
        print(f"layout shift in all: {page.evaluate('seen.shift'):.4f}")
        chromium.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        searches(Path(folder), given.passages, given.clients, given.seconds)


if __name__ == "__main__":
    main()
