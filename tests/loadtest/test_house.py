"""How long a run waits for what it has sent to be through."""

from __future__ import annotations

import itertools

from loadtest.house import Standstill


def test_what_gets_less_is_waited_for_however_long_it_takes() -> None:
    ticks = itertools.count(0.0, 4.0)
    standstill = Standstill(10.0, lambda: next(ticks))
    assert not any(standstill.lasts(left) for left in range(1000, 0, -1))


def test_what_stands_still_is_given_up_after_its_time() -> None:
    time = [0.0]
    standstill = Standstill(10.0, lambda: time[0])
    looks = []
    for time[0], left in [(1.0, 50), (9.0, 50), (11.0, 50), (11.5, 49), (21.0, 60), (22.0, 49)]:
        looks.append(standstill.lasts(left))
    assert looks == [False, False, False, False, False, True]
