"""From when to when a question asks, and the intervals in between."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from warehouse.insights.errors import BadQuestion

Interval = Literal["hour", "day", "week", "month", "whole"]

_BACK: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPAN: Final = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS: Final = {"s": 1, **_BACK}
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_S: Final = 3_660 * 86_400


class Period(msgspec.Struct, frozen=True):
    """From `since` on until just before `until`, µs UTC; days begin in `timezone`."""

    since: int
    until: int
    timezone: str


def period(since: str, until: str | None, timezone: str, now: int) -> Period:
    """What these texts mean at a moment (µs UTC).

    A span such as 30d counts back from `until`, to the beginning of its day where it is of days; a day means
    the whole of it; a moment is ISO 8601, in `timezone` where it names none. BadQuestion names the field.
    """
    zone = _zone(timezone)
    end = now if until is None else _moment("until", until, zone, end=True)
    if found := _SPAN.fullmatch(since.strip()):
        begin = _back(found, end, zone)
    else:
        begin = _moment("since", since, zone, end=False)
    if begin >= end:
        raise BadQuestion(
            f"since {since!r} is not before until {until or 'now'!r}; an earlier day or moment would do"
        )
    return Period(begin, end, timezone)


def span(field: str, text: str) -> int:
    """A length of time in µs: 30m, 24h, 7d, 2w. BadQuestion names the field."""
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST_S:
        raise BadQuestion(f"{field} {text[:40]!r} is no length of time; 30m, 24h, 7d or 2w would do")
    return seconds * 1_000_000


def _back(found: re.Match[str], end: int, zone: ZoneInfo) -> int:
    before = end - int(found[1]) * _SECONDS[found[2]] * 1_000_000
    if found[2] not in "dw":
        return before
    local = datetime.fromtimestamp(before // 1_000_000, zone)
    return _micros(datetime.combine(local.date(), time(), zone))


def _moment(field: str, text: str, zone: ZoneInfo, *, end: bool) -> int:
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=end)
            return _micros(datetime.combine(day, time(), zone))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadQuestion(
            f"{field} {text[:40]!r} is no time; 2026-11-21, 2026-11-21T12:00:00Z or 30d would do"
        ) from None
    return _micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _micros(moment: datetime) -> int:
    if moment < _EARLIEST:
        raise BadQuestion(f"{moment.isoformat()} is before 1970; a later day would do")
    return int((moment - _EARLIEST) / timedelta(microseconds=1))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadQuestion(f"timezone {name[:60]!r} is not known; Asia/Shanghai or UTC would do") from None
