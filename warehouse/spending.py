"""A table of what marketing cost, as ad platforms export it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Final

import msgspec

from warehouse.errors import SpendingUnreadable
from warehouse.registry.costs import Cost

NAMES: Final = ("channel", "source", "medium", "campaign")
_NEEDED: Final = ("day", "cost")
_COLUMNS: Final = (*_NEEDED, "currency", *NAMES)
_LONGEST: Final = 400
_MOST_ROWS: Final = 1_000_000


def read_spending(path: Path, currency: str | None) -> list[Cost]:
    """The costs of a CSV file (UTF-8, a header): `day` and `cost`, any of `campaign`, `source`, `medium`,
    `channel`, and `currency`, or the one that is given. Rows of one day and names are added up.

    SpendingUnreadable names the file, the line, the column and what would do.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _summed(_rows(path, csv.DictReader(file), currency))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpendingUnreadable(f"cannot read {path}: {error}; a CSV file in UTF-8 would do") from error


def _rows(path: Path, reader: csv.DictReader[str], currency: str | None) -> Iterator[Cost]:
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    _check_columns(path, columns, currency)
    reader.fieldnames = columns
    for number, row in enumerate(reader, 2):
        if number > _MOST_ROWS:
            raise SpendingUnreadable(f"{path} has more than {_MOST_ROWS} rows; a smaller file would do")
        yield _cost(f"{path} line {number}", row, currency)


def _check_columns(path: Path, columns: list[str], currency: str | None) -> None:
    needed = [*_NEEDED, *(["currency"] if currency is None else [])]
    if missing := [name for name in needed if name not in columns]:
        given = "" if "currency" not in missing else ", or --currency for all rows"
        raise SpendingUnreadable(
            f"{path} has no column {missing[0]!r}; {', '.join(_COLUMNS)} would do{given}"
        )
    if unknown := [name for name in columns if name not in _COLUMNS]:
        raise SpendingUnreadable(f"{path} has a column {unknown[0][:60]!r}; {', '.join(_COLUMNS)} would do")
    if not set(NAMES) & set(columns) or len(set(columns)) < len(columns):
        raise SpendingUnreadable(f"{path} has to have each column once, and one of {', '.join(NAMES)}")


def _cost(place: str, row: Mapping[str | None, str | None], currency: str | None) -> Cost:
    if None in row or None in row.values():
        raise SpendingUnreadable(f"{place} has more or fewer fields than the header; as many would do")
    texts = {str(name): (text or "").strip() for name, text in row.items()}
    if longest := [name for name, text in texts.items() if len(text) > _LONGEST]:
        raise SpendingUnreadable(f"{place}: {longest[0]} is longer than {_LONGEST} letters; fewer would do")
    return Cost(
        day=_day(place, texts["day"]),
        currency=_currency(place, texts.get("currency") or currency or ""),
        cost=_number(place, texts["cost"]),
        **{name: texts.get(name, "") for name in NAMES},
    )


def _day(place: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SpendingUnreadable(f"{place}: day {text!r} is none; 2026-11-21 would do") from None


def _currency(place: str, text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise SpendingUnreadable(f"{place}: currency {text!r} is none; CNY or EUR would do")
    return text.upper()


def _number(place: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not (isfinite(found) and found >= 0):
        raise SpendingUnreadable(f"{place}: cost {text!r} is no amount; 12.50 would do")
    return found


def _summed(costs: Iterator[Cost]) -> list[Cost]:
    sums: dict[Cost, float] = {}
    for one in costs:
        free = msgspec.structs.replace(one, cost=0.0)
        sums[free] = sums.get(free, 0.0) + one.cost
    return [msgspec.structs.replace(free, cost=cost) for free, cost in sums.items()]
