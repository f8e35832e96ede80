"""Corrected times: true for any clock, in the order that the device's own clock says, within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.enrich.clock import DAY, FIRST_DAY, MINUTE, SECOND, DeviceClock, Moment, moment

NOW = 1_795_298_592_000_000
HOUR, YEAR = 60 * MINUTE, 365 * DAY


@pytest.mark.parametrize(
    ("original", "sent_at", "expected"),
    [
        (None, None, Moment(NOW, "missing", None)),
        (None, NOW + DAY, Moment(NOW, "missing", None)),
        (NOW - 5, None, Moment(NOW - 5, None, 0)),
        (NOW - 5, NOW, Moment(NOW - 5, None, 0)),
        (
            NOW - 30 * DAY,
            NOW - SECOND,
            Moment(NOW - 30 * DAY, None, 0),
        ),  # offline for long, a clock that is right
        (NOW + 10 * MINUTE, NOW + 11 * MINUTE, Moment(NOW - MINUTE, "skewed", -11 * MINUTE)),
        (NOW - 3 * HOUR, NOW - 2 * HOUR, Moment(NOW - HOUR, "skewed", 2 * HOUR)),
        (NOW + 400 * DAY, NOW + 400 * DAY, Moment(NOW, "skewed", -400 * DAY)),
        (
            NOW - 31 * DAY,
            NOW - 30 * DAY,
            Moment(NOW - 31 * DAY, "stale", 0),
        ),  # stored, and sent again much later
        (NOW - 61 * DAY, NOW - 60 * DAY, Moment(NOW - DAY, "skewed", 60 * DAY)),  # a clock that was never set
        (5 * SECOND, 6 * SECOND, Moment(NOW - SECOND, "skewed", NOW - 6 * SECOND)),
        (NOW + DAY, None, Moment(NOW + DAY, None, 0)),
        (NOW + DAY + 1, None, Moment(NOW, "future", -DAY - 1)),
        (NOW + 2 * DAY, NOW, Moment(NOW, "future", -2 * DAY)),
        (FIRST_DAY + 5, NOW + 400 * DAY, Moment(FIRST_DAY, "skewed", -5)),
    ],
)
def test_a_request_that_stands_alone(original: int | None, sent_at: int | None, expected: Moment) -> None:
    assert moment(original, sent_at, NOW, None) == expected


OFFSETS = st.one_of(
    st.integers(-10 * YEAR, 10 * YEAR),
    st.integers(-2 * MINUTE, 2 * MINUTE),
    st.integers(-61 * DAY, -DAY),
    *(st.integers(edge - 40 * SECOND, edge + 40 * SECOND) for edge in (-DAY, -60 * DAY)),
)


@settings(max_examples=300, deadline=None)
@given(OFFSETS, st.integers(0, SECOND // 2), st.lists(st.integers(0, 30 * DAY), min_size=1, max_size=5))
def test_any_clock_is_set_right_to_a_second(offset: int, way: int, ages: list[int]) -> None:
    """The way is stable and the device is heard of twice, more than a minute apart."""
    clock = DeviceClock()
    moment(NOW - HOUR + offset, NOW - HOUR + offset, NOW - HOUR + way, clock)
    for age in ages:
        happened = NOW - age % HOUR
        found = moment(happened + offset, NOW + offset, NOW + way, clock)
        assert abs(found.timestamp - happened) <= SECOND
        assert found.timestamp - found.offset == happened + offset  # type: ignore[operator]


WAYS = st.integers(0, 30 * SECOND)
EVENTS = st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(0, HOUR), WAYS), min_size=2, max_size=40)


@settings(max_examples=500, deadline=None)
@given(OFFSETS, EVENTS, st.randoms(use_true_random=False))
def test_no_two_events_of_a_device_change_places(
    offset: int, events: list[tuple[int, int, int]], order: object
) -> None:
    """Whenever they were sent, however long they were on their way, in whatever order they are looked at."""
    clock = DeviceClock()
    sent = [(NOW + at, NOW + at + wait, NOW + at + wait + way) for at, wait, way in events]
    order.shuffle(sent)  # type: ignore[attr-defined]
    placed = [
        (happened, moment(happened + offset, sending + offset, received, clock).timestamp)
        for happened, sending, received in sent
    ]
    by_device = [at for _, at in sorted(placed)]
    assert by_device == sorted(by_device)


@settings(max_examples=200, deadline=None)
@given(OFFSETS, EVENTS)
def test_times_a_millisecond_apart_stay_apart(offset: int, events: list[tuple[int, int, int]]) -> None:
    clock, placed = DeviceClock(), {}
    for at, wait, way in events:
        happened = NOW + at // 1000 * 1000
        sending = happened + wait
        placed[happened] = moment(happened + offset, sending + offset, sending + way, clock).timestamp
    assert len(set(placed.values())) == len(placed)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30 * DAY), WAYS), min_size=1, max_size=20))
def test_what_happened_offline_keeps_its_own_time(events: list[tuple[int, int]]) -> None:
    clock = DeviceClock()
    moment(NOW, NOW, NOW + SECOND // 10, clock)
    for age, way in events:
        found = moment(NOW - age, NOW, NOW + way, clock)
        assert found == Moment(NOW - age, None, 0)


def test_a_first_request_that_was_slow_is_lived_down() -> None:
    clock = DeviceClock()
    assert moment(NOW, NOW, NOW + 30 * SECOND, clock).timestamp == NOW + 30 * SECOND
    slowed = moment(NOW + 10 * SECOND, NOW + 10 * SECOND, NOW + 10 * SECOND, clock)
    assert slowed == Moment(NOW + 35 * SECOND, "skewed", 25 * SECOND)
    later = NOW + MINUTE
    assert moment(later, later, later, clock) == Moment(later, None, 0)
    assert moment(NOW - SECOND, later, later, clock).timestamp == NOW + 29 * SECOND


def test_a_clock_that_was_set_begins_anew() -> None:
    clock = DeviceClock()
    assert moment(NOW + HOUR, NOW + HOUR, NOW, clock).timestamp == NOW
    assert moment(NOW + MINUTE, NOW + MINUTE, NOW + MINUTE, clock) == Moment(NOW + MINUTE, None, 0)
    ahead = NOW + 2 * MINUTE
    assert moment(ahead + DAY, ahead + DAY, ahead, clock).timestamp == ahead


def test_a_request_stored_and_sent_again_does_not_move_its_device() -> None:
    clock = DeviceClock()
    moment(NOW, NOW, NOW, clock)
    late = NOW + 3 * DAY
    assert moment(NOW + 1, NOW + 2, late, clock) == Moment(NOW + 1, "stale", 0)
    assert moment(NOW + 5, NOW + 5, late + SECOND, clock) == Moment(NOW + 5, "stale", 0)
    assert moment(late, late, late + SECOND, clock) == Moment(late, None, 0)
    assert moment(NOW + 9, NOW + 9, late + 100 * DAY, clock) == Moment(NOW + 9, "stale", 0)


def test_a_clock_that_keeps_saying_the_same_is_believed_to_be_behind() -> None:
    clock, behind = DeviceClock(), 5 * DAY
    assert moment(NOW - behind, NOW - behind, NOW, clock) == Moment(NOW - behind, "stale", 0)
    again = NOW + 2 * MINUTE
    assert moment(again - behind, again - behind, again, clock) == Moment(again, "skewed", behind)
    assert moment(NOW - behind - 1, again - behind, again, clock).timestamp == NOW - behind - 1


def test_a_known_clock_that_was_set_back_is_believed_at_the_second_request() -> None:
    clock = DeviceClock()
    moment(NOW, NOW, NOW, clock)
    assert moment(NOW - HOUR, NOW - HOUR, NOW + SECOND, clock).clock == "stale"
    later = NOW + 2 * MINUTE
    assert moment(later - HOUR, later - HOUR, later, clock) == Moment(later, "skewed", HOUR)


def test_without_a_time_of_sending_the_clock_is_what_it_was() -> None:
    clock = DeviceClock()
    moment(NOW + HOUR, NOW + HOUR, NOW, clock)
    assert moment(NOW + HOUR + 5, None, NOW + MINUTE, clock) == Moment(NOW + 5, "skewed", -HOUR)
