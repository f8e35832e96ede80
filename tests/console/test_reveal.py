"""Masked fields that are shown: to whom, after which line of the audit log, how often."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope
from warehouse.console.render import STATIC
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

PASSWORD = "two green kettles"
WHY = {"field": "email", "reason": "They asked on the phone"}
MAIL = "seller-a-0@ex.cn"


@pytest.fixture(scope="module")
def customers(crm: Path) -> dict[str, str]:
    """A customer of each seller's, by seller."""
    sql = "SELECT value, customer_id FROM identities WHERE kind = 'crm_id'"
    with connect(WarehouseSettings(data=str(crm)), read_only=True) as lake:
        found = dict(lake.query(sql))
    return {"li": found["C-seller-a-0"], "wang": found["C-seller-b-2"]}


@pytest.fixture
def shut(crm: Path, tmp_path: Path, customers: dict[str, str]) -> Iterator[Visitor]:
    """ann sees all rows with masks, li her own with masks, mark may not reveal, ada sees everything."""
    (tmp_path / "lake").symlink_to(crm / "lake")
    found = Visitor(tmp_path, console_open=False, console_reveals=3)
    found.clock = NOON
    masks = ("email", "phone")
    own = Scope(attributes={"owner": ("seller-a",)}, masks=masks)
    people: tuple[tuple[str, str, Any], ...] = (
        ("ann", "analyst", Scope(masks=masks)),
        ("li", "sales", own),
        ("mark", "marketer", Scope(masks=masks)),
        ("ada", "admin", None),
    )
    for name, role, scope in people:
        found.registry.create_user(name, role, "test", password=CHEAP.hash(PASSWORD), scope=scope)
    yield found
    found.registry.close()


def as_user(visitor: Visitor, name: str) -> Visitor:
    assert visitor.signed_in(name, PASSWORD).status_code == 303
    return visitor


def reveals(visitor: Visitor) -> list[tuple[str, str, str]]:
    lines = visitor.registry.audited(50, action="reveal")
    return [(line.actor, line.action, line.detail) for line in lines]


def test_a_reason_shows_one_field_and_stands_in_the_log(shut: Visitor, customers: dict[str, str]) -> None:
    mei = customers["li"]
    ann = as_user(shut, "ann")
    page = ann.get(f"/customers/{mei}").text
    assert MAIL not in page
    (way,) = set(re.findall(r'href="(/customers/[^"]+/reveal\?field=email)"', page))
    assert 'name="reason"' in ann.get(way).text
    assert MAIL not in ann.get(way).text
    answer = ann.post(f"/customers/{mei}/reveal", WHY)
    assert (answer.status_code, MAIL in answer.text) == (200, True)
    assert reveals(shut) == [("ann", "reveal", f"email of {mei}: They asked on the phone")]
    assert "call" in ann.post(f"/customers/{mei}/reveal", WHY | {"field": "note"}).text
    assert MAIL not in ann.get(f"/customers/{mei}").text, "one field, this once"


def test_no_reason_no_line_and_no_value(shut: Visitor, customers: dict[str, str]) -> None:
    ann = as_user(shut, "ann")
    for reason in ("", " a\n b ", "x" * 501):
        answer = ann.post(f"/customers/{customers['li']}/reveal", WHY | {"reason": reason})
        assert (answer.status_code, MAIL in answer.text) == (400, False)
    assert reveals(shut) == []


def test_so_many_an_hour(shut: Visitor, customers: dict[str, str]) -> None:
    ann = as_user(shut, "ann")
    for _ in range(3):
        assert ann.post(f"/customers/{customers['li']}/reveal", WHY).status_code == 200
        shut.clock += 60_000_000
    answer = ann.post(f"/customers/{customers['li']}/reveal", WHY)
    assert (answer.status_code, answer.headers["retry-after"], MAIL in answer.text) == (429, "3420", False)
    assert reveals(shut)[0][:2] == ("ann", "reveal.refused")
    shut.clock += 3_420_000_000
    assert ann.post(f"/customers/{customers['li']}/reveal", WHY).status_code == 200


