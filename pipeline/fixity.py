"""Fixity: whether each file is still, to the last byte, what it was when the archive took it.

Everything is read whole and only read. What is found goes into the history, in PREMIS words
(a "fixity check", its outcome, the SHA-256 it is about), so that `status` can say when an
original was last verified, and an interrupted check goes on with what was verified longest ago.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from archive.chain import breaks
from archive.errors import ArchiveFault, CaptureFault
from archive.publish import check_published, open_published
from archive.wording import Text
from pipeline.event import originals_of
from pipeline.hashing import hash_file
from pipeline.installed import version
from pipeline.ledger import FIXITY_CHECK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pipeline.event import Event
    from pipeline.ledger import Ledger

State: TypeAlias = Literal[
    "unchanged", "changed", "missing", "unreadable", "absent", "never hashed", "unproven"
]
"""`absent`: its disk is not connected; `missing`: its folder is there and it is not; `unproven`:
a published file does not tell by itself that it is what was published, or where it comes from."""

ALARMING: frozenset[State] = frozenset({"changed", "missing", "unreadable", "unproven"})
"""States in which something differs from what it should be."""

_PUBLIC_NAME = re.compile(r"archive-([0-9a-f]{16})\.db")
_COMPANIONS = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Original:
    """A capture, or a transcript made elsewhere, and the recording that it belongs to."""

    recording: str
    path: Path


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a file; `file` is the one looked at, or looked for."""

    recording: str
    file: Path
    state: State
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.state}{self.reason and f' ({self.reason})'}"


def originals(events: Sequence[Event]) -> tuple[Original, ...]:
    """Return every capture and transcript that the programmes name, each once."""
    found: dict[Path, Original] = {}
    for event in events:
        for recording in event.recordings:
            name = f"{event.id}/{recording.id}"
            for path in originals_of(event, recording):
                found.setdefault(path, Original(name, path))
    return tuple(found.values())


def bytes_of(files: Sequence[Original]) -> int:
    """Return how many bytes a check of these originals reads."""
    return sum(one.path.stat().st_size for one in files if one.path.is_file())


def bytes_recorded(ledger: Ledger, files: Sequence[Original]) -> int:
    """Return how many bytes a check of a whole copy of these originals reads."""
    known = (_expected(ledger, one.path) for one in files)
    return sum(ledger.hashes.size_of(sha256) or 0 for sha256 in known if sha256 is not None)


def check_originals(
    ledger: Ledger, files: Sequence[Original], progress: Callable[[int], None]
) -> Iterator[Finding]:
    """Hash each original whole and compare, verified longest ago first.

    `progress` hears the bytes read. What differs is vouched for no more: the next run takes
    the file for another one, unless it is put back.
    """
    expected = {one.path: _expected(ledger, one.path) for one in files}
    checked = ledger.last_checks("original")
    for one in sorted(files, key=lambda o: checked.get(expected[o.path] or "", "")):
        finding = _look(ledger, one, expected[one.path], progress)
        _note(ledger, finding, "original", expected[one.path])
        yield finding


def _expected(ledger: Ledger, path: Path) -> str | None:
    """Return the hash recorded for a file, by its place or else by its fingerprint."""
    known = ledger.hashes.at(path)
    if known is not None:
        return known
    try:
        return ledger.hashes.vouched(path)
    except CaptureFault:
        return None


def _look(
    ledger: Ledger, one: Original, expected: str | None, progress: Callable[[int], None]
) -> Finding:
    path = one.path
    try:
        state, reason = _compare(ledger, path, expected, progress)
    except OSError as error:
        state, reason = "unreadable", error.strerror or str(error)
    if not path.exists():  # perhaps its disk went meanwhile
        state, reason = _gone(path), ""
    return Finding(one.recording, path, state, reason)


def _compare(
    ledger: Ledger, path: Path, expected: str | None, progress: Callable[[int], None]
) -> tuple[State, str]:
    seen_ns, status = time.time_ns(), path.stat()
    if expected is None:
        return "never hashed", Text("`plenary run` does it")
    if not stat.S_ISREG(status.st_mode):
        return "unreadable", Text("is not a file")
    found = hash_file(path, progress)
    if found != expected:
        ledger.hashes.distrust(path, expected, found)
        return "changed", f"{expected[:12]}… → {found[:12]}…"
    ledger.hashes.remember(path, expected, status, seen_ns)
    return "unchanged", ""


def _gone(path: Path) -> State:
    """Tell a file that was removed from one whose disk is not connected.

    An absent disk leaves no folder, an empty mount point, or a link that leads nowhere.
    """
    folder = path.resolve().parent
    return "missing" if folder.is_dir() and any(folder.iterdir()) else "absent"


