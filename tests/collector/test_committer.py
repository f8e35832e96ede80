"""How the event loop gives jobs to the journal's thread: it waits for quick ones, and for no others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from collector.committer import Committer

PATIENCE, QUICK = 30.0, 0.001


async def run(committer: Committer, job: Callable[[], None]) -> bool:
    """Has a job done; whether its end was told before the loop went on."""
    told = asyncio.Event()
    committer.run(job, told.set)
    at_once = told.is_set()
    await asyncio.wait_for(told.wait(), PATIENCE)
    return at_once


def test_the_loop_waits_for_a_quick_job() -> None:
    async def main() -> list[bool]:
        committer = Committer(quick=PATIENCE)
        found = [await run(committer, lambda: None) for _ in range(3)]
        committer.close()
        return found

    assert asyncio.run(main()) == [True, True, True]


def test_a_disk_that_stalls_does_not_hold_up_the_loop_and_is_not_waited_for_until_it_is_quick() -> None:
    async def main() -> list[bool]:
        committer, asked, leave = Committer(quick=QUICK), threading.Event(), threading.Event()

        def stall() -> None:
            asked.set()
            assert leave.wait(PATIENCE)
            time.sleep(QUICK)

        stalled = asyncio.ensure_future(run(committer, stall))
        assert await asyncio.to_thread(asked.wait, PATIENCE)
        leave.set()
        found = [await stalled, await run(committer, lambda: None)]
        committer._quick = PATIENCE
        found.append(await run(committer, lambda: None))
        committer.close()
        return found

    assert asyncio.run(main()) == [False, False, True]


def test_jobs_are_done_and_told_in_their_order() -> None:
    async def main() -> list[str]:
        committer, done = Committer(quick=0.0), list[str]()
        for name in "abc":
            committer.run(lambda name=name: done.append(name), lambda name=name: done.append(name.upper()))  # type: ignore[misc]
        committer.put(lambda: done.append("d"))
        await committer.result(lambda: done.append("e"))
        await asyncio.sleep(0)
        committer.close()
        return done

    told = asyncio.run(main())
    assert [one for one in told if one.islower()] == list("abcde")
    assert [one for one in told if one.isupper()] == list("ABC")
