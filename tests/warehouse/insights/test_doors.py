"""One question through its three doors: the same answer; what each door refuses, and how."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON
from warehouse.access.passwords import Passwords
from warehouse.catalogs import catalog_of
from warehouse.cli import insight
from warehouse.console import insights as api
from warehouse.console.app import create_app
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.insights import kinds
from warehouse.insights.asked import absolute
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake, connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

QUESTION = {"events": ["*"], "since": "5d", "by": ["country"], "measure": "units"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stitched_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "now", lambda: NOON)
    monkeypatch.setattr(api, "now", lambda: NOON)


@pytest.fixture(scope="module")
def answer(shop: Path) -> dict[str, Any]:
    """What Python is answered."""
    question = Trend(events=("*",), since="5d", by=("country",), measure="units")
    with connect(WarehouseSettings(data=str(shop)), read_only=True) as lake:
        found: dict[str, Any] = json.loads(msgspec.json.encode(trend(lake, absolute(question, NOON), NOON)))
    assert found["n"] > 0
    return found


def said(shop: Path, *arguments: str) -> str:
    done = CliRunner().invoke(insight.insight, ["trend", *arguments, "--data", str(shop)])
    assert done.exception is None, done.exception
    return done.stdout


COMMAND = ("*", "--since", "5d", "--by", "country", "--measure", "units")


def test_the_command_line_as_json(shop: Path, answer: dict[str, Any], tmp_path: Path) -> None:
    assert json.loads(said(shop, *COMMAND, "--json")) == answer
    (tmp_path / "question.json").write_text(json.dumps(QUESTION), "utf-8")
    assert json.loads(said(shop, "--question", str(tmp_path / "question.json"), "--json")) == answer


def test_the_command_line_as_csv_sql_and_table(shop: Path, answer: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(said(shop, *COMMAND, "--csv"))))
    assert len(rows) == len(answer["points"]) + len(answer["totals"])
    assert rows[-1]["*"] == str(answer["n"])
    sql = said(shop, *COMMAND, "--sql")
    assert sql.strip() == answer["sql"].strip()
    with connect(WarehouseSettings(data=str(shop)), read_only=True) as lake:
        assert len(lake.query(sql)) == len(rows)
    assert said(shop, *COMMAND).splitlines()[0].split() == ["at", "country", "*", "complete"]


@pytest.fixture(scope="module")
def http(shop: Path) -> Iterator[httpx.ASGITransport]:
    with served(shop, 60.0) as door:
        yield door


@contextmanager
def served(shop: Path, seconds: float) -> Iterator[httpx.ASGITransport]:
    """The console's door, whose questions may take so many seconds."""
    settings = WarehouseSettings(data=str(shop))
    registry = Registry.open(settings.folders.registry, now=lambda: NOON)
    reader = Reader(
        catalog_of(settings),
        open_lake=lambda: connect(settings, read_only=True),
        open_registry=lambda: registry,
        seconds=seconds,
    )
    collector = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    open_to_all = msgspec.convert({"data": str(shop), "console_open": True}, ConsoleSettings)
    app = create_app(
        open_to_all,
        reader,
        collector,
        lambda: NOON,
        Passwords(passes=1, memory_kib=8, lanes=1),
        Queries(settings, 30),
    )
    yield httpx.ASGITransport(app, raise_app_exceptions=False)
    reader.close()
    registry.close()


def ask(http: httpx.ASGITransport, method: str, path: str, **more: Any) -> httpx.Response:
    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(transport=http, base_url="http://127.0.0.1:8001") as browser:
            return await browser.request(method, path, **more)

    return asyncio.run(asking())


