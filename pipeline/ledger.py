"""What has been done: each step's key, what it gave, and what happened on the way.

A step's key is the SHA-256 of its name, its version, its options and the hashes of its
inputs. The same key is the same work, so its kept result serves; a changed option is
another key, and the old result stays until `plenary collect`.

Small results are JSON in the step's own row, written in one transaction. A result that
is a file (the sound) is written by the step under a temporary name, renamed to its key
in `kept/`, and only then recorded: a row never points to half a file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archive.errors import CaptureFault, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sqlite_utils import Database

_PROBES = 5
_PROBE_BYTES = 1 << 20

_TABLES = """
BEGIN;
CREATE TABLE IF NOT EXISTS steps (
    key TEXT PRIMARY KEY, step TEXT NOT NULL, version INTEGER NOT NULL,
    options TEXT NOT NULL, inputs TEXT NOT NULL, tools TEXT NOT NULL,
    result TEXT NOT NULL, output_sha256 TEXT NOT NULL, made_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS files (
    fingerprint TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS places (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS failures (
    recording_id TEXT PRIMARY KEY, step TEXT NOT NULL, sentence TEXT NOT NULL,
    happened_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS applied (
    target TEXT PRIMARY KEY, key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS history (
    happened_at TEXT NOT NULL, kind TEXT NOT NULL, recording_id TEXT NOT NULL,
    step TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL
);
COMMIT;
"""


def canonical(value: object) -> str:
    """JSON with one spelling for one value, so that it can be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """SHA-256, in hexadecimal, of a value that JSON can hold."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def now() -> str:
    """Return this moment in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Step:
    """A piece of work, told by what goes into it.

    `inputs` maps a word for each input to its hash; `options` hold everything else that
    can change the result. `tools` (versions that are recorded, not trusted to change
    the result) are outside the key.
    """

    name: str
    version: int
    inputs: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """SHA-256 over name, version, options and inputs."""
        return digest([self.name, self.version, dict(self.options), dict(self.inputs)])


@dataclass(frozen=True)
class Done:
    """A step's recorded result."""

    step: Step
    result: Any
    output_sha256: str
    made_at: str


class Due(Exception):
    """A step has no result yet, and the ledger was only asked."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(step.name)


class Ledger:
    """The record of work, in work.db's own tables; `kept` holds results that are files.

    `only_asked`: nothing is done, work that is due raises Due. `until`: from that moment
    no further work is begun.
    """

    def __init__(
        self,
        db: Database,
        kept: Path,
        *,
        only_asked: bool = False,
        until: datetime | None = None,
    ) -> None:
        self._db = db
        self.kept = kept
        self.only_asked = only_asked
        self.until = until
        db.executescript(_TABLES)

    def find(self, step: Step) -> Done | None:
        """Return the result recorded under the step's key; None when it is due."""
        row = self._db.execute(
            "SELECT result, output_sha256, made_at FROM steps WHERE key = ?", [step.key]
        ).fetchone()
        return None if row is None else Done(step, json.loads(row[0]), row[1], row[2])

    def record(self, step: Step, result: object, *, output_sha256: str | None = None) -> Done:
        """Keep a step's result; `output_sha256` is that of its file where it made one."""
        done = Done(step, result, output_sha256 or digest(result), now())
        with self._db.atomic():
            self._db.execute(
                "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    step.key,
                    step.name,
                    step.version,
                    canonical(step.options),
                    canonical(step.inputs),
                    canonical(step.tools),
                    canonical(result),
                    done.output_sha256,
                    done.made_at,
                ],
            )
        return done

    def once(self, step: Step, work: Callable[[], object]) -> Done:
        """Return the step's result, from its row or else from `work`, then recorded.

        Raises Due instead of working where this ledger is only asked what is due, and
        whatever `work` raises.
        """
        done = self.find(step)
        if done is not None:
            return done
        self.claim(step)
        return self.record(step, work())

    def claim(self, step: Step) -> None:
        """Say that work on a step begins. Raises Due or Stopped where it must not."""
        if self.only_asked:
            raise Due(step)
        if self.until is not None and datetime.now(UTC) >= self.until:
            raise Stopped("it is time to stop, as asked", "what is left is done by the next run")

    def is_applied(self, target: str, key: str) -> bool:
        """Tell whether what stands at `target` (rows, a file) was made from `key`."""
        return self.made_from(target) == key

    def made_from(self, target: str) -> str | None:
        """Return the key that what stands at `target` was made from; None where it is unknown."""
        row = self._db.execute("SELECT key FROM applied WHERE target = ?", [target]).fetchone()
        return None if row is None else str(row[0])

    def apply(self, target: str, key: str) -> None:
        """Record that what stands at `target` was made from `key`; called after it stands."""
        with self._db.atomic():
            self._db.execute("INSERT OR REPLACE INTO applied VALUES (?, ?)", [target, key])

    def forget(self, event_id: str) -> None:
        """Forget what stands of an event, so that it is put again should it come back."""
        with self._db.atomic():
            self._db.execute(
                "DELETE FROM applied WHERE target = 'programme:' || :event"
                " OR target LIKE '%:' || :event || '/%'",
                {"event": event_id},
            )

    def applied(self) -> list[tuple[str, str]]:
        """Return what stands and what each was made from, the public file aside."""
        return self._db.execute(
            "SELECT target, key FROM applied WHERE target != 'public' ORDER BY target"
        ).fetchall()

    def note(self, kind: str, recording_id: str, step: str, outcome: str, detail: str = "") -> None:
        """Add a line to the history (in PREMIS words: an event, its outcome, its detail)."""
        with self._db.atomic():
            self._db.execute(
                "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)",
                [now(), kind, recording_id, step, outcome, detail],
            )

    def fail(self, recording_id: str, step: str, sentence: str) -> None:
        """Keep what stopped a recording, until it works."""
        with self._db.atomic():
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
                [recording_id, step, sentence, now()],
            )
            self.note("processing", recording_id, step, "failure", sentence)

    def clear(self, recording_id: str) -> None:
        """Forget a recording's failure: it works now."""
        with self._db.atomic():
            self._db.execute("DELETE FROM failures WHERE recording_id = ?", [recording_id])

    def failures(self) -> dict[str, str]:
        """Return what stopped each recording that failed: id to sentence."""
        return dict(self._db.execute("SELECT recording_id, sentence FROM failures").fetchall())

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file, hashed whole once; afterwards its fingerprint vouches for it.

        A file that is absent is taken for what was last seen at its place: its disk may be
        in a drawer, and only what needs its content must wait. Raises CaptureFault when it
        cannot be read, or is absent and was never seen.
        """
        place = str(path)
        if not path.exists():
            known = self._db.execute("SELECT sha256 FROM places WHERE path = ?", [place]).fetchone()
            if known is not None:
                return str(known[0])
        elif not path.is_file():
            raise CaptureFault(
                "is not a file", "name the camera's file in the programme", path=path
            )
        try:
            mark, size = fingerprint(path)
            whole = self._known(mark) or whole_sha256(path)
        except OSError as error:
            raise CaptureFault(
                "cannot be read: {reason}",
                "connect the disk that holds it, or mend its path in the programme",
                path=path,
                reason=error.strerror or str(error),
            ) from error
        with self._db.atomic():
            self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", [mark, size, whole])
            self._db.execute(
                "INSERT INTO places VALUES (?, ?) ON CONFLICT(path)"
                " DO UPDATE SET sha256 = excluded.sha256 WHERE sha256 != excluded.sha256",
                [place, whole],
            )
        return whole

    def _known(self, mark: str) -> str | None:
        row = self._db.execute("SELECT sha256 FROM files WHERE fingerprint = ?", [mark]).fetchone()
        return None if row is None else str(row[0])


def whole_sha256(path: Path) -> str:
    """SHA-256 of a whole file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
