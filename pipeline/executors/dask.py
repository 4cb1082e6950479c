"""Recognition on other machines, which a Dask scheduler knows.

Blocks are given to `distributed.Client.get_executor()`, each under a key of its own, with the
resources that its worker must offer. The scheduler remembers nothing that matters: what was
answered stands in the ledger, and whatever else is lost is done again by the next run.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from distributed import Client, KilledWorker

from archive.errors import ClusterFault, PlenaryError, Stopped
from archive.wording import Text
from pipeline.executors import LIVES, Task, set_aside
from pipeline.executors.machines import Machines
from pipeline.executors.parcel import Parcel, pack, read_answer
from pipeline.executors.schema import Refused
from pipeline.executors.station import hear
from pipeline.executors.wire import amounts, hush, security

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.config import Run
    from pipeline.model import Recognised
    from pipeline.progress import Progress

# Within this a scheduler must answer and a worker be there that fits: five seconds, with the start.
_PATIENCE_S = 4
# How often the scheduler is asked who is there.
_LOOK_S = 1
# Without a scheduler, or a worker that fits, for so long, the run is given up.
_ALONE_S = 60
# Blocks under way for each worker: one that it does, and one that waits beside it.
_EACH = 2


@dataclass
class _Order:
    """A task under way: its parcel, its promise, and how many answers to it were refused."""

    task: Task
    parcel: Parcel
    promise: Future[Recognised]
    refused: int = 0


class Dask:
    """Recognises on the workers of a cluster that share the coordinator's `identity`.

    `run` says where its scheduler is and which resources a worker must have for each block;
    `note` is told of each answer that was refused, in the thread that submits.
    """

    def __init__(
        self, run: Run, identity: str, progress: Progress, note: Callable[[str], None]
    ) -> None:
        self._run = run
        self._identity = identity
        self._progress = progress
        self._note = note
        self._needs = {**run.resources, identity: 1}
        self._slots = 1
        self._machines = Machines()
        self._notes: deque[str] = deque()
        self._under_way: dict[int, _Order] = {}
        self._fault: PlenaryError | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._client: Client | None = None
        self._futures: Any = None
        self._watcher = threading.Thread(target=self._watch, name="cluster")

    @property
    def workers(self) -> int:
        """How many blocks may be under way: those being done, and the next beside each."""
        return _EACH * self._slots

    @property
    def ahead(self) -> int:
        """As many again: then each worker has work when this session's ends."""
        return _EACH * self._slots

    def warm(self) -> None:
        """Connect. Raises ClusterFault within seconds where no scheduler or worker is found."""
        if self._client is None:
            self._connect()

    def submit(self, task: Task) -> Future[Recognised]:
        """Send the task to a worker that fits. Raises ClusterFault as `warm` does."""
        self.warm()
        self._tell()
        order = _Order(task, pack(task, self._identity), Future())
        with self._lock:
            self._under_way[id(order)] = order
        if self._fault is None:
            self._give(order)
        else:
            self._settle(order, self._fault)
        return order.promise

    def __enter__(self) -> Self:
        self._progress.also(self._machines.lines)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._give_up(Stopped("the run was interrupted", "run it again"))
        if self._client is not None:
            self._watcher.join()
            self._client.close(timeout=_PATIENCE_S)
        self._tell()
        for line in self._machines.lines():
            self._progress.say(line)

    def _tell(self) -> None:
        while self._notes:
            self._note(self._notes.popleft())

    def _connect(self) -> None:
        address = self._run.scheduler
        hush(logging.CRITICAL)
        safe = security(address, self._run.certificates)
        until = time.monotonic() + _PATIENCE_S
        try:
            client = Client(
                address,
                security=safe,
                timeout=_PATIENCE_S,
                set_as_default=False,
                direct_to_workers=False,
            )
        except OSError as error:
            raise ClusterFault(
                "no scheduler answers at {address} ({reason})",
                "start one with `plenary cluster`, or correct `run: scheduler:`; off this machine"
                " both sides need certificates of one authority",
                address=address,
                reason=type(error).__name__,
            ) from error
        try:
            self._await_workers(client, until)
        except BaseException:
            client.close(timeout=_PATIENCE_S)
            raise
        self._client = client
        self._futures = client.get_executor(resources=self._needs, pure=False, retries=0)
        self._watcher.start()

    def _await_workers(self, client: Client, until: float) -> None:
        """Wait for a worker that fits. Raises ClusterFault where none is there in time."""
        while not self._count(offers := _offers(client)):
            if time.monotonic() > until:
                raise self._missing(offers)
            time.sleep(_LOOK_S / 10)

    def _count(self, offers: Mapping[str, Mapping[str, float]]) -> int:
        """Return how many blocks the workers that fit do at once, and remember it."""
        fitting = (
            min(int(offer.get(name, 0) // amount) for name, amount in self._needs.items())
            for offer in offers.values()
        )
        found = sum(fitting)
        self._slots = found or self._slots
        return found

    def _missing(self, offers: Mapping[str, Mapping[str, float]]) -> ClusterFault:
        there = "; ".join(f"{name} offers {amounts(offer)}" for name, offer in offers.items())
        return ClusterFault(
            "no worker of the cluster offers all of: {needs}. Here: {there}",
            "start a worker that does (`plenary worker --help`), or correct `run: resources:`",
            needs=amounts(self._needs),
            there=there or Text("no worker at all"),
        )

    def _watch(self) -> None:
        """Give the run up when nobody is left who could do it."""
        assert self._client is not None
        seen = time.monotonic()
        while not self._closing.wait(_LOOK_S):
            try:
                found = self._count(_offers(self._client))
            except Exception:  # noqa: BLE001 (whatever a client raises that has lost its scheduler)
                found = 0
            if found:
                seen = time.monotonic()
            elif time.monotonic() - seen > _ALONE_S:
                self._give_up(
                    self._lost(
                        "the scheduler at {address} has had no worker for {seconds} s that fits"
                    )
                )
                return

    def _lost(self, sentence: str) -> ClusterFault:
        return ClusterFault(
            sentence,
            "see to it and to its workers, then run again: what was done is kept",
            address=self._run.scheduler,
            seconds=_ALONE_S,
        )

    def _give(self, order: _Order) -> None:
        try:
            # A key of its own: no answer can be taken for another's, or for that of another try.
            inner: Future[Any] = self._futures.submit(hear, order.parcel, key=_key())
        except Exception:  # noqa: BLE001 (whatever a client raises that has lost its scheduler)
            self._give_up(self._lost("the scheduler at {address} is gone"))
            return
        inner.add_done_callback(partial(self._answered, order))

    def _answered(self, order: _Order, inner: Future[Any]) -> None:
        """Take what Dask has for an order; called in Dask's own thread."""
        try:
            answer = read_answer(inner.result(), order.parcel)
        except CancelledError:
            self._give_up(self._lost("the scheduler at {address} is gone"))
        except KilledWorker as killed:
            told = f"its worker was lost each time, {killed.last_worker.address} the last"
            self._settle(order, set_aside(order.task, told))
        except Refused as refused:
            self._refuse(order, str(refused))
        except Exception as error:  # noqa: BLE001 (our function raises nothing: it is no answer)
            self._refuse(order, f"it came as {type(error).__name__}: {error}")
        else:
            sound_ms = len(order.task.sound) // 32
            self._machines.did(answer.machine, sound_ms, answer.took_ms)
            self._settle(order, answer.outcome)

    def _refuse(self, order: _Order, reason: str) -> None:
        """Note an answer that cannot be believed; ask once more, then set the block aside."""
        order.refused += 1
        self._notes.append(f"an answer was refused: {reason}")
        if order.refused < LIVES:
            self._give(order)
        else:
            self._settle(order, set_aside(order.task, f"its answer was refused: {reason}"))

    def _settle(self, order: _Order, outcome: Recognised | PlenaryError) -> None:
        """Keep the promise of an order, unless it was kept or given up before."""
        with self._lock:
            if self._under_way.pop(id(order), None) is None:
                return
        if isinstance(outcome, PlenaryError):
            order.promise.set_exception(outcome)
        else:
            order.promise.set_result(outcome)

    def _give_up(self, fault: PlenaryError) -> None:
        """Break every promise: whoever waits is told why, now and later."""
        with self._lock:
            self._fault = self._fault or fault
            left = list(self._under_way.values())
        for order in left:
            self._settle(order, self._fault)


def _key() -> str:
    return f"block-{uuid.uuid4().hex}"


def _offers(client: Client) -> dict[str, dict[str, float]]:
    """Return what each worker offers, by its name. Raises OSError where nobody answers."""
    told = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_PATIENCE_S)
    return {str(one["name"]): one["resources"] for one in told["workers"].values()}
