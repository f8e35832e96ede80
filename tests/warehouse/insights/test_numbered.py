"""Places of keys, and whose moments on shared devices are, against plain Python."""

import random

import numpy as np
import pytest

from warehouse.insights.roster import Roster, Strays
from warehouse.insights.stays import Sessions, Stays

OWN = np.array([0, 1, 2, 0], np.int32)  # the device 3 is that of customer 0


def stays(*sessions: tuple[int, int, int, int]) -> Stays:
    """Of sessions by place of the device and of the visitor, first and last moment."""
    device, visitor, begins, ends = np.array(sessions, np.int64).reshape(-1, 4).T
    return Stays(Sessions(device.astype(np.int32), visitor.astype(np.int32), begins, ends), OWN)


def owners(found: Stays, device: int, *moments: int) -> list[int]:
    places = np.full(len(moments), device, np.int32)
    return found.owners(places, np.array(moments, np.int64), OWN[places]).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("spread", [1 << 3, 1 << 30, (1 << 63) - 1])
@pytest.mark.parametrize("size", [0, 1, 500])
def test_a_key_has_its_place_or_none(spread: int, size: int) -> None:
    random_ = random.Random(size)
    held = sorted({random_.randrange(spread) for _ in range(size)})
    asked = [*held, *(random_.randrange(spread) for _ in range(200)), -1, 0, (1 << 63) - 2]
    expected = [held.index(key) if key in held else -1 for key in asked]
    assert Roster(np.array(held, np.int64)).places(np.array(asked, np.int64)).tolist() == expected


def test_a_stray_has_a_number_of_its_own() -> None:
    strays = Strays(2)
    first = strays.numbers(np.array([7, -4, 7], np.int64)).tolist()
    again = strays.numbers(np.array([-4, 8], np.int64)).tolist()
    assert first[0] == first[2]
    assert first[1] == again[0]
    assert len({0, 1, *first, *again}) == 5
    assert max(*first, *again) < strays.count


def test_a_visit_is_the_visitors_and_the_rest_the_devices() -> None:
    found = stays((0, 0, 1, 4), (0, 1, 10, 20), (0, 2, 30, 30), (3, 0, 5, 50))
    assert owners(found, 0, 4, 9, 10, 20, 21, 30, 31, 99) == [0, 0, 1, 1, 0, 2, 0, 0]
    assert found.shared(np.array([0, 1, 3, -1], np.int32)).tolist() == [True, False, False, False]
    assert not found.meets


def test_a_moment_that_two_sessions_share_is_nobodys_yet() -> None:
    found = stays((0, 1, 10, 20), (0, 0, 20, 30), (0, 2, 30, 40))
    assert found.meets
    assert owners(found, 0, 19, 20, 29, 30, 31, 40) == [1, 0, 0, 0, 2, 2]


def test_a_visit_that_began_before_what_is_asked() -> None:
    found = stays((0, 2, -9, 0), (0, 1, -5, 3))
    assert owners(found, 0, 0, 3, 4) == [1, 1, 0]
    assert owners(stays((0, 2, -9, 0), (0, 0, 0, 9)), 0, 0, 1) == [0, 0]


def test_sessions_of_ids_that_are_no_longer_there() -> None:
    found = stays((-1, 1, 1, 5), (0, -1, 1, 5))
    assert not found.shared(np.arange(-1, 4, dtype=np.int32)).any()
