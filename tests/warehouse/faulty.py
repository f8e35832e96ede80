"""Four weeks of made-up events, quiet and regular, and faults that can be planted in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from tests.warehouse.lakes import DAY, HOUR, NOON, Row, event

END = datetime.fromtimestamp(NOON / 1e6, UTC)
TODAY = END.date()
DAYS = 28
A_DAY = {"Viewed": 120, "Ordered": 60, "Searched": 80, "Signed Up": 40, "Played": 60, None: 100}
PROPERTIES: dict[str | None, dict[str, Any]] = {
    "Viewed": {"product_id": "P-1", "price": 9.5, "color": "red"},
    "Ordered": {"order_id": "O-1", "total": 120, "coupon": None},
    None: {"path": "/p"},
}


def quiet(days: int = DAYS) -> list[Row]:
    """Rows of every day from `days` ago until noon; half as many on Saturdays and Sundays, and some noise."""
    rng, numbers = Random(9), count()
    return [
        one(f"m-{next(numbers)}", name, at)
        for back in range(days, -1, -1)
        for name, usual in A_DAY.items()
        for at in moments(rng, back, usual)
        if at <= NOON
    ]


def moments(rng: Random, back: int, usual: int) -> Iterator[int]:
    midnight = NOON - NOON % DAY - back * DAY
    weekend = day_before(back).weekday() >= 5
    for _ in range(round(usual * (0.5 if weekend else 1.0) * rng.uniform(0.9, 1.1))):
        yield midnight + int(rng.random() * DAY)


def one(message_id: str, name: str | None, at: int, **changes: Any) -> Row:
    """A track call `name`, or where that is None a page call, received two seconds after it happened."""
    return event(
        message_id,
        type="track" if name else "page",
        event=name or "Home",
        timestamp=at,
        received_at=at + 2_000_000,
        library_name="analytics.js",
        library_version="1.0",
        properties=json.dumps(PROPERTIES.get(name, {})),
        **changes,
    )


def day_before(back: int) -> date:
    return TODAY - timedelta(back)


def ago(row: Row) -> int:
    """How many days before today a row happened."""
    return (TODAY - datetime.fromtimestamp(row["timestamp"] / 1e6, UTC).date()).days


def every(rows: list[Row], name: str | None, back: range, share: float, **changes: Any) -> Iterator[Row]:
    """The rows of one name on some days with a share of them changed; a change of None drops the row."""
    seen = count(1)
    for row in rows:
        if (row["event"] if row["type"] == "track" else None) == name and ago(row) in back:
            number = next(seen)
            if int(number * share) > int((number - 1) * share):
                if not changes:
                    continue
                row = row | {key: value(row) if callable(value) else value for key, value in changes.items()}
        yield row


def with_property(name: str, value: Any) -> Callable[[Row], str]:
    """Another value for one property; `...` takes it away."""

    def changed(row: Row) -> str:
        properties = {key: kept for key, kept in json.loads(row["properties"]).items() if key != name}
        return json.dumps(properties if value is ... else properties | {name: value})

    return changed


def more(name: str, back: int, times: int, **changes: Any) -> list[Row]:
    """New rows of one name within the hour from 10:00 of a day."""
    start = NOON - 2 * HOUR - back * DAY
    return [
        one(f"more-{name}-{back}-{number}", name, start + number * HOUR // times, **changes)
        for number in range(times)
    ]