def test_whom_nothing_is_shown(shut: Visitor, customers: dict[str, str]) -> None:
    li = as_user(shut, "li")
    assert li.post(f"/customers/{customers['wang']}/reveal", WHY).status_code == 404, "rows stay bound"
    assert li.post(f"/customers/{MAIL}/reveal", WHY).status_code == 404, "nobody is found by what is hidden"
    assert MAIL in li.post(f"/customers/{customers['li']}/reveal", WHY).text
    assert li.post(f"/customers/{customers['li']}/reveal", WHY | {"field": "owner"}).status_code == 404
    assert li.post(f"/customers/{customers['li']}/reveal", WHY, {}).status_code == 403, "another page's form"
    mark = as_user(shut, "mark")
    assert "/reveal" not in mark.get(f"/customers/{customers['li']}").text
    assert mark.post(f"/customers/{customers['li']}/reveal", WHY).status_code == 403
    ada = as_user(shut, "ada")
    assert ada.post(f"/customers/{customers['li']}/reveal", WHY).status_code == 404, "she sees it already"
    assert [line[0] for line in reveals(shut)] == ["li"]


def test_a_program_reveals_the_same_way(shut: Visitor, customers: dict[str, str]) -> None:
    _, secret = shut.registry.create_token(shut.registry.user("ann"), "x", "test", None)
    token = {"Authorization": f"Bearer {secret}"}

    def asked(wish: object, customer: str) -> httpx.Response:
        return shut.send("POST", f"/api/customers/{customer}/reveal", token, wish)

    answer = asked(WHY, customers["li"])
    assert (answer.json()["customer_id"], answer.json()["field"]) == (customers["li"], "email")
    assert MAIL in answer.json()["values"]
    assert asked(WHY | {"reason": "x"}, customers["li"]).status_code == 400
    assert asked({"field": 7}, customers["li"]).status_code == 400
    assert asked(WHY, "nobody").status_code == 404
    assert asked(WHY | {"field": "owner"}, customers["li"]).status_code == 404
    assert [line[:2] for line in reveals(shut)] == [("ann", "reveal")]


AXE = Path(__file__).parents[1] / "e2e/node/node_modules/axe-core/axe.min.js"
SIGNING_ON = {"sso_issuer": "https://login.example", "sso_client": "sojourn"}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_pages_to_reveal_and_to_sign_in_can_be_used_by_everybody(
    shut: Visitor, customers: dict[str, str], browser: Browser, tmp_path: Path, scheme: str
) -> None:
    """axe-core finds nothing, as on the pages of an open console."""
    # The browser has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as beside:
        texts = beside.submit(pages, shut, f"/customers/{customers['li']}/reveal", tmp_path).result()
    assert complaints(browser, texts, scheme) == {}


def pages(shut: Visitor, place: str, folder: Path) -> dict[str, str]:
    ann = as_user(shut, "ann")
    texts = {
        "/reveal": ann.get(f"{place}?field=email").text,
        "/revealed": ann.post(place, WHY).text,
        "/short": ann.post(place, WHY | {"reason": "x"}).text,
    }
    for name, only in (("/login", False), ("/only", True)):
        console = Visitor(folder, console_open=False, **SIGNING_ON, sso_only=only)
        texts[name] = console.get("/login?left=1").text
        console.registry.close()
    return texts


def complaints(browser: Browser, texts: Mapping[str, str], scheme: Any) -> dict[str, Any]:
    """What axe-core says of these pages, by address."""

    def answer(route: Route) -> None:
        path = httpx.URL(route.request.url).path
        if path in texts:
            route.fulfill(body=texts[path], content_type="text/html; charset=utf-8")
        else:
            route.fulfill(path=STATIC / Path(path).name)

    context, told = browser.new_context(color_scheme=scheme), {}
    view = context.new_page()
    view.route("http://console.test/**", answer)
    for path in texts:
        view.goto(f"http://console.test{path}")
        view.evaluate(AXE.read_text("utf-8"))
        found = view.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told[path] = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
    context.close()
    return {path: found for path, found in told.items() if found}
