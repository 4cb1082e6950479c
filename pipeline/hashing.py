"""SHA-256 of files, remembered in work.db so that few bytes are read again.

A file is hashed whole once. Afterwards two things vouch for it, the cheaper one first:

1. its place: path, size, times and inode are those that stood when it was last hashed;
2. its fingerprint: size and five probes, under any name and date.

Both can be deceived by a disk that turns a bit by itself; `plenary verify` reads all, and
what it finds changed is vouched for no more.
"""

from __future__ import annotations

import hashlib
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import CaptureFault

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sqlite_utils import Database

_PROBES = 5
_PROBE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_RACY_NS = 2_000_000_000
"""How much older than its hashing a file must be for its times to tell: FAT keeps 2 s.

The rule is git's, for its index ("racy git"): a file written in the same tick as it was looked
at may change again without a trace in its times.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS files (
    fingerprint TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS places (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bytes INTEGER,
    mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, seen_ns INTEGER
);
"""
_NEW_IN_PLACES = dict.fromkeys(("bytes", "mtime_ns", "ctime_ns", "inode", "seen_ns"), "INTEGER")


class Hashes:
    """What is known of files, in work.db's tables `files` and `places` (see TABLES).

    An empty `sha256` in `files` marks a fingerprint that two different files were found to
    share: it vouches for none.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        add_columns(db, "places", _NEW_IN_PLACES)

    def vouched(self, path: Path, *, anew: bool = True) -> str | None:
        """Return a file's SHA-256 without reading it whole; None where nothing vouches for it.

        A file that is absent is taken for what was last seen at its place: its disk may be
        in a drawer, and only what needs its content must wait. Without `anew`, a place at
        which another known file stands now is left as it was recorded. Raises CaptureFault
        when it cannot be read, or is absent and was never seen.
        """
        known = self.at(path)
        seen_ns = time.time_ns()
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if known is not None:
                return known
            raise _unreadable(path, error) from error
        except OSError as error:
            raise _unreadable(path, error) from error
        if not stat.S_ISREG(status.st_mode):
            raise CaptureFault(
                "is not a file", "name the camera's file in the programme", path=path
            )
        if known is not None and self._stands(path, status):
            return known
        try:
            mark, _ = fingerprint(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        row = self._db.execute("SELECT sha256 FROM files WHERE fingerprint = ?", [mark]).fetchone()
        whole = None if row is None or not row[0] else str(row[0])
        if whole is not None and (anew or known in {None, whole}):
            self.remember(path, whole, status, seen_ns)
        return whole

    def all_untouched(self) -> bool:
        """Tell whether each file that was ever seen stands as it was hashed, or is absent."""
        for (place,) in self._db.execute("SELECT path FROM places").fetchall():
            try:
                status = Path(place).stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return False
            if not self._stands(Path(place), status):
                return False
        return True

    def take(self, path: Path) -> str:
        """Hash a file whole and remember it. Raises CaptureFault."""
        try:
            seen_ns, status = time.time_ns(), path.stat()
            whole = hash_file(path)
            mark, size = fingerprint(path)
            unchanged = not _moved(path, status)
        except OSError as error:
            raise _unreadable(path, error) from error
        with self._db.atomic():
            if unchanged:  # else the probes may be another content's
                row = [mark, size, whole]
                self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", row)
            self.remember(path, whole, status, seen_ns)
        return whole

    def at(self, path: Path) -> str | None:
        """Return the SHA-256 of what was last seen at a place; None where nothing was."""
        row = self._db.execute("SELECT sha256 FROM places WHERE path = ?", [str(path)]).fetchone()
        return None if row is None else str(row[0])

    def remember(self, path: Path, sha256: str, status: os.stat_result, seen_ns: int) -> None:
        """Record what stands at a place; `status` is from before it was read, at `seen_ns`.

        Nothing is written that would tell nothing new.
        """
        told: tuple[int | None, ...] = (*_identity(status), seen_ns)
        if not _is_settled(status, seen_ns) or _moved(path, status):
            if self.at(path) == sha256:
                return
            told = (status.st_size, None, None, None, None)
        with self._db.atomic():
            self._db.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?)",
                [str(path), sha256, *told],
            )

    def size_of(self, sha256: str) -> int | None:
        """Return the size in bytes of a file with that hash; None where none is known."""
        row = self._db.execute(
            "SELECT bytes FROM files WHERE sha256 = :sha UNION ALL"
            " SELECT bytes FROM places WHERE sha256 = :sha AND bytes IS NOT NULL LIMIT 1",
            {"sha": sha256},
        ).fetchone()
        return None if row is None else int(row[0])

    def distrust(self, path: Path, expected: str, found: str) -> None:
        """Vouch no more for a file that was expected to be one and was `found` to be another.

        Its place keeps the hash that was expected there, until a run takes the file anew; its
        fingerprint, where it is that of the expected file, is not asked any more.
        """
        mark, _ = fingerprint(path)
        with self._db.atomic():
            self._db.execute(
                "UPDATE files SET sha256 = '' WHERE fingerprint = ? AND sha256 != ?", [mark, found]
            )
            self._db.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, NULL, NULL, NULL, NULL, NULL)",
                [str(path), expected],
            )

    def _stands(self, path: Path, status: os.stat_result) -> bool:
        """Tell whether a place's recorded times say that the file is the one hashed there."""
        row = self._db.execute(
            "SELECT bytes, mtime_ns, ctime_ns, inode, seen_ns FROM places WHERE path = ?",
            [str(path)],
        ).fetchone()
        return bool(
            tuple(row[:4]) == _identity(status)
            and row[4] is not None
            and _is_settled(status, row[4])
        )


def add_columns(db: Database, table: str, columns: dict[str, str]) -> None:
    """Give a table of an earlier version the columns it lacks: name to SQL type."""
    there = {row[1] for row in db.execute(f"PRAGMA table_info({table})").fetchall()}
    for name, kind in columns.items():
        if name not in there:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


def hash_file(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a whole file, in hexadecimal; `progress` hears the bytes of each chunk read.

    Raises OSError.
    """
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            state.update(chunk)
            if progress is not None:
                progress(len(chunk))
    return state.hexdigest()


def fingerprint(path: Path) -> tuple[str, int]:
    """Tell a file by its size and five probes of 1 MiB spread over it: (hex, size in bytes).

    Neither inode nor modification time: exFAT disks renumber the one and shift the
    other at each mount. Raises OSError.
    """
    size = path.stat().st_size
    state = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for probe in range(_PROBES):
            file.seek(max(0, size - _PROBE_BYTES) * probe // (_PROBES - 1))
            state.update(file.read(_PROBE_BYTES))
    return state.hexdigest(), size


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _moved(path: Path, status: os.stat_result) -> bool:
    """Tell whether a file was written, or went away, while it was read."""
    try:
        return _identity(path.stat()) != _identity(status)
    except OSError:
        return True


def _is_settled(status: os.stat_result, seen_ns: int) -> bool:
    """Tell whether a file was old enough, when seen, for a later change to show in its times."""
    return max(status.st_mtime_ns, status.st_ctime_ns) + _RACY_NS <= seen_ns


def _unreadable(path: Path, error: OSError) -> CaptureFault:
    return CaptureFault(
        "cannot be read: {reason}",
        "connect the disk that holds it, or mend its path in the programme",
        path=path,
        reason=error.strerror or str(error),
    )
