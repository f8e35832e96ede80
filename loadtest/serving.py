"""`serving`: questions asked all the time while Sojourn commits all the time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Final

import msgspec

from loadtest.cockpit import milliseconds
from loadtest.demo import request
from loadtest.drive import Client, answers
from loadtest.errors import ProgramFailed
from loadtest.freshness import schedule
from loadtest.house import House
from loadtest.processes import wait_until
from loadtest.sitting import CLOSED, DEVICES, OPENED, Seen
from loadtest.traffic import Shop
from loadtest.visits import Message, iso
from loadtest.wire import Request, basic
from sdk_contract.errors import SojournError

Clock = Callable[[], int]
Report = Callable[[str], None]
BATCH_EVERY_US: Final = 100_000
_OFTEN: Final = {"SOJOURN_STITCH_EVERY": "0.2", "SOJOURN_STITCH_SHARE": "0.5"}
_GRACE_S: Final = 60.0


class Serving(msgspec.Struct, frozen=True):
    """What the command prints: snapshots committed meanwhile, answers, and those of the roll-up among them,
    errors of the database, answers that no single snapshot can hold, and milliseconds an answer.
    """

    minutes: float
    readers: int
    commits: int
    answers: int
    rolled: int
    lock_errors: int
    torn: int
    p50_ms: float
    p95_ms: float
    told: list[str]


def batch(number: int, run: str, at: int) -> Request:
    """One request, so one commit: devices that are seen nowhere else, each with both events. `at`: µs UTC."""
    messages = []
    for index in range(DEVICES):
        device = f"serving-{run}-{number}-{index}"
        for later, event in enumerate((OPENED, CLOSED)):
            body = {
                "type": "track",
                "event": event,
                "messageId": f"{device}-{later}",
                "anonymousId": device,
                "timestamp": iso(at // 1000 - 2_000 + later * 1_000),
            }
            messages.append(Message(at, f"{device}-{later}", msgspec.json.encode(body)))
    return request(messages, at)


def batches(run: str, since: int) -> Iterator[tuple[int, Request]]:
    for number in count():
        at = since + number * BATCH_EVERY_US
        yield at, batch(number, run, at)


def serving(minutes: float, readers: int, rate: float, work: Path, clock: Clock, report: Report) -> Serving:
    """`sojourn up` under `rate` events a second and ten batches, and so many readers, each a program."""
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="serving-", dir=work) as folder:
        data = Path(folder) / "data"
        with House(data, variables=_OFTEN) as house:
            asyncio.run(answers(house.url, "/health", 60.0, clock))
            return asyncio.run(_served(house, minutes, readers, rate, clock, report))


async def _served(
    house: House, minutes: float, readers: int, rate: float, clock: Clock, report: Report
) -> Serving:
    ended = asyncio.Event()
    driving = asyncio.create_task(_drive(house, rate, ended, clock))
    try:
        await asyncio.to_thread(wait_until, "customers to ask about", lambda: _is_there(house), 120.0)
        before = await asyncio.to_thread(_snapshot, house)
        report(f"serving: {readers} readers ask for {minutes:g} minutes")
        seen = await asyncio.gather(*(_reader(house, minutes * 60, seed) for seed in range(readers)))
        commits = await asyncio.to_thread(_snapshot, house) - before
    finally:
        ended.set()
        await driving
    took = [one for each in seen for one in each.took_ms]
    return Serving(
        minutes=minutes,
        readers=readers,
        commits=commits,
        answers=sum(one.answers for one in seen),
        rolled=sum(one.rolled for one in seen),
        lock_errors=sum(one.locked for one in seen),
        torn=sum(one.torn for one in seen),
        p50_ms=milliseconds([one / 1e3 for one in took], 0.5),
        p95_ms=milliseconds([one / 1e3 for one in took], 0.95),
        told=[text for one in seen for text in one.told][:5],
    )


async def _drive(house: House, rate: float, ended: asyncio.Event, clock: Clock) -> None:
    """The shop's traffic and the batches, until `ended`."""
    since = clock() + 1_000_000
    shop, own = schedule(Shop(2_000), rate, since), batches(f"{since:x}", since)
    headers = basic(house.write_key())
    async with Client(house.url, clock=clock, connections=16, headers=headers) as client:
        client.keep_acks = False
        first = await asyncio.to_thread(next, shop)
        sending = [
            asyncio.create_task(client.pace(lines, until=1 << 62)) for lines in (chain([first], shop), own)
        ]
        await asyncio.wait([asyncio.create_task(ended.wait()), *sending], return_when="FIRST_COMPLETED")
        for one in sending:
            one.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def _reader(house: House, seconds: float, seed: int) -> Seen:
    command = [sys.executable, "-m", "loadtest.sitting", str(house.data), str(seconds), str(seed)]
    program = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, errors = await asyncio.wait_for(program.communicate(), seconds + _GRACE_S)
    except BaseException:
        program.kill()
        raise
    if program.returncode:
        last = (errors.decode().strip().splitlines() or ["no word"])[-1]
        raise ProgramFailed(f"reader {seed}: {last}")
    return msgspec.json.decode(out, type=Seen)


def _is_there(house: House) -> bool:
    house.program.require()
    try:
        with house.lake() as lake:
            return bool(lake.query("SELECT EXISTS (FROM customers)")[0][0])
    except SojournError:
        return False


def _snapshot(house: House) -> int:
    with house.lake() as lake:
        return lake.snapshot()
