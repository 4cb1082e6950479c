"""Pages as Datasette's answers: the right connection, the right headers."""

from __future__ import annotations

import gzip
import mimetypes
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from archive.site.kept import FRESH_S, Answer, edition_tag, kept_of
from archive.site.links import static_files
from archive.site.pages import SEARCHES, Page, missing, render
from archive.site.settings import SiteSettings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    Message = MutableMapping[str, object]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, object, Send], Awaitable[None]]

DATABASE = "archive"
PLUGIN = "plenary-archive"

OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " media-src 'self'{hosts}; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors {framing}"
)
# Datasette's own pages carry scripts and styles in the page; nothing of ours does.
CORE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; object-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
SECURITY = {
    b"content-security-policy": CORE_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"strict-origin-when-cross-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cross-origin-opener-policy": b"same-origin",
}
WORTH_ZIPPING = 2_000  # bytes
GZIP_LEVEL = 5
FRESH = f"public, max-age={FRESH_S}"
FOR_EVER = "public, max-age=31536000, immutable"


def settings_of(datasette: Datasette) -> SiteSettings:
    """Return the site's settings, given to Datasette as this plugin's configuration."""
    return SiteSettings.from_mapping(datasette.plugin_config(PLUGIN) or {})


async def own_page(datasette: Datasette, request: Request) -> Response:
    """Answer with one of the site's own pages, made in a thread that holds a connection.

    What was answered once is kept for as long as its public file is shown (`kept.py`); a
    search, which may have been cut short by the time of that moment, for a minute and untagged.
    """
    site = settings_of(datasette)
    database = datasette.get_database()
    path = request.scope.get("raw_path", request.path.encode()).decode("latin-1").partition("?")[0]
    lasting = not path.startswith(SEARCHES)
    headers = {"cache-control": FRESH}
    if lasting:
        headers["etag"] = edition_tag(database.path, site)
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(b"", 304, headers)
    query = dict(reversed(parse_qsl(request.query_string, max_num_fields=50)))
    address = f"{path}?{request.query_string}"
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    found = kept_of(datasette).get(address, zipped=zipped)
    if found is None:

        def make(db: sqlite3.Connection) -> Answer:
            with plain_rows(db):
                return as_answer(render(db, site, path, query), zipped=zipped)

        found = await database.execute_fn(make)
        if found.status == 200:
            kept_of(datasette).put(address, found, zipped=zipped, lasting=lasting)
    return response(found, headers if found.status == 200 else {"cache-control": FRESH})


@contextmanager
def plain_rows(db: sqlite3.Connection) -> Iterator[None]:
    """Read tuples for a while: Datasette's connection gives its own views rows by name."""
    before, db.row_factory = db.row_factory, None
    try:
        yield
    finally:
        db.row_factory = before


def as_answer(page: Page, *, zipped: bool = False) -> Answer:
    """Return a page as an answer, with a policy that names no other host than its player's."""
    hosts = f" https://{page.media_host}" if page.media_host else ""
    policy = OWN_POLICY.format(hosts=hosts, framing="*" if page.framed else "'none'")
    body = page.body.encode()
    zipped = zipped and len(body) > WORTH_ZIPPING
    if zipped:
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    open_ = not page.content_type.startswith("text/html")
    return Answer(body, page.status, page.content_type, policy, zipped, open_)


def response(answer: Answer, headers: dict[str, str]) -> Response:
    """Return an answer as Datasette sends it; data may be read by the pages of other sites."""
    sent = {**headers, "content-security-policy": answer.policy, "vary": "Accept-Encoding"}
    if answer.zipped:
        sent["content-encoding"] = "gzip"
    if answer.open:
        sent["access-control-allow-origin"] = "*"
    return Response(answer.body, answer.status, sent, answer.content_type)


def failure(datasette: Datasette, request: Request, status: int) -> Response:
    """Return the page for an unknown address or a failure."""
    query = dict(reversed(parse_qsl(request.query_string)))
    page = missing(settings_of(datasette), query, status)
    return response(as_answer(page), {"cache-control": FRESH})


def is_visitors_fault(exception: Exception) -> bool:
    """Say whether a core page failed for a column or an order that only its address names.

    Datasette 0.65 answers 500 there, as if the fault were the site's.
    """
    return isinstance(exception, DatasetteError) and exception.status == 500


def refusal(datasette: Datasette, request: Request) -> Response:
    """Answer 400, as a page or as JSON."""
    if ".json" in request.path:
        error = "a column, an order or a facet that the table does not have"
        return Response.json({"ok": False, "status": 400, "error": error}, status=400)
    return failure(datasette, request, 400)


def nothing_here(datasette: Datasette, request: Request) -> Response:
    """Answer for media that are not there, and for Datasette's pages about the machine."""
    return failure(datasette, request, 404)


def static_file(datasette: Datasette, request: Request) -> Response:
    """Answer with a style sheet, script or icon; their addresses change with their content."""
    name = request.url_vars["name"]
    content = static_files().get(name)
    if content is None:
        return failure(datasette, request, 404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    lasting = FOR_EVER if "v" in request.args else FRESH
    return Response(content, 200, {"cache-control": lasting}, kind)


def with_security_headers(app: App) -> App:
    """Give every answer of `app` the security headers that it has not set itself."""

    async def guarded(scope: Message, receive: object, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))  # type: ignore[call-overload]
                present = {bytes(name).lower() for name, _ in headers}
                headers += [(n, v) for n, v in SECURITY.items() if n not in present]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, send_guarded)

    return guarded
