"""The cockpit: its cards, its picture, its lists that narrow, and its addresses."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import msgspec
import pytest

from tests.console.conftest import Visitor
from warehouse.console.charts import Chart
from warehouse.console.pages.overview import cards, of_visit
from warehouse.insights.overview import Numbers, Overview, OverviewAnswer
from warehouse.insights.wording import filters


def shown(page: str, name: str) -> str:
    found = re.search(rf'<span class="note">{name}</span><strong>([^<]*)</strong>', page)
    assert found, page
    return found[1]


def test_cards_are_those_of_the_question(shop: Visitor) -> None:
    page = shop.get("/overview/numbers?since=5d").text
    answer = shop.get("/api/insights/overview?since=2026-11-16&until=2026-11-21T12:00:00Z").json()
    assert int(shown(page, "Visits").replace(",", "")) == answer["now"]["visits"] > 0
    assert int(shown(page, "Visitors").replace(",", "")) == answer["now"]["visitors"]
    assert shown(page, "Conversion") == f"{answer['now']['conversion']:.1%}"
    found = re.search(r'class="chart-data">(.*?)</script>', page, re.DOTALL)
    assert found
    picture = msgspec.json.decode(found[1], type=Chart)
    assert sum(value or 0 for value in picture.series[0].values) == answer["now"]["visits"]


def test_a_bar_narrows_and_a_chip_widens(shop: Visitor) -> None:
    page = shop.get("/overview/numbers?since=5d").text
    link = re.search(r'href="(/overview\?[^"]*where=device_type[^"]*)"', page)
    assert link
    place = unescape(link[1])
    narrowed = shop.get(place).text
    chip = re.search(r'class="chip" href="([^"]*)"', narrowed)
    assert chip
    assert unescape(chip[1]) == "/overview?since=5d"
    fewer = shop.get(place.replace("/overview?", "/overview/numbers?")).text
    assert int(shown(fewer, "Visits")) <= int(shown(page, "Visits"))
    assert place.replace("&", "&amp;").count("where=") == 1


def test_the_range_and_the_wall_are_in_the_address(shop: Visitor) -> None:
    page = shop.get("/overview?since=28d&where=country+%3D+DE").text
    assert 'href="/overview?since=7d&amp;where=country+%3D+DE"' in page
    assert '<input type="hidden" name="where" value="country = DE">' in page
    wall = shop.get("/overview?since=28d&wall=1").text
    assert 'class="paper wide cockpit wall"' in wall
    assert "since=28d&amp;wall=1" in wall
    assert shop.get("/overview/numbers?since=28d&wall=1").status_code == 200


def test_wrong_and_hostile_questions_are_told_as_text(shop: Visitor) -> None:
    for query, says in (
        ("since=never", "since"),
        ("where=nope+%3D+1", "session.nope"),
        ("where=%3Cscript%3Ealert(1)%3C/script%3E+%3D+1", "session."),
        ("events=x", "field of the question"),
    ):
        page = shop.get(f"/overview/numbers?{query}").text
        assert says in unescape(page)
        assert "<script>alert" not in page
        assert "<script>alert" not in shop.get(f"/overview?{query}").text


def test_before_the_first_load_it_says_so(visitor: Visitor) -> None:
    assert "No data yet" in visitor.get("/overview/numbers").text
    assert visitor.get("/overview").status_code == 200


def numbers(visits: int, bounced: int, revenue: float) -> Numbers:
    rate = bounced / visits if visits else None
    return Numbers(visits, visits, visits, visits, bounced, 0, revenue, 75.0, rate, 0.0 if visits else None)


def test_a_change_is_good_or_bad() -> None:
    told: Any = {
        "project": "shop", "since": "", "until": "", "timezone": "UTC", "unit": "customer", "snapshot": 1,
        "complete_until": None, "n": 0, "n_mature": 0, "sql": "",
    }  # fmt: skip
    now, before = numbers(200, 100, 1_500.4), numbers(100, 20, 0)
    answer = OverviewAnswer(
        question=Overview(), currency="CNY", now=now, before=before, moments=[], parts=[], **told
    )
    found = {one.name: one for one in cards(answer)}
    assert (found["visits"].change, found["visits"].good) == (1.0, True)
    assert (found["bounce_rate"].shown, found["bounce_rate"].good) == ("50.0%", False)
    assert (found["revenue"].shown, found["revenue"].unit, found["revenue"].change) == ("1,500", "CNY", None)
    assert found["seconds"].shown == "1:15"
    empty = msgspec.structs.replace(answer, now=numbers(0, 0, 0))
    assert {one.name: one.shown for one in cards(empty)}["conversion"] == "–"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('channel = "organic"', 'session.channel = "organic"'),
        ("session.country is not set", "session.country is not set"),
        ("channel in (a, b) and pages > 3", 'session.channel in ("a", "b") and session.pages > 3'),
    ],
    ids=range(3),
)
def test_a_filter_of_visits_goes_along_to_explore(text: str, meant: str) -> None:
    assert of_visit(text) == meant
    assert filters(of_visit(text)) == filters(meant)


def test_every_bar_leads_to_explore(shop: Visitor) -> None:
    page = unescape(shop.get("/overview/numbers?since=9d").text)
    places = re.findall(r'href="(/explore/trend\?measure=units&since=9d&where=session.channel[^"]+)"', page)
    assert places
    answer = shop.get(places[0].replace("?", "/answer?")).text
    assert "/explore/trend/customers" in answer
