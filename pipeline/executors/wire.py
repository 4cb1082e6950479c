"""Who may work for whom: certificates off this machine, and the same versions on both sides.

Off this machine both sides show a certificate, and one authority of the archive's own, which
signs nothing else, has signed both (docs/scaling.md makes them).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from archive.errors import ClusterFault
from pipeline.installed import version
from pipeline.reading.cluster import is_safe, scheduler
from pipeline.reading.values import Wrong
from pipeline.steps import OURS, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from distributed import Security

CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")
"""The files of a folder of certificates: the authority's, this machine's, and its key."""


def security(address: str, certificates: Path | None) -> Security | None:
    """Return what Dask needs to speak to `address`; None in the clear, on this machine.

    Raises ClusterFault where TLS is needed and not asked for, or lacks a file.
    """
    from distributed import Security  # noqa: PLC0415 (slow, an extra, and seldom needed)

    try:
        scheduler(address)
    except Wrong as wrong:
        step = "write it so: {example}"
        raise ClusterFault(wrong.sentence, step, value=address, example=wrong.example) from wrong
    if not is_safe(address):
        return None
    authority, certificate, key = _files(certificates)
    roles = ("client", "scheduler", "worker")
    return Security(
        require_encryption=True,
        tls_ca_file=authority,
        **{f"tls_{role}_cert": certificate for role in roles},
        **{f"tls_{role}_key": key for role in roles},
    )


def _files(certificates: Path | None) -> tuple[str, ...]:
    if certificates is None:
        raise ClusterFault(
            "tls:// needs certificates",
            "name their folder (`run: certificates:`, or --certificates); docs/scaling.md makes"
            " them",
        )
    for name in CERTIFICATES:
        if not (certificates / name).is_file():
            raise ClusterFault(
                "the folder of certificates has no {name}",
                "it must hold {names}; docs/scaling.md makes them",
                path=certificates,
                name=name,
                names=", ".join(CERTIFICATES),
            )
    return tuple(str(certificates / name) for name in CERTIFICATES)


def hush(level: int) -> None:
    """Keep Dask's own log below a level of `logging` to itself: what matters to people we say."""
    for name in ("distributed", "distributed.client", "bokeh"):
        logging.getLogger(name).setLevel(level)


def identity(model_sha256: str, compute_type: str) -> str:
    """Return what a coordinator and its workers must have in common, for people to read.

    The versions are those of the ledger's keys for words, and ours.
    """
    tools = ", ".join(f"{name} {version(name)}" for name in (OURS, "faster-whisper", "ctranslate2"))
    words = VERSIONS["words"]
    return f"{tools}, words {words}, compute type {compute_type}, model {model_sha256[:16]}"


def amounts(resources: Mapping[str, float]) -> str:
    """Return resources as they are written, such as GPU=1."""
    return ", ".join(f"{name}={amount:g}" for name, amount in resources.items())
