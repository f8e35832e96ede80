"""Boards in the console: made, filled from Explore, arranged, narrowed, seen by whom they are for."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope
from warehouse.catalogs import catalog_of
from warehouse.cli import report as report_cli
from warehouse.cli.report import report
from warehouse.console import reporting
from warehouse.console.reader import Reader
from warehouse.console.reporting import make_due
from warehouse.lake import connect
from warehouse.reports import keeping
from warehouse.reports.errors import BadReport
from warehouse.settings import WarehouseSettings

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
    behind = [one.get(f"/explore/trend/customers/list?{VIEWED}&pick=%7B%7D").text for one in (owner, nobodys)]
    assert "/customers/c_" in behind[0]
    assert "/customers/c_" not in behind[1]
    for one in (owner, nobodys):
        one.registry.close()


def test_segments_are_offered(shop: Visitor, visitor: Visitor) -> None:
    assert shop.get("/boards/segments").status_code == 200
    assert visitor.get("/boards/segments").text.strip() == ""


def test_a_report_is_made_and_its_files_are_the_same_again(shop: Visitor, data: Path) -> None:
    place = made(shop, name="Weekly")
    told = {
        "source": f"board:{place.removeprefix('/boards/')}",
        "language": "zh",
        "timezone": "Asia/Shanghai",
    }
    assert shop.post("/reports", {**told, "label": "2026-W46"}).status_code == 303
    page = shop.get("/reports").text
    assert "2026-W46" in page
    (number,) = re.findall(r'href="/reports/(\d+)/html"', page)
    whole = shop.get(f"/reports/{number}/html")
    assert "<svg" in whole.text
    assert "Views &lt;b&gt;" in whole.text
    assert whole.headers["content-disposition"] == f'attachment; filename="report-{number}.html"'
    assert shop.get(f"/reports/{number}/html").content == whole.content
    paper = shop.get(f"/reports/{number}/pdf")
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    manifest = data / "manifest.json"
    manifest.write_bytes(shop.get(f"/reports/{number}/json").content)
    done = CliRunner().invoke(report, ["remake", str(manifest), "--out", str(data / "again"), "--json"])
    assert done.exit_code == 0, done.output
    files = {Path(one).suffix: Path(one).read_bytes() for one in msgspec.json.decode(done.stdout)["files"]}
    assert (files[".html"], files[".pdf"]) == (whole.content, paper.content)
    shop.post("/reports", {"do": "drop", "number": number})
    assert shop.get(f"/reports/{number}/html").status_code == 404


def test_reports_that_cannot_be_made_say_why(shop: Visitor, visitor: Visitor) -> None:
    for fields, says in (
        ({"source": "template:x"}, "there is no template 'x'"),
        ({"source": "board:999999"}, "there is no board 999999"),
        ({"source": "nothing"}, "a template or a board would do"),
        ({"source": "template:visits", "label": "2030-W01"}, "is not over"),
        ({"source": "template:visits", "timezone": "Mars"}, "Asia/Shanghai would do"),
        ({"do": "drop", "number": "x"}, "that of a report would do"),
        ({"do": "unschedule", "number": "9"}, "there is no schedule 9"),
    ):
        answer = shop.post("/reports", fields)
        assert (answer.status_code, says in unescape(answer.text)) == (400, True), answer.text
    assert shop.get("/reports/1/exe").status_code == 404
    empty = visitor.post("/reports", {"source": "template:visits"})
    assert (empty.status_code, "there is no lake" in empty.text) == (400, True)


def unable(*_: object, **__: object) -> None:
    raise BadReport("there is no <b> paper")


def test_reports_are_made_when_they_are_due(
    shop: Visitor, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "pdf", lambda page: page)
    board = made(shop, name="customers").removeprefix("/boards/")
    told = {"do": "schedule", "source": f"board:{board}", "every": "week", "language": "en"}
    assert shop.post("/reports", told).status_code == 303
    settings = WarehouseSettings(data=str(data))
    reader = Reader(catalog_of(settings), lambda: connect(settings, read_only=True), lambda: shop.registry)
    with monkeypatch.context() as broken:
        broken.setattr(reporting, "make", unable)
        assert asyncio.run(make_due(reader, lambda: NOON)) == 0
    page = shop.get("/reports").text
    assert "Could not be made (2026-W46)" in page
    assert "no &lt;b&gt; paper" in page
    assert "None made yet" in page
    assert asyncio.run(make_due(reader, lambda: NOON)) == 0, "it rests for an hour"
    shop.clock = NOON + keeping.REST_US
    assert "Due now" in shop.get("/reports").text
    assert asyncio.run(make_due(reader, lambda: shop.clock)) == 1
    assert asyncio.run(make_due(reader, lambda: shop.clock)) == 0
    reader.close()
    kept = shop.registry.reports()[0]
    assert (kept.name, kept.label, kept.schedule is not None) == ("customers", "2026-W46", True)
    page = shop.get("/reports").text
    assert "every week" in page
    assert "Last made: 2026-W46" in page
    assert "Could not be made" not in page
    (schedule,) = shop.registry.schedules()
    shop.post("/reports", {"do": "unschedule", "number": schedule.id})
    assert shop.registry.schedules() == []


def test_reports_by_command(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_cli, "now", lambda: NOON)
    monkeypatch.setattr(keeping, "pdf", lambda page: b"%PDF-" + page)

    def run(*args: str) -> Any:
        done = CliRunner().invoke(report, [*args, "--data", str(data), "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return msgspec.json.decode(done.stdout)

    kept = run("make", "--template", "visits", "--of", "2026-W46", "--out", str(data / "files"))
    assert [Path(one).name for one in kept["files"]] == [
        f"report-visits-2026-W46.{kind}" for kind in ("json", "html", "pdf")
    ]
    shown = run("show", str(kept["no"]))
    visits = next(row for row in shown["sections"][0]["rows"] if row[0] == "Visits")
    assert visits[1] == sum(one for one in shown["sections"][0]["chart"]["series"][0]["values"]) > 0
    again = run("remake", str(kept["no"]))
    assert (again["same_page"], again["same_paper"], again["changed"]) == (True, True, [])
    made = run("schedule", "--template", "visits", "--every", "month")
    assert [one["label"] for one in run("due")["made"]] == ["2026-10"]
    assert run("due")["made"] == []
    assert run("unschedule", str(made["id"]))["dropped"] is True
    assert kept["no"] in [one["no"] for one in run("list")["reports"]]
    with pytest.raises(BadReport, match="one of them would do"):
        run("make")


def test_reports_are_not_for_those_who_see_some_customers(data: Path) -> None:
    li = signed(data, "lu", "sales", Scope(attributes={"owner": ("lu",)}))
    assert [li.get(one).status_code for one in ("/reports", "/reports/1/html")] == [403, 403]
    li.registry.close()
    vic = signed(data, "vera", "viewer")
    assert vic.get("/reports").status_code == 200
    assert vic.get("/reports/1/html").status_code == 403
    assert vic.post("/reports", {"source": "template:visits"}).status_code == 403
    vic.registry.close()
