"""What one sender may take of the door."""

import asyncio

from collector.limits import SlowBodies
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason


def test_only_the_waiting_for_a_slow_body_is_ended() -> None:
    async def sweep() -> tuple[BaseException | None, bool]:
        loop, slow = asyncio.get_running_loop(), SlowBodies(10)
        late, early, ended = (loop.create_future() for _ in range(3))
        for arrival, since in ((late, 0.0), (early, 5.0), (ended, 0.0)):
            slow.begin(arrival, since)
        slow.end(ended)
        assert slow.sweep(10.0) == 0
        assert slow.sweep(10.5) == 1
        assert slow.sweep(10.5) == 0
        return late.exception(), early.done() or ended.done()

    refused, others = asyncio.run(sweep())
    assert isinstance(refused, Refused)
    assert (refused.reason, others) == (Reason.SLOW_BODY, False)
