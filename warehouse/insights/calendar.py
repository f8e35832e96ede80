"""The intervals of a range in its time zone, numbered from 0."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

from warehouse.insights.errors import BadQuestion
from warehouse.insights.period import Period

Every = Literal["hour", "day", "week", "month"]
MOST_INTERVALS: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = 3_600_000_000


class Calendar:
    """Interval 0 is the one that the range begins in, `size` are those that it touches.

    `begins` (µs UTC) goes on for `more` intervals behind, and ends with the end of the last one. A range of
    more than MOST_INTERVALS is a BadQuestion.
    """

    def __init__(self, period: Period, every: Every, more: int = 0) -> None:
        self.period, self.every = period, every
        step = _steps(period, every)
        self.begins = [step(0)]
        for number in count(1):
            self.begins.append(step(number))
            if self.begins[-1] >= period.until:
                break
            if number >= MOST_INTERVALS:
                raise BadQuestion(
                    f"every {every!r} makes more than {MOST_INTERVALS} intervals; a shorter range would do"
                )
        self.size = len(self.begins) - 1
        self.begins += [step(self.size + number) for number in range(1, more + 1)]

    def number(self, moment: str) -> str:
        """SQL: number of the interval that a moment (SQL, µs UTC) lies in; -1 before the first."""
        runs = self._runs()
        cases = [f"WHEN {moment} < {self.begins[0]} THEN -1"]
        for number, following in pairwise(runs):
            cases.append(f"WHEN {moment} < {self.begins[following]} THEN {self._inside(moment, number)}")
        return f"(CASE {' '.join(cases)} ELSE {self._inside(moment, runs[-1])} END)"

    def at(self, number: int) -> str:
        """When the interval begins, ISO 8601 in its time zone."""
        zone = ZoneInfo(self.period.timezone)
        return datetime.fromtimestamp(self.begins[number] // 1_000_000, zone).isoformat()

    def ended(self, moment: int) -> int:
        """How many intervals, from the first one on, have ended by a moment; negative before it."""
        return bisect_right(self.begins, moment) - 1

    def begun(self, moment: int) -> int:
        """How many intervals have begun before a moment."""
        return bisect_right(self.begins, moment - 1)

    def _inside(self, moment: str, number: int) -> str:
        begin = self.begins[number]
        return f"{number} + ({moment} - {begin}) // {self.begins[number + 1] - begin}"

    def _runs(self) -> list[int]:
        """Number of the first interval of each stretch of equal ones: days are not, where clocks change."""
        lengths = [end - begin for begin, end in pairwise(self.begins)]
        return [
            number for number, length in enumerate(lengths) if number == 0 or length != lengths[number - 1]
        ]


def _steps(period: Period, every: Every) -> Callable[[int], int]:
    """When the interval of a number begins, µs UTC."""
    zone = ZoneInfo(period.timezone)
    since = datetime.fromtimestamp(period.since // 1_000_000, zone)
    if every == "hour":
        begin = period.since - (period.since + _micros(since.utcoffset() or timedelta())) % _HOUR
        return lambda number: begin + number * _HOUR
    day = since.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if every == "month":
        first = day.replace(day=1)
        return lambda number: _local(_months_on(first, number), zone)
    days = 7 if every == "week" else 1
    first = day - timedelta(days=day.weekday() if every == "week" else 0)
    return lambda number: _local(first + timedelta(days=days * number), zone)


def _months_on(first: datetime, number: int) -> datetime:
    years, month = divmod(first.month - 1 + number, 12)
    return first.replace(year=first.year + years, month=month + 1)


def _local(moment: datetime, zone: ZoneInfo) -> int:
    return _micros(moment.replace(tzinfo=zone) - _EPOCH)


def _micros(length: timedelta) -> int:
    return int(length / timedelta(microseconds=1))
