"""Intervals of a time zone as SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from warehouse.insights.asked import Asked
from warehouse.insights.period import Interval

_HOUR: Final = 3_600
SECONDS: Final = {"hour": _HOUR, "day": 86_400, "week": 604_800, "month": 31 * 86_400, "whole": 1 << 40}


class Clock:
    """`local`: when the interval of the event `e` begins, as a local time of `zone`; `begin` and `end`: the
    first and the last of the question; `every`: their length.
    """

    def __init__(self, asked: Asked, every: Interval) -> None:
        self._unit = every
        self.every = "INTERVAL 100 YEAR" if every == "whole" else f"INTERVAL 1 {every.upper()}"
        self.zone = asked.values.bind(_zone(asked, every))
        bind, period = asked.values.bind, asked.period
        self.begin = self._cut(f"make_timestamptz({bind(period.since)})")
        self.end = self._cut(f"make_timestamptz({bind(period.until)} - 1)")
        self.local = self.of("e.timestamp")

    def of(self, moment: str) -> str:
        """When the interval of a moment begins, as a local time."""
        return self.begin if self._unit == "whole" else self._cut(moment)

    def spread(self, rolling: int) -> str:
        """The intervals that look back over the one at `local`."""
        if rolling == 1:
            return "local"
        return f"unnest(generate_series(local, local + {rolling - 1} * {self.every}, {self.every}))"

    def _cut(self, moment: str) -> str:
        local = f"({moment} AT TIME ZONE {self.zone})"
        return local if self._unit == "whole" else f"date_trunc('{self._unit}', {local})"


def local_time(moment: int, timezone: str) -> str:
    """µs UTC as ISO 8601 by the clock of a time zone."""
    return datetime.fromtimestamp(moment // 1_000_000, ZoneInfo(timezone)).isoformat()


def _zone(asked: Asked, every: Interval) -> str:
    """Where clocks are put back an hour comes twice; where they differ by whole hours, UTC's are as good."""
    name = asked.question.timezone
    offset = datetime.fromtimestamp(asked.period.since // 1_000_000, ZoneInfo(name)).utcoffset()
    assert offset is not None
    return "UTC" if every == "hour" and offset.total_seconds() % _HOUR == 0 else name
