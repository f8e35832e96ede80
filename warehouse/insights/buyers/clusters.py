"""Clusters: customers that behave alike, found and described."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.buyers.described import described
from warehouse.insights.buyers.kmeans import (
    MOST_K,
    PREFERRED,
    STABLE,
    Clustering,
    Floats,
    Tried,
    cluster,
)
from warehouse.insights.buyers.purchases import purchased, worth
from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.insights.visited import visited
from warehouse.lake import Lake
from warehouse.statements import statement

_LEAST: Final = 20
MOST_MEMBERS: Final = 100_000
_MOST_CHANNELS: Final = 12
UNKNOWN: Final = "(unknown)"
_NAMED: Final = {
    "customer": "coalesce(theirs.customer_id, own.customer_id)",
    "device": "v.device_id",
    "user": "v.user_id",
    "session": "v.session_id",
}


class Clusters(Question, frozen=True, kw_only=True):
    """Who behaves alike: k-means over visits and purchases, each cluster described in words."""

    positional: ClassVar[str] = "event"

    since: Annotated[str, Meta(description="Visits and purchases since.")] = "90d"
    event: Annotated[Selector | str, Meta(description="The event that is a purchase.")] = "Order Completed"
    value: Annotated[str | None, Meta(description="Field that says what one is worth.")] = None
    k: Annotated[int | None, Meta(description="How many clusters; chosen.")] = None
    channels: Annotated[
        tuple[str, ...], Meta(description="Channels whose share of the visits is a feature.")
    ] = ("Direct", "Organic Search", "Paid Search", "Email", "Referral")
    seed: Annotated[int, Meta(description="The same seed over the same data gives the same clusters.")] = 1
    customers: Annotated[int, Meta(description="So many customers are listed with their cluster.")] = 0


class Cluster(Struct, frozen=True):
    """One cluster, 1 is the largest. `means`: of each feature, in its unit; `description`: what sets it
    apart.
    """

    cluster: int
    customers: int
    share: float
    description: str
    means: dict[str, float]


class Member(Struct, frozen=True):
    """A customer and its cluster."""

    customer: str
    cluster: int


class ClustersAnswer(Answer, frozen=True, kw_only=True):
    """`tried`: each number of clusters with its score; `stability`: how alike clusters of random halves are,
    1 at most; `note`: how far to trust them. `n` counts units with a visit.
    """

    question: Clusters
    features: list[str]
    tried: list[Tried]
    stability: float
    note: str
    clusters: list[Cluster]
    members: list[Member]


def clusters(lake: Lake, question: Clusters, now: int) -> ClustersAnswer:
    """Clusters of all units that visited in the range. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector)
        rows = asked.arrow(sql)
        n = len(rows)
        if n < _LEAST:
            raise BadQuestion(f"{n} {question.unit}s visited; {_LEAST} would do: an earlier since")
        if not np.any(rows["purchases"].to_numpy()):
            asked.known([selector])
        told = asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0)
    names, values = _features(rows, question.channels)
    shaped = _standard(names, values)
    if len(np.unique(shaped, axis=0)) <= (question.k or 2):
        raise BadQuestion(f"the {n} {question.unit}s are too much alike; a longer range would do")
    found = cluster(shaped, question.k, question.seed)
    return ClustersAnswer(
        question=question,
        features=names,
        tried=found.tried,
        stability=found.stability,
        note=_note(found, question.k),
        clusters=_described(found, names, values, shaped),
        members=_members(rows, found, question.customers),
        **told,
    )


def _check(question: Clusters) -> None:
    require(question, customers=(0, MOST_MEMBERS), seed=(0, 1 << 31), channels=(0, _MOST_CHANNELS))
    if question.k is not None:
        require(question, k=(2, MOST_K))


def _sql(asked: Asked, question: Clusters, selector: Selector) -> str:
    bind = asked.values.bind
    buying = asked.is_one(selector)
    shown = {
        "device": "v.subject_key",
        "pages": "v.pages",
        "engaged": "v.engaged_seconds",
        "bounced": "v.bounced",
        "channel": "v.channel",
    }
    shares = "".join(
        f",\n        avg((channel IS NOT DISTINCT FROM {bind(name)})::INTEGER) AS share{number}"
        for number, name in enumerate(question.channels)
    )
    visits = visited(asked, {**shown, "named": _NAMED.get(question.unit, "NULL")})
    return statement(
        "insights/clusters",
        visits=visits,
        happened=purchased(asked, {"worth": worth(asked, question.value)}, buying),
        until=bind(asked.period.until),
        shares=shares,
    )


def _features(rows: pa.Table, channels: Sequence[str]) -> tuple[list[str], Floats]:
    """The features in which units differ."""
    named = {f"share{number}": name for number, name in enumerate(channels)}
    columns = [name for name in rows.column_names if name != "named"]
    values = np.column_stack([rows[name].cast(pa.float64()).to_numpy() for name in columns])
    values = np.nan_to_num(values)
    differ = np.ptp(values, axis=0) > 0
    kept = [named.get(name, name) for name, keep in zip(columns, differ, strict=True) if keep]
    return kept, values[:, differ]


def _standard(names: Sequence[str], values: Floats) -> Floats:
    """Mean 0 and deviation 1; what has no upper end by its logarithm, so that a few do not outweigh all."""
    shaped = np.where(values.max(axis=0) > 1, np.log1p(np.maximum(values, 0)), values)
    return np.asarray((shaped - shaped.mean(axis=0)) / np.maximum(shaped.std(axis=0), 1e-12))


def _note(found: Clustering, k: int | None) -> str:
    said = f"{found.k} clusters"
    if k is not None:
        said += ", as asked for"
    elif found.k < PREFERRED[0]:
        said += ": the data does not support 5 to 7"
    if found.stability < STABLE:
        said += f"; they are not stable ({found.stability:.2f}): other customers would give other clusters"
    return said


def _described(found: Clustering, names: Sequence[str], values: Floats, shaped: Floats) -> list[Cluster]:
    whole = dict(zip(names, values.mean(axis=0).tolist(), strict=True))
    told = []
    for number in range(found.k):
        of = found.labels == number
        means = dict(zip(names, values[of].mean(axis=0).tolist(), strict=True))
        standard = dict(zip(names, shaped[of].mean(axis=0).tolist(), strict=True))
        size = int(of.sum())
        told.append(Cluster(number + 1, size, size / len(of), described(standard, means, whole), means))
    return told


def _members(rows: pa.Table, found: Clustering, most: int) -> list[Member]:
    names = rows["named"].slice(0, most).to_pylist()
    return [
        Member(name or UNKNOWN, int(label) + 1)
        for name, label in zip(names, found.labels[:most], strict=True)
    ]


def clusters_table(answer: ClustersAnswer) -> Table:
    """One row a cluster with its means, or a customer where they are listed."""
    if answer.members:
        return Table(["customer", "cluster"], [[one.customer, one.cluster] for one in answer.members])
    rows = [
        [one.cluster, one.customers, one.share, one.description, *one.means.values()]
        for one in answer.clusters
    ]
    return Table(["cluster", "customers", "share", "description", *answer.features], rows)
