"""Times as people and programs write them, as microseconds UTC.

ISO 8601, 2026/11/3, 20261103, 3/11/2026, 2026年11月3日 下午2:05, numbers of Excel, seconds and milliseconds
since 1970. What could be two days is no day unless its order was said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, Literal

from sdk_contract.times import micros
from sdk_contract.verdicts import Reason

Order = Literal["dmy", "mdy"]
_CACHED: Final = 1 << 16
_EXCEL: Final = date(1899, 12, 30)
_EXCEL_DAYS: Final = range(20_000, 80_000)  # 1954 to 2119
_TIME: Final = (
    r"(?:[T\s]*(?P<half>上午|下午|[AaPp][Mm])?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})?[:分]?"
    r"(?P<second>\d{1,2})?秒?(?:\.(?P<part>\d{1,9}))?\s*(?P<after>[AaPp][Mm])?)?"
)
_YEAR_FIRST: Final = re.compile(
    rf"(?P<y>\d{{4}})(?:[-/.]|年\s*)(?P<m>\d{{1,2}})(?:[-/.]|月\s*)(?P<d>\d{{1,2}})日?{_TIME}", re.ASCII
)
_YEAR_LAST: Final = re.compile(rf"(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}){_TIME}", re.ASCII)
_COMPACT: Final = re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
WOULD_DO: Final = "2026-11-03T14:05:00+08:00"
NEEDS_ZONE: Final = "a time with a zone, or --time-zone"


class Unreadable(ValueError):
    """A value that will not do, why, and what would; its text does not quote the value."""

    def __init__(self, reason: Reason, expected: str) -> None:
        super().__init__(expected)
        self.reason, self.expected = reason, expected


class Dates:
    """Reads times. `zone` is that of times which name none; `order` that of day and month."""

    def __init__(self, zone: tzinfo | None, order: Order | None) -> None:
        self._zone, self._order = zone, order
        self._known: dict[str, int] = {}

    def read(self, value: Any) -> int:
        """Microseconds UTC. Unreadable where the value is no time, or could be two."""
        if not isinstance(value, str):
            return self._of_value(value)
        found = self._known.get(value)
        if found is None:
            found = self._of_text(value.strip())
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[value] = found
        return found

    def _of_value(self, value: Any) -> int:
        if isinstance(value, datetime):
            return self._in_zone(value)
        if isinstance(value, date):
            return self._in_zone(_on(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._of_text(repr(value))
        raise Unreadable(Reason.BAD_TIME, WOULD_DO)

    def _of_text(self, text: str) -> int:
        try:
            if _NUMBER.fullmatch(text):
                return self._of_number(text)
            return self._in_zone(self._parsed(text))
        except (ValueError, OverflowError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(Reason.BAD_TIME, WOULD_DO) from None

    def _parsed(self, text: str) -> datetime:
        if text[4:5] == "-":
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        if found := _YEAR_FIRST.fullmatch(text):
            return _moment(found, int(found["y"]), int(found["m"]), int(found["d"]))
        if found := _YEAR_LAST.fullmatch(text):
            return _moment(found, int(found["y"]), *self._month_and_day(int(found["a"]), int(found["b"])))
        return datetime.fromisoformat(text.upper())

    def _month_and_day(self, first: int, second: int) -> tuple[int, int]:
        if self._order is not None:
            return (second, first) if self._order == "dmy" else (first, second)
        if first > 12 >= second:
            return second, first
        if second > 12 or first == second:
            return first, second
        raise Unreadable(Reason.AMBIGUOUS_DATE, "date_order: dmy or mdy in the mapping")

    def _of_number(self, text: str) -> int:
        whole = text.partition(".")[0]
        if len(whole) == 8 and (found := _COMPACT.fullmatch(text)):
            return self._in_zone(_on(date(int(found["y"]), int(found["m"]), int(found["d"]))))
        if len(whole) == 5 and int(whole) in _EXCEL_DAYS:
            seconds = round(float(text) * 86_400_000) / 1_000  # Excel keeps no more than milliseconds
            return self._in_zone(_on(_EXCEL) + timedelta(seconds=seconds))
        units = {10: 1_000_000, 13: 1_000, 16: 1}
        if len(whole) not in units:
            raise Unreadable(Reason.BAD_TIME, WOULD_DO)
        return round(float(text) * units[len(whole)]) if "." in text else int(whole) * units[len(whole)]

    def _in_zone(self, moment: datetime) -> int:
        if moment.tzinfo is None:
            if self._zone is None:
                raise Unreadable(Reason.BAD_TIME, NEEDS_ZONE)
            moment = moment.replace(tzinfo=self._zone)
        return micros(moment.astimezone(UTC))


def _on(day: date) -> datetime:
    """The beginning of a day, of whatever zone."""
    return datetime.combine(day, time.min)


def _moment(found: re.Match[str], year: int, month: int, day: int) -> datetime:
    if found["hour"] is None:
        return _on(date(year, month, day))
    hour, half = int(found["hour"]), (found["half"] or found["after"] or "").lower()
    if half in ("下午", "pm") and hour < 12:
        hour += 12
    if half in ("上午", "am") and hour == 12:
        hour = 0
    part = int((found["part"] or "0").ljust(6, "0")[:6])
    at = time(hour, int(found["minute"] or 0), int(found["second"] or 0), part)
    return datetime.combine(date(year, month, day), at)
