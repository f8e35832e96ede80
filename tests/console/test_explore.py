"""Every insight as a page: its form, its answer, its files; what a hostile or wrong question is told."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope
from warehouse.console.answers import Answers
from warehouse.console.asking import answered
from warehouse.console.charts import Chart, Link, Series, chart
from warehouse.console.controls import controls
from warehouse.console.moments import cell, day
from warehouse.console.pages.explore import GROUPS
from warehouse.console.texts import TEXTS
from warehouse.insights.buyers.segments import quintile_segment, threshold_segment
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.marketing.models import Model
from warehouse.insights.tables import Table

FUNNEL = "steps=Product%20Viewed&steps=Order%20Completed&since=5d"


def drawn(page: str) -> Chart:
    found = re.search(r'class="chart-data">(.*?)</script>', page, re.DOTALL)
    assert found, page
    return msgspec.json.decode(found[1], type=Chart)


def test_every_insight_and_field_has_its_words() -> None:
    fields = {field for one in INSIGHTS.values() for field in one.question.__struct_fields__}
    assert {name for name in fields if f"field.{name}" not in TEXTS} == set()
    assert {name for name in INSIGHTS if f"insight.{name}.what" not in TEXTS} == set()
    assert {name for names in GROUPS.values() for name in names} >= set(INSIGHTS)


@pytest.mark.parametrize("name", INSIGHTS)
def test_every_insight_has_a_form_of_all_its_fields(shop: Visitor, name: str) -> None:
    page = shop.get(f"/explore/{name}").text
    for field in INSIGHTS[name].question.__struct_fields__:
        assert f'name="{field}"' in page
    assert f"/explore/{name}" in shop.get("/explore").text


def test_an_answer_has_a_picture_a_table_and_its_sql(shop: Visitor) -> None:
    page = shop.get("/explore/trend/answer?events=Product%20Viewed&since=5d").text
    picture = drawn(page)
    assert picture.kind == "line"
    rows = re.findall(r"<tr><td[^>]*>(\d{4}-\d\d-\d\d)</td><td[^>]*>(?:<a [^>]*>)?(\d+)<", page)
    assert [at for at, _ in rows] == list(picture.labels)
    assert [float(n) for _, n in rows] == [value or 0 for value in picture.series[0].values]
    assert "SELECT" in page


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"funnel/answer?{FUNNEL}", "bar"),
        (f"funnel/answer?{FUNNEL}&by=country", "bar"),
        ("retention/answer?since=5d&intervals=2", "heat"),
        ("paths/answer?since=5d", "flow"),
        ("lifecycle/answer?since=5d", "stack"),
        ("stickiness/answer?since=5d", "bar"),
        ("engagement/answer?since=5d", "bar"),
        ("trend/answer?events=*&since=5d&every=whole&by=event", "bar"),
    ],
)
def test_each_kind_of_picture(shop: Visitor, address: str, kind: str) -> None:
    page = shop.get(f"/explore/{address}").text
    assert drawn(page).kind == kind, page


@pytest.mark.parametrize(
    "address", ["lifecycle/answer?since=5d", "stickiness/answer?since=5d", "anomaly/answer?event=*&since=5d"]
)
def test_series_with_names_of_ours_are_called_in_the_pages_language(shop: Visitor, address: str) -> None:
    picture = drawn(shop.get(f"/explore/{address}").text)
    assert picture.ours
    page = shop.get("/explore/trend", {"Accept-Language": "zh"}).text
    found = re.search(r'id="series-words">(.*?)</script>', page)
    assert found
    words = json.loads(found[1])
    assert all(words[one.name] == TEXTS[f"series.{one.name}"]["zh"] for one in picture.series)
    theirs = drawn(shop.get("/explore/trend/answer?events=Product%20Viewed&since=5d").text)
    assert not theirs.ours


def test_models_and_segments_are_called_in_the_pages_language(shop: Visitor) -> None:
    page = shop.get("/explore/trend", {"Accept-Language": "zh"}).text
    found = re.search(r'id="series-words">(.*?)</script>', page)
    assert found
    words = json.loads(found[1])
    models = get_args(Model)
    assert {words[model] for model in models} == {TEXTS[f"series.{model}"]["zh"] for model in models}
    credit = SimpleNamespace(touch="first", conversions=range(len(models)))
    answer = SimpleNamespace(question=SimpleNamespace(models=models), credits=[credit])
    credited = chart("attribution", answer, None)
    assert credited
    assert (credited.ours, credited.labels_of) == (True, "")
    names = {quintile_segment(*cell) for cell in itertools.product(range(1, 6), repeat=3)}
    names |= {threshold_segment(*cell) for cell in itertools.product((1, 2), repeat=3)}
    segments = [SimpleNamespace(segment=name, customers=1) for name in (*names, "other")]
    grid = chart("rfm", SimpleNamespace(segments=segments), None)
    assert grid
    assert [name for name in grid.labels if grid.labels_of + name not in words] == ["other"]


def test_a_form_is_sent_to_an_address_without_what_is_usual(shop: Visitor) -> None:
    sent = "events=Viewed%0D%0AOrdered&measure=&every=day&since=5d&until=&by=&bots=true"
    place = shop.get(f"/explore/trend?{sent}").headers["location"]
    assert place == "/explore/trend?events=Viewed&events=Ordered&since=5d&bots=true"
    page = shop.get(place).text
    assert "Viewed\nOrdered</textarea>" in page
    assert (
        'hx-get="/explore/trend/answer?events=Viewed&amp;events=Ordered&amp;since=5d&amp;bots=true"' in page
    )
    assert 'value="true" checked' in page


def test_a_question_that_cannot_be_answered_says_why(shop: Visitor) -> None:
    for address, says in (
        ("trend/answer?events=Product%20Viewd&since=5d", "near it: 'Product Viewed'"),
        ("trend/answer?top=many", "$.top"),
        ("trend/answer?event=x", "near it: 'events'"),
        ("funnel/answer?steps=Product%20Viewed", "steps: 2 to 30 would do"),
        ("trend/answer?since=never", "since"),
    ):
        page = unescape(shop.get(f"/explore/{address}").text)
        assert 'role="alert"' in page
        assert says in page
    assert shop.get("/explore/nothing").status_code == 404
    assert shop.get("/explore/nothing/answer").status_code == 404
    assert shop.get("/explore/trend.exe").status_code == 404


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><b>",
    "x" * 10_000,
    "\u202egnp.exe",
    "a\x00b",
    "'; DROP TABLE events; --",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_shown_as_text(shop: Visitor, text: str) -> None:
    from urllib.parse import quote

    for address in (
        "trend?events={}",
        "trend/answer?events={}&since=5d",
        "funnel/answer?steps={}&steps=Product%20Viewed",
    ):
        page = shop.get(f"/explore/{address.format(quote(text))}")
        assert page.status_code in (200, 303)
        assert "<script>alert" not in page.text
        assert "</script><b>" not in page.text


def test_a_hostile_value_cannot_end_the_pictures_data() -> None:
    from warehouse.console.render import environment

    embed = environment().filters["embedded"]
    text = msgspec.json.encode(Chart("bar", ["</script><script>alert(1)"])).decode()
    assert "<" not in embed(text)
    assert json.loads(str(embed(text)))["labels"] == ["</script><script>alert(1)"]


def test_files_hold_the_whole_answer(shop: Visitor) -> None:
    asked = "events=Product%20Viewed&since=5d&by=country"
    text = shop.get(f"/explore/trend.csv?{asked}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    answer: dict[str, Any] = shop.get(f"/explore/trend.json?{asked}").json()
    assert len(rows) == len(answer["points"]) + len(answer["totals"])
    table = pq.read_table(io.BytesIO(shop.get(f"/explore/trend.parquet?{asked}").content))
    assert table.num_rows == len(rows)
    assert shop.get(f"/explore/trend.sql?{asked}").text == answer["sql"]
    refused = shop.get("/explore/trend.csv?top=many")
    assert (refused.status_code, "$.top" in refused.json()["error"]) == (400, True)


def test_spreadsheets_are_given_no_formulas() -> None:
    from warehouse.console.pages.explore import as_csv

    rows = [["=1+1", -5], ["@x", 2.5], ["-2", None], ["plain", True]]
    text = as_csv(Table(["name", "n"], rows), None)[0].decode("utf-8-sig")  # type: ignore[arg-type]
    assert text.splitlines() == ["name,n", "'=1+1,-5", "'@x,2.5", "'-2,", "plain,true"]


def test_the_newest_answers_are_kept() -> None:
    kept = Answers()
    assert kept.get("a") is None
    for number in range(300):
        kept.keep(number, number)
    assert kept.get(0) is None
    assert kept.get(299) == 299


def test_the_same_question_of_the_same_snapshot_is_answered_from_memory() -> None:
    snapshots, answers, asked = [1], Answers(), itertools.count(1)
    lake = SimpleNamespace(snapshot=lambda: snapshots[-1])
    counting = msgspec.structs.replace(INSIGHTS["trend"], ask=lambda *_: next(asked))

    async def ask(question: Any, gone: object) -> Any:
        return question(lake)

    def answer(scope: Scope, since: str) -> Any:
        app = SimpleNamespace(state=SimpleNamespace(now=lambda: NOON, answers=answers))
        state = SimpleNamespace(who=SimpleNamespace(scope=scope), lake=ask)
        request: Any = SimpleNamespace(app=app, state=state, is_disconnected=None)
        return asyncio.run(answered(request, counting, {"since": [since]}))

    assert [answer(Scope(), "5d") for _ in range(2)] == [1, 1]
    assert answer(Scope(), "6d") == 2, "another question"
    assert answer(Scope(masks=("email",)), "5d") == 3, "somebody who sees other fields"
    snapshots.append(2)
    assert answer(Scope(), "5d") == 4, "another snapshot"


def test_files_are_for_those_who_may_export(data: Path) -> None:
    shut = Visitor(data, console_open=False)
    shut.clock = NOON
    if all(one.name != "vic" for one in shut.registry.users()):
        shut.registry.create_user(
            "vic", "viewer", "test", password=CHEAP.hash("two green kettles"), scope=Scope()
        )
    shut.signed_in("vic", "two green kettles")
    page = shut.get("/explore/trend/answer?events=Product%20Viewed&since=5d").text
    assert "/explore/trend.csv" not in page
    assert "chart-data" in page
    assert shut.get("/explore/trend.csv?events=Product%20Viewed&since=5d").status_code == 403
    lines = [(line.actor, line.action) for line in shut.registry.audited(20)]
    assert ("vic", "ask") in lines
    assert ("vic", "refused") in lines
    shut.registry.close()


def test_names_of_events_are_offered(shop: Visitor) -> None:
    assert '<option value="Product Viewed">' in shop.get("/explore/names").text


def test_before_the_first_load_the_page_says_so(visitor: Visitor) -> None:
    assert "No data yet" in visitor.get("/explore/trend/answer").text
    assert visitor.get("/explore/trend").status_code == 200
    assert visitor.get("/explore/names").text.strip() == ""


def test_cells_and_moments_are_short() -> None:
    cells = (5_000, 0.25, 123_456.7, True, False, None, "2026-11-22T00:00:00+08:00", "<b>")
    assert [cell(one) for one in cells] == ["5,000", "0.25", "123,457", "✓", "", "", "2026-11-22", "<b>"]
    assert day("2026-11-22T09:30:00+00:00") == "2026-11-22 09:30:00"


def test_controls_know_their_kind() -> None:
    found = {one.name: one for one in controls(INSIGHTS["funnel"].question, {"steps": ["a", "b"]})}
    assert found["steps"].kind == "list"
    assert found["steps"].value == "a\nb"
    assert found["bots"].kind == "flag"
    assert found["top"].kind == "number"
    assert "customer" in found["unit"].choices
    assert next(iter(found)) == "steps"


def test_an_answer_without_rows_has_no_picture() -> None:
    assert chart("service", None, Table(["a", "n"], [])) is None
    assert chart("service", None, Table(["a", "n"], [["x", 1]])) is not None
    assert chart("service", None, Table(["a"], [["x"]])) is None
    assert Link("a", "b", 1).value == 1


def test_anomalies_stand_out_of_what_was_to_be_expected() -> None:
    usual = SimpleNamespace(at="2026-11-20T00:00:00Z", value=9, expected=9, low=5, high=13, anomalous=False)
    odd = SimpleNamespace(at="2026-11-21T00:00:00Z", value=1, expected=9, low=5, high=13, anomalous=True)
    picture = chart("anomaly", SimpleNamespace(points=[usual, odd]), Table([], []))
    assert picture
    assert picture.marked == [1]
    assert [one.name for one in picture.series] == ["value", "expected", "low", "high"]


def test_assets_are_packed_and_kept_for_ever_where_they_carry_a_version(visitor: Visitor) -> None:
    big = visitor.get("/static/echarts-6.1.0.min.js")
    assert big.headers["content-encoding"] == "gzip"
    assert "immutable" in big.headers["cache-control"]
    assert "ECharts" in big.text or "echarts" in big.text
    own = visitor.get("/static/console.js", {"Accept-Encoding": "identity"})
    assert "content-encoding" not in own.headers
    assert own.headers["cache-control"] == "no-cache"


def test_a_part_that_fails_is_told_as_a_part(shop: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.console.pages import explore

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(explore, "chart", broken)
    part = shop.get("/explore/trend/answer?since=5d", {"HX-Request": "true"})
    assert part.status_code == 500
    assert "<html" not in part.text
    assert 'role="alert"' in part.text
    assert "<html" in shop.get("/explore/trend/answer?since=5d").text
    assert "<html" not in shop.get("/explore/nothing/answer", {"HX-Request": "true"}).text


def test_a_survey_is_drawn_as_its_score() -> None:
    def one(at: str | None, score: float | None, *by: str) -> SimpleNamespace:
        return SimpleNamespace(at=at, by=list(by), score=score, low=1.0, high=9.0)

    rows = [one("2026-11-02T00:00:00Z", 5.0), one("2026-11-09T00:00:00Z", None), one(None, 4.0)]
    picture = chart("survey", SimpleNamespace(rows=rows, question=SimpleNamespace(by=())), None)
    assert picture
    assert (picture.labels, picture.band) == (["2026-11-02", "2026-11-09"], ("low", "high"))
    assert picture.series[0] == Series("score", [5.0, None])
    parts = [one("2026-11-02T00:00:00Z", 5.0, "DE"), one(None, 5.0, "DE"), one(None, 3.0, "CN")]
    picture = chart("survey", SimpleNamespace(rows=parts, question=SimpleNamespace(by=("country",))), None)
    assert picture
    assert (picture.kind, picture.labels, picture.series[0].values) == ("bar", ["DE", "CN"], [5.0, 3.0])
