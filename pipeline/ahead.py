"""Work that is begun before its turn: the next recording's sound, beside this one's words.

Extracting sound keeps the decoder and the ear busy, recognising keeps the workers busy; done one
after the other, each would wait for the other. What is begun here touches no database; its
results are recorded when their turn comes. The thread ends with the process, and what it
started dies with it.
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Ahead(Generic[T]):
    """At most one piece of work under way, told by a key."""

    def __init__(self) -> None:
        self._key = ""
        self._result: Future[T] = Future()

    def begin(self, key: str, work: Callable[[], T]) -> None:
        """Begin `work` in a thread of its own, unless it was begun or other work is under way.

        What was begun and never taken is forgotten once it is done.
        """
        if key == self._key or (self._key and not self._result.done()):
            return
        result: Future[T] = Future()
        self._key, self._result = key, result
        Thread(target=_do, args=(work, result), name="ahead", daemon=True).start()

    def is_done(self, key: str) -> bool:
        """Tell whether what was begun under `key` is there to be taken, and no error."""
        return key == self._key and self._result.done() and self._result.exception() is None

    def take(self, key: str, work: Callable[[], T]) -> T:
        """Return what was begun under `key`, once it is done, or do `work` now.

        Raises whatever the work raises.
        """
        if key != self._key:
            return work()
        self._key = ""
        return self._result.result()


def _do(work: Callable[[], T], result: Future[T]) -> None:
    try:
        result.set_result(work())
    except BaseException as error:  # noqa: BLE001 (the future carries it to whoever takes it)
        result.set_exception(error)
