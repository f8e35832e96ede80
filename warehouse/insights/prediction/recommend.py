"""What to recommend: to a customer, beside an item, or to everybody."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct, structs

from warehouse.insights.asked import Asked, asking
from warehouse.insights.buyers.purchases import named
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.filters import Selector
from warehouse.insights.prediction.interests import Interests, interests
from warehouse.insights.prediction.ranking import Floats, Ints, Ranking, best, judged, without
from warehouse.insights.prediction.recommenders import (
    Covisits,
    Recommender,
    covisits,
    factors,
    popularity,
)
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

_ID: Final = re.compile(r"[\w $-]{1,100}")
_MOST_ITEMS: Final = 20_000
_MOST_EACH: Final = 200
_MOST_BECAUSE: Final = 3
_BOUNDS: Final = {
    "events": (1, 20),
    "k": (1, 200),
    "holdout": (0.05, 0.9),
    "factors": (2, 200),
    "seed": (0, 1 << 31),
}


class Recommend(Question, frozen=True, kw_only=True):
    """What a customer will want next, or what goes with an item, tried beside what is popular."""

    positional: ClassVar[str] = "events"

    since: Annotated[str, Meta(description="Learn from what happened since.")] = "180d"
    events: Annotated[
        tuple[Selector | str, ...], Meta(description="Events that show interest in an item; repeatable.")
    ] = ("Product Viewed", "Product Added", "Order Completed")
    bought: Annotated[Selector | str, Meta(description="The event that is wanted: a purchase.")] = (
        "Order Completed"
    )
    items: Annotated[str, Meta(description="Field with the list of items; GA4: properties.items.")] = (
        "properties.products"
    )
    id: Annotated[str, Meta(description="An item's id, in the list or beside it; GA4: item_id.")] = (
        "product_id"
    )
    customer: Annotated[str | None, Meta(description="Recommend to this customer.")] = None
    item: Annotated[str | None, Meta(description="Recommend beside this item.")] = None
    method: Annotated[
        Literal["best", "covisits", "factors", "popularity"],
        Meta(description="How; the best is the one that did best on the end of the range:"),
    ] = "best"
    k: Annotated[int, Meta(description="So many items.")] = 10
    repeat: Annotated[bool, Meta(description="Recommend what was bought already, too.")] = False
    holdout: Annotated[float, Meta(description="Share of the range, its end, that methods are tried on.")] = (
        0.2
    )
    factors: Annotated[int, Meta(description="How many kinds of interest the factors have.")] = 32
    seed: Annotated[int, Meta(description="The same seed over the same data gives the same answer.")] = 1


class Recommended(Struct, frozen=True):
    """`because`: of the customer's own items those that speak most for it (covisits). `name`: what it is
    called, where a catalogue was imported.
    """

    item: str
    score: float
    because: list[str]
    name: str | None = None


class RecommendAnswer(Answer, frozen=True, kw_only=True):
    """`recommended`, by `method`: the best first. `cold`: nothing is known of the customer, so it is what is
    popular.

    `rankings`: each method tried on what `judged` customers bought after `split` (ISO 8601 UTC), having
    learned from before; empty where nobody did. `n` units had to do with `item_count` items.
    """

    question: Recommend
    method: str
    cold: bool
    split: str
    judged: int
    item_count: int
    rankings: list[Ranking]
    recommended: list[Recommended]

    def notes(self) -> list[str]:
        found = [_told(one, self.question.k) for one in self.rankings]
        found.append(f"tried on {self.judged} customers that bought after {self.split}; used: {self.method}")
        if self.cold:
            found.append(f"nothing is known of {self.question.customer!r} in the range: what is popular")
        return found


def recommend(lake: Lake, question: Recommend, now: int) -> RecommendAnswer:
    """Items, and how good they are. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        selectors = [asked.selector(one) for one in (*question.events, question.bought)]
        length = asked.period.until - asked.period.since
        split = asked.period.until - round(length * question.holdout)
        sql = _sql(asked, question, selectors, split)
        rows = asked.arrow(sql)
        if not len(rows):
            asked.known(selectors[-1:])
            raise BadQuestion(
                f"no item is named by {question.id!r} in {question.items!r} or beside it;"
                " another items or id would do"
            )
        whole = interests(rows, early=False)
        told = asked.told(sql, n := whole.customers, n if asked.period.until <= asked.complete_us else 0)
    if question.item is not None and question.item not in whole.items:
        raise unknown("item", question.item, whole.items)
    people, rankings = _judged(question, rows)
    cold = question.customer is not None and whole.wanted is None
    method = "popularity" if cold else _chosen(question, rankings)
    found = _recommended(question, whole, _learned(question, whole, method))
    return RecommendAnswer(
        question=question,
        method=method,
        cold=cold,
        split=iso(split),
        judged=people,
        item_count=len(whole.items),
        rankings=rankings,
        recommended=_named(lake, told["project"], found),
        **told,
    )


