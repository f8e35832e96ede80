"""How far back, on the command line: 90m, 6h, 7d, 2w, or a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Since(click.ParamType[int]):
    """A moment as µs UTC where one is named, else as a negative number of µs before now."""

    name = "WHEN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).strip()
        if found := re.fullmatch(r"(\d{1,6})([mhdw])", text.lower()):
            return -int(found[1]) * _SECONDS[found[2]] * 1_000_000
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(
                f"{value!r} is no moment; 90m, 6h, 7d or 2w would do, or 2026-11-21T12:00:00Z", param, ctx
            )
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1_000_000)


def moment_of(since: int | None, now: int) -> int | None:
    """The moment that was meant, µs UTC; None for all time."""
    return now + since if since is not None and since < 0 else since
