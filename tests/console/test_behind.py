"""Who is behind a number of an answer: as many as it says, in pages, files and cohorts."""

from __future__ import annotations

import itertools
import random
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from tests.console.conftest import Visitor
from tests.warehouse.lakes import NOON
from warehouse.console import picks
from warehouse.console.charts import Chart, chart
from warehouse.insights.errors import BadQuestion
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.members import listed, members
from warehouse.insights.picking import Pick
from warehouse.insights.question import Question
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

CELLS = picks._CELLS
RAW = {"trend": {"raw": ["true"]}}
FUNNEL = "steps=Product%20Viewed&steps=Order%20Completed&since=5d"
QUICK = (
    "trend?events=*&measure=units&since=9d&by=country&top=2",
    f"funnel?{FUNNEL}&by=country&top=1&every=day",
    "retention?since=9d&intervals=4&cumulative=true&by=country&top=1",
    "lifecycle?since=9d",
    "paths?since=9d&top=3",
    "rfm?event=Product+Viewed&since=9d",
    "clusters?event=Product+Viewed&since=9d&k=2",
    "engagement?since=5d&top=3",
    "campaigns?event=Product+Viewed&since=9d&top=2",
    "funnel?steps=Product+Viewed&steps=Product+Added&steps=Order+Completed&optional=2&since=9d",
)
LONG = (
    "trend?events=Product+Viewed&events=*&measure=units&since=9d",
    "trend?events=*&measure=units&since=9d&rolling=3",
    "trend?events=*&measure=units&since=9d&by=country&every=whole&unit=session",
    f"funnel?{FUNNEL}",
    "retention?since=9d&brackets=1&brackets=3&minimum=2&kind=first",
    "retention?since=9d&intervals=3",
    "stickiness?since=9d",
)
ASKED = [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in LONG)]


def some_of_each_column(cells: list[picks.Cell]) -> list[picks.Cell]:
    columns = itertools.groupby(sorted(cells, key=lambda one: one[1]), key=lambda one: one[1])
    groups = [list(found) for _, found in columns]
    return [one for group in groups for one in random.Random(1).sample(group, min(2, len(group)))]


@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
def test_so_many_are_listed_as_are_counted(data: Path, asked: str) -> None:
    """Every kind of number, some of each answer: how many are behind it is what it says; and the picture
    names it as the table's link does.
    """
    name, _, query = asked.partition("?")
    insight, given = INSIGHTS[name], parse_qs(query)
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        question = from_texts(insight.question, given)
        answer = insight.ask(lake, from_texts(insight.question, given | RAW.get(name, {})), NOON)
        rows = insight.table(answer).rows
        linked = list(CELLS[name](answer))
        cells = [cell for cell in linked if type(rows[cell[0]][cell[1]]) is int or name == "trend"]
        picture = chart(name, answer, insight.table(answer))
        assert picture
        keys = {key for _, _, key, _ in linked}
        # Cohorts of all together have no one list.
        assert {one for one in named_by(picture) if not one.startswith("*")} <= keys
        known: dict[bytes, Any] = {}

        def ask(lake: Lake, asked: Question) -> Any:
            key = msgspec.json.encode(asked)
            known[key] = known.get(key) or insight.ask(lake, asked, NOON)
            return known[key]

        for row, column, _, pick in some_of_each_column(cells):
            _, found = members(lake, name, question, pick, ask, limit=10_000)
            assert found.n == rows[row][column] == len(set(found.ids)) + found.unknown, (pick, rows[row])
            assert found.unknown == 0


def named_by(picture: Chart) -> set[str]:
    """How a click on each part of a picture names it."""
    if picture.kind == "flow":
        return {f"{one.source}>{one.target}" for one in picture.links}
    parts = [(one.name, zip(picture.labels, one.values, strict=True)) for one in picture.series]
    return {f"{name}|{label}" for name, values in parts for label, value in values if value}


def test_customers_behind_a_number_are_paged_and_saved(shop: Visitor) -> None:
    page = unescape(shop.get("/explore/trend/answer?events=Product%20Viewed&since=9d&every=whole").text)
    place = re.findall(r'<a href="(/explore/trend/customers[^"]+)"', page)[0]
    (part,) = re.findall(r'hx-get="(/explore/trend/customers/list[^"]+)"', unescape(shop.get(place).text))
    page = shop.get(part).text
    total = int(re.findall(r"<h2>(\d+) ", page)[0])
    ids = re.findall(r'href="/customers/(c_[0-9a-f]+)"', page)
    assert len(ids) == total > 3
    later = [shop.get(part.replace("from=0", f"from={start}")).text for start in (2, 5_000)]
    assert re.findall(r'href="/customers/(c_[0-9a-f]+)"', later[0]) == ids[2:]
    assert f"<h2>{total} " in later[1]
    files = [unescape(one) for one in re.findall(r'href="([^"]+)" download', page)]
    assert shop.get(files[0]).text.splitlines() == ["customer", *ids]
    assert shop.get(files[1]).json()["ids"] == ids
    assert shop.get(files[0].replace(".csv", ".parquet")).status_code == 404
    answer = shop.post(place, {"name": "viewers"})
    assert answer.status_code == 303
    command = shop.registry.next_command()
    assert command
    assert (command.kind, command.args["cohort"], len(command.args["keys"])) == ("cohort", "viewers", total)
    assert f"Command {command.id} is filed" in shop.get(answer.headers["location"]).text
    shop.registry.finish_command(command.id, "done", {})
    assert "1 to 60 letters" in shop.post(place, {"name": "<b>"}).text


def test_picks_that_mean_nothing_are_refused(shop: Visitor, data: Path) -> None:
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        answers = {
            name: INSIGHTS[name].ask(lake, from_texts(INSIGHTS[name].question, parse_qs(query)), NOON)
            for name, query in (("trend", "since=2d"), ("funnel", FUNNEL), ("retention", "since=2d"))
        }
        for name, pick, says in (
            ("trend", Pick(series=9), "series 9"),
            ("trend", Pick(by=("x",)), "by: 0 values would do"),
            ("trend", Pick(at="x"), "is no moment"),
            ("retention", Pick(at="x"), "there is no cohort"),
            ("funnel", Pick(step=9), "step 9"),
            ("survey", Pick(), "lists nobody by its numbers"),
        ):
            with pytest.raises(BadQuestion, match=says):
                listed(lake, name, answers.get(name, answers["trend"]), pick)
    assert shop.get("/explore/trend/customers?pick=nothing").status_code == 400
    for place, says in (
        ("trend/customers/list?since=2d&pick=nothing", "pick:"),
        (f"funnel/customers/list?{FUNNEL}&optional=1", "optional"),
    ):
        assert says in unescape(shop.get(f"/explore/{place}").text)
    assert shop.get("/explore/nothing/customers").status_code == 404
