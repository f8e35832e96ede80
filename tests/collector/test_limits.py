"""What one sender may take of the door."""

import asyncio

from collector.limits import Quota, SlowBodies


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
