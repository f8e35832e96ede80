"""Somebody is erased while real programs run, one of which is killed on the way."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from collector.command import Commands
from loadtest.house import House
from loadtest.leaks import Search
from loadtest.seeded import person as seeded
from warehouse.cli.person import person

pytestmark = pytest.mark.slow
WAIT_S = 90.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    data = tmp_path / "data"
    data.mkdir()
    house = House(data, workers=1)
    house.variables = {**house.variables, "SOJOURN_ERASE_GRACE": "1", "SOJOURN_SNAPSHOT_KEEP": "60"}
    house.write_key()
    with house:
        until(lambda: is_up(house))
        yield house


def is_up(house: House) -> bool:
    try:
        return httpx.get(f"{house.url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def sojourn(house: House, *args: str) -> Any:
    group = Commands("sojourn", commands={"person": person})
    done = CliRunner().invoke(
        group, ["person", *args, "--data", str(house.data), "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_gone_from_every_file_while_everything_runs(house: House) -> None:
    key = house.write_key()
    gone, stays = seeded("gone", Random(1)), seeded("stays", Random(2))

    def send(who: Any, number: int) -> None:
        event = {
            "type": "identify", "messageId": f"{who.case}-{number}", "userId": who.account,
            "anonymousId": f"device-of-{who.case}-{who.card}", "traits": {"email": who.email},
        }  # fmt: skip
        answer = httpx.post(f"{house.url}/v1/batch", json={"batch": [event]}, auth=(key, ""), trust_env=False)
        assert answer.status_code == 200

    for number in range(20):
        send(gone, number)
        send(stays, number)
    house.settle(WAIT_S)
    filed = sojourn(house, "erase", gone.account, "--reason", "asked")
    writer = next(one for one in house.all() if "sessionize" in one.command)
    os.kill(writer.pid, signal.SIGKILL)
    for number in range(20, 25):
        send(gone, number)
        send(stays, number)
    until(lambda: sojourn(house, "status")[0]["done_at"] is not None)
    books = house.settle(WAIT_S)
    assert (books.received, books.stored, books.filtered, books.difference) == (50, 25, 25, 0)
    search = Search([gone, stays])
    for path in sorted(house.data.rglob("*")):
        if path.is_file():
            search.look_at(path, str(path))
    found = {(leak.needle.case, leak.needle.kind) for leak in search.leaks}
    assert {case for case, _ in found} == {"stays"}
    assert ("stays", "email") in found
    assert filed[0]["no"] == 1
