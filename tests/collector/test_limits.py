"""What shuts the door, and for how long."""

import asyncio
from pathlib import Path

import pytest

from collector.limits import UNKNOWN_WAIT, Backlog, Gate, Quota, SlowBodies, disk_used, read_backlog
from sdk_contract.verdicts import Reason

SECOND = 1_000_000


def gate() -> Gate:
    return Gate(backlog_limit=1000, disk_watermark=0.85, inflight_limit=100)


def test_an_empty_journal_leaves_the_gate_open() -> None:
    open_gate = gate()
    open_gate.measure(Backlog({}), 0.2, SECOND)
    assert (open_gate.shut, open_gate.full) == (None, None)


def test_the_disk_watermark_shuts_the_gate() -> None:
    full = gate()
    full.measure(Backlog({}), 0.85, SECOND)
    assert full.shut is Reason.OVERLOADED
    assert full.full == "the disk is 85% full, the limit is 85%"


def test_the_backlog_shuts_the_gate_and_opens_it_again() -> None:
    full = gate()
    full.measure(Backlog({"w0/1": 1200}), 0.2, SECOND)
    assert (full.shut, full.retry_after) == (Reason.OVERLOADED, UNKNOWN_WAIT)
    full.measure(Backlog({"w0/2": 900}), 0.2, 2 * SECOND)
    assert full.shut is None


def test_the_wait_comes_from_the_measured_drain_rate() -> None:
    full = gate()
    full.measure(Backlog({"w0/1": 100, "w0/2": 5000}), 0.2, SECOND)
    full.measure(Backlog({"w0/2": 5000}), 0.2, 2 * SECOND)
    assert full.drain_rate == pytest.approx(30)
    assert full.retry_after == 134  # 4,000 bytes too many at 30 bytes a second


def test_bytes_in_flight_shut_the_gate() -> None:
    full, draining = gate(), gate()
    full.inflight = draining.inflight = 101
    draining.draining = True
    assert (full.shut, draining.shut) == (Reason.OVERLOADED, Reason.DRAINING)


def test_the_backlog_is_what_the_folders_hold(tmp_path: Path) -> None:
    for name, size in (("w0/1-1.open", 5), ("w0/1-2.sealed", 7), ("w1/1-1.sealed", 1), ("w0/lock", 9)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    backlog = read_backlog(tmp_path)
    assert backlog.segments == {"w0/1-1": 5, "w0/1-2": 7, "w1/1-1": 1}
    assert backlog.size == 13
    assert backlog.oldest == min(
        int((tmp_path / n).stat().st_mtime * 1000) for n in ("w0/1-2.sealed", "w1/1-1.sealed")
    )


def test_the_disk_has_a_full_part(tmp_path: Path) -> None:
    assert 0 < disk_used(tmp_path) <= 1


def test_a_quota_refills() -> None:
    quota = Quota(10)
    assert quota.wait(1, 20, 0.0) == 0
    assert quota.wait(1, 5, 0.0) == 1
    assert quota.wait(2, 5, 0.0) == 0
    assert quota.wait(1, 5, 0.5) == 0
    assert quota.wait(1, 20, 0.5) == 2


def test_a_batch_larger_than_the_quota_passes_when_it_is_full() -> None:
    quota = Quota(10)
    assert quota.wait(1, 500, 0.0) == 0
    assert quota.wait(1, 1, 0.0) == 49


def test_no_rate_is_no_limit() -> None:
    assert Quota(0).wait(1, 10**9, 0.0) == 0


def test_a_slow_body_is_cut_and_known_as_ours() -> None:
    async def read() -> list[str]:
        slow, seen = SlowBodies(10), list[str]()

        async def body(since: float) -> None:
            task = asyncio.current_task()
            assert task is not None
            slow.begin(task, since)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cut" if slow.was_cut(task) else "cancelled")

        tasks = [asyncio.ensure_future(body(since)) for since in (0.0, 5.0)]
        await asyncio.sleep(0)
        assert slow.sweep(10.0) == 0
        assert slow.sweep(10.5) == 1
        await tasks[0]
        tasks[1].cancel()
        await tasks[1]
        return seen

    assert asyncio.run(read()) == ["cut", "cancelled"]
