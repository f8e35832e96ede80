"""Boards in the console: made, filled from Explore, arranged, narrowed, seen by whom they are for."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope

VIEWED = "events=Product+Viewed&since=5d"


def made(visitor: Visitor, **fields: object) -> str:
    """The place of a board that is new, with one tile."""
    asked = {"do": "board", "insight": "trend", "address": VIEWED, "title": "Views <b>", "name": "Shop"}
    answer = visitor.post("/boards/keep", {**asked, **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def signed(data: Path, name: str, role: str, scope: Scope | None = None) -> Visitor:
    found = Visitor(data, console_open=False)
    found.clock = NOON
    if all(one.name != name for one in found.registry.users()):
        password = CHEAP.hash("two green kettles")
        found.registry.create_user(name, role, "test", password=password, scope=scope or Scope())
    found.signed_in(name, "two green kettles")
    return found


def test_an_answer_goes_onto_a_board_and_is_asked_there(shop: Visitor) -> None:
    page = shop.get(f"/explore/trend/answer?{VIEWED}").text
    assert 'action="/boards/keep"' in page
    assert f'name="address" value="{VIEWED.replace("&", "&amp;")}"' in page
    place = made(shop, name="first")
    page = shop.get(place).text
    assert "Views &lt;b&gt;" in page
    assert f'hx-get="{place}/tiles/0"' in page
    tile = shop.get(f"{place}/tiles/0").text
    assert "chart-data" in tile
    assert f"/explore/trend?{VIEWED.replace('&', '&amp;')}" in tile
    made(shop, board=place.removeprefix("/boards/"), insight="retention", address="intervals=2&since=5d")
    assert f'hx-get="{place}/tiles/1"' in shop.get(place).text
    assert "first" in shop.get("/boards").text


def test_a_board_is_narrowed_as_a_whole(shop: Visitor) -> None:
    place = made(shop, name="narrowed")
    shown = shop.get(f"{place}?since=2d&where=country+%3D+DE").text
    assert f'hx-get="{place}/tiles/0?since=2d&amp;where=country+%3D+DE"' in shown
    all_days = shop.get(f"{place}/tiles/0").text
    two_days = shop.get(f"{place}/tiles/0?since=2d").text
    days = [set(re.findall(r">(2026-\d\d-\d\d)<", page)) for page in (all_days, two_days)]
    assert days[1] < days[0]
    told = unescape(shop.get(f"{place}/tiles/0?since=never").text)
    assert 'role="alert"' in told
    assert "since" in told
    assert "<script>" not in shop.get(f"{place}?where=%3Cscript%3Ealert(1)").text


def test_tiles_are_arranged_and_the_board_is_settled(shop: Visitor) -> None:
    place = made(shop, name="arranged")
    made(shop, board=place.removeprefix("/boards/"), title="Second")
    page = shop.get(f"{place}?edit=1").text
    assert 'draggable="true"' in page
    assert page.index("Views") < page.index("Second")
    assert shop.post(place, {"do": "move", "tile": 1, "to": 0}).status_code == 303
    page = shop.get(place).text
    assert page.index("Second") < page.index("Views")
    assert 'draggable="true"' not in page
    shop.post(place, {"do": "look", "tile": 0, "title": "Other", "size": "whole", "shows": "table"})
    page = shop.get(place).text
    assert '<section class="card tile whole" data-tile="0" aria-label="Other"' in page
    assert "chart-data" not in shop.get(f"{place}/tiles/0").text
    shop.post(place, {"do": "settle", "since": "2d", "until": "", "where": "", "refresh": "60"})
    assert 'data-refresh="60"' in shop.get(place).text
    wrong = shop.post(place, {"do": "settle", "since": "never", "refresh": "60"})
    assert (wrong.status_code, "since" in wrong.text) == (400, True)
    assert shop.post(place, {"do": "move", "tile": "x", "to": 0}).status_code == 400
    assert shop.post(place, {"do": "explode"}).status_code == 400
    shop.post(place, {"do": "remove", "tile": 0})
    assert "Other" not in shop.get(place).text
    assert shop.get(f"{place}/tiles/1").status_code == 404


def test_a_board_is_renamed_copied_carried_and_deleted(shop: Visitor) -> None:
    place = made(shop, name="carried")
    shop.post(place, {"do": "rename", "name": "carried 2"})
    copy = shop.post(place, {"do": "copy"}).headers["location"]
    assert "carried 2 2" in shop.get(copy).text
    text = shop.get(f"{place}.yaml").text
    shop.post(place, {"do": "drop"})
    assert shop.get(place).status_code == 404
    again = shop.post("/boards", {"do": "import", "text": text})
    assert "carried 2" in shop.get(again.headers["location"]).text
    refused = shop.post("/boards", {"do": "import", "text": text.replace("trend", "trand")})
    assert (refused.status_code, "trand" in refused.text) == (400, True)
    assert shop.post("/boards", {"name": ""}).status_code == 400


def test_a_wall_goes_on_to_the_next_board(shop: Visitor) -> None:
    places = [made(shop, name=name) for name in ("wall 1", "wall 2")]
    page = shop.get(f"{places[0]}?wall=1").text
    assert f'data-next="{places[1]}?wall=1" data-rotate="30"' in page
    assert 'class="paper wide wall"' in page


def test_a_question_is_saved_and_forgotten(shop: Visitor) -> None:
    shop.post("/boards/keep", {"do": "question", "insight": "trend", "address": VIEWED, "name": "Our views"})
    page = shop.get("/boards").text
    assert f'href="/explore/trend?{VIEWED.replace("&", "&amp;")}"' in page
    (number,) = re.findall(r'name="drop" value="(\d+)"', page)
    shop.post("/boards/keep", {"drop": number})
    assert "Our views" not in shop.get("/boards").text
    for wrong in ({"insight": "nothing"}, {"address": "nothing=1"}, {"name": ""}):
        asked = {"do": "question", "insight": "trend", "address": VIEWED, "name": "x", **wrong}
        assert shop.post("/boards/keep", asked).status_code == 400


def test_boards_are_for_whom_they_are_for(data: Path) -> None:
    mary, vic = signed(data, "mary", "marketer"), signed(data, "vic", "viewer")
    place = made(mary, name="of mary")
    assert vic.get(place).status_code == 404
    assert vic.get(f"{place}/tiles/0").status_code == 404
    assert vic.get(f"{place}.yaml").status_code == 404
    mary.post(place, {"do": "share"})
    assert vic.get(f"{place}/tiles/0").status_code == 200
    page = vic.get(place).text
    assert "edit=1" not in page
    assert "/boards/keep" not in vic.get(f"/explore/trend/answer?{VIEWED}").text
    assert vic.post(place, {"do": "drop"}).status_code == 403
    sam = signed(data, "sam", "marketer")
    assert sam.post(place, {"do": "drop"}).status_code == 400
    actions = {(line.actor, line.action) for line in vic.registry.audited(60)}
    assert {("mary", "board.share"), ("vic", "refused"), ("vic", "ask")} <= actions
    for one in (mary, vic, sam):
        one.registry.close()


def test_a_tile_is_asked_within_the_scope_of_whoever_looks(data: Path) -> None:
    owner = signed(data, "ada", "admin")
    place = made(owner, name="scoped")
    owner.post(place, {"do": "share"})
    nobodys = signed(data, "li", "sales", Scope(attributes={"owner": ("li",)}))
    seen, bounded = (
        set(re.findall(r">([\d,]+)</(?:a|td)>", one.get(f"{place}/tiles/0").text)) for one in (owner, nobodys)
    )
    assert seen - {"0"}
    assert bounded <= {"0"}
    for one in (owner, nobodys):
        one.registry.close()


def test_segments_are_offered(shop: Visitor, visitor: Visitor) -> None:
    assert shop.get("/boards/segments").status_code == 200
    assert visitor.get("/boards/segments").text.strip() == ""
