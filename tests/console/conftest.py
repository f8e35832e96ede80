"""A console over a fresh data folder, asked as a browser would ask it."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import msgspec
import pytest

from warehouse.catalogs import catalog_of
from warehouse.console.app import create_app
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

NOW = 1_795_298_400_000_000


class Visitor:
    """Asks pages of a console over `data`; `settings` are those of the console."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.settings = msgspec.convert({"data": str(data), **settings}, ConsoleSettings)
        self.registry = Registry.open(data / "registry.sqlite", now=lambda: NOW)
        self.collector: httpx.AsyncBaseTransport = httpx.MockTransport(lambda _: httpx.Response(503))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers or {}))

    async def _get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        lake = WarehouseSettings(data=str(self.data))
        reader = Reader(
            catalog_of(lake),
            open_lake=lambda: connect(lake, read_only=True),
            open_registry=lambda: self.registry,
        )
        collector = httpx.AsyncClient(transport=self.collector, base_url="http://collector")
        app = create_app(self.settings, reader, collector)
        door = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=door, base_url="http://127.0.0.1:8001") as browser,
        ):
            return await browser.get(path, headers=headers)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    found = Visitor(tmp_path)
    yield found
    found.registry.close()
