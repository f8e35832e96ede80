"""The rule builder: form and YAML after each other, sizes of what the asker may see, published or kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sessionizer.incremental import stitch
from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import DAY, NOON, Site, event
from warehouse.access.scope import scope
from warehouse.registry import Command, Registry

RULE = "tags:\n  keen:\n    description: Looks\n    when: {did: Product Viewed, at_least: 3, within: 7d}\n"
DEEP = "tags:\n  odd:\n    when: {not: {did: Product Viewed, at_least: 3}}\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four devices that looked at one to four products, the last of them of seller li."""
    site = Site(tmp_path_factory.mktemp("shop"))
    site.registry.create_key("shop", "web")
    seen = [(device, NOON - DAY + number) for device in range(1, 5) for number in range(device)]
    site.land(
        [
            *(
                event(f"m{device}-{at}", anonymous_id=f"d{device}", timestamp=at, event="Product Viewed")
                for device, at in seen
            ),
            event("t", type="identify", event=None, anonymous_id="d4", timestamp=NOON - DAY,
                  traits=json.dumps({"owner": "li"})),
        ]
    )  # fmt: skip
    with site.writer() as lake:
        site.load(lake)
        while stitch(lake, now=lambda: NOON).behind:
            pass
    site.registry.close()
    return site.settings.folders.root


@pytest.fixture
def li(data: Path) -> Iterator[Visitor]:
    """A marketer who sees the customers of li, and no addresses."""
    found = Visitor(data, console_open=False)
    found.clock = NOON
    if all(one.name != "li" for one in found.registry.users()):
        found.registry.create_user(
            "li", "marketer", "test", password=CHEAP.hash("two green kettles"),
            scope=scope([], {"owner": ["li"]}, ["email"]),
        )  # fmt: skip
    found.signed_in("li", "two green kettles")
    yield found
    found.registry.close()


def fields(**more: Any) -> dict[str, Any]:
    """A form of one condition as the page shows it, and what is changed in it."""
    form = {"project": "shop", "name": "keen", "description": "", "match": "all", "was": RULE, "text": RULE}
    return {**form, "kind.0": "did", "event.0": "Product Viewed", "at_least.0": "3", "within.0": "7d", **more}


def yaml_of(page: str) -> str:
    found = re.search(r'<textarea id="yaml"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def newest(registry: Registry) -> Command:
    return registry.commands()[0]


def test_what_is_changed_on_one_side_stands_on_the_other(shop: Visitor) -> None:
    assert "did: ''" in yaml_of(shop.get("/segments/rule").text)
    page = shop.post("/segments/rule", fields(**{"at_least.0": "4", "name": 'a "b"'})).text
    assert "at_least: 4" in yaml_of(page)
    assert 'value="a &#34;b&#34;"' in page
    page = shop.post("/segments/rule", fields(text=RULE.replace("3", "7"))).text
    assert 'name="at_least.0" value="7"' in page
    page = shop.post("/segments/rule", fields(do="add", **{"kind.1": "sequence", "events.1": "A\r\nB"})).text
    assert page.count("<fieldset") == 3
    assert "sequence: [A, B]" in yaml_of(page)
    page = shop.post("/segments/rule", fields(do="remove.0", **{"kind.1": "last", "event.1": "A"})).text
    assert yaml_of(page).count("last: A") == page.count("<fieldset") == 1
    page = shop.post("/segments/rule", fields(text=DEEP)).text
    assert "deeper than the form" in page
    assert yaml_of(page) == DEEP
    broken = shop.post("/segments/rule", fields(text="tags: <script>"))
    assert broken.status_code == 400
    assert "<script>" not in re.sub(r"<script src[^>]*>", "", broken.text)


def test_sizes_are_those_of_whom_one_may_see(shop: Visitor, li: Visitor, visitor: Visitor) -> None:
    page = shop.post("/segments/rule/size", fields()).text
    assert "2 customers" in page
    assert "50.0 % of 4 customers" in page
    assert len(set(re.findall(r'href="/customers/(c_[0-9a-f]+)"', page))) == 2, "all of two are examples"
    assert "2 customers" in shop.post("/segments/rule/size", fields(text=DEEP)).text
    page = li.post("/segments/rule/size", fields()).text
    assert "1 customers" in page
    assert "100.0 % of 1 customers" in page
    assert len(set(re.findall(r'href="/customers/(c_[0-9a-f]+)"', page))) == 1
    hidden = "tags:\n  known:\n    when: {attribute: 'email = x'}\n"
    page = unescape(li.post("/segments/rule/size", fields(text=hidden)).text)
    assert "field 'email' is masked for you" in page
    page = unescape(shop.post("/segments/rule/size", fields(**{"at_least.0": "x"})).text)
    assert "at_least 'x' is no number" in page
    assert "help calm" in visitor.post("/segments/rule/size", fields()).text


def test_a_rule_is_published_changed_and_taken_out_of_use(shop: Visitor, li: Visitor) -> None:
    place = shop.post("/segments/rule", fields(do="publish")).headers["location"]
    assert place == "/segments?published=keen"
    assert "The tag keen is published" in shop.get(place).text
    again = shop.post("/segments/rule", fields(do="publish"))
    assert again.status_code == 400
    assert "has version 1 by now" in unescape(again.text)
    opened = shop.get("/segments/rule?project=shop&tag=keen").text
    assert 'name="version" value="1"' in opened
    changed = fields(do="publish", tag="keen", version="1", **{"at_least.0": "4"})
    assert shop.post("/segments/rule", changed).status_code == 303
    assert [one.version for one in shop.registry.tag_versions("shop", "keen")] == [1, 2]
    assert li.post("/segments/rule", {**changed, "version": "2"}).status_code == 400
    assert li.post("/segments/rule/drop", {"project": "shop", "tag": "keen"}).status_code == 403
    shop.post("/segments/rule/drop", {"project": "shop", "tag": "keen"})
    assert shop.get("/segments/rule?project=shop&tag=keen").status_code == 404
    assert "no write key" in unescape(shop.post("/segments/rule", fields(do="publish", project="x")).text)
    details = [one.detail for one in shop.registry.audited() if one.action == "tags.publish"]
    assert len(details) == 3


def test_who_they_are_now_is_kept_as_a_cohort(shop: Visitor, li: Visitor) -> None:
    for asker, size in ((shop, 2), (li, 1)):
        place = asker.post("/segments/rule", fields(do="cohort", cohort="keen ones")).headers["location"]
        filed = newest(asker.registry)
        assert place == f"/segments?filed={filed.id}"
        assert (filed.kind, filed.args["cohort"], len(filed.args["keys"])) == ("cohort", "keen ones", size)
    assert shop.post("/segments/rule", fields(do="cohort", cohort="<b>")).status_code == 400


def test_viewers_make_no_rules(data: Path) -> None:
    shut = Visitor(data, console_open=False)
    shut.registry.create_user("vic", "viewer", "test", password=CHEAP.hash("two green kettles"))
    shut.signed_in("vic", "two green kettles")
    assert shut.get("/segments/rule").status_code == 403
    assert shut.post("/segments/rule", fields(do="publish")).status_code == 403
    assert "/segments/rule" not in shut.get("/segments").text
    shut.registry.close()
