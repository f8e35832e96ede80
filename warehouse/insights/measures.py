"""What a trend measures of events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import Field

_OF: Final = re.compile(r"(sum|avg|min|max|median|p[1-9]\d?) of (.+)", re.DOTALL)


class Measure(msgspec.Struct, frozen=True):
    """`sql`: an aggregate with `{only}` where its FILTER goes; `of`: SQL of the number it is of, or None.

    `empty`: what it is where nothing came.
    """

    sql: str
    of: str | None = None
    empty: str = "NULL"


def measure(text: str, field: Callable[[str], Field], *, rolled: bool = False) -> Measure:
    """BadQuestion where the text is no measure. `rolled`: of rows that are several events each."""
    if text in _COUNTS:
        return (_ROLLED if rolled else _COUNTS)[text]
    found = _OF.fullmatch(text.strip())
    if found is None:
        raise BadQuestion(
            f"measure {text[:60]!r} is not known; {', '.join(_COUNTS)} or sum of properties.price would do"
        )
    how, number = found[1], field(found[2].strip()).number
    if how == "median" or how.startswith("p"):
        share = 0.5 if how == "median" else int(how[1:]) / 100
        return Measure(f"quantile_cont(number, {share}){{only}}", number)
    return Measure(f"{how}(number){{only}}", number, "0" if how == "sum" else "NULL")


_COUNTS: Final = {
    "events": Measure("count(*){only}", empty="0"),
    "units": Measure("count(DISTINCT owner){only}", empty="0"),
    "events_per_unit": Measure("count(*){only} / nullif(count(DISTINCT owner){only}, 0)"),
}
_ROLLED: Final = {
    **_COUNTS,
    "events": Measure("sum(events){only}::BIGINT", empty="0"),
    "events_per_unit": Measure("sum(events){only} / nullif(count(DISTINCT owner){only}, 0)"),
}
