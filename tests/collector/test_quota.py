"""What a write key may send, over all the workers of a machine."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from collector.buckets import BURST_SECONDS, Buckets
from collector.quota import LEASE_SECONDS, Quota
from tests.collector.running import running
from warehouse.registry import Key

RATE = 100.0
EVENT = {"event": "Paid", "userId": "u1"}


def key(no: int = 1, rate: float | None = None) -> Key:
    return Key(no, f"k{no}", "shop", f"wk_{no}", "", 0, None, rate=rate)


class Machine:
    """Workers with one clock and one folder; what each let pass."""

    def __init__(self, folder: Path, workers: int, rate: float = RATE) -> None:
        self.now = 1000.0
        self.folder = folder
        self.quotas = [Quota(rate, Buckets(folder / "quotas"), lambda: self.now) for _ in range(workers)]

    def passed(self, worker: int, of: Key, events: int) -> int:
        quota = self.quotas[worker]
        return 0 if quota.debt(of) or quota.charge(of, events) else events


def test_a_quota_refills(tmp_path: Path) -> None:
    one = Machine(tmp_path, 1)
    assert one.passed(0, key(), 200) == 200
    assert one.passed(0, key(), 1) == 1
    assert one.quotas[0].charge(key(), 100) == 1
    assert one.passed(0, key(2), 200) == 200
    one.now += 0.5
    assert one.passed(0, key(), 50) == 50


def test_a_batch_larger_than_the_bucket_passes_and_is_paid_for(tmp_path: Path) -> None:
    one = Machine(tmp_path, 1)
    assert one.passed(0, key(), 1200) == 1200
    assert one.quotas[0].charge(key(), 1) == 10
    assert one.quotas[0].debt(key()) == 10
    assert one.quotas[0].debts() == [pytest.approx(10.0)]
    one.now += 9.9
    assert one.passed(0, key(), 1) == 0
    one.now += 0.2
    assert one.quotas[0].debts() == []
    assert one.passed(0, key(), 1) == 1


@pytest.mark.parametrize("busiest", [0.25, 0.97], ids=["evenly", "unevenly"])
def test_the_workers_share_one_quota(tmp_path: Path, busiest: float) -> None:
    """At twenty times the rate: never more than it, the burst, one batch and the leases; nor much less."""
    machine, dice = Machine(tmp_path, 4), random.Random(7)
    passed, seconds, batch = 0, 20.0, 10
    for _ in range(int(seconds * RATE * 20 / batch)):
        machine.now += batch / (RATE * 20)
        worker = 0 if dice.random() < busiest else dice.randrange(1, 4)
        passed += machine.passed(worker, key(), batch)
    most = RATE * (seconds + BURST_SECONDS) + batch + 4 * RATE * LEASE_SECONDS
    assert RATE * seconds <= passed <= most


def test_a_quota_holds_over_processes(tmp_path: Path) -> None:
    """Three processes take as fast as they can from one bucket, in which two seconds' worth are."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from collector.buckets import Buckets\n"
        "buckets, taken = Buckets(Path(sys.argv[1])), 0.0\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "while (got := buckets.take(3, 50_000.0, 1.0, 4.0, 50.0)) is None or got > 0:\n"
        "    taken += got or 0.0\n"
        "print(taken)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "quotas")]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe) for _ in range(3)]
    assert [one.stdout.readline() for one in started if one.stdout is not None] == ["ready\n"] * 3
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    taken = [float(one.communicate(timeout=60)[0]) for one in started]
    assert 100_000 <= sum(taken) <= 100_001


def test_a_worker_that_is_killed_with_the_lock_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "quotas"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from collector.buckets import Shared\n"
        "with Shared(Path(sys.argv[1]), 8192).lock() as held:\n"
        "    print(held, flush=True)\n"
        "    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    one = Machine(tmp_path, 1)
    assert one.passed(0, key(), 500) == 500
    assert one.passed(0, key(), 500) == 500
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert one.passed(0, key(), 1) == 1
    assert one.quotas[0].charge(key(), 200) == 9, "what passed while the lock was held is owed"


def test_the_rate_of_a_key_comes_before_the_setting(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 1)
    for of, passes in ((key(1, 10.0), False), (key(2, 0.0), True), (key(3, 1e6), True)):
        machine.passed(0, of, 500)
        assert bool(machine.passed(0, of, 500)) is passes, of
    unlimited = Machine(tmp_path / "other", 1, 0.0)
    assert all(unlimited.passed(0, key(), 10**6) for _ in range(3))
    assert unlimited.passed(0, key(9, 1.0), 10)
    assert not unlimited.passed(0, key(9, 1.0), 1)


def test_a_key_of_any_number_has_a_bucket_of_its_own(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 2)
    assert machine.passed(0, key(5), 500)
    for no in (1023, 1024, 5000, 70_000):
        assert machine.passed(0, key(no), 500)
        assert not machine.passed(1, key(no), 500)
    assert not machine.passed(1, key(5), 1)


def test_a_key_in_debt_is_refused_before_its_body_is_read(tmp_path: Path) -> None:
    with running(tmp_path, key_rate=1.0) as door:
        assert door.client.post("/v1/track", json=EVENT).status_code == 200
        assert door.client.post("/v1/batch", json={"batch": [EVENT] * 100}).status_code == 200
        assert door.client.post("/v1/track", json=EVENT).status_code == 429
        unread = door.client.post("/v1/batch", content=b"no JSON at all")
        other = httpx.post(f"{door.url}/v1/track", json={**EVENT, "writeKey": door.key.secret})
    assert [answer.status_code for answer in (unread, other)] == [429, 429]
    assert int(other.headers["retry-after"]) > 60
