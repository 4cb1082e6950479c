"""The configuration in docs/serving.md, run by a real nginx in front of two real processes."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from archive_fixture import DAY, EVENING, make_public
from site_browser import served
from test_serve import edition_of, point

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

FILM = bytes(range(256)) * 400
REQUESTS = 150


@pytest.fixture(scope="module")
def nginx() -> str:
    """Return the system's nginx; skip where there is none, but fail where CI is set."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        missing = "no nginx on the PATH: the configuration of docs/serving.md was not tried"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def configuration(root: Path, folder: Path, ports: list[int], own: int) -> str:
    """Return the page's configuration with the paths and ports of this test."""
    page = (root / "docs" / "serving.md").read_text("utf-8")
    (told,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    for old, new in (
        ("127.0.0.1:8001", f"127.0.0.1:{ports[0]}"),
        ("127.0.0.1:8002", f"127.0.0.1:{ports[1]}"),
        ("listen 80;", f"listen 127.0.0.1:{own};"),
        ("/var/cache/nginx/plenary", f"{folder}/cache"),
        ("/srv/archive/data/media/", f"{folder}/media/"),
        ("rate=5r/s", "rate=500r/s"),
    ):
        assert old in told, old
        told = told.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return (
        f"user {getpass.getuser()}; worker_processes 1; daemon off; pid {folder}/pid;\n"
        f"error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {places}\n{told}\n}}\n"
    )


@contextmanager
def in_front(nginx: str, root: Path, folder: Path, ports: list[int]) -> Iterator[str]:
    """Check the configuration, start nginx with it, and return its address."""
    own = free_port()
    file = folder / "nginx.conf"
    file.write_text(configuration(root, folder, ports, own), "utf-8")
    words = [nginx, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(file)]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    server = subprocess.Popen(words)
    address = f"http://127.0.0.1:{own}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{address}/robots.txt")
                break
            except httpx.TransportError:
                assert server.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_pages_come_through_and_media_by_range(nginx: str, root: Path, tmp_path: Path) -> None:
    """Pages keep their headers and are kept; media come by one range; nothing hidden or linked."""
    public = make_public(tmp_path)
    films = tmp_path / "media" / DAY
    films.mkdir(parents=True)
    (films / "matin.mp4").write_bytes(FILM)
    (films / ".half.mp4").write_bytes(b"secret")
    (tmp_path / "outside.txt").write_text("secret")
    (films / "way-out.mp4").symlink_to(tmp_path / "outside.txt")
    with served(public, tmp_path / "media") as backend:
        port = int(backend.rstrip("/").rpartition(":")[2])
        with in_front(nginx, root, tmp_path, [port, port]) as address:
            page = httpx.get(f"{address}/recordings/{DAY}/matin")
            assert page.status_code == 200
            assert "default-src 'none'" in page.headers["content-security-policy"]
            tag = page.headers["etag"]
            fresh = {"if-none-match": tag}
            again = httpx.get(f"{address}/recordings/{DAY}/matin", headers=fresh)
            assert again.status_code == 304
            film = f"{address}/media/{DAY}/matin.mp4"
            part = httpx.get(film, headers={"range": "bytes=1000-1999"})
            assert (part.status_code, part.content) == (206, FILM[1000:2000])
            assert part.headers["content-type"] == "video/mp4"
            many = ",".join(f"{n}-{n}" for n in range(0, 400, 2))
            assert httpx.get(film, headers={"range": f"bytes={many}"}).content == FILM
            for path in (".half.mp4", "way-out.mp4", "../../outside.txt", "..%2f..%2foutside.txt"):
                answer = httpx.get(f"{address}/media/{DAY}/{path}")
                assert answer.status_code in (400, 403, 404), path
                assert "secret" not in answer.text
            assert httpx.get(f"{address}/archive.json?sql=select+1").status_code == 403
            assert httpx.get(f"{address}/nothing").status_code == 404


def test_no_request_is_lost_while_all_changes(nginx: str, root: Path, tmp_path: Path) -> None:
    """Under load a new file is shown and one process ends: every request is answered whole."""
    public = make_public(tmp_path)
    first = edition_of(public, tmp_path / "archive-1.db", "un")
    second = edition_of(public, tmp_path / "archive-2.db", "deux")
    link = tmp_path / "archive.db"
    link.symlink_to(first.name)
    with ExitStack() as stack, ExitStack() as leaving:
        backends = [
            leaving.enter_context(served(link, tmp_path)),
            stack.enter_context(served(link, tmp_path)),
        ]
        ports = [int(backend.rstrip("/").rpartition(":")[2]) for backend in backends]
        address = stack.enter_context(in_front(nginx, root, tmp_path, ports))
        client = stack.enter_context(httpx.Client())

        def ask(number: int) -> str:
            if number == REQUESTS // 3:
                point(link, second)
            if number == 2 * REQUESTS // 3:
                leaving.close()
            # Each address is another one, so that the answer comes from a process.
            answer = client.get(f"{address}/events/{EVENING}?n={number}")
            assert answer.status_code == 200, number
            (mark,) = set(re.findall(r"Titre-(\w+)", answer.text))
            return str(mark)

        with ThreadPoolExecutor(6) as visitors:
            seen = list(visitors.map(ask, range(REQUESTS)))
    assert seen[0] == "un"
    assert seen[-1] == "deux"
