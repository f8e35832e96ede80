"""All ids into the lake, some customers at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sessionizer.statements import run
from warehouse.lake import Lake

# The lake sorts what is put in: ten times as much at once takes half as much time again, and the memory.
AT_ONCE: Final = 500_000
_KEYS: Final = 1 << 63


def write_all(lake: Lake, at_once: int = AT_ONCE) -> None:
    """Put the temp table `identity_rows` into `identities`, which is empty."""
    ((rows,),) = lake.query("SELECT count(*) FROM identity_rows")
    for among in _ranges(1 + rows // at_once):
        run(lake, "identity/replace", among=among)


def _ranges(number: int) -> Iterator[str]:
    """So many ranges of customer ids of about one size, as SQL: behind `c_` or `a_` stands a key in hex."""
    bounds = [_KEYS * place // number for place in range(number)]
    for lower, upper in zip(bounds, [*bounds[1:], _KEYS], strict=True):
        yield f"substr(customer_id, 3) >= '{lower:016x}' AND substr(customer_id, 3) < '{upper:016x}'"
