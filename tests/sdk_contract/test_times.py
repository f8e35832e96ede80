from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.times import micros, parse_time

SECOND = 1_000_000
FIRST, LAST = datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("9998-01-01")
NOON = 1_795_262_400 * SECOND  # 2026-11-21T12:00:00Z


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-11-21T12:00:00Z", NOON),
        ("2026-11-21T12:00:00z", NOON),
        ("2026-11-21t12:00:00.397z", NOON + 397_000),
        ("2026-11-21T12:00:00.397+00:00", NOON + 397_000),
        ("2026-11-21T12:00:00.123456Z", NOON + 123_456),
        ("2026-11-21T12:00:00.123456789Z", NOON + 123_456),
        ("2026-11-21T20:00:00+08:00", NOON),
        ("2026-11-21T20:00:00+0800", NOON),
        ("2026-11-21 12:00:00", NOON),
        (" 2026-11-21T12:00Z ", NOON),
        ("2026-11-21", NOON - 12 * 3600 * SECOND),
        (1_795_262_400_000, NOON),
        (1_795_262_400, NOON),
        (1_795_262_400.5, NOON + 500_000),
        (1_795_262_400_000_000, NOON),
        ("1795262400000", NOON),
        ("1969-12-31T23:59:59Z", -SECOND),
        ("-1000000000", -1_000_000_000 * SECOND),
        (0, 0),
        ("0001-01-01T00:00:00+23:00", parse_time("0001-01-01T00:00:00Z")),
        ("9999-12-31T23:59:59-23:00", parse_time("9999-12-31T23:59:59Z")),
    ],
)
def test_times_as_sdks_send_them(sent: str | int | float, expected: int) -> None:
    assert parse_time(sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "soon",
        "2026-13-01",
        "2026-11-21T25:00:00Z",
        "2026-11-21T12:00:60Z",
        "12:00",
        "9" * 19,
        "9" * 5000,
        "٣" * 12,
        10**18,
        -(10**30),
        float("nan"),
        float("inf"),
        -(10**11) + 1,
    ],
)
def test_what_is_no_time_is_refused(sent: str | int | float) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time(sent)


def test_the_error_says_what_would_do() -> None:
    with pytest.raises(ValueError, match=r"is no time; ISO 8601 time, or milliseconds since 1970 would do"):
        parse_time(10**18)


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
@settings(max_examples=100, deadline=None)
def test_a_time_survives_being_written_as_iso(moment: datetime) -> None:
    if moment.utcoffset() is None or moment.utcoffset().total_seconds() % 1:  # type: ignore[union-attr]
        return
    assert parse_time(moment.astimezone(UTC).isoformat()) == micros(moment)


@given(st.integers(10**11, 10**14 - 1))
@settings(max_examples=100, deadline=None)
def test_milliseconds_as_number_and_as_digits_are_the_same(count: int) -> None:
    assert parse_time(count) == parse_time(str(count)) == count * 1_000


@given(st.datetimes(FIRST, LAST, timezones=st.timezones() | st.just(UTC)))
@settings(max_examples=100, deadline=None)
def test_microseconds_are_whole_and_none_is_lost(moment: datetime) -> None:
    assert micros(moment) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
