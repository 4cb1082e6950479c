"""Every error that the archivist can meet, each with its sentence and the next step.

PlenaryError                      exit code
├── Faults                        2    several errors found in one look, reported together
├── FileFault                     2    a mistake in a file that a person writes (file and line)
├── CaptureFault                  1    a capture that cannot be used
├── ModelFault                    2    a model that cannot be loaded or fetched
├── ArchiveFault                  2    the data folder, the database, the published file
├── ClusterFault                  2    no scheduler answers, no fitting worker, no certificates
├── Busy                          75   another run holds the archive
└── Stopped                       130  the archivist interrupted; what was done is kept

The tree stands in `archive` because `pipeline` may import `archive` and never the
other way round. An error is raised with facts, never with a finished sentence:

    raise CaptureFault("not a video: {reason}", "replace the file", path=path, reason=…)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from archive.wording import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class PlenaryError(Exception):
    """One thing that is wrong: where, what, and what to do next.

    `sentence` and `next_step` are format strings over the facts given to the
    constructor; kept apart from the facts so that a catalogue can translate them. `lead`, a
    format string too, stands before the sentence of an error that is told of another place.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        sentence: str,
        next_step: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        lead: str = "",
        **facts: Any,
    ) -> None:
        self.sentence = sentence
        self.next_step = next_step
        self.path = path
        self.line = line
        self.lead = lead
        self.facts = facts
        super().__init__(sentence)

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by their arguments; ours stand in attributes.
        return (_rebuilt, (type(self), self.__dict__.copy()))

    def told(self) -> dict[str, Any]:
        """Return the error as plain data; `retold` makes the same error of it."""
        return {"kind": type(self).__name__, **self.__dict__}

    def __str__(self) -> str:
        return self._worded(str.format)

    def shown(self) -> str:
        """Return the error as the archivist reads it, in her language; `str` is English."""
        return self._worded(say)

    def _worded(self, word: Callable[..., str]) -> str:
        place = "" if self.path is None else f"{self.path}: "
        if self.path is not None and self.line is not None:
            place = f"{self.path}:{self.line}: "
        facts = {"path": self.path, "line": self.line, **self.facts}
        sentence = word(self.lead, **facts) + word(self.sentence, **facts)
        return f"{place}{sentence}\n  → {word(self.next_step, **facts)}"


def _rebuilt(kind: type[PlenaryError], attributes: dict[str, object]) -> PlenaryError:
    error = kind.__new__(kind)
    error.__dict__.update(attributes)
    return error


class Faults(PlenaryError):
    """Several errors found in one look; the archivist mends them in one go."""

    def __init__(self, errors: Sequence[PlenaryError]) -> None:
        self.errors = tuple(errors)
        super().__init__(
            "{count} problems", "mend them, then run `plenary check`", count=len(errors)
        )

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def shown(self) -> str:
        """Return all of them in the archivist's language."""
        return "\n".join(error.shown() for error in self.errors)


def retold(data: Mapping[str, Any]) -> PlenaryError:
    """Return the error that `told` described: another process met it."""
    kinds = {kind.__name__: kind for kind in PlenaryError.__subclasses__() if kind is not Faults}
    path, line = data["path"], data["line"]
    return kinds.get(data["kind"], PlenaryError)(
        data["sentence"],
        data["next_step"],
        path=None if path is None else Path(path),
        line=line,
        lead=data["lead"],
        **data["facts"],
    )


class FileFault(PlenaryError):
    """A mistake in config.yaml, programme.yaml or people.yaml; always with its path."""


class CaptureFault(PlenaryError):
    """A capture that cannot be used; the other recordings go on."""

    exit_code = 1


class ModelFault(PlenaryError):
    """A model that cannot be found, loaded or fetched."""


class ArchiveFault(PlenaryError):
    """The data folder, work.db or a published file cannot be used."""


class ClusterFault(PlenaryError):
    """The machines that should recognise cannot be reached, or do not fit."""


class Busy(PlenaryError):
    """Another run holds the archive."""

    exit_code = 75


class Stopped(PlenaryError):
    """The archivist interrupted; what was finished is kept."""

    exit_code = 130
