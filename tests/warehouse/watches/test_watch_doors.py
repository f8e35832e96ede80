"""Watches and alerts on the command line and over HTTP."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from click.testing import CliRunner

from tests.console.conftest import CHEAP
from tests.console.test_described import schema_of
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON
from warehouse.catalogs import catalog_of
from warehouse.cli import watch as cli
from warehouse.console.app import create_app
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.registry.alerts import Judgement
from warehouse.settings import WarehouseSettings

HOUR = 3_600_000_000
FILE = "name: views\ntrend: {events: ['*']}\nalarm: {above: 1}\n"
CAUSES = [
    {"fields": ["country"], "values": ["DE"], "before": 9.0, "after": 3.0, "change": -6.0, "score": -4.5}
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 of a watch, and an alert of it."""
    folder = stitched_shop(tmp_path_factory.mktemp("shop"))
    (folder / "views.yaml").write_text(FILE)
    registry = Registry.open(folder / "registry.sqlite", now=lambda: NOON)
    registry.create_key("shop")
    said(folder, "publish", str(folder / "views.yaml"))
    (watch,) = registry.watches()
    alarm = Judgement(NOON - HOUR, NOON, 3.0, 200.0, None, None, 1.0, None, "alarm", "limit", "up", "warning")
    registry.keep_judgements(watch, [alarm], {alarm.at: CAUSES}, 5)
    return folder


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "now", lambda: NOON)


def said(shop: Path, *arguments: str) -> str:
    done = CliRunner().invoke(cli.watch, [*arguments, "--data", str(shop)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def told(shop: Path, *arguments: str) -> Any:
    return json.loads(said(shop, *arguments, "--json"))


def test_publishing_again_is_the_same_version(shop: Path) -> None:
    assert told(shop, "publish", str(shop / "views.yaml")) == {
        "project": "shop",
        "watch": "views",
        "version": 1,
    }
    assert "shop has version 1 of views" in said(shop, "publish", str(shop / "views.yaml"))
    (one,) = told(shop, "list")
    assert (one["watch"], one["state"], one["judged_until"]) == ("views", "watching", "2026-11-21T12:00:00Z")
    assert "views  1" in said(shop, "list")


@pytest.mark.parametrize("name", ["views", "views.yaml"])
def test_a_watch_can_be_tried_on_the_past(shop: Path, name: str) -> None:
    found = told(shop, "run", str(shop / name) if "." in name else name, "--since", "3d")
    assert found
    assert {one["verdict"] for one in found} <= {"alarm", "usual"}
    assert all((one["value"] > 1) == (one["verdict"] == "alarm") for one in found)
    assert "verdict" in said(shop, "run", "views", "--since", "3d")
    assert len(told(shop, "alerts")) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [("none.yaml", "there is no file none.yaml"), ("vews", "no watch 'vews'; there is views")],
)
def test_what_is_not_there(shop: Path, name: str, text: str) -> None:
    with pytest.raises(Exception, match=text):
        said(shop, "run", name)


def test_alerts_from_open_to_closed(shop: Path) -> None:
    (alert,) = told(shop, "alerts", "--state", "open", "--watch", "views", "--since", "1d")
    assert (alert["no"], alert["at"], alert["causes"]) == (1, "2026-11-21T11:00:00Z", CAUSES)
    assert "1   views  2026-11-21T11:00:00Z" in said(shop, "alerts")
    assert told(shop, "acknowledge", "1", "--reason", "looking")["state"] == "acknowledged"
    assert "alert 1 is closed" in said(shop, "close", "1", "--reason", "a sale")
    shown = said(shop, "alert", "1")
    assert "country = DE  9" in shown
    assert "a sale" in shown
    assert [one["state"] for one in told(shop, "alert", "1")["changes"]] == ["acknowledged", "closed"]
    with pytest.raises(Exception, match="alert 1 is closed already"):
        said(shop, "close", "1", "--reason", "again")


def asked(shop: Path, *addresses: str) -> list[httpx.Response]:
    settings = WarehouseSettings(data=str(shop))

    async def ask() -> list[httpx.Response]:
        reader = Reader(
            catalog_of(settings),
            lambda: connect(settings, read_only=True),
            lambda: Registry.open(settings.folders.registry, now=lambda: NOON),
        )
        open_to_all = ConsoleSettings(data=str(shop), console_open=True)
        app = create_app(open_to_all, reader, httpx.AsyncClient(), lambda: NOON, CHEAP, Queries(settings, 30))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [await client.get(address) for address in addresses]

    return asyncio.run(ask())


def test_the_same_over_http(shop: Path) -> None:
    listed, one, none = asked(shop, "/api/alerts?watch=views&limit=5", "/api/alerts/1", "/api/alerts/9")
    assert jsonschema_rs.is_valid(schema_of("/api/alerts"), listed.json())
    assert jsonschema_rs.is_valid(schema_of("/api/alerts/{number}"), one.json())
    assert listed.json() == {"alerts": told(shop, "alerts")}
    assert one.json() == told(shop, "alert", "1")
    assert (none.status_code, "there is no alert 9" in none.json()["error"]) == (404, True)


REFUSED = {
    "state=gone": "Invalid enum value 'gone'",
    "limit=0": "`int` >= 1",
    "watches=x": "near it: 'watch'",
    "limit=1&limit=2": "given twice",
    "since=soon": "'soon' is no time",
}


def test_what_http_refuses(shop: Path) -> None:
    found = asked(shop, *(f"/api/alerts?{query}" for query in REFUSED))
    assert {one.status_code for one in found} == {400}
    for one, text in zip(found, REFUSED.values(), strict=True):
        assert text in one.json()["error"]


def test_a_watch_is_resumed_and_forgotten(shop: Path) -> None:
    (shop / "other.yaml").write_text(FILE.replace("views", "other"))
    said(shop, "publish", str(shop / "other.yaml"))
    said(shop, "stop", "other")
    assert told(shop, "resume", "other")["version"] == 3
    assert told(shop, "remove", "other")["removed"] is True
    assert {one["watch"] for one in told(shop, "list")} == {"views"}
    assert told(shop, "alert", "1")["watch"] == "views"
