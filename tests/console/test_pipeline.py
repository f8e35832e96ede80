"""The page of the sales pipeline: its numbers, what to do next, and to whom it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.insights.deals import sales_lake
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sales_lake(tmp_path_factory.mktemp("sales")).settings.folders.root


def test_the_page_shows_stages_and_whom_to_turn_to(shop: Visitor) -> None:
    page = shop.get("/pipeline?owners=&of=deals").text
    assert 'hx-get="/pipeline/drawn?of=deals&amp;since=365d"' in page
    part = shop.get("/pipeline/drawn?of=deals").text
    assert part.index(">Qualify<br>") < part.index(">Offer<br>")
    assert "75%" in part
    assert "Call today" in part
    assert "days since seen 0.5 (+37.2)" in part
    assert part.index(">C</a>") < part.index(">E</a>")
    assert "/pipeline?of=deals&amp;since=365d&amp;owners=li" in part
    assert "今天就联系" in shop.get("/pipeline/drawn", {"Accept-Language": "zh"}).text
    assert ">L</a>" in shop.get("/pipeline/drawn?of=leads").text
    assert "sojourn import leads" in shop.get("/pipeline/drawn?of=leads&since=1d").text
    assert "near it: &#39;li&#39;" in shop.get("/pipeline/drawn?owners=lii").text
    mine = shop.get("/pipeline/drawn?owners=li").text
    assert ">C</a>" in mine
    assert ">E</a>" not in mine


def test_two_salespeople_see_their_own(data: Path) -> None:
    visitor = Visitor(data, console_open=False)
    visitor.clock = NOON
    password = CHEAP.hash("two green kettles")
    for owner in ("li", "wang"):
        scope = Scope(attributes={"owner": (owner,)})
        visitor.registry.create_user(owner, "sales", "test", password=password, scope=scope)
    visitor.registry.create_user("vic", "viewer", "test", password=password)
    seen = {}
    for name in ("li", "wang", "vic"):
        visitor.signed_in(name, "two green kettles")
        part = visitor.get("/pipeline/drawn?of=deals")
        seen[name] = (part.status_code, {item for item in "ABCDEFG" if f">{item}</a>" in part.text})
        api = visitor.get("/api/insights/pipeline")
        if name != "vic":
            assert {one["item"] for one in api.json()["open"]} == seen[name][1]
        visitor.cookies.clear()
    assert seen == {"li": (200, {"C"}), "wang": (200, {"D", "E", "F"}), "vic": (403, set())}
    visitor.registry.close()
