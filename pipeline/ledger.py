"""What has been done: each step's key, what it gave, and what happened on the way.

A step's key is the SHA-256 of its name, its version, its options and the hashes of its
inputs. The same key is the same work, so its kept result serves; a changed option is
another key, and the old result stays until `plenary collect`.

Small results are JSON in the step's own row, written in one transaction. A result that
is a file (the sound) is written by the step under a temporary name, renamed to its key
in `kept/`, and only then recorded: a row never points to half a file.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from archive import values
from archive.errors import Stopped
from archive.values import canonical
from pipeline import hashing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from archive.errors import PlenaryError

_TABLES = f"""
BEGIN;
{hashing.TABLES}
CREATE TABLE IF NOT EXISTS steps (
    key TEXT PRIMARY KEY, step TEXT NOT NULL, version INTEGER NOT NULL,
    options TEXT NOT NULL, inputs TEXT NOT NULL, tools TEXT NOT NULL,
    result TEXT NOT NULL, output_sha256 TEXT NOT NULL, made_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS plans (
    recording_id TEXT NOT NULL, session_id TEXT NOT NULL, key TEXT NOT NULL, ms INTEGER NOT NULL,
    PRIMARY KEY (recording_id, session_id, key)
);
CREATE TABLE IF NOT EXISTS failures (
    recording_id TEXT PRIMARY KEY, step TEXT NOT NULL, sentence TEXT NOT NULL,
    happened_at TEXT NOT NULL, told TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS applied (
    target TEXT PRIMARY KEY, key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS history (
    happened_at TEXT NOT NULL, kind TEXT NOT NULL, recording_id TEXT NOT NULL,
    step TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL,
    agent TEXT NOT NULL DEFAULT '', object_id TEXT NOT NULL DEFAULT ''
);
COMMIT;
"""
_NEW_IN_HISTORY = {
    "agent": "TEXT NOT NULL DEFAULT ''",
    "object_id": "TEXT NOT NULL DEFAULT ''",
}
_NEW_IN_FAILURES = {"told": "TEXT NOT NULL DEFAULT ''"}
# After the columns: a history of an earlier version gets them first.
_INDEXES = """
BEGIN;
CREATE INDEX IF NOT EXISTS history_by_recording ON history (recording_id, step);
CREATE INDEX IF NOT EXISTS history_by_object ON history (object_id);
COMMIT;
"""

CREATION, MODIFICATION, DELETION = "creation", "modification", "deletion"
FIXITY_CHECK, DISSEMINATION = "fixity check", "dissemination"
"""PREMIS's words for the events of the history (Library of Congress, `eventType`)."""


def digest(value: object) -> str:
    """SHA-256, in hexadecimal, of a value that JSON can hold."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _seconds_to(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


def _elapsed_s() -> float:
    """Seconds that no setting of the clock changes, those asleep counted where Linux tells them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True)
class Step:
    """A piece of work, told by what goes into it.

    `inputs` maps a word for each input to its hash; `options` hold everything else that
    can change the result. `tools` (what does it, and its version: recorded, not trusted to
    change the result) are outside the key.
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


class Unseen(Due):
    """A file was never hashed, and the ledger was only asked: what needs it is due.

    `known`: another file was seen at its place before.
    """

    def __init__(self, path: Path, *, known: bool) -> None:
        self.path = path
        self.known = known
        super().__init__(Step("sound", 0, {}))


class Ledger:
    """The record of work, in work.db's own tables; `kept` holds results that are files.

    `only_asked`: nothing is done, work that is due raises Due. `until`: from that moment
    no further work is begun. What is recorded is told as done for the `recording` and the
    `session` that the ledger is `about`.
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
        # Counted from now on: a clock that is set during the night neither ends nor prolongs it.
        self._until_s = None if until is None else _elapsed_s() + _seconds_to(until)
        self.recording = self.session = ""
        db.executescript(_TABLES)
        hashing.add_columns(db, "history", _NEW_IN_HISTORY)
        hashing.add_columns(db, "failures", _NEW_IN_FAILURES)
        db.executescript(_INDEXES)
        self.hashes = hashing.Hashes(db)

    def about(self, recording_id: str, session_id: str = "") -> Self:
        """Return this ledger, telling what it records as done for a recording and a session."""
        bound = copy.copy(self)
        bound.recording, bound.session = recording_id, session_id
        return bound

    def find(self, step: Step) -> Done | None:
        """Return the result recorded under the step's key; None when it is due.

        The step is told with the tools that made the result, which may be other versions.
        """
        row = self._db.execute(
            "SELECT result, output_sha256, made_at, tools FROM steps WHERE key = ?", [step.key]
        ).fetchone()
        if row is None:
            return None
        return Done(replace(step, tools=json.loads(row[3])), json.loads(row[0]), row[1], row[2])

    def record(
        self, step: Step, result: object, *, output_sha256: str | None = None, detail: str = ""
    ) -> Done:
        """Keep a step's result; `output_sha256` is that of its file where it made one.

        The history gets its line, with the detail, in the same transaction.
        """
        done = Done(step, result, output_sha256 or digest(result), values.now())
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
            agent = ", ".join(f"{tool} {version}" for tool, version in step.tools.items())
            self._note(CREATION, self.recording, step.name, "success", detail, agent, step.key)
        return done

    def plan(self, blocks: Sequence[tuple[Step, int]]) -> None:
        """Say which steps, of how many milliseconds each, the session at hand will take."""
        about = [self.recording, self.session]
        query = "SELECT key, ms FROM plans WHERE recording_id = ? AND session_id = ?"
        told = {step.key: ms for step, ms in blocks}
        if self.only_asked or dict(self._db.execute(query, about).fetchall()) == told:
            return
        with self._db.atomic():
            self._db.execute("DELETE FROM plans WHERE recording_id = ? AND session_id = ?", about)
            for key, ms in told.items():
                self._db.execute("INSERT INTO plans VALUES (?, ?, ?, ?)", [*about, key, ms])

    def is_planned(self, step: Step) -> bool:
        """Tell whether a step belongs to work that was begun."""
        query = "SELECT 1 FROM plans WHERE key = ?"
        return self._db.execute(query, [step.key]).fetchone() is not None

    def recorded(self, recording_id: str, step: str) -> list[dict[str, Any]]:
        """Return what was recorded under a step's name for a recording, the latest first.

        Rows of version, options and inputs, the last two as JSON.
        """
        return list(
            self._db.query(
                "SELECT s.version, s.options, s.inputs FROM history h"
                " JOIN steps s ON s.key = h.object_id"
                " WHERE h.recording_id = ? AND h.step = ? AND h.kind = ? ORDER BY h.rowid DESC",
                [recording_id, step, CREATION],
            )
        )

    def has_history(self, recording_id: str) -> bool:
        """Tell whether anything was ever done or tried for a recording."""
        query = "SELECT 1 FROM history WHERE recording_id = ?"
        return self._db.execute(query, [recording_id]).fetchone() is not None

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
        if self._until_s is not None and _elapsed_s() >= self._until_s:
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
        """Return what stands and what each was made from, the public file aside.

        The mark that a run leaves which did everything (`settled.py`) is nothing that stands.
        """
        return self._db.execute(
            "SELECT target, key FROM applied WHERE target NOT IN ('public', 'settled')"
            " ORDER BY target"
        ).fetchall()

    def note(
        self,
        kind: str,
        recording_id: str,
        step: str,
        outcome: str,
        detail: str = "",
        *,
        agent: str = "",
        object_id: str = "",
    ) -> None:
        """Add a line to the history, in PREMIS words: an event, its outcome and its detail.

        `agent` is what did it, with its version; `object_id` the key of the result or the
        SHA-256 of the file that it is about.
        """
        with self._db.atomic():
            self._note(kind, recording_id, step, outcome, detail, agent, object_id)

    def _note(self, *told: str) -> None:
        self._db.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [values.now(), *told]
        )

    def published(self, name: str, sha256: str) -> None:
        """Record that a public file of that name and hash is shown."""
        self.note(DISSEMINATION, "", "publish", "success", name, object_id=sha256)

    def publications(self) -> set[str]:
        """Return the SHA-256 of every public file that was ever shown."""
        query = "SELECT object_id FROM history WHERE kind = ?"
        return {row[0] for row in self._db.execute(query, [DISSEMINATION]).fetchall()}

    def last_checks(self, what: str) -> dict[str, str]:
        """Return when files were last verified as `what`: SHA-256 to ISO 8601."""
        return dict(
            self._db.execute(
                "SELECT object_id, MAX(happened_at) FROM history WHERE kind = ? AND step = ?"
                " GROUP BY object_id",
                [FIXITY_CHECK, what],
            ).fetchall()
        )

    def fail(self, recording_id: str, failure: PlenaryError) -> None:
        """Keep what stopped a recording, until it works: in words, and as `told` for `retold`."""
        step, words = type(failure).__name__, str(failure)
        told = json.dumps(failure.told(), default=str)
        with self._db.atomic():
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)",
                [recording_id, step, words, values.now(), told],
            )
            self.note("processing", recording_id, step, "failure", words)

    def clear(self, recording_id: str) -> None:
        """Forget a recording's failure: it works now."""
        with self._db.atomic():
            self._db.execute("DELETE FROM failures WHERE recording_id = ?", [recording_id])

    def failures(self) -> dict[str, str]:
        """Return what stopped each recording that failed: id to sentence."""
        return dict(self._db.execute("SELECT recording_id, sentence FROM failures").fetchall())

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file, read whole only where nothing vouches for it; see `hashing`.

        Raises CaptureFault when it cannot be read, or is absent and was never seen; Unseen
        instead of reading it whole where this ledger is only asked.
        """
        before = self.hashes.at(path)
        now_there = self.hashes.vouched(path, anew=not self.only_asked)
        if self.only_asked:
            if now_there is None:
                raise Unseen(path, known=before is not None)
            return now_there
        if now_there is None:
            now_there = self.hashes.take(path)
        if before not in {None, now_there}:
            detail = f"{path}: another file stands here, before it was {before}"
            self.note(MODIFICATION, self.recording, "", "success", detail, object_id=now_there)
        return now_there
