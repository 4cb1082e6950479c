"""Sound and pictures over HTTP: whole or by range (RFC 9110, section 14), never from elsewhere.

Files are sent in chunks; a request for several ranges gets the whole file, as the RFC
allows, so that no request can ask for more work than one reading of one file.
"""

from __future__ import annotations

import mimetypes
import re
import stat
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping
    from pathlib import Path

    Send = Callable[[MutableMapping[str, object]], Awaitable[None]]

CHUNK = 256 * 1024
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")
TYPES = {".vtt": "text/vtt; charset=utf-8", ".m4a": "audio/mp4", ".mp4": "video/mp4"}
SAFE_TYPES = ("video/", "audio/", "image/jpeg", "image/png", "image/webp", "text/vtt")

ASKED_AGAIN = "public, no-cache"
"""Kept by whoever likes, and asked for again each time: what was withdrawn plays from no cache."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes [start, stop) of a file."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """The range starts after the file's end."""


def find(folder: Path, path: str) -> Path | None:
    """Return the regular file at `path` under `folder`; None when it is not there.

    Links are followed first and then must still lie inside the folder.
    """
    if "\x00" in path or "\\" in path:
        return None
    root = folder.resolve()
    try:
        found = (root / path.lstrip("/")).resolve(strict=True)
        inside = found.is_relative_to(root) and stat.S_ISREG(found.stat().st_mode)
    except (OSError, RuntimeError, ValueError):
        return None
    hidden = any(part.startswith(".") for part in path.split("/"))
    return found if inside and not hidden else None


def stretch(header: str, size: int) -> Stretch | None:
    """Read a Range header; None where the whole file is to be sent.

    Raises Unsatisfiable for a range that holds no byte of the file.
    """
    match = ONE_RANGE.match(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        stop = min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= stop:
        raise Unsatisfiable
    return Stretch(start, stop)


def content_type(path: Path) -> str:
    """Return a type that a browser plays or shows; anything else is only downloaded."""
    guessed = TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or ""
    return guessed if guessed.startswith(SAFE_TYPES) else "application/octet-stream"


def entity_tag(status: os.stat_result) -> str:
    """Return a strong tag that changes with the file's size or its time."""
    return f'"{status.st_size:x}-{status.st_mtime_ns:x}"'


def is_fresh(condition: str, tag: str, modified: float) -> bool:
    """Say whether If-Range still describes the file; an unreadable condition does not."""
    if condition.startswith('"'):
        return condition == tag
    try:
        return parsedate_to_datetime(condition).timestamp() == int(modified)
    except ValueError:
        return False


async def send_file(
    folder: Path, path: str, headers: Mapping[str, str], method: str, send: Send
) -> int:
    """Answer a request for a file of `folder`; return the status that was sent.

    `headers` has lower-case names. 404 is returned unsent, for the caller's own page.
    """
    found = await anyio.to_thread.run_sync(find, folder, path)
    if found is None:
        return 404
    if method not in ("GET", "HEAD"):
        return await _start(send, 405, {"allow": "GET, HEAD"}, last=True)
    async with await anyio.open_file(found, "rb") as file:
        status = await anyio.to_thread.run_sync(found.stat)
        tag, size = entity_tag(status), status.st_size
        answer = {
            "content-type": content_type(found),
            "accept-ranges": "bytes",
            "etag": tag,
            "last-modified": formatdate(status.st_mtime, usegmt=True),
            "cache-control": ASKED_AGAIN,
        }
        if headers.get("if-none-match") == tag:
            return await _start(send, 304, answer, last=True)
        wanted = headers.get("range", "")
        if "if-range" in headers and not is_fresh(headers["if-range"], tag, status.st_mtime):
            wanted = ""
        try:
            part = stretch(wanted, size)
        except Unsatisfiable:
            answer["content-range"] = f"bytes */{size}"
            return await _start(send, 416, answer, last=True)
        code = 206 if part else 200
        if part:
            answer["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        part = part or Stretch(0, size)
        answer["content-length"] = str(part.stop - part.start)
        await _start(send, code, answer, last=method == "HEAD")
        if method == "GET":
            await file.seek(part.start)
            await _pour(file, part.stop - part.start, send)
        return code


async def _start(send: Send, status: int, headers: Mapping[str, str], *, last: bool) -> int:
    """Send the status and headers, and an empty body where there is none to come."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    if last:
        await send({"type": "http.response.body", "body": b""})
    return status


async def _pour(file: anyio.AsyncFile[bytes], left: int, send: Send) -> None:
    """Send `left` bytes in chunks; a file cut short meanwhile ends the answer early."""
    while left > 0:
        chunk = await file.read(min(CHUNK, left))
        if not chunk:
            break
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    if left > 0:
        await send({"type": "http.response.body", "body": b""})
