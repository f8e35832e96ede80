"""What each customer had done by some days, as numbers; and what they did after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.insights.asked import Asked
from warehouse.insights.buyers.purchases import named, worth
from warehouse.insights.prediction.days import DAY_US
from warehouse.insights.prediction.question import Asking, Risk, checked
from warehouse.insights.visited import visited
from warehouse.statements import statement

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_NOT_FEATURES: Final = ("back", "named", "later", "depth")


class Features(msgspec.Struct, frozen=True):
    """A row a customer and day. `back`: so many days before the end of the range; `later`: whether it came
    true within the horizon; `values`: a column a feature; `depth`: how many days back the data begins.
    """

    names: list[str]
    values: Floats
    back: NDArray[np.int64]
    later: Flags
    depth: int
    customers: pa.ChunkedArray

    def of(self, backs: Sequence[int]) -> Flags:
        """Which rows are of these days."""
        return np.isin(self.back, list(backs))


def backs(asked: Asked, question: Asking) -> list[int]:
    """The days that have a horizon which is over, and a history in the range, the latest first."""
    horizon, history, _ = checked(question)
    missing = max(0, -(-(asked.period.until - asked.complete_us) // DAY_US))
    length = (asked.period.until - asked.period.since) // DAY_US
    first = missing + horizon
    return list(range(first, length - history + 1, horizon))[: question.dates + 2]


def features_sql(asked: Asked, question: Asking, days: Sequence[int]) -> str:
    """The statement of the features of each customer by these days."""
    horizon, history, active = checked(question)
    bind = asked.values.bind
    steps = [asked.is_one(asked.selector(one)) for one in question.steps]
    bought = f"({asked.is_one(asked.selector(question.purchase))})::INTEGER"
    shown = {
        "named": named(asked),
        "kind": "e.type || ':' || coalesce(e.event, '')",
        "aimed": f"({asked.is_one(asked.selector(question.event))})::INTEGER",
        "bought": bought,
        "worth": f"{bought} * {worth(asked, question.value)}",
        "contacted": _contacted(asked, question),
        **{f"step{number}": f"({sql})::INTEGER" for number, sql in enumerate(steps)},
    }
    names = [f"step{number}" for number in range(len(steps))]
    shares = [f"share{number}" for number in range(len(question.channels))]
    return statement(
        "insights/features",
        happened=asked.happened(shown),
        visits=_visits(asked),
        backs=str(list(days)),
        until=bind(asked.period.until),
        candidate="aims > 0" if isinstance(question, Risk) else "TRUE",
        horizon=horizon,
        history=history,
        half=(history + 1) // 2,
        active=active,
        step_days="".join(f",\n        max({one}) AS {one}" for one in names),
        step_sums="".join(
            f",\n        coalesce(max({one}) FILTER (ago >= back), 0) AS {one}" for one in names
        ),
        step_names=f",\n    {' + '.join(f'k.{one}' for one in names)} AS steps" if names else "",
        shares="".join(
            f",\n        avg((channel IS NOT DISTINCT FROM {bind(of)})::INTEGER) AS {one}"
            for one, of in zip(shares, question.channels, strict=True)
        ),
        share_names=_each(shares, "coalesce(c.{}, 0) AS {}"),
    )


def _each(names: Sequence[str], column: str) -> str:
    return "".join(f",\n        {column.format(name, name)}" for name in names)


def _contacted(asked: Asked, question: Asking) -> str:
    if question.contact is None:
        return "0"
    return f"({asked.is_one(asked.selector(question.contact))})::INTEGER"


def _visits(asked: Asked) -> str:
    """A session counts when it has ended: how long it lasts is known then."""
    return visited(
        asked,
        {
            "ended": "epoch_us(v.ended_at)",
            "device": "v.subject_key",
            "pages": "v.pages",
            "engaged": "v.engaged_seconds",
            "bounced": "v.bounced",
            "channel": "v.channel",
        },
    )


def features(rows: pa.Table, question: Asking) -> Features:
    """The statement's rows."""
    columns = [name for name in rows.column_names if name not in _NOT_FEATURES]
    values = [rows[name].cast(pa.float64()).to_numpy() for name in columns]
    later = rows["later"].to_numpy().astype(np.bool_)
    depth = rows["depth"].to_numpy()
    shares = {f"share{number}": f"share of {name}" for number, name in enumerate(question.channels)}
    return Features(
        [shares.get(name, name) for name in columns],
        np.nan_to_num(np.column_stack(values)),
        rows["back"].to_numpy().astype(np.int64),
        ~later if isinstance(question, Risk) else later,
        int(depth[0]) if len(depth) else -1,
        rows["named"],
    )
