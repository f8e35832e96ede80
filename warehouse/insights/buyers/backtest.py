"""What the lifetime model would have said earlier, beside what came."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from warehouse.insights.buyers.histories import Floats, histories

_MOST_X = 7


class Bought(msgspec.Struct, frozen=True):
    """Customers with so many repeat purchases before (`7+`: seven or more): expected and actual, a head."""

    repeats: str
    customers: int
    expected: float
    actual: float


class Backtest(msgspec.Struct, frozen=True):
    """A model of the days until `split` (the last one that it knew), and the `weeks` that followed.

    `error`: expected over actual purchases less 1, null where there were none; `correlation` of expected and
    actual over customers; values are null where none was asked for or too few bought again.
    """

    split: str
    weeks: float
    customers: int
    expected: float
    actual: int
    error: float | None
    correlation: float | None
    expected_value: float | None
    actual_value: float | None
    value_error: float | None
    by_repeats: list[Bought]


def backtest(rows: pa.Table, split: str, weeks: float, least: int) -> Backtest | None:
    """None where fewer than `least` customers bought, or bought again, before the split."""
    then, there = histories(rows, "early_")
    if len(then.kind) < least or (then.x > 0).sum() < least:
        return None
    wanted = then.expected(then.fit(), weeks)
    actual = rows["later_x"].to_numpy().astype(np.float64)[there]
    worth = rows["later_worth"].cast(pa.float64()).to_numpy()[there]
    valued = then.paying.sum() >= least
    value = float(wanted @ then.values(then.fit_values())) if valued else None
    return Backtest(
        split,
        weeks,
        len(actual),
        float(wanted.sum()),
        int(actual.sum()),
        _error(float(wanted.sum()), float(actual.sum())),
        _correlation(wanted, actual),
        value,
        float(worth.sum()) if valued else None,
        None if value is None else _error(value, float(worth.sum())),
        _by_repeats(then.x, wanted, actual),
    )


def _error(wanted: float, actual: float) -> float | None:
    return wanted / actual - 1 if actual else None


def _correlation(one: Floats, other: Floats) -> float | None:
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else None


def _by_repeats(x: Floats, wanted: Floats, actual: Floats) -> list[Bought]:
    found = []
    for repeats in range(_MOST_X + 1):
        of = x >= _MOST_X if repeats == _MOST_X else x == repeats
        if of.any():
            name = f"{repeats}+" if repeats == _MOST_X else str(repeats)
            found.append(Bought(name, int(of.sum()), float(wanted[of].mean()), float(actual[of].mean())))
    return found
