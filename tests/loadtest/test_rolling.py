"""What the client of the rolling restarts counts, and its smallest whole form."""

import asyncio
import subprocess
import sys

import msgspec
import pytest

from loadtest.errors import GaveUp
from loadtest.rolling import Counting, Rolling
from loadtest.wire import Request
from tests.loadtest.door import Door, listening

BODY = b'{"batch":[{"messageId":"m-%d"}]}'


def counted(faults: list[str]) -> Counting:
    """The client after as many requests as there are faults, each retried until it is answered."""

    async def send() -> Counting:
        door = Door(lambda number: faults[number] if number < len(faults) else "ok")
        async with listening(door) as url, Counting(url, clock=lambda: 0, connections=1) as client:
            for number in range(2):
                await client.send(Request("/v1/batch", BODY % number, (f"m-{number}",)))
            return client

    return asyncio.run(send())


def test_what_ends_before_its_answer_is_a_reset() -> None:
    client = counted(["cut", "ok", "lost"])
    assert (client.resets, client.refused_connections) == (2, 0)
    assert client.statuses == {200: 2}


def test_nobody_listening_is_a_refusal() -> None:
    async def send() -> Counting:
        async with listening(Door()) as url:
            pass
        ticks = iter(range(0, 10_000_000, 400_000))
        client = Counting(url, clock=lambda: next(ticks), patience_s=1.0, first_pause_s=0.01)
        with pytest.raises(GaveUp):
            await client.send(Request("/v1/batch", b"{}", ()))
        return client

    client = asyncio.run(send())
    assert client.refused_connections >= 1
    assert client.resets == 0


@pytest.mark.parametrize(
    ("result", "held"),
    [
        (Rolling(4, 9, 0, 0, {"503": 1}, 9, 0, 0, 0), True),
        (Rolling(4, 9, 1, 0, {}, 9, 0, 0, 0), False),
        (Rolling(4, 9, 0, 1, {}, 9, 0, 0, 0), False),
        (Rolling(4, 9, 0, 0, {}, 9, 1, 0, 0), False),
        (Rolling(4, 9, 0, 0, {}, 9, 0, 1, 0), False),
        (Rolling(4, 9, 0, 0, {}, 9, 0, 0, -1), False),
        (Rolling(4, 9, 0, 0, {}, 0, 0, 0, 0), False),
    ],
)
def test_it_holds_only_when_no_client_noticed(result: Rolling, held: bool) -> None:
    assert result.held is held


@pytest.mark.slow
def test_four_restarts_are_not_noticed() -> None:
    command = [sys.executable, "-m", "loadtest", "rolling", "--restarts", "4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert msgspec.json.decode(done.stdout, type=Rolling).restarts == 4
