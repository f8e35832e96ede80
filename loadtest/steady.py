"""Requests at a constant rate: how long each takes, counted from the moment at which it was due.

A request that could not be sent in time, because all connections were waiting, has waited since then: a
server that stalls cannot make its own clients stop the clock (coordinated omission).
"""

import asyncio
from collections.abc import Iterator, Mapping
from statistics import quantiles

import msgspec

from loadtest.wire import Address, Connection, connect

_LONGEST_S = 30.0
_BUCKET = 'sojourn_fsync_seconds_bucket{le="'


class Steady(msgspec.Struct, frozen=True):
    """Milliseconds from due to answered; `refused` were not answered 200 (or not at all)."""

    rate: int
    answered: int
    refused: int
    p50_ms: float
    p99_ms: float


class _Run:
    """What the connections of one run share."""

    def __init__(self, requests: Iterator[bytes], rate: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began, number = loop.time() + 0.1, round(rate * seconds)
        self.requests, self.loop = requests, loop
        self.due = (began + index / rate for index in range(number))
        self.took: list[float] = []
        self.refused = 0

    async def send(self, connection: Connection) -> None:
        for due in self.due:
            if (early := due - self.loop.time()) > 0:
                await asyncio.sleep(early)
            answer = await connection.post(next(self.requests), _LONGEST_S)
            self.took.append(self.loop.time() - due)
            self.refused += answer.status != 200


async def steady(
    to: Address, requests: Iterator[bytes], rate: float, seconds: float, connections: int
) -> Steady:
    """Sends complete requests, `rate` a second, over so many connections. Raises ConnectionLost."""
    opened = [await connect(to) for _ in range(connections)]
    run = _Run(requests, rate, seconds)
    try:
        await asyncio.gather(*(run.send(connection) for connection in opened))
    finally:
        for connection in opened:
            connection.close()
    took = quantiles(run.took, n=100)
    return Steady(
        round(rate),
        len(run.took) - run.refused,
        run.refused,
        round(took[49] * 1e3, 1),
        round(took[98] * 1e3, 1),
    )


def fsyncs(metrics: str) -> dict[float, float]:
    """How many fdatasyncs took at most so many seconds, as the door's /metrics says."""
    lines = (line for line in metrics.splitlines() if line.startswith(_BUCKET))
    parts = (line.removeprefix(_BUCKET).split('"} ') for line in lines)
    return {float(bound): float(number) for bound, number in parts}


def quantile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """Seconds below which that share of what came between two looks is; straight lines within buckets."""
    bounds = sorted(after)
    grown = [after[bound] - before.get(bound, 0.0) for bound in bounds]
    wanted = grown[-1] * share
    lower, below = 0.0, 0.0
    for bound, number in zip(bounds, grown, strict=True):
        if number >= wanted and number > below:
            within = (wanted - below) / (number - below)
            return lower if bound == float("inf") else lower + (bound - lower) * within
        lower, below = bound, number
    return 0.0
