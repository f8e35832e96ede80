"""What shuts the door, for how long, and whether the wait that it names is true."""

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.backlog import Backlog
from collector.gate import LONGEST_WAIT, UNKNOWN_WAIT, Disk, Gate, disk_of
from sdk_contract.verdicts import Reason

SECOND = 1_000_000
MIB = 1 << 20
EMPTY = Disk(20, 100)


def gate() -> Gate:
    return Gate(backlog_limit=1000, disk_watermark=0.85, inflight_limit=100)


def reason(of: Gate) -> Reason | None:
    return of.shut


def backlog_of(**segments: int) -> Backlog:
    return Backlog(segments, None, sum(segments.values()))


def test_an_empty_journal_leaves_the_gate_open() -> None:
    open_gate = gate()
    open_gate.measure(Backlog({}), EMPTY, SECOND)
    assert (open_gate.shut, open_gate.full) == (None, None)


def test_the_disk_watermark_shuts_the_gate() -> None:
    full = gate()
    full.measure(Backlog({}), Disk(849, 1000), SECOND)
    assert reason(full) is None
    full.measure(Backlog({}), Disk(850, 1000), SECOND)
    assert reason(full) is Reason.OVERLOADED
    assert full.full == "the disk is 85% full, the limit is 85%"


def test_the_backlog_shuts_the_gate_until_a_tenth_of_it_is_gone() -> None:
    full = gate()
    full.measure(backlog_of(a=1000), EMPTY, SECOND)
    assert (full.shut, full.retry_after) == (Reason.OVERLOADED, UNKNOWN_WAIT)
    full.measure(backlog_of(b=999), EMPTY, 2 * SECOND)
    assert full.full == "999 bytes wait to be published, the limit is 1000"
    full.measure(backlog_of(c=899), EMPTY, 3 * SECOND)
    assert reason(full) is None
    full.measure(backlog_of(d=999), EMPTY, 4 * SECOND)
    assert reason(full) is None


def test_the_disk_opens_the_gate_when_a_hundredth_of_it_is_free_or_no_journal_is_left() -> None:
    full = Gate(1 << 40, 0.85, 100)
    full.measure(backlog_of(a=400), Disk(8500, 10_000), SECOND)
    full.measure(backlog_of(b=399), Disk(8499, 10_000), 2 * SECOND)
    assert reason(full) is Reason.OVERLOADED
    full.measure(backlog_of(c=300), Disk(8399, 10_000), 3 * SECOND)
    assert reason(full) is None
    full.measure(backlog_of(c=300), Disk(8500, 10_000), 4 * SECOND)
    full.measure(Backlog({}), Disk(8499, 10_000), 5 * SECOND)
    assert reason(full) is None


def test_a_disk_that_others_fill_has_no_known_wait() -> None:
    full = Gate(1 << 40, 0.85, 100)
    for second in range(1, 10):
        full.measure(backlog_of(**{f"s{second}": 10}), Disk(9900, 10_000), second * SECOND)
    assert full.drain_rate == pytest.approx(10)
    assert full.retry_after == UNKNOWN_WAIT


def test_bytes_in_flight_shut_the_gate() -> None:
    full, draining = gate(), gate()
    full.inflight = draining.inflight = 101
    draining.draining = True
    assert (full.shut, draining.shut) == (Reason.OVERLOADED, Reason.DRAINING)


def test_the_disk_has_a_full_part(tmp_path: Path) -> None:
    assert 0 < disk_of(tmp_path).share <= 1


class Drained:
    """A journal that was full, and is published in a simulated time. `gone(second)` says how many segments
    are published by then.
    """

    def __init__(self, gone: Callable[[int], int], segments: int = 400) -> None:
        self.gone, self.segments = gone, segments
        self.gate = Gate(segments * 8 * MIB, 0.85, 100)
        self.waits: list[int] = []

    def run(self) -> list[tuple[int, int]]:
        """(wait that was named, seconds until there was room) of each look until then."""
        second = 0
        while second == 0 or self.gate.shut:
            left = {f"w0/{number}": 8 * MIB for number in range(self.gone(second), self.segments)}
            self.gate.measure(Backlog(left, None, 8 * MIB * len(left)), EMPTY, second * SECOND)
            self.waits.append(self.gate.retry_after)
            second += 1
            assert second < 100_000
        return [(wait, second - 1 - at) for at, wait in enumerate(self.waits[:-1])]


def is_true(wait: int, seconds: int) -> bool:
    known = min(seconds, LONGEST_WAIT)
    return known / 2 - 1 <= wait <= known * 2 + 1


def by_tens(second: int) -> int:
    return 10 * second


def in_bursts(second: int) -> int:
    return 4 * (second // 30)


def slowly(second: int) -> int:
    return second // 10


def unevenly(second: int) -> int:
    return 3 * second - (second * second % 3)


@pytest.mark.parametrize("gone", [by_tens, in_bursts, slowly, unevenly])
def test_the_wait_is_true_within_a_factor_of_two(gone: Callable[[int], int]) -> None:
    named = Drained(gone).run()
    known = [(wait, seconds) for wait, seconds in named if wait != UNKNOWN_WAIT]
    assert len(known) >= 0.5 * len(named) - 5
    assert all(is_true(*one) for one in known), [one for one in known if not is_true(*one)]


def test_a_store_that_is_back_is_measured_within_five_looks() -> None:
    away = 200
    named = Drained(lambda second: 5 * max(second - away, 0)).run()
    assert {wait for wait, _ in named[:away]} == {UNKNOWN_WAIT}
    assert all(is_true(*one) for one in named[away + 5 :])


def test_a_rate_that_jumps_is_followed_within_five_looks() -> None:
    for before, after in ((1, 10), (5, 1)):
        named = Drained(lambda s, b=before, a=after: b * min(s, 10) + a * max(s - 10, 0)).run()  # type: ignore[misc]
        assert all(is_true(*one) for one in named[15:]), named


def test_a_store_that_goes_away_while_the_door_is_shut_ends_what_was_known() -> None:
    drained = Drained(lambda second: 2 * (min(second, 20) + max(second - 220, 0)))
    named = drained.run()
    assert {wait for wait, _ in named[30:220]} == {UNKNOWN_WAIT}
    assert all(is_true(*one) for one in named[226:])