def _named(lake: Lake, project: str, found: list[Recommended]) -> list[Recommended]:
    asked = {"project": project, "ids": [one.item for one in found]}
    names = dict(lake.query(statement("insights/item_names"), asked)) if found else {}
    return [structs.replace(one, name=names.get(one.item)) for one in found]


def _check(question: Recommend) -> None:
    require(question, **_BOUNDS)
    if not _ID.fullmatch(question.id):
        raise BadQuestion(f"id {question.id[:60]!r} is no name of a field in a list; product_id would do")
    if question.customer is not None and question.item is not None:
        raise BadQuestion(
            f"customer {question.customer[:60]!r} and item {question.item[:60]!r}: one would do"
        )


def _sql(asked: Asked, question: Recommend, selectors: list[Selector], split: int) -> str:
    bind = asked.values.bind
    *_, bought = which = [asked.is_one(one) for one in selectors]
    beside = re.sub(r"[^./]+$", "", question.items) + question.id
    columns = {
        "named": named(asked),
        "bought": bought,
        "listed": asked.field(question.items).text,
        "single": asked.field(beside).text,
    }
    return statement(
        "insights/interests",
        happened=asked.happened(columns, [f"({' OR '.join(which)})"]),
        customer=bind(question.customer),
        path=bind(f'$[*]."{question.id}"'),
        split=bind(split),
        most_items=_MOST_ITEMS,
        most_each=_MOST_EACH,
    )


def _learned(question: Recommend, known: Interests, method: str) -> Recommender:
    if method == "covisits":
        return covisits(known)
    if method == "factors":
        return factors(known, min(question.factors, len(known.items)), question.seed)
    return popularity(known)


def _judged(question: Recommend, rows: pa.Table) -> tuple[int, list[Ranking]]:
    early = interests(rows, early=True)
    methods = {name: _learned(question, early, name) for name in ("popularity", "covisits", "factors")}
    return judged(early, methods, question.k, repeat=question.repeat, seed=question.seed)


def _chosen(question: Recommend, rankings: list[Ranking]) -> str:
    """The best that is surely better than what is popular. Of an item popularity knows nothing."""
    if question.method != "best":
        return question.method
    better = [one for one in rankings if (one.gain.low or 0) > 0]
    usual = "popularity" if question.item is None else "covisits"
    return max(better, key=lambda one: one.ndcg.value).method if better else usual


def _recommended(question: Recommend, known: Interests, by: Recommender) -> list[Recommended]:
    if question.item is not None:
        place = known.items.index(question.item)
        scores = by.like(place).copy()
        scores[place] = -np.inf
        return [_told_item(known, one, scores, []) for one in best(scores, question.k)]
    if known.wanted is None:
        scores = by.scores(known.times[:1])[0]
        return [_told_item(known, one, scores, []) for one in best(scores, question.k)]
    row = [known.wanted]
    scores = by.scores(known.times[row])
    scores = (scores if question.repeat else without(scores, known.bought[row]))[0]
    own = known.times[row].indices
    return [
        _told_item(known, one, scores, _because(known, by, int(one), own)) for one in best(scores, question.k)
    ]


def _told_item(known: Interests, place: int, scores: Floats, because: list[str]) -> Recommended:
    return Recommended(known.items[place], float(scores[place]), because)


def _because(known: Interests, by: Recommender, item: int, own: Ints) -> list[str]:
    if not isinstance(by, Covisits):
        return []
    near = by.like(item)[own]
    order = np.argsort(-near, kind="stable")[:_MOST_BECAUSE]
    return [known.items[own[one]] for one in order if near[one] > 0]


def _told(one: Ranking, k: int) -> str:
    return (
        f"{one.method}: recall@{k} {one.recall.told}, NDCG@{k} {one.ndcg.told}, against popularity"
        f" {one.gain.told}, coverage {one.coverage:.0%}"
    )


def recommend_table(answer: RecommendAnswer) -> Table:
    """One row an item; its name, where one is called something."""
    if not any(one.name for one in answer.recommended):
        rows = [[one.item, one.score, ", ".join(one.because)] for one in answer.recommended]
        return Table(["item", "score", "because"], rows)
    called = [[one.item, one.name, one.score, ", ".join(one.because)] for one in answer.recommended]
    return Table(["item", "name", "score", "because"], called)