def test_http(http: httpx.ASGITransport, answer: dict[str, Any]) -> None:
    posted = ask(http, "POST", "/api/insights/trend", json=QUESTION)
    assert (posted.status_code, posted.json()) == (200, answer)
    got = ask(http, "GET", "/api/insights/trend?events=*&since=5d&by=country&measure=units")
    assert got.json() == answer


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/api/insights/trends", None, 404, "near it: 'trend'"),
        ("GET", "/api/insights/trend?event=x", None, 404, "near it: 'events'"),
        ("GET", "/api/insights/trend?events=Viewd&since=5d", None, 404, "is not known here"),
        ("GET", "/api/insights/trend?since=1d&since=2d", None, 400, "once would do"),
        ("GET", "/api/insights/trend?top=many", None, 400, "$.top"),
        ("POST", "/api/insights/trend", "{", 400, "cannot be read"),
        ("POST", "/api/insights/trend", '{"events": 5}', 400, "$.events"),
        ("POST", "/api/insights/trend", '"' + "x" * (2 << 20), 400, "bytes"),
    ],
)
def test_http_says_what_is_wrong(
    http: httpx.ASGITransport, method: str, path: str, body: str | None, status: int, text: str
) -> None:
    refused = ask(http, method, path, content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == status
    assert text in refused.json()["error"]


def slow(lake: Lake, *_: object) -> object:
    return lake.query("SELECT sum(a.range * b.range) FROM range(100000000) AS a, range(1000) AS b")


def test_http_ends_what_takes_too_long(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(shop, 1.5) as door:
        monkeypatch.setitem(INSIGHTS, "trend", msgspec.structs.replace(INSIGHTS["trend"], ask=slow))
        late = ask(door, "GET", "/api/insights/trend")
        assert (late.status_code, "longer than 1.5 s" in late.json()["error"]) == (504, True)
        monkeypatch.undo()
        assert ask(door, "GET", "/api/insights/trend?events=*&since=5d").status_code == 200


def test_http_ends_what_nobody_waits_for(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INSIGHTS, "trend", msgspec.structs.replace(INSIGHTS["trend"], ask=slow))
    coming: list[dict[str, Any]] = [{"type": "http.request"}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/api/insights/trend", "query_string": b""}
    scope |= {"headers": [(b"host", b"127.0.0.1:8001")], "scheme": "http", "client": ("127.0.0.1", 1)}
    with served(shop, 60.0) as door:
        asyncio.run(asyncio.wait_for(door.app(scope, receive, send), 30))
    assert b"whoever asked has gone" in b"".join(one.get("body", b"") for one in sent)


def test_the_document_describes_every_question(http: httpx.ASGITransport) -> None:
    document = ask(http, "GET", "/api/openapi.json").json()
    paths = {path for path in document["paths"] if path.startswith("/api/insights/")}
    assert paths == {f"/api/insights/{name}" for name in INSIGHTS}
    fields = document["components"]["schemas"]["Trend"]["properties"]
    assert all("description" in field or "$ref" in str(field) for field in fields.values())


def test_the_command_line_says_what_is_wrong(shop: Path) -> None:
    for arguments, text in (
        (["trend", "--measure", "sum"], "measure 'sum' is not known"),
        (["trend", "--top", "many"], "$.top"),
        (["trend", "*", "--question", "q.json"], "events would stand in it"),
    ):
        done = CliRunner().invoke(insight.insight, [*arguments, "--data", str(shop)])
        assert text in str(done.exception)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.18376068, "0.1838"),
        (103091.79999, "103092"),
        (2.0, "2"),
        (7, "7"),
        (None, ""),
        (float("inf"), "null"),
        (-1234.5678, "-1,235"),
    ],
)
def test_numbers_are_short_for_people(value: object, shown: str) -> None:
    assert insight._short(value) == shown


def test_the_arithmetic_is_loaded_when_it_is_needed() -> None:
    """`import scipy` alone costs little: its parts come when they are first named."""
    code = "import sys, warehouse.insights.kinds; print([one for one in sys.modules if 'scipy.' in one])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = (
        "scipy.optimize",
        "scipy.special",
        "scipy.stats",
        "scipy.sparse",
        "scipy.linalg",
        "scipy.cluster",
    )
    assert not [name for name in heavy if f"'{name}'" in done.stdout]


def test_each_insight_is_listed_once() -> None:
    assert len(kinds._ALL) == len(INSIGHTS)
