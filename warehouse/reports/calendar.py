"""The weeks and months that reports are of."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from warehouse.reports.errors import BadReport

Every = Literal["week", "month"]
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")


class Span(msgspec.Struct, frozen=True):
    """`label`: 2026-W47 or 2026-11; `since` until just before `until`, µs UTC."""

    label: str
    since: int
    until: int


def last_whole(every: Every, timezone: str, now: int) -> Span:
    """The last week (from Monday on) or month that is over at a moment (µs UTC), by the clock of a place."""
    today = datetime.fromtimestamp(now // 1_000_000, zone_of(timezone)).date()
    first = today - timedelta(days=today.weekday()) if every == "week" else today.replace(day=1)
    return _span(every, _begin(every, first - timedelta(days=1)), timezone)


def following(span: Span, timezone: str) -> Span:
    """The week or month right after one."""
    every: Every = "week" if _WEEK.fullmatch(span.label) else "month"
    return _span(every, datetime.fromtimestamp(span.until // 1_000_000, zone_of(timezone)).date(), timezone)


def named(label: str, timezone: str) -> Span:
    """2026-W47 or 2026-11. BadReport for anything else."""
    try:
        if found := _WEEK.fullmatch(label):
            return _span("week", date.fromisocalendar(int(found[1]), int(found[2]), 1), timezone)
        if found := _MONTH.fullmatch(label):
            return _span("month", date(int(found[1]), int(found[2]), 1), timezone)
    except (ValueError, OverflowError):
        pass
    raise BadReport(f"of {label[:20]!r}: a week such as 2026-W47 or a month such as 2026-11 would do")


def zone_of(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadReport(f"timezone {timezone[:40]!r} is not known; Asia/Shanghai would do") from None


def _begin(every: Every, day: date) -> date:
    return day - timedelta(days=day.weekday()) if every == "week" else day.replace(day=1)


def _span(every: Every, first: date, timezone: str) -> Span:
    after = first + timedelta(days=7) if every == "week" else (first + timedelta(days=31)).replace(day=1)
    year, week, _ = first.isocalendar()
    label = f"{year}-W{week:02d}" if every == "week" else f"{first:%Y-%m}"
    return Span(label, _midnight(first, timezone), _midnight(after, timezone))


def _midnight(day: date, timezone: str) -> int:
    return int(datetime.combine(day, time(), zone_of(timezone)).timestamp()) * 1_000_000
