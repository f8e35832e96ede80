"""A console over a fresh data folder, asked as a browser would ask it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.warehouse.imports.shop_files import Shop
from tests.warehouse.insights.asked_lake import complete
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import DAY, NOON, SECOND, event, lake_of_writer
from warehouse.access.passwords import Passwords
from warehouse.catalogs import catalog_of
from warehouse.console.app import create_app
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

NOW = 1_795_298_400_000_000
SELLERS = ("seller-a", "seller-b")
CHEAP = Passwords(passes=1, memory_kib=8, lanes=1)


class Visitor:
    """Asks pages of a console over `data`; `settings` are those of the console, which lets everybody in
    unless they say otherwise. It keeps cookies, as a browser does.
    """

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        given = {"data": str(data), "console_open": True, **settings}
        self.settings = msgspec.convert(given, ConsoleSettings)
        self.clock = NOW
        self.registry = Registry.open(data / "registry.sqlite", now=lambda: self.clock)
        self.collector: httpx.AsyncBaseTransport = httpx.MockTransport(lambda _: httpx.Response(503))
        self.cookies = httpx.Cookies()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, headers or {}, None))

    def post(
        self, path: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A form as a page of the console sends it, unless `headers` say that another one does."""
        own = {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "same-origin"}
        return asyncio.run(self._ask("POST", path, own if headers is None else headers, fields))

    def send(self, method: str, path: str, headers: Mapping[str, str], body: object) -> httpx.Response:
        """A program's request with a body of JSON."""
        return asyncio.run(self._ask(method, path, headers, None, body))

    def signed_in(self, name: str, password: str) -> httpx.Response:
        return self.post("/login", {"name": name, "password": password})

    def walk(self, paths: Iterable[str], method: str = "GET", **given: Any) -> dict[str, httpx.Response]:
        """Asks many addresses of one console, which is much faster than of one each."""
        asked = [(method, path, given) for path in paths]
        return {path: answer for (_, path, _), answer in zip(asked, self.asks(asked), strict=True)}

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        fields: Mapping[str, object] | None,
        body: object = None,
    ) -> httpx.Response:
        (answer,) = await self._each([(method, path, {"headers": headers, "data": fields, "json": body})])
        return answer

    def asks(self, asked: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[httpx.Response]:
        """Several requests to one console: method, path, and what httpx takes besides."""
        return asyncio.run(self._each(asked))

    async def _each(self, asked: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[httpx.Response]:
        lake = WarehouseSettings(data=str(self.data))
        reader = Reader(
            catalog_of(lake),
            open_lake=lambda: connect(lake, read_only=True),
            open_registry=lambda: self.registry,
        )
        collector = httpx.AsyncClient(transport=self.collector, base_url="http://collector")
        app = create_app(self.settings, reader, collector, lambda: self.clock, CHEAP, Queries(lake, 30))
        door = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=door, base_url="http://127.0.0.1:8001", cookies=self.cookies
            ) as browser,
        ):
            answers = []
            for method, path, given in asked:
                async with asyncio.timeout(30):  # what never ends names itself in the traceback
                    answers.append(await browser.request(method, path, **given))
            self.cookies = httpx.Cookies(browser.cookies)
            return answers


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    found = Visitor(tmp_path)
    yield found
    found.registry.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the last days of a made-up shop, of each file of tests its own."""
    return stitched_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(data: Path) -> Iterator[Visitor]:
    """A console over it, at the moment at which its days end."""
    found = Visitor(data)
    found.clock = NOON
    yield found
    found.registry.close()


@pytest.fixture(scope="session")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Visits of six people, whose owners and regions a CRM told."""
    shop = Shop(tmp_path_factory.mktemp("crm"))
    lines, events = ["crm_id,email,owner,region,note,updated_at"], []
    key = {"key_id": shop.key.id, "key_no": shop.key.no}
    for number in range(6):
        seller = SELLERS[number >= 2]  # two are of the first seller's, four of the second's
        mail = f"{seller}-{number}@ex.cn"
        region = "华东" if number % 2 else "华南"
        lines.append(f"C-{seller}-{number},{mail},{seller},{region},call {mail},2026-11-01T00:00Z")
        whose = {**key, "anonymous_id": f"d{number}", "device_id": f"d{number}"}
        at = NOON - DAY + number * SECOND
        events.append(event(f"i{number}", **whose, type="identify", event=None, timestamp=at,
                            traits=f'{{"email": "{mail}"}}'))  # fmt: skip
        events += [event(f"p{number}-{n}", **whose, type="page", event=f"Home {number}",
                         timestamp=at + n * SECOND) for n in range(number + 1)]  # fmt: skip
    shop.land(events)
    shop.bring("customers", shop.file("crm.csv", "\n".join(lines)), time_zone="Asia/Shanghai")
    shop.stitched()
    with lake_of_writer(shop.settings) as lake:
        complete(lake, NOON)
    return shop.root
