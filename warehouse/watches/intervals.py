"""Hours, days and weeks by the clock of a place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from warehouse.watches.definition import LENGTHS

_HOUR: Final = LENGTHS["hour"]


def begin_of(moment: int, every: str, timezone: str) -> int:
    """When the interval that holds a moment began, µs UTC."""
    zone = ZoneInfo(timezone)
    local = datetime.fromtimestamp(moment // 1_000_000, zone)
    if every == "hour":
        offset = local.utcoffset() or timedelta()
        shift = int(offset / timedelta(microseconds=1)) % _HOUR
        return (moment + shift) // _HOUR * _HOUR - shift
    day = local.date() - timedelta(days=local.weekday() if every == "week" else 0)
    return _midnight(day, zone)


def next_of(begin: int, every: str, timezone: str) -> int:
    """When the interval that began then ends."""
    if every == "hour":
        return begin + _HOUR
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(begin // 1_000_000, zone).date()
    return _midnight(day + timedelta(days=7 if every == "week" else 1), zone)


def intervals(since: int, until: int, every: str, timezone: str) -> Iterator[tuple[int, int]]:
    """The whole intervals from `since` (when one begins) on that end by `until`."""
    at = since
    while (end := next_of(at, every, timezone)) <= until:
        yield at, end
        at = end


def season_of(begin: int, every: str, timezone: str) -> int:
    """Its place in the week by the local clock; weeks have none."""
    if every == "week":
        return 0
    local = datetime.fromtimestamp(begin // 1_000_000, ZoneInfo(timezone))
    return local.weekday() if every == "day" else local.weekday() * 24 + local.hour


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp()) * 1_000_000
