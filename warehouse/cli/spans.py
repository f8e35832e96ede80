"""Spans of days on the command line: 14d, 2w."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

MOST_DAYS = 400
_UNITS = {"d": 1, "w": 7}


class Days(click.ParamType):
    """A number of whole days."""

    name = "DAYS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,4})([dw]?)", str(value).strip().lower())
        days = int(found[1]) * _UNITS[found[2] or "d"] if found else 0
        if not 1 <= days <= MOST_DAYS:
            self.fail(
                f"{value!r} is no span of days; 1d to {MOST_DAYS}d would do, or weeks as 2w", param, ctx
            )
        return days


def days_option(*names: str, default: str, help: str) -> Callable[[Any], Any]:
    """An option that takes a span of days."""
    return click.option(*names, type=Days(), default=default, show_default=True, help=help)
