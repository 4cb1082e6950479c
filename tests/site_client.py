"""A visitor for the tests of the site: asks the app itself, without a network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from lxml import html

from archive.site.serve import make_app
from archive.site.settings import SiteSettings

if TYPE_CHECKING:
    from pathlib import Path

    from archive.site.answers import App

SITE = SiteSettings("Archive d'essai", "fr", "https://archive.example.org", "mailto:x@example.org")


class Client:
    """A visitor: asks the app itself, without a network."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        return asyncio.run(self.ask(path, method, headers))

    async def ask(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return await client.request(method, path, headers=headers)

    def page(self, path: str) -> html.HtmlElement:
        return html.fromstring(self.get(path).content)


@pytest.fixture(scope="module")
def client(public: Path) -> Client:
    """Return a visitor of the small archive."""
    return Client(make_app(public, public.parent, SITE))
