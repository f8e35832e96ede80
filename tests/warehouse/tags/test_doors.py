"""Tags by the command line: published, evaluated by the writer, listed and explained."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from sessionizer.incremental import stitch
from sessionizer.tagging import Tagger
from tests.warehouse.lakes import DAY, NOON, Site, event, lake_of_writer
from warehouse.access.passwords import Passwords
from warehouse.catalogs import catalog_of
from warehouse.cli import tags
from warehouse.console.app import create_app
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.settings import ConsoleSettings
from warehouse.lake import connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

RULES = """
tags:
  viewer:
    description: Looked at three products in a week.
    when: {did: Product Viewed, at_least: 3, within: 7d}
  gone:
    when: {last: '*', ago: 2d}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight devices that looked at one to eight products, a day apart; the last three times today."""
    site = Site(tmp_path_factory.mktemp("shop"))
    site.registry.create_key("shop", "web")
    moments = [
        (device, NOON - (number + 3 * (device < 6)) * DAY)
        for device in range(1, 9)
        for number in range(device)
    ]
    site.land(
        [
            event(f"m{device}-{at}", anonymous_id=f"d{device}", timestamp=at, event="Product Viewed")
            for device, at in moments
        ]
    )
    with site.writer() as lake:
        site.load(lake)
        while stitch(lake, now=lambda: NOON).behind:
            pass
    return site.settings.folders.root


@pytest.fixture(scope="module")
def registry(shop: Path) -> Iterator[Registry]:
    registry = Registry.open(WarehouseSettings(data=str(shop)).folders.registry, now=lambda: NOON)
    yield registry
    registry.close()


def said(shop: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(tags.tags, [*arguments, "--data", str(shop), "--json"])
    assert done.exception is None, done.output
    return json.loads(done.stdout)


def written(shop: Path, registry: Registry) -> None:
    with lake_of_writer(WarehouseSettings(data=str(shop))) as lake:
        Tagger(registry).step(lake, NOON)


@pytest.fixture(scope="module")
def published(shop: Path, registry: Registry) -> Path:
    """The file of rules that are in use."""
    file = shop / "tags.yaml"
    file.write_text(RULES, "utf-8")
    made = said(shop, "publish", str(file))
    assert made == [{"tag": name, "version": 1, "in_use": True} for name in ("gone", "viewer")]
    written(shop, registry)
    return file


def test_what_is_tried_is_what_is_kept(shop: Path, published: Path) -> None:
    tried = {one["tag"]: one["members"] for one in said(shop, "evaluate", str(published))}
    listed = said(shop, "list")
    assert {one["tag"]: one["members"] for one in listed} == tried
    assert tried["viewer"] > 0
    assert tried["gone"] > 0
    assert [(one["version"], one["rule"]["description"]) for one in listed] == [
        (1, ""),
        (1, "Looked at three products in a week."),
    ]


def test_members_are_explained_by_their_events(shop: Path, published: Path) -> None:
    (member, *_) = said(shop, "show", "viewer")["members"]
    explained = said(shop, "explain", member["customer"])
    assert explained["customer"] == member["customer"]
    of_viewer = explained["tags"][1]
    assert (of_viewer["holds"], of_viewer["since"]) == (True, member["entered"])
    assert of_viewer["evidence"] == member["evidence"]
    with connect(WarehouseSettings(data=str(shop)), read_only=True) as lake:
        sql = "SELECT event FROM events WHERE message_id IN (SELECT unnest(?::VARCHAR[]))"
        assert lake.query(sql, [member["evidence"]]) == [("Product Viewed",)] * 3


def test_history_tells_days_and_versions(shop: Path, registry: Registry, published: Path) -> None:
    days = said(shop, "history", "viewer", "--since", "2026-11-10", "--until", "2026-11-20")["days"]
    assert len(days) == 11
    for before, after in pairwise(days):
        assert after["members"] - before["members"] == after["entered"] - after["left"]
    published.write_text(RULES.replace("at_least: 3", "at_least: 4").replace("gone", "away"), "utf-8")
    changed = said(shop, "publish", str(published))
    assert [(one["tag"], one["version"], one["in_use"]) for one in changed] == [
        ("away", 1, True),
        ("gone", 2, False),
        ("viewer", 2, True),
    ]
    fewer = {one["tag"]: one["members"] for one in said(shop, "evaluate", str(published))}
    written(shop, registry)
    assert {one["tag"]: one["members"] for one in said(shop, "list")} == fewer
    versions = said(shop, "history", "viewer")["versions"]
    assert [one["rule"]["when"]["at_least"] for one in versions] == [3, 4]


PATHS = (
    *("tags", "tags/viewer?limit=3", "customers/d8/tags", "cohorts"),
    *("tags/viewr", "tags/viewer?limit=x", "customers/nobody/tags", "cohorts/none"),
)


def test_http_answers_the_same(shop: Path, registry: Registry, published: Path) -> None:
    settings = WarehouseSettings(data=str(shop))
    reader = Reader(
        catalog_of(settings),
        open_lake=lambda: connect(settings, read_only=True),
        open_registry=lambda: registry,
    )
    collector = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    console = msgspec.convert({"data": str(shop), "console_open": True}, ConsoleSettings)
    cheap = Passwords(passes=1, memory_kib=8, lanes=1)
    app = create_app(console, reader, collector, lambda: NOON, cheap, Queries(settings, 30))

    async def asking() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as browser:
            return [await browser.get(f"/api/{path}") for path in PATHS]

    found = asyncio.run(asking())
    assert [one.status_code for one in found] == [200, 200, 200, 200, 404, 400, 404, 404]
    listed, viewer, of_device, cohorts, *refused = (one.json() for one in found)
    assert listed == said(shop, "list")
    assert viewer["members"] == said(shop, "show", "viewer")["members"][:3]
    assert of_device == said(shop, "explain", "d8")
    assert cohorts == []
    assert "near it: 'viewer'" in refused[0]["error"]
    reader.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["show", "viewr"], "near it: 'viewer'"),
        (["show", "viewer", "--limit", "-1"], "limit -1: 0 to 100000 would do"),
        (["explain", "nobody"], "nothing is known under 'nobody'"),
        (["history", "viewer", "--since", "never"], "since 'never' is no time"),
        (["publish", "no-such-file"], "cannot read no-such-file"),
        (["list", "--data", "no-such-folder"], "there is no lake"),
    ],
)
def test_what_cannot_be_answered_says_why(
    shop: Path, published: Path, arguments: list[str], text: str
) -> None:
    done = CliRunner().invoke(tags.tags, [arguments[0], "--data", str(shop), *arguments[1:]])
    assert text in str(done.exception)
