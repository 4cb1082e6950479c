"""The public site as a Datasette plugin: hooks only.

Hooks are those that Datasette 0.65 and the 1.0 alphas share. Own pages come first in
the order of routes; the core pages of the database stay for people who want the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette import hookimpl
from datasette.utils.asgi import Base400, Response
from datasette.views.base import DatasetteError

from archive.site import answers
from archive.site.pages import ROUTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette
    from datasette.utils.asgi import Request


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[..., object]]]:
    """Put own pages before the core ones, and close the pages about the machine.

    Media that exist are answered before Datasette is asked (`serve.py`).
    """
    own = [(route.pattern.pattern, answers.own_page) for route in ROUTES]
    return [
        *own,
        (r"/static/(?P<name>[^/]+)\Z", answers.static_file),
        (r"/media/|/-/(?!static/)", answers.nothing_here),
    ]


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Datasette) -> Callable[[answers.App], answers.App]:
    """Give every answer its security headers."""
    del datasette
    return answers.with_security_headers


@hookimpl  # type: ignore[untyped-decorator]
def handle_exception(
    datasette: Datasette, request: Request, exception: Exception
) -> Callable[[], Awaitable[Response | None]]:
    """Answer an unknown address with a page that helps; core errors stay as they are."""

    async def answer() -> Response | None:
        if answers.is_visitors_fault(exception):
            return answers.refusal(datasette, request)
        status = getattr(exception, "status", 500)
        core = isinstance(exception, DatasetteError | Base400) and status != 404
        if core or ".json" in request.path:
            return None
        return answers.failure(datasette, request, status)

    return answer
