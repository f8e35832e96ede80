"""The sales pipeline: stages, time in them, win rates, whom to turn to, and whose each deal is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.warehouse.insights.deals import sales_lake
from tests.warehouse.lakes import DAY, NOON, Site
from warehouse.access.scope import Scope
from warehouse.access.views import confine_to
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.sales.items import FIELDS, Item, State, order
from warehouse.insights.sales.pipeline import pipeline, pipeline_table
from warehouse.insights.sales.question import Because, Pipeline, PipelineAnswer
from warehouse.insights.sales.scoring import Chance, Scores
from warehouse.insights.sales.stages import median_days
from warehouse.lake import Lake


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return sales_lake(tmp_path_factory.mktemp("sales"))


@pytest.fixture(scope="module")
def lake(site: Site) -> Iterator[Lake]:
    with site.reader() as lake:
        yield lake


@pytest.fixture(scope="module")
def answer(lake: Lake) -> PipelineAnswer:
    return pipeline(lake, Pipeline(), NOON)


def test_stages_in_their_order(answer: PipelineAnswer) -> None:
    qualify, offer = answer.stages
    assert [qualify.stage, offer.stage] == ["Qualify", "Offer"]
    # A, C and E went on, B was lost, D and G stand in it.
    assert (qualify.entered, qualify.onward, qualify.lost, qualify.standing) == (6, 3, 1, 2)
    assert qualify.rate == 0.75
    assert (offer.entered, offer.onward, offer.lost, offer.standing, offer.rate) == (4, 1, 0, 3, 1.0)
    # Left after 5 (E), 10 (A), 15 (C) and 30 (B) days; 2 (G) and 40 (D) go on: half are gone at 15.
    assert qualify.median_days == 15
    # One of four left, after 10 days.
    assert offer.median_days == 10
    assert (qualify.stuck, offer.stuck) == (1, 1)
    assert (qualify.open_value, offer.open_value) == (70, 130)


def test_win_rates_and_values(answer: PipelineAnswer) -> None:
    assert (answer.n, answer.n_mature, answer.won, answer.lost) == (7, 2, 1, 1)
    wang, li = answer.owners
    assert (wang.name, wang.n, wang.open, wang.win_rate, wang.open_value) == ("wang", 4, 4, None, 150)
    assert (li.name, li.n, li.win_rate, li.won_value, li.open_value) == ("li", 3, 0.5, 100, 50)
    assert [(one.name, one.n) for one in answer.sources] == [("web", 4), ("fair", 2), (None, 1)]
    assert (answer.currency, answer.other_currency) == ("CNY", 1)


def test_who_comes_first_and_what_to_do(answer: PipelineAnswer) -> None:
    assert [one.item for one in answer.open] == ["C", "E", "F", "D", "G"]
    steps = {one.item: one.step for one in answer.open}
    # G names a device of its own, so its customer is known and never came.
    assert steps == {"C": "call", "E": "unstick", "F": "qualify", "D": "revive", "G": "keep"}
    first = answer.open[0]
    assert first.evidence == {"last_seen": "2026-11-21T00:01:00Z", "visits_14d": 4}
    assert [(one.what, one.value) for one in first.reasons] == [
        ("days_since_seen", 0.5),
        ("visits_14d", 4),
        ("progress", 0.5),
        ("key_events_30d", 0),
    ]
    assert first.score == round(sum(one.points for one in first.reasons), 1) == 66.8
    assert [one.stuck for one in answer.open] == [False, True, False, True, False]
    table = pipeline_table(answer)
    assert table.rows[0][:4] == ["C", None, "li", "Offer"]


def test_each_owner_sees_his_own(site: Site) -> None:
    seen = {}
    for owner in ("li", "wang"):
        with site.reader() as lake:
            confine_to(lake, Scope(attributes={"owner": (owner,)}))
            seen[owner] = pipeline(lake, Pipeline(), NOON)
    assert [one.item for one in seen["li"].open] == ["C"]
    assert [one.name for one in seen["li"].owners] == ["li"]
    assert (seen["li"].won, seen["li"].lost) == (1, 1)
    # G is of nobody in the lake, so it is of nobody here.
    assert [one.item for one in seen["wang"].open] == ["E", "F", "D"]
    assert seen["wang"].won == 0


def test_leads_owners_and_stages_that_were_given(lake: Lake) -> None:
    leads = pipeline(lake, Pipeline(of="leads"), NOON)
    assert [one.item for one in leads.open] == ["L"]
    mine = pipeline(lake, Pipeline(owners=("li",), stages=("Offer", "Qualify"), limit=0), NOON)
    assert (mine.n, [one.stage for one in mine.stages], mine.open) == (3, ["Offer", "Qualify"], [])
    # By this order C went back.
    assert [one.onward for one in mine.stages] == [1, 1]
    recent = pipeline(lake, Pipeline(since="10d", longer="1d"), NOON)
    assert {one.item: one.stuck for one in recent.open} == {"F": True, "G": True}
    before = pipeline(lake, Pipeline(until="2026-10-20"), NOON)
    assert (before.won, before.lost, [one.item for one in before.open]) == (1, 0, ["B", "D"])


def test_the_statement_stands_by_itself(lake: Lake, answer: PipelineAnswer) -> None:
    assert len(lake.query(answer.sql)) == 12


@pytest.mark.parametrize(
    ("question", "kind", "said"),
    [
        (Pipeline(owners=("lee",)), UnknownName, "owner 'lee'"),
        (Pipeline(where=("country = DE",)), BadQuestion, "no filters of events"),
        (Pipeline(limit=5_000), BadQuestion, "limit: 0 to 1000"),
        (Pipeline(longer="soon"), BadQuestion, "longer"),
        (Pipeline(kept="none"), UnknownName, "model 'none'"),
    ],
    ids=["owner", "where", "limit", "longer", "model"],
)
def test_what_cannot_be_meant(lake: Lake, question: Pipeline, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        pipeline(lake, question, NOON)


def test_a_model_ranks_where_there_is_one() -> None:
    why = Because("recency_days", 3.0, 0.7)
    scores = Scores("buys@2", {"c_1": Chance(0.4321, (why,))})
    assert scores.of(blank("c_1"), 0.5, NOON) == (43.2, [why])
    assert scores.of(blank("c_2"), 0.5, NOON) == (0.0, [])
    assert scores.of(blank(None), 0.5, NOON) == (0.0, [])


def test_order_is_that_of_most() -> None:
    """Stages are found in their order though some begin late, skip, or go back."""
    dice = random.Random(7)
    names = ["one", "two", "three", "four"]
    found = []
    for _ in range(60):
        way = [name for name in names if dice.random() < 0.7] or ["four"]
        if dice.random() < 0.1:
            way.append(dice.choice(names))
        found.append(Item(tuple((name, place) for place, name in enumerate(way)), blank(None), 0))
    assert order(found, frozenset({"won"})) == names
    # Most begin at the third; it comes last all the same, since nobody goes on from it.
    late = Item((("three", 0),), blank(None), 0)
    whole = Item((("one", 0), ("two", 1), ("three", 2), ("Won", 3)), blank(None), 0)
    assert order([late] * 20 + [whole], frozenset({"won"})) == ["one", "two", "three"]


def test_medians_take_those_that_still_stand_into_account() -> None:
    days, ended = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])
    # 3/4, then 3/4 * 1/2 = 3/8 of them are there after three days.
    assert median_days(days, ended) == 3
    assert median_days(days, np.zeros(4, bool)) is None
    assert median_days(np.array([]), np.array([], bool)) is None
    assert median_days(days, np.ones(4, bool)) == 2


def blank(customer: str | None) -> State:
    fields: dict[str, Any] = dict.fromkeys(FIELDS)
    at = NOON - DAY
    known = {"system": "crm", "item": "A", "since": at, "moment": at, "load_seq": 1, "stage": "one"}
    return State(**{**fields, **known, "customer": customer, "visits": 0, "achieved": 0})


def test_a_lake_without_a_crm(tmp_path: Path) -> None:
    """Answered before anything was imported: nothing, and no error."""
    from tests.warehouse.insights.asked_lake import complete, lake_of

    lake = lake_of([])
    complete(lake, NOON)
    with pytest.raises(BadQuestion, match="no customers yet"):
        pipeline(lake, Pipeline(), NOON)