def check_copy(
    ledger: Ledger,
    files: Sequence[Original],
    copy: Path,
    progress: Callable[[int], None],
) -> Iterator[Finding]:
    """Find each original in a second copy and compare it with the recorded hash.

    The originals themselves are not read and need not be connected. A file of the copy is an
    original's when it has its name (letter case and the spelling of accents aside, which disks
    change) and its hash; of several, the one whose folders are most alike is looked at first.
    Raises ArchiveFault where the copy is no folder.
    """
    if not copy.is_dir():
        raise ArchiveFault(
            "there is no such folder", "connect the disk with the second copy", path=copy
        )
    index = _index(copy)
    hashes: dict[Path, str] = {}
    for one in files:
        expected = _expected(ledger, one.path)
        if expected is None:
            yield Finding(one.recording, one.path, "never hashed", Text("`plenary run` does it"))
            continue
        alike = sorted(index.get(_name(one.path.name), ()), key=lambda c: -_common(c, one.path))
        finding = _in_copy(ledger, one, expected, alike, hashes, progress)
        _note(ledger, finding, "copy", expected)
        yield finding


def _in_copy(
    ledger: Ledger,
    one: Original,
    expected: str,
    alike: Sequence[Path],
    hashes: dict[Path, str],
    progress: Callable[[int], None],
) -> Finding:
    size = ledger.hashes.size_of(expected)
    reason = ""
    for candidate in alike:
        try:
            if size is not None and candidate.stat().st_size != size:
                continue
            if candidate not in hashes:
                hashes[candidate] = hash_file(candidate, progress)
        except OSError as error:
            reason = reason or f"{candidate}: {error.strerror or error}"
            continue
        if hashes[candidate] == expected:
            return Finding(one.recording, candidate, "unchanged")
    if reason:
        return Finding(one.recording, alike[0], "unreadable", reason)
    if alike:
        return Finding(one.recording, alike[0], "changed", f"it is not {one.path}")
    return Finding(one.recording, one.path, "missing", "no file of this name in the copy")


def _index(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            found.setdefault(_name(name), []).append(Path(root, name))
    return found


def _name(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _common(one: Path, other: Path) -> int:
    """Count the last parts that two paths share."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    alike = [_name(a) == _name(b) for a, b in pairs]
    return alike.index(False) if False in alike else len(alike)


def check_public(
    ledger: Ledger | None, file: Path, progress: Callable[[int], None]
) -> Iterator[Finding]:
    """Say whether a published file is what was published, is whole, and proves its words.

    Its name tells the first 16 digits of its hash, the ledger all of them: where the ledger
    does not know it (or there is none, on another machine) its name alone must agree. Then
    comes every place where a passage does not lead back to its captures.
    Raises ArchiveFault where it is not there.
    """
    if not file.is_file():
        raise ArchiveFault("there is no such file", "name a published file", path=file)
    real = file.resolve()  # `archive.db` is a link to the file that is shown
    found = hash_file(real, progress)
    opened = _opened(real)
    state, reason = _as_published(ledger, real, found) or opened
    finding = Finding("", real, state, reason)
    if ledger is not None:
        _note(ledger, finding, "public", found)
    yield finding
    if opened[0] == "unchanged":
        yield from _unproven(real)


def _unproven(file: Path) -> Iterator[Finding]:
    try:
        with closing(open_published(file)) as db:
            for broken in breaks(db):
                yield Finding(broken.recording, file, "unproven", str(broken))
    except sqlite3.Error as error:
        yield Finding("", file, "unproven", f"it has not the tables of today: {error}")


def _as_published(ledger: Ledger | None, file: Path, sha256: str) -> tuple[State, str] | None:
    """Return how a file differs from what was published; None where it does not."""
    named = _PUBLIC_NAME.fullmatch(file.name)
    recorded = set() if ledger is None else ledger.publications()
    if named is not None and not sha256.startswith(named[1]):
        return "changed", Text("its name tells another hash than its content has")
    if sha256 in recorded or (named is not None and not _is_told(named[1], recorded)):
        return None
    if ledger is None:
        return "unproven", Text("neither its name nor a record of its publication tells its hash")
    return "changed", Text("no publication of this archive has its hash")


def _is_told(prefix: str, recorded: Collection[str]) -> bool:
    return any(sha256.startswith(prefix) for sha256 in recorded)


def _opened(file: Path) -> tuple[State, str]:
    companions = [c for c in _COMPANIONS if file.with_name(file.name + c).exists()]
    if companions:
        return "changed", f"a program left {file.name}{companions[0]} beside it"
    try:
        check_published(file)
    except ArchiveFault as fault:
        return "unreadable", str(fault).partition("\n")[0]
    return "unchanged", ""


def _note(ledger: Ledger, finding: Finding, what: str, sha256: str | None) -> None:
    if finding.state in {"absent", "never hashed"}:
        return
    outcome = "failure" if finding.state in ALARMING else "success"
    ours = f"plenary-archive {version('plenary-archive')}"
    ledger.note(
        FIXITY_CHECK,
        finding.recording,
        what,
        outcome,
        str(finding),
        agent=ours,
        object_id=sha256 or "",
    )
