"""From a customer's page to the writer and back: found by a trait, split, merged, written out, erased."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tests.console.conftest import CHEAP, Visitor
from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, MAIL, TABLET, ZOE, World, history, said
from warehouse import search
from warehouse.access.scope import Scope
from warehouse.bonds import Bonds, KeptOut
from warehouse.console.forms import Form
from warehouse.console.graph import MOST_IDS, graph
from warehouse.console.pages.customer_parts import Follower
from warehouse.console.pages.identity import wish
from warehouse.console.render import Pages
from warehouse.evidence import Edge
from warehouse.insights.prediction.chances import Ranked
from warehouse.insights.prediction.predicted import Likely
from warehouse.insights.prediction.reasons import Reason
from warehouse.lake import connect
from warehouse.timeline import View


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("people"))
    found.land(*history(found.vault))
    found.turn(2)
    yield found
    found.close()


@pytest.fixture
def shop(world: World) -> Iterator[Visitor]:
    """A console beside the running writer, at its time."""
    found = Visitor(world.site.settings.folders.root)
    found.clock = world.site.clock
    yield found
    found.registry.close()


def customer_of(shop: Visitor, any_id: str) -> str:
    return shop.get(f"/find?id={quote(any_id)}").headers["location"].rpartition("/")[2]


@pytest.mark.parametrize("wanted", ["email: " + MAIL, MAIL[:6], "name: Ada", LAPTOP[:8]])
def test_a_trait_or_the_beginning_of_an_id_finds_who_fits(shop: Visitor, wanted: str) -> None:
    page = shop.get(f"/find?id={quote(wanted)}")
    assert page.status_code == 200
    assert f'href="/customers/{customer_of(shop, ADA)}"' in page.text


def test_a_beginning_is_found_before_it_is_sought_among_all_messages(
    shop: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "customer_of_message", None)
    assert shop.get(f"/find?id={quote(LAPTOP[:8])}").status_code == 200


def test_a_search_stays_within_what_is_seen(shop: Visitor, world: World) -> None:
    assert shop.get("/find?id=us").status_code == 404
    assert shop.get("/find?id=name%3A+Ada&look=1").status_code == 404
    shut = Visitor(shop.data, console_open=False)
    shut.registry.create_user(
        "li", "sales", "test", password=CHEAP.hash("a long password here"), scope=Scope(masks=("email",))
    )
    shut.clock = world.site.clock
    shut.signed_in("li", "a long password here")
    assert shut.get(f"/find?id={quote(MAIL)}").status_code == 404
    for part in ("", "/held"):
        assert shut.get(f"/customers/{customer_of(shop, ADA)}/privacy{part}").status_code == 403
    assert shut.post(f"/customers/{customer_of(shop, ADA)}/identity", {"kind": "merge"}).status_code == 403
    shut.registry.close()
    with connect(world.site.settings, read_only=True) as lake:
        assert search.search(lake, "%") == []
        assert search.search(lake, "name: %") == []


def test_the_page_shows_standing_filters_and_what_no_model_foresees(shop: Visitor) -> None:
    ada = customer_of(shop, ADA)
    page = shop.get(f"/customers/{ada}?type=page&name=Nothing&by=time").text
    assert "No tag holds now." in page
    assert "In no saved cohort." in page
    assert f'hx-sse:connect="/customers/{ada}/live?type=page&amp;name=Nothing"' in page
    assert "a-1" not in page
    assert 'href="/explain/a-2"' in shop.get(f"/customers/{ada}?type=identify").text
    assert "sojourn model train risk --name churn" in shop.get(f"/customers/{ada}/chances").text


def test_what_comes_new_is_told_once(world: World) -> None:
    follower = Follower(BEN, View(20))
    with connect(world.site.settings, read_only=True) as lake:
        assert follower.fresh(lake) == []
        assert follower.fresh(lake) == []
    world.land([said("b-9", 99, BEN, TABLET, event="Came back", type="track")])
    world.turn(2)
    with connect(world.site.settings, read_only=True) as lake:
        assert [event.name for event in follower.fresh(lake)] == ["Came back"]
        assert follower.fresh(lake) == []


def test_a_split_goes_to_the_writer_and_its_undoing_too(shop: Visitor, world: World) -> None:
    ada = customer_of(shop, ADA)
    page = shop.get(f"/customers/{ada}/identity").text
    assert "<line class=" in page
    assert f'value="anonymous_id:{LAPTOP}"' in page
    fields = {"kind": "split", "id": f"anonymous_id:{LAPTOP}", "project": "shop", "reason": "two people <7>"}
    answer = shop.post(f"/customers/{ada}/identity", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/customers/{ada}/identity#commands")
    assert "The writer does it within seconds" in shop.get(f"/customers/{ada}/identity").text
    world.turn(2)
    assert customer_of(shop, LAPTOP) != customer_of(shop, ADA)
    page = shop.get(f"/customers/{quote(ADA)}/identity").text
    assert "two people &lt;7&gt;" in page
    assert "identity.split" in {line.action for line in shop.registry.audited()}
    (no,) = re.findall(r'name="no" value="(\d+)"', page)
    shop.post(f"/customers/{ada}/identity", {"kind": "undo", "no": no, "reason": "no"})
    world.turn(2)
    assert customer_of(shop, LAPTOP) == customer_of(shop, ADA)


def test_what_the_writer_refuses_is_shown_with_its_reason(shop: Visitor, world: World) -> None:
    ada = customer_of(shop, ADA)
    shop.post(f"/customers/{ada}/identity", {"kind": "merge", "id": "nobody at all", "reason": "x"})
    world.turn(2)
    page = shop.get(f"/customers/{ada}/identity").text
    assert "nobody at all" in page
    assert 'data-state="failed"' in page
    assert "hx-sse:connect" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": ["split"], "reason": ["x"]},
        {"kind": ["block"], "id": ["a"], "reason": ["x"]},
        {"kind": ["rebuild"], "id": ["a"]},
        {"kind": ["undo"], "no": ["-1"]},
    ],
)
def test_a_form_that_says_nothing_is_refused(fields: dict[str, list[str]]) -> None:
    with pytest.raises(HTTPException):
        wish(Form(fields), "c_1")


def test_a_person_is_written_out_and_erased_with_a_typed_confirmation(shop: Visitor, world: World) -> None:
    zoe = customer_of(shop, ZOE)
    page = shop.get(f"/customers/{zoe}/privacy").text
    assert ZOE in page
    assert f'hx-get="/customers/{zoe}/privacy/held" hx-trigger="load"' in page
    counted = shop.get(f"/customers/{zoe}/privacy/held").text
    assert re.findall(r">(events|sessions|customers)</span><span class=\"number\">(\d+)<", counted) == [
        ("events", "2"), ("customers", "1"), ("sessions", "1")
    ]  # fmt: skip
    found = shop.get(f"/customers/{zoe}/privacy/search").text
    assert re.search(r"[1-9]\d* landing objects with 2 rows", found)
    written = shop.get(f"/customers/{zoe}/export.zip")
    assert written.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(written.content)) as files:
        lines = files.read("events.jsonl").decode().splitlines()
    assert [json.loads(line)["message_id"] for line in lines] == ["z-1", "z-2"]
    asked = {"mode": "erase", "reason": "request 12", "confirm": "yes"}
    assert "Nothing was erased" in shop.post(f"/customers/{zoe}/privacy", asked).text
    assert world.site.registry.erasures() == []
    answer = shop.post(f"/customers/{zoe}/privacy", {**asked, "confirm": zoe})
    assert answer.headers["location"] == "/erasures/1"
    assert "It waits for the writer" in shop.get("/erasures/1").text
    world.finish(1)
    page = shop.get("/erasures/1").text
    assert "a search of every byte found nothing" in page
    assert "hx-sse:connect" not in page
    assert shop.get(f"/find?id={ZOE}&look=1").status_code == 404
    assert {"export", "person.erase"} <= {line.action for line in shop.registry.audited()}
    assert shop.get("/erasures/7").status_code == 404


def edge(left: str, right: str, evidence: str = "same_event", state: str = "joined") -> Edge:
    return Edge(0, "d", left, 0, "d", right, evidence, "m", 1, state, None)


def test_the_picture_puts_ids_by_their_distance_from_the_oldest() -> None:
    ab, bc = edge("a", "b"), edge("b", "c", "identify")
    by_id = {("d", "b"): ab, ("d", "c"): bc}
    kept = [KeptOut(edge("c", "x", state="blocked"), "c_2")]
    found = graph([("d", "a"), ("d", "b"), ("d", "c")], Bonds(by_id, kept, 1, [ab, bc]))
    columns = {dot.value: dot.x for dot in found.dots}
    assert columns["a"] < columns["b"] < columns["c"] < columns["x"]
    assert [line.evidence for line in found.lines] == ["identify", "same_event", "same_event"]
    assert [line.apart for line in found.lines] == [False, False, True]
    assert [dot.value for dot in found.dots if dot.apart] == ["x"]
    many = graph([("d", str(number)) for number in range(100)], Bonds({}, [], 0))
    assert (len(many.dots), many.left_out) == (MOST_IDS, 100 - MOST_IDS)
    assert max(dot.y for dot in many.dots) < many.height
    assert graph([], Bonds({}, [], 0)).dots == []


def test_a_chance_stands_with_its_reasons() -> None:
    why = [Reason("overdue", 3.25, 0.5, 1.2, "x"), Reason("of <tomorrow>", 1, 2, -0.1, "y")]
    one = Ranked("churn@1", "risk", "2026-11-21T00:00:00Z", 10, {"c_1": Likely("c_1", 0.731, why)})
    request = Request({"type": "http", "path": "/", "query_string": b"", "headers": []})
    page = Pages().part(request, "_chances.html", found=[one], customer_id="c_1", reason=None)
    assert "73%" in page
    assert "Likelier by silence against the usual pause: 3.25" in " ".join(page.split())
    assert "Less likely by of &lt;tomorrow&gt;" in " ".join(page.split())
    assert "Not scored" in Pages().part(
        request, "_chances.html", found=[one], customer_id="c_2", reason=None
    )  # fmt: skip
