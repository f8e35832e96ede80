"""What is remembered of devices: bounded, and clicks that repeat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.enrich.clock import MINUTE, SECOND, DeviceClock, Moment, moment
from warehouse.enrich.devices import DeviceClocks

NOW = 1_795_298_592_000_000
ONE, OTHER = ("shop", "a"), ("shop", "b")


def test_each_device_has_a_clock_of_its_own() -> None:
    clocks = DeviceClocks()
    assert clocks.see(ONE, NOW + MINUTE, NOW + MINUTE, NOW)[0][0] == NOW
    assert clocks.see(OTHER, NOW, NOW, NOW) == (Moment(NOW, None, 0), None)
    assert clocks.see(("blog", "a"), NOW, None, NOW)[0] == Moment(NOW, None, 0)
    assert clocks.see(ONE, NOW, None, NOW)[0][2] == -MINUTE


def test_the_devices_heard_of_last_are_remembered() -> None:
    clocks = DeviceClocks(remembered=4)
    for device in (ONE, OTHER, ("shop", "c"), ONE, ("shop", "d"), ("shop", "e")):
        clocks.see(device, NOW + MINUTE, NOW + MINUTE, NOW)
    assert len(clocks) <= 4
    assert clocks.see(ONE, NOW, None, NOW)[0][2] == -MINUTE
    assert clocks.see(OTHER, NOW, None, NOW)[0][2] == 0


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        ([(1, 0, "m1"), (1, SECOND - 1, "m2")], [False, True]),
        ([(1, 0, "m1"), (1, SECOND, "m2")], [False, False]),
        ([(1, 0, "m1"), (2, 100, "m2"), (1, 200, "m3")], [False, False, True]),
        ([(1, 0, "m1"), (1, 600_000, "m2"), (1, 1_200_000, "m3")], [False, True, True]),
        ([(1, 0, "m1"), (1, 0, "m1")], [False, False]),  # the same message, sent again
        ([(1, 0, "m1"), (1, 5, "m2"), (1, 0, "m1"), (1, 5, "m2")], [False, True, False, True]),
        ([(1, 5, "m2"), (1, 0, "m1"), (1, 9, "m3")], [False, False, True]),
        ([(1, 0, "m1"), *((n, 1, f"x{n}") for n in range(2, 12)), (1, 2, "m2")], [False] * 12),
    ],
)
def test_the_same_deed_within_a_second_is_a_repeat(
    clicks: list[tuple[int, int, str]], expected: list[bool]
) -> None:
    clocks = DeviceClocks()
    assert [clocks.see(ONE, NOW + at, NOW, NOW, deed, name)[1] for deed, at, name in clicks] == expected
    assert clocks.see(OTHER, NOW, NOW, NOW, 1, "other")[1] is False


def test_no_more_devices_are_remembered_than_there_is_room_for() -> None:
    clocks = DeviceClocks(remembered=10)
    for turn in range(100):
        clocks.see(("shop", str(turn % 30)), NOW, NOW, NOW)
        assert len(clocks) <= 10


TIMES = st.integers(-2 * MINUTE, 2 * MINUTE)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TIMES, TIMES, st.integers(0, 5 * MINUTE)), max_size=20))
def test_the_short_way_finds_what_the_long_way_finds(events: list[tuple[int, int, int]]) -> None:
    clocks, clock = DeviceClocks(), DeviceClock()
    for original, sent, received in events:
        times = (NOW + original, NOW + sent, NOW + received)
        assert clocks.see(ONE, *times)[0] == moment(*times, clock)
