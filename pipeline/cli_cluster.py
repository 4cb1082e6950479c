"""The verbs of more than one machine: a worker that hears for another, a scheduler between."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.wording import say
from pipeline.config import COMPUTE_TYPES, Transcription
from pipeline.reading.cluster import resource
from pipeline.reading.values import Wrong

if TYPE_CHECKING:
    from collections.abc import Callable


class _Read(click.ParamType):  # type: ignore[type-arg]
    """An argument read as the same thing is in config.yaml."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name = name
        self._read = read

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return what was read; ends the command with the right form where it cannot be."""
        try:
            return self._read(value)
        except Wrong as wrong:
            sentence = say(wrong.sentence, value=value, **wrong.facts)
            told = "{sentence}: write {example}"
            self.fail(say(told, sentence=sentence, example=wrong.example), param, ctx)


_folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("address")
@click.option(
    "--model",
    default=Transcription().model,
    show_default=True,
    help="As in the coordinator's config.yaml; fetched into ./data where it is not here yet.",
)
@click.option(
    "--compute-type",
    type=click.Choice(COMPUTE_TYPES),
    default="auto",
    show_default=True,
    help="As in the coordinator's config.yaml.",
)
@click.option("--certificates", type=_folder, help="Holds ca.pem, cert.pem, key.pem.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Blocks at once.  [default: as many as cores and memory carry; 1 on a GPU]",
)
@click.option(
    "--memory",
    type=click.FloatRange(0, min_open=True),
    metavar="GB",
    help="The most that each may take.  [default: no limit]",
)
@click.option(
    "--resource",
    "resources",
    type=_Read("NAME=N", resource),
    multiple=True,
    help="What this machine has, as a run may ask for it: GPU=1.",
)
@click.option("--name", help="Of this machine in progress and logs.  [default: its host name]")
def worker(
    address: str,
    model: str,
    compute_type: str,
    certificates: Path | None,
    workers: int | None,
    memory: float | None,
    resources: tuple[tuple[str, int], ...],
    name: str | None,
) -> None:
    """Recognise for the coordinator whose scheduler is at ADDRESS, until interrupted.

    Sound comes in blocks and words go back; nothing is kept here. Both sides must have the same
    version and the same model. Off one machine ADDRESS is tls://HOST:PORT, with certificates.

    \b
    Example: plenary worker tls://192.168.1.10:8786 --certificates certificates --resource GPU=1
    """
    from pipeline.executors import Engine, cores_here, usual_workers
    from pipeline.hashing import hash_file
    from pipeline.models import fetch_model, model_hash
    from pipeline.night import refuse_without_extra

    refuse_without_extra()
    from pipeline.executors import station, wire

    wire.security(address, certificates)  # refused before gigabytes are fetched
    folder = fetch_model(model, Path("data"))
    cores = cores_here()
    at_once = workers or usual_workers(folder, "auto", cores)
    post = station.Post(
        name=name or f"{socket.gethostname()}-{os.getpid()}",
        scheduler=address,
        certificates=certificates,
        engine=Engine(folder, "auto", compute_type, max(1, cores // at_once)),
        identity=wire.identity(model_hash(folder, hash_file), compute_type),
        workers=at_once,
        memory=inf if memory is None else memory * 1e9,
        resources=dict(resources),
    )
    with suppress(KeyboardInterrupt):
        station.serve(post, partial(click.echo, err=True))


@click.command()
@click.option("--workers", type=click.IntRange(0), default=2, show_default=True)
@click.option("--dashboard", type=click.IntRange(1, 65535), default=8787, show_default=True)
@click.pass_obj
def cluster(config: Path, workers: int, dashboard: int) -> None:
    """Run a scheduler, and WORKERS of one block at a time on this machine, until interrupted.

    The scheduler listens where config.yaml says under `run: scheduler:`, by itself on this
    machine alone; runs with `executor: dask` find it there. Dask's dashboard shows what goes on.

    \b
    Examples: plenary cluster --workers 2
              plenary cluster --workers 0
    """
    from pipeline.config import load_settings
    from pipeline.executors import Engine, cores_here
    from pipeline.hashing import hash_file
    from pipeline.models import find_model, model_hash
    from pipeline.night import refuse_without_extra

    refuse_without_extra()
    from pipeline.executors import cluster as leading
    from pipeline.executors import station, wire

    settings = load_settings(config)
    heard = settings.transcription
    where = settings.run.scheduler, settings.run.certificates
    posts = []
    if workers:
        folder = find_model(heard.model, settings.data)
        ours = wire.identity(model_hash(folder, hash_file), heard.compute_type)
        threads = max(1, cores_here() // workers)
        engine = Engine(folder, heard.device, heard.compute_type, threads)
        posts = [
            station.Post(f"worker-{n}", *where, engine, ours, workers=1)
            for n in range(1, workers + 1)
        ]
    with suppress(KeyboardInterrupt):
        leading.lead(*where, posts, partial(click.echo, err=True), dashboard=dashboard)


VERBS = (cluster, worker)
"""What `pipeline.cli` adds to the command."""
