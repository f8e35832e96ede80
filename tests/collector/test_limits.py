"""What one sender may take of the door."""

import asyncio

from collector.limits import SlowBodies


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
