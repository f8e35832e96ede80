"""Spans of days on the command line: 14d, 2w."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

MOST_DAYS = 400
_UNITS = {"d": 1, "w": 7}


def days_of(text: str) -> int:
    """Whole days; ValueError says what would do."""
    found = re.fullmatch(r"(\d{1,4})([dw]?)", text.strip().lower())
    days = int(found[1]) * _UNITS[found[2] or "d"] if found else 0
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"{text!r} is no span of days; 1d to {MOST_DAYS}d would do, or weeks as 2w")
    return days


def _days(context: click.Context, option: click.Parameter, text: str) -> int:
    try:
        return days_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def days_option(*names: str, default: str, help: str) -> Callable[[Any], Any]:
    """An option that takes a span of days."""
    return click.option(*names, metavar="DAYS", default=default, show_default=True, callback=_days, help=help)
