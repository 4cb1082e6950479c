"""A machine that recognises for another: blocks come from Dask, its own processes do them.

What Dask starts here is thin: it unpacks a block, gives it to a `Local` executor, whose
supervised processes hold the model, and packs what they gave. So a block that ends or hangs a
recogniser is dealt with here, and Dask's own part goes on telling the scheduler that it lives.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import dask
from distributed import Reschedule, Worker, WorkerPlugin, get_worker

from archive.errors import ClusterFault, PlenaryError, Stopped
from archive.wording import say
from pipeline.executors.local import Local
from pipeline.executors.parcel import Parcel, answered, unpack
from pipeline.executors.wire import hush, security

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.executors import Engine
    from pipeline.model import Recognised

AGAIN_S = 2
"""How long a station waits before it looks for its scheduler again."""


@dataclass(frozen=True)
class Post:
    """Where a station stands, and what it offers there.

    `name` tells it among others; `identity` is what it has in common with the coordinators it
    serves; `workers` processes recognise at once, each with at most `memory` bytes.
    """

    name: str
    scheduler: str
    certificates: Path | None
    engine: Engine
    identity: str
    workers: int
    memory: float = inf
    resources: Mapping[str, float] = field(default_factory=dict)

    @property
    def offers(self) -> dict[str, float]:
        """What the scheduler is told: the resources, and the identity once for each worker."""
        return {**self.resources, self.identity: self.workers}


def hear(parcel: Parcel) -> bytes:
    """Do a parcel on the station where Dask runs this, and return the answer as it travels."""
    station = get_worker().plugins[Station.name]
    assert isinstance(station, Station)
    return station.hear(parcel)


class Station(WorkerPlugin):  # type: ignore[misc]
    """What Dask's worker finds on its machine: who it is, and its recognisers."""

    name = "plenary"

    def __init__(self, post: Post, local: Local) -> None:
        self._post = post
        self._local = local

    def hear(self, parcel: Parcel) -> bytes:
        """Do a parcel; what goes wrong is told in the answer.

        Raises Reschedule where this station is closing: another one does it.
        """
        began = time.monotonic()
        outcome: Recognised | PlenaryError
        try:
            self._refuse(parcel.identity)
            outcome = self._local.submit(unpack(parcel)).result()
        except (Stopped, CancelledError) as closing:
            raise Reschedule from closing
        except PlenaryError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 (told to the coordinator, which decides)
            outcome = PlenaryError(
                "something unforeseen happened on {machine}: {kind}: {reason}",
                "report it with what that machine's worker wrote",
                machine=self._post.name,
                kind=type(error).__name__,
                reason=error,
            )
        took_ms = round((time.monotonic() - began) * 1000)
        return answered(parcel, self._post.name, took_ms, outcome)

    def _refuse(self, identity: str) -> None:
        if identity != self._post.identity:
            raise ClusterFault(
                "the worker {machine} has {here}, and the coordinator {there}",
                "install the same version and the same model on both",
                machine=self._post.name,
                here=self._post.identity,
                there=identity,
            )


def serve(post: Post, tell: Callable[[str], None]) -> None:
    """Work for the scheduler until interrupted; wait for one that is away. Raises ClusterFault."""
    safe = security(post.scheduler, post.certificates)
    hush(logging.ERROR)
    # It would look a hundred times a second at what its threads do: they wait for recognisers.
    dask.config.set({"distributed.worker.profile.enabled": False})
    local = Local(post.engine, post.workers, post.memory)

    async def attend() -> None:
        while True:
            worker = Worker(
                post.scheduler,
                name=post.name,
                nthreads=post.workers,
                resources=post.offers,
                security=safe,
                plugins=(Station(post, local),),
                # Its own process only hands blocks on: the recognisers are watched by `Local`.
                memory_limit=0,
                dashboard=False,
                dashboard_address="127.0.0.1:0",
            )
            try:
                told = "{name}: looking for the scheduler at {address}"
                tell(say(told, name=post.name, address=post.scheduler))
                async with worker:
                    tell(say("{name}: ready, with {what}", name=post.name, what=post.identity))
                    await worker.finished()
                tell(say("{name}: the scheduler is gone", name=post.name))
            finally:
                await worker.close(executor_wait=False)
            await asyncio.sleep(AGAIN_S)

    with local:
        local.warm()
        asyncio.run(attend())
