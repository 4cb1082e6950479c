"""What is written of a cluster: where its scheduler is, and what a worker must have.

Dask hands pickled code from machine to machine: whoever may connect may do anything there. So
off this machine only TLS is spoken.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from pipeline.reading.values import Wrong

HERE = "tcp://127.0.0.1:8786"
"""Where `plenary cluster` listens and a coordinator looks for it, if nothing else is said."""

_FORM = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[^\s/:@\[\]]+):[1-9]\d{0,4}")
_RESOURCE = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,30})=([1-9]\d{0,3})")


def scheduler(text: str) -> str:
    """Read the address of a scheduler; in the clear only on this machine."""
    if not _FORM.fullmatch(text):
        raise Wrong("`{value}` is no address of a scheduler", "tls://192.168.1.10:8786")
    split = urlsplit(text)
    if split.scheme != "tls" and not _is_loopback(split.hostname or ""):
        raise Wrong(
            "`{value}` lies off this machine, where only TLS is spoken",
            f"tls://{text.partition('://')[2]}",
        )
    return text


def is_safe(address: str) -> bool:
    """Tell whether TLS is spoken at an address, so that certificates are needed."""
    return address.startswith("tls://")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def resource(text: str) -> tuple[str, int]:
    """Read what a worker has, or a block needs: a name and how many."""
    found = _RESOURCE.fullmatch(text)
    if found is None:
        raise Wrong("`{value}` is no resource and its number", "GPU=1")
    return found[1], int(found[2])
