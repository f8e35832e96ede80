"""What the clients of a stop count, and its smallest whole form."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest

from loadtest.leaving import Caller, Leaving, Seen, unready
from loadtest.wire import Address, Request, address
from tests.loadtest.door import Door, listening


def requests() -> Iterator[Request]:
    for number in count():
        yield Request("/v1/batch", b'{"batch":[{"messageId":"m-%d"}]}' % number, (f"m-{number}",))


def test_what_is_sent_and_not_answered_is_a_reset_and_who_is_told_goes_home() -> None:
    faults, reached, seen = ["ok", "lost", "503", "ok"], asyncio.Event(), Seen()

    def fault(number: int) -> str:
        if number >= len(faults):
            reached.set()
            return "cut"
        return faults[number]

    async def call() -> Door:
        door = Door(fault)
        async with listening(door) as url:
            caller = Caller(address(url), seen, requests(), 0.001)
            calling = asyncio.create_task(caller.run())
            await reached.wait()
            caller.told = True
        await calling
        return door

    door = asyncio.run(call())
    assert seen.resets == door.requests - 3
    assert seen.statuses == {200: 2, 503: 1}
    assert seen.acked == Counter(door.acked) == {"m-0": 1, "m-3": 1}
    assert seen.early == 0


def test_nobody_listening_before_the_stop_is_a_fault_and_unready() -> None:
    seen = Seen()

    def told_at_the_third() -> Iterator[Request]:
        for number, request in enumerate(requests()):
            caller.told = number == 2
            yield request

    async def call() -> Address:
        async with listening(Door()) as url:
            pass
        assert await unready(address(url), seen) < 60
        return address(url)

    caller = Caller(asyncio.run(call()), seen, told_at_the_third(), 0.001)
    asyncio.run(caller.run())
    assert (seen.early, seen.resets) == (2, 0)


FIELDS = ("resets", "early", "left", "unpublished", "missing", "doubled")
GOOD = Leaving(2, 9, 0, 0, {"503": 1}, 0.2, {"collect": 3.0, "up": 10.0}, 0, 0, 9, 0, 0)


LATE = {"collect": 1.0, "up": 10.1}
BAD = [*({field: 1} for field in FIELDS), {"acked": 0}, {"unready_s": 1.1}, {"out_s": LATE}]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_it_holds_only_when_no_client_noticed_and_all_was_in_time(change: dict[str, object]) -> None:
    assert GOOD.held
    assert not msgspec.structs.replace(GOOD, **change).held


@pytest.mark.slow
def test_a_stop_of_each_program_is_not_noticed() -> None:
    command = [sys.executable, "-m", "loadtest", "leaving", "--times", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert msgspec.json.decode(done.stdout, type=Leaving).stops == 2
