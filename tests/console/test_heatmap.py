"""The heat map's page: boxes by the elements' own structure, squares, depths; hostile texts stay texts."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import msgspec
import pytest

from sessionizer.incremental import stitch
from tests.console.conftest import Visitor
from tests.warehouse.lakes import DAY, NOON, Site, event
from warehouse.console.wireframe import squares, wireframe
from warehouse.insights.heat.heatmap import Element, Spot

HOSTILE = "p:nth-of-type(1) > <script>alert(1)</script>"


def clicked(element: str, clicks: int, y: float | None = None) -> Element:
    return Element(element, None, None, clicks, 0.5, 1, 0, 0, None, y)


def test_boxes_stand_in_their_order_and_those_that_hold_one_are_one() -> None:
    found = wireframe(
        [
            clicked("main#a > form:nth-of-type(1) > button:nth-of-type(2)", 10, 500.0),
            clicked("main#a > form:nth-of-type(1) > button:nth-of-type(1)", 5, 400.0),
            clicked("header:nth-of-type(1) > nav:nth-of-type(1) > a:nth-of-type(1)", 1, 20.0),
            clicked("footer#f", 7),
            clicked("main#a", 2, 900.0),
        ]
    )
    assert [one.steps for one in found] == [
        ["header:nth-of-type(1)", "nav:nth-of-type(1)", "a:nth-of-type(1)"],
        ["main#a"],
        ["footer#f"],
    ]
    (form,) = found[1].inside
    assert [one.heat for one in form.inside] == [5, 9]
    assert (found[1].clicks, found[1].top, found[1].heat, form.heat) == (17, 400.0, 2, 0)
    assert wireframe([]) == []


def test_squares_are_as_hot_as_their_part() -> None:
    found = squares([Spot(1, 2, 90), Spot(3, 4, 1)])
    assert [(one.column, one.row, one.heat) for one in found] == [(1, 2, 9), (3, 4, 1)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One visitor of one page: what they clicked, and how far they came."""
    site = Site(tmp_path_factory.mktemp("shop"))
    site.registry.create_key("shop", "web")
    buy = {"element": "b#buy", "x": 9, "y": 9, "viewport_width": 400}
    said = [
        {"type": "page", "event": "Tea"},
        *({"event": "Element Clicked", "properties": json.dumps(buy)} for _ in range(3)),
        {"event": "Element Clicked", "properties": json.dumps({"element": HOSTILE})},
        {"event": "Page Engaged", "properties": '{"scroll_percent": 40}'},
    ]
    site.land(
        [
            event(f"m{number}", timestamp=NOON - DAY + number * 1_000, page_path="/tea", **one)
            for number, one in enumerate(said)
        ]
    )
    with site.writer() as lake:
        site.load(lake)
        while stitch(lake, now=lambda: NOON).behind:
            pass
    site.registry.close()
    return site.settings.folders.root


def test_the_page_draws_what_is_told(shop: Visitor) -> None:
    page = shop.get("/heatmap?page=&device=all")
    assert 'hx-get="/heatmap/drawn?since=7d&amp;device=all"' in page.text
    drawn = shop.get("/heatmap/drawn?page=/tea").text
    assert 'class="heat-9"><p><strong dir="auto">b#buy</strong>' in drawn
    assert "3 clicks · 75.0 %" in drawn
    assert '<rect class="heat-9" x="0" y="0"' in drawn
    assert '40 %</span><span class="number">1 · 100.0 %' in drawn
    assert "<script>" not in drawn
    assert HOSTILE in unescape(drawn)
    assert "style=" not in page.text + drawn
    assert 'href="/explore/heatmap.csv?since=7d&amp;page=%2Ftea"' in drawn
    assert "75.0" in shop.get("/heatmap/drawn?page=/tea", {"Accept-Language": "zh"}).text


def test_a_device_alone_and_what_will_not_do(shop: Visitor, visitor: Visitor) -> None:
    assert "3 clicks" in shop.get("/heatmap/drawn?device=phone").text
    assert "No clicks are told of" in shop.get("/heatmap/drawn?device=tablet").text
    for address, says in (("device=watch", "$.device"), ("rage=x", "rage"), ("pag=x", "near it: 'page'")):
        page = unescape(shop.get(f"/heatmap/drawn?{address}").text)
        assert 'role="alert"' in page
        assert says in page
    assert "help calm" in visitor.get("/heatmap/drawn").text


def test_files_hold_the_elements(shop: Visitor) -> None:
    rows = shop.get("/explore/heatmap.csv?page=/tea").text.splitlines()
    assert rows[1].startswith("b#buy,b#buy,,3,0.75,1,1,0,")
    assert msgspec.json.decode(shop.get("/api/insights/heatmap?page=/tea").content)["measured"] == 1
