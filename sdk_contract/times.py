"""Times as SDKs send them, read into whole microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

EXPECTED = "ISO 8601 time, or milliseconds since 1970"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EDGES = (1, 9999)
# A count below a limit is in that unit: seconds reach to the year 5138, milliseconds back to 1973, and so on.
_UNITS = ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))


def parse_time(value: str | int | float) -> int:
    """Returns microseconds since 1970 UTC; raises ValueError for what is no time.

    Takes ISO 8601 with `Z` or an offset (UTC when it has none), and counts since 1970, also as digits in a
    text: their size tells seconds, milliseconds and microseconds apart.
    """
    if isinstance(value, str):
        return _parse_text(value.strip())
    return _parse_count(value)


def micros(moment: datetime) -> int:
    """Returns microseconds since 1970 of a datetime; one without a zone is taken as UTC.

    So is one in the first or last year of the calendar, which an offset could carry beyond it.
    """
    if moment.tzinfo is not UTC and (moment.tzinfo is None or moment.year in _EDGES):
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds  # in half the time of `//`


def _parse_text(text: str) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) > 8:
        return _parse_count(int(text)) if len(digits) < 20 else _refuse(text)
    try:
        return micros(datetime.fromisoformat(text.upper()))  # RFC 3339 has a small z too
    except ValueError:
        return _refuse(text)


def _parse_count(value: int | float) -> int:
    for limit, factor in _UNITS:
        if abs(value) < limit:
            return _within_calendar(round(value * factor))
    return _refuse(value)


def _within_calendar(count: int) -> int:
    try:
        _EPOCH + count * _MICROSECOND
    except OverflowError:
        _refuse(count)
    return count


def _refuse(value: object) -> int:
    raise ValueError(f"{str(value)[:40]!r} is no time; {EXPECTED} would do")
