"""The segments page: tags with their members and history, cohorts, and where they lead."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import jsonschema_rs
import pytest

from sessionizer.incremental import stitch
from sessionizer.tagging import Tagger
from tests.console.conftest import CHEAP, Visitor
from tests.console.test_described import schema_of
from tests.warehouse.lakes import DAY, NOON, Site, event
from warehouse.tags.published import publish
from warehouse.tags.reading import read_tags

RULES = """
tags:
  looked at much:
    description: Three <b>products</b> in a week.
    when: {did: Product Viewed, at_least: 3, within: 7d}
"""
PLACE = "/segments/tags/looked%20at%20much?project=shop"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four devices that looked at one to four products, an hour apart; a tag and a list of them."""
    site = Site(tmp_path_factory.mktemp("shop"))
    site.registry.create_key("shop", "web")
    seen = [(device, NOON - DAY + number) for device in range(1, 5) for number in range(device)]
    site.land(
        [
            event(f"m{device}-{at}", anonymous_id=f"d{device}", timestamp=at, event="Product Viewed")
            for device, at in seen
        ]
    )
    publish(site.registry, "shop", read_tags(RULES), "ada")
    with site.writer() as lake:
        site.load(lake)
        while stitch(lake, now=lambda: NOON).behind:
            pass
        Tagger(site.registry).step(lake, NOON)
        lake.execute(
            "INSERT INTO cohorts VALUES ('shop', 'invited', 'static', 'by mail', NULL, NULL, now(), 'ada')"
        )
        lake.execute(
            "INSERT INTO cohort_members SELECT 'shop', 'invited', identity_key, make_timestamptz(?), NULL "
            "FROM identities WHERE value = 'd1'",
            [NOON - DAY],
        )
    site.registry.close()
    return site.settings.folders.root


def test_tags_and_cohorts_stand_with_their_sizes(shop: Visitor) -> None:
    page = shop.get("/segments").text
    assert "Three &lt;b&gt;products&lt;/b&gt;" in page
    assert "2 customers" in page
    assert "invited" in page
    assert "1 customers" in page
    assert PLACE.partition("?")[0] in page
    for value in ("tag: looked at much", "cohort: invited"):
        assert f'name="cohorts" value="{value}"' in page
    both = shop.get("/explore/overlap/answer?project=shop&cohorts=tag:%20looked%20at%20much&cohorts=invited")
    assert '{"name":"only","values":[2.0,1.0]},{"name":"shared","values":[0.0,0.0]}' in both.text


def test_a_tag_shows_its_rule_its_days_and_who_has_it_by_what(shop: Visitor) -> None:
    page = unescape(shop.get(PLACE).text)
    assert '"at_least": 3' in page
    assert page.count('href="/customers/c_') == 2
    assert page.count("/find?id=m3-") == 3
    assert '"kind":"line"' in page
    assert '{"name":"Entered","values":' in page
    assert '"kind":"stack"' in page
    assert "v1 · " in page
    assert "when: {did: Product Viewed, at_least: 3, within: 7d}" in page
    assert "where=tag%3A%20looked%20at%20much" in page


def test_a_cohort_shows_who_is_in_it(shop: Visitor) -> None:
    page = shop.get("/segments/cohorts/invited?project=shop").text
    assert "by mail" in page
    assert '"kind":"stack"' in page
    assert re.search(r"<td>2026-[^<]*</td><td>1</td><td>0</td><td>1</td>", page)
    assert page.count('href="/customers/c_') == 1


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/api/tags", "/api/tags"),
        ("/api/tags/{name}", "/api/tags/looked%20at%20much?since=3d"),
        ("/api/customers/{any_id}/tags", "/api/customers/d4/tags"),
        ("/api/cohorts", "/api/cohorts"),
        ("/api/cohorts/{name}", "/api/cohorts/invited"),
    ],
)
def test_the_api_answers_as_it_is_described(shop: Visitor, path: str, place: str) -> None:
    answer = shop.get(place)
    assert answer.status_code == 200
    assert jsonschema_rs.is_valid(schema_of(path), answer.json())


def test_what_is_not_there_is_not_found(shop: Visitor, visitor: Visitor) -> None:
    assert shop.get("/segments/tags/nothing").status_code == 404
    assert shop.get("/segments/cohorts/nothing").status_code == 404
    assert visitor.get("/segments/tags/nothing").status_code == 404
    assert "No tag is published yet" in visitor.get("/segments").text


def test_members_are_for_those_who_may_see_customers(data: Path) -> None:
    shut = Visitor(data, console_open=False)
    shut.registry.create_user("vic", "viewer", "test", password=CHEAP.hash("two green kettles"))
    shut.signed_in("vic", "two green kettles")
    assert "2 customers" in shut.get("/segments").text
    assert shut.get(PLACE).status_code == 403
    shut.registry.close()
