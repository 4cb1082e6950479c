"""A scheduler, and workers of this machine for it, until interrupted."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import sys
from contextlib import suppress
from functools import partial
from multiprocessing import connection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from distributed import Scheduler

from archive.errors import ClusterFault
from archive.wording import say
from pipeline.executors import LIVES
from pipeline.executors.orphans import die_with_parent
from pipeline.executors.station import AGAIN_S, serve
from pipeline.executors.wire import hush, security

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.executors.station import Post

SILENT_S = 30
"""A worker that is not heard for so long is taken for lost, and its block given to another. Dask's
own five minutes suit work whose workers cannot tell that they live while they work; ours can."""

# What a worker needs to leave by itself.
_LEAVING_S = 10


def lead(
    address: str,
    certificates: Path | None,
    posts: Sequence[Post],
    tell: Callable[[str], None],
    *,
    dashboard: int = 8787,
    silent_s: float = SILENT_S,
) -> None:
    """Run a scheduler at `address`, with a process for each post; start one anew that ends.

    Dask's dashboard is shown to this machine alone, at the port `dashboard`. Ends when it is
    interrupted, its workers with it. Raises ClusterFault where it cannot listen there.
    """
    safe = security(address, certificates)
    hush(logging.ERROR)
    split = urlsplit(address)

    async def attend() -> None:
        async with Scheduler(
            protocol=split.scheme,
            host=split.hostname,
            port=split.port,
            security=safe,
            dashboard_address=f"127.0.0.1:{dashboard}",
            allowed_failures=LIVES - 1,
            worker_ttl=silent_s,
        ) as scheduler:
            shown = scheduler.services.get("dashboard")
            tell(say("the scheduler is at {address}", address=scheduler.address))
            if shown is not None:
                address = f"http://127.0.0.1:{shown.port}/status"
                tell(say("Dask's dashboard: {address}", address=address))
            await asyncio.gather(scheduler.finished(), *(_keep(post, tell) for post in posts))

    try:
        asyncio.run(attend())
    except OSError as error:
        raise ClusterFault(
            "the scheduler cannot listen at {address}: {reason}",
            "see whether another one runs, or give it another address",
            address=address,
            reason=error.strerror or error,
        ) from error


async def _keep(post: Post, tell: Callable[[str], None]) -> None:
    """Have a process at a post, for ever."""
    context = multiprocessing.get_context("spawn")
    while True:
        # Not a daemon, which may have no children: it has its recognisers, and ends with us.
        process = context.Process(target=_stand, args=(post,))
        process.start()
        try:
            await asyncio.to_thread(connection.wait, [process.sentinel])
        finally:
            process.terminate()
            process.join(_LEAVING_S)
            process.kill()
        told = "{name}: its process ended (code {code}); another takes its place"
        tell(say(told, name=post.name, code=process.exitcode))
        await asyncio.sleep(AGAIN_S)


def _stand(post: Post) -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the scheduler, which ends us
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        serve(post, partial(print, file=sys.stderr, flush=True))
