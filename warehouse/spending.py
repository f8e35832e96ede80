"""A table of what marketing cost, as ad platforms export it: CSV, Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from warehouse.errors import SpendingUnreadable
from warehouse.imports.blocks import Block, Source, open_source
from warehouse.imports.cells import number
from warehouse.imports.dates import Dates, Unreadable
from warehouse.imports.errors import BadImport
from warehouse.registry.costs import Cost

NAMES: Final = ("channel", "source", "medium", "campaign")
_NEEDED: Final = ("day", "cost")
_COLUMNS: Final = (*_NEEDED, "currency", *NAMES)
_CHINESE: Final = {
    "日期": "day", "花费": "cost", "消耗": "cost", "费用": "cost", "币种": "currency", "渠道": "channel",
    "来源": "source", "媒介": "medium", "广告系列": "campaign", "推广计划": "campaign",
}  # fmt: skip
_LONGEST: Final = 400
_MOST_ROWS: Final = 1_000_000


def read_spending(
    path: Path, currency: str | None, encoding: str | None = None, delimiter: str | None = None
) -> list[Cost]:
    """The costs of a file: `day` and `cost`, any of `campaign`, `source`, `medium`, `channel`, and
    `currency`, or the one that is given. Rows of one day and names are added up.

    SpendingUnreadable names the file, the line, the column and what would do.
    """
    try:
        return _summed(_rows(path, open_source(path, encoding, delimiter), currency))
    except BadImport as error:
        raise SpendingUnreadable(str(error)) from None


def _rows(path: Path, source: Source, currency: str | None) -> Iterator[Cost]:
    names = {column: _name(column) for column in source.columns}
    _check_columns(path, [*names.values()], currency)
    dates, done = Dates(UTC, None), 0
    for block in source.blocks():
        if block.bad:
            raise SpendingUnreadable(
                f"{path} line {block.bad[0].row} has more or fewer fields than the header; as many would do"
            )
        done += len(block.rows)
        if done > _MOST_ROWS:
            raise SpendingUnreadable(f"{path} has more than {_MOST_ROWS} rows; a smaller file would do")
        for row, cells in _cells(block, names):
            yield _cost(f"{path} line {row}", cells, currency, dates)


def _name(column: str) -> str:
    bare = column.strip().lower()
    return _CHINESE.get(bare, bare)


def _cells(block: Block, names: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    none = [None] * len(block.rows)
    columns: list[Sequence[Any]] = [block.columns.get(column, none) for column in names]
    for row, *cells in zip(block.rows, *columns, strict=True):
        yield row, dict(zip(names.values(), cells, strict=True))


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


def _cost(place: str, cells: Mapping[str, Any], currency: str | None, dates: Dates) -> Cost:
    texts = {name: "" if cell is None else str(cell).strip() for name, cell in cells.items()}
    if longest := [name for name, text in texts.items() if len(text) > _LONGEST]:
        raise SpendingUnreadable(f"{place}: {longest[0]} is longer than {_LONGEST} letters; fewer would do")
    return Cost(
        day=_day(place, cells["day"], dates),
        currency=_currency(place, texts.get("currency") or currency or ""),
        cost=_number(place, texts["cost"]),
        **{name: texts.get(name, "") for name in NAMES},
    )


def _day(place: str, said: Any, dates: Dates) -> str:
    try:
        return datetime.fromtimestamp(dates.read(said) / 1e6, UTC).date().isoformat()
    except Unreadable:
        raise SpendingUnreadable(f"{place}: day {str(said)!r} is none; 2026-11-21 would do") from None


def _currency(place: str, text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise SpendingUnreadable(f"{place}: currency {text!r} is none; CNY or EUR would do")
    return text.upper()


def _number(place: str, text: str) -> float:
    try:
        found = float(number(text))
    except Unreadable:
        found = -1
    if not 0 <= found < float("inf"):
        raise SpendingUnreadable(f"{place}: cost {text!r} is no amount; 12.50 would do")
    return found


def _summed(costs: Iterator[Cost]) -> list[Cost]:
    sums: dict[Cost, float] = {}
    for one in costs:
        free = msgspec.structs.replace(one, cost=0.0)
        sums[free] = sums.get(free, 0.0) + one.cost
    return [msgspec.structs.replace(free, cost=cost) for free, cost in sums.items()]
