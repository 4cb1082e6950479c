"""The published archive on this machine, at 127.0.0.1: Datasette, the site and the media.

A new public file is taken up at the next request after the symlink has moved. Datasette
opens a connection per thread and per database name and keeps it, so a file that is
swapped under one running Datasette would be read by some threads and not by others
(measured: it kept serving the old one). Here each public file gets a Datasette of its
own, threads and connections included; a request is answered whole by one of them, and
the old one ends with its last request.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm

import archive.site
from archive.columns import columns_of
from archive.errors import ArchiveFault
from archive.french import read_dictionary
from archive.publish import check_version
from archive.site.answers import DATABASE, PLUGIN, with_security_headers
from archive.site.media import send_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.site.answers import App, Message, Send
    from archive.site.settings import SiteSettings

HOST = "127.0.0.1"
MEDIA = "/media/"
LAST_PORT = 65_535
COUNT_LIMIT_MS = 60_000
OPENED_BY_THE_ARCHIVIST = ("default_allow_sql", "allow_download", "allow_csv_stream")
DATASETTE_SETTINGS = {
    "suggest_facets": False,
    "num_sql_threads": 4,
}
log = logging.getLogger(__name__)


def make_app(public: Path, media: Path, site: SiteSettings) -> App:
    """Return the site as an ASGI app: `public` is the symlink, `media` the folder of media.

    Raises ArchiveFault when nothing is published yet, or by another version.
    """
    return with_security_headers(Served(public, media, site))


def serve(
    public: Path, media: Path, *, port: int, site: SiteSettings, ready: Callable[[str], None]
) -> None:
    """Serve the published archive on 127.0.0.1 until interrupted.

    `ready` is told the address once it is ours. Raises ArchiveFault when nothing is
    published yet, or the port is not free.
    """
    app = make_app(public, media, site)
    config = uvicorn.Config(
        app, host=HOST, port=port, log_level="warning", lifespan="off", ws="none"
    )
    with _bound(port) as listening:
        read_dictionary()
        ready(f"http://{HOST}:{port}")
        uvicorn.Server(config).run(sockets=[listening])


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ArchiveFault(
            "the port {port} cannot be had: {reason}",
            "end what uses it, or name another: `plenary serve --port {other}`",
            port=port,
            reason=error.strerror or error,
            other=port + 1 if port < LAST_PORT else port - 1,
        ) from error


def make_datasette(file: Path, site: SiteSettings) -> Datasette:
    """Return a Datasette that serves one public file, immutable, with the site's plugin.

    `file` is the file itself, never the symlink: each thread opens it when it first needs
    it, and all of them must open the same one.
    """
    if not pm.is_registered(archive.site):  # it is not when the project runs uninstalled
        pm.register(archive.site, PLUGIN)
    values = {name: getattr(site, name) for name in site.__slots__}
    opened = dict.fromkeys(OPENED_BY_THE_ARCHIVIST, site.open_data)
    metadata = {"title": site.title, "plugins": {PLUGIN: values}}
    datasette = Datasette(settings=DATASETTE_SETTINGS | opened, metadata=metadata)
    datasette.remove_database("_memory")
    datasette.add_database(PublicFile(datasette, str(file), is_mutable=False), name=DATABASE)
    return datasette


class PublicFile(Database):  # type: ignore[misc]
    """A database whose file is never made: Datasette's own opens an absent one as empty."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open the file for one thread; raises sqlite3.OperationalError when it is absent."""
        assert not write
        address = f"file:{quote(self.path)}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        self._all_file_connections.append(connection)
        return connection


class Edition:
    """One public file with its Datasette, from its first request to its last."""

    def __init__(self, file: Path, site: SiteSettings) -> None:
        self.file = file
        self.requests = 0
        self._datasette = make_datasette(file, site)
        self.app: App = self._datasette.app()

    async def open(self) -> None:
        """Get everything ready, so that the first visitor does not wait, or fail, for it."""
        check_version(self.file)
        database = self._datasette.get_database(DATABASE)
        await database.table_counts(limit=COUNT_LIMIT_MS)
        await database.execute_fn(columns_of)
        await self._datasette.invoke_startup()

    def close(self) -> None:
        """End its threads and connections."""
        self._datasette.executor.shutdown(wait=False)
        self._datasette.get_database(DATABASE).close()


class Served:
    """The ASGI app: media from their folder, everything else from the current edition."""

    def __init__(self, public: Path, media: Path, site: SiteSettings) -> None:
        self._public, self._media, self._site = public, media, site
        self._opening = asyncio.Lock()
        self._current: Edition | None = None
        if not public.is_file():
            raise ArchiveFault("nothing is published yet", "run `plenary run` first", path=public)
        check_version(public)

    async def __call__(self, scope: Message, receive: object, send: Send) -> None:
        """Answer one request, from its first byte to its last by the same edition."""
        path = str(scope["path"])
        if path.startswith(MEDIA) and await self._sent(scope, path.removeprefix(MEDIA), send):
            return
        edition = await self._edition()
        edition.requests += 1
        try:
            await edition.app(scope, receive, send)
        finally:
            edition.requests -= 1
            if edition is not self._current and not edition.requests:
                edition.close()

    async def _sent(self, scope: Message, path: str, send: Send) -> bool:
        """Answer from the media folder; False when it holds nothing at `path`."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]  # type: ignore[attr-defined]
        }
        return await send_file(self._media, path, headers, str(scope["method"]), send) != 404

    async def _edition(self) -> Edition:
        """Return the edition of the file that the symlink points to now.

        While a new one opens, other requests get the one before; where the new one cannot
        be opened, all do.
        """
        current = self._current
        file = self._public.resolve()
        if current is not None and (current.file == file or self._opening.locked()):
            return current
        async with self._opening:
            if self._current is not None and self._current.file == file:
                return self._current
            try:
                edition = Edition(file, self._site)
                await edition.open()
            except Exception:
                if current is None:
                    raise
                log.exception("%s cannot be opened; %s stays", file, current.file)
                return current
            self._current = edition
            if current is not None and not current.requests:
                current.close()
            return edition
