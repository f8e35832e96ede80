"""`sojourn deliver` as a program: killed between sending and noting, it sends the same again, and no more."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.warehouse.actions.receiving import Answer, Received, Receiver
from warehouse.actions.keeping import keep_secret
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.settings import Folders

WAIT_S = 60.0


def now() -> int:
    return time.time_ns() // 1000


@contextmanager
def delivering(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = {**os.environ, "SOJOURN_ACTION_HOSTS": "127.0.0.1", "SOJOURN_COLLECTOR_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "collector.command", "deliver", "--data", str(data)]
    program = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def until_sent(registry: Registry, count: int) -> None:
    give_up = time.monotonic() + WAIT_S
    while len(registry.entries(state="sent")) < count:
        assert time.monotonic() < give_up, registry.entries()
        time.sleep(0.05)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = Registry.open(Folders(tmp_path).registry, now=now)
    yield found
    found.close()


def test_a_kill_between_sending_and_noting_repeats_a_key_and_loses_none(
    tmp_path: Path, registry: Registry
) -> None:
    killed: list[int] = []
    programs: list[subprocess.Popen[bytes]] = []

    def answer(got: Received) -> Answer:
        if not killed and programs:
            killed.append(programs[0].pid)
            os.kill(programs[0].pid, signal.SIGKILL)
        return 200, {}, b""

    receiver = Receiver(answer)
    keys = Secrets.open(Folders(tmp_path).secrets, now, os.urandom)
    keep_secret(registry, keys.vault(), "s", "whsec_c2VjcmV0", "test")
    rules = (
        f"destinations:\n  hook: {{kind: webhook, url: '{receiver.url}/h', secret: s}}\n"
        "actions:\n  greet: {when: {tag: keen}, to: hook}\n"
    )
    publish(registry, "shop", read_actions(rules), "test")
    data = msgspec.json.encode({"customer": {"id": "c", "traits": {}}}).decode()
    registry.enter(
        {
            "id": f"act_{number}", "project": "shop", "rule": "greet", "version": 1,
            "customer": f"c_{number}", "entry": number, "found_at": now(), "destination": "hook",
            "state": "waiting", "why": "",
            "data": data, "due_at": now(),
        }
        for number in range(5)
    )  # fmt: skip
    with delivering(tmp_path) as first:
        programs.append(first)
        assert first.wait(WAIT_S) == -signal.SIGKILL
    with delivering(tmp_path):
        until_sent(registry, 5)
    receiver.close()
    came = [got.headers["idempotency-key"] for got in receiver.got]
    assert set(came) == {f"act_{number}" for number in range(5)}
    assert 5 < len(came) <= 10
    assert len({(got.headers["idempotency-key"], got.body) for got in receiver.got}) == 5


def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path, registry: Registry) -> None:
    with (tmp_path / "deliver.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "collector.command", "deliver", "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 1
    assert "runs already" in done.stderr
    assert "Traceback" not in done.stderr
