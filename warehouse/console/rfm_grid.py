"""The grid of recency and frequency: how many customers stand in each square, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from warehouse.insights.buyers.rfm import RfmCell
from warehouse.insights.buyers.segments import quintile_segment

SCORES: Final = (5, 4, 3, 2, 1)


class GridCell(msgspec.Struct, frozen=True):
    """Customers with one score of recency and one of frequency.

    `money`: the mean of their scores of value, 1 to 5, null where there are none or no value was asked for;
    `heat`: that, or how many they are, 1 to 9, or 0; `segments`: their names with their customers, the most
    first.
    """

    r: int
    f: int
    customers: int
    share: float
    money: float | None
    heat: int
    segments: Sequence[tuple[str, int]]


def grid(cells: Sequence[RfmCell], *, valued: bool = True) -> list[list[GridCell]]:
    """Five rows by recency, who bought lately first; in each five squares by frequency, 1 to 5. `valued`:
    whether the scores of value mean anything.
    """
    n = sum(one.customers for one in cells)
    found = [[_cell(r, f, n, cells) for f in reversed(SCORES)] for r in SCORES]
    if valued:
        return found
    most = max(one.customers for row in found for one in row)
    return [[_by_number(one, most) for one in row] for row in found]


def totals(cells: Sequence[RfmCell]) -> tuple[list[int], list[int]]:
    """Customers by recency, as the rows stand, and by frequency, as the columns do."""
    rows = [sum(one.customers for one in cells if one.r == r) for r in SCORES]
    return rows, [sum(one.customers for one in cells if one.f == f) for f in reversed(SCORES)]


def _cell(r: int, f: int, n: int, cells: Sequence[RfmCell]) -> GridCell:
    inside = [one for one in cells if (one.r, one.f) == (r, f)]
    customers = sum(one.customers for one in inside)
    if not customers:
        return GridCell(r, f, 0, 0.0, None, 0, ())
    money = sum(one.m * one.customers for one in inside) / customers
    return GridCell(r, f, customers, customers / n, money, round(2 * money) - 1, _named(inside))


def _by_number(one: GridCell, most: int) -> GridCell:
    heat = max(1, round(9 * math.sqrt(one.customers / most))) if one.customers else 0
    return msgspec.structs.replace(one, money=None, heat=heat)


def _named(cells: Sequence[RfmCell]) -> Sequence[tuple[str, int]]:
    found: dict[str, int] = {}
    for one in cells:
        name = quintile_segment(one.r, one.f, one.m)
        found[name] = found.get(name, 0) + one.customers
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))
