"""`sojourn collect` as a real program: it starts, refuses, survives kills, drains."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from collector.folder import is_held
from collector.listen import listen
from tests.collector.programs_run import kept, line_with, listening, pid_of, run, started
from warehouse.registry import Registry


def key_of(data: Path) -> str:
    registry = Registry.open(data / "registry.sqlite", now=lambda: time.time_ns() // 1000)
    secret = registry.create_key("shop").secret
    registry.close()
    return secret


def acknowledged(url: str, key: str, name: str) -> bool:
    """Sends one event again until it is answered 200, as an SDK does; False once the collector is gone."""
    event = {"event": "Paid", "userId": "u", "messageId": name}
    for _ in range(200):
        try:
            answer = httpx.post(f"{url}/v1/track", json=event, auth=(key, ""), timeout=10, trust_env=False)
        except httpx.TransportError:
            continue
        if answer.status_code == 200:
            return True
    return False


def test_a_killed_worker_comes_back_and_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    key, sent, worker = key_of(tmp_path), [], "test-w1"
    with started(
        "collect", "--data", str(tmp_path), "--port", "0", "--workers", "2", SOJOURN_NODE="test"
    ) as collect:
        url = listening(collect)
        done = threading.Event()

        def load(sender: int) -> None:
            number = 0
            while not done.is_set():
                number += 1
                if acknowledged(url, key, f"m-{sender}-{number}"):
                    sent.append(f"m-{sender}-{number}")

        senders = [threading.Thread(target=load, args=(number,)) for number in range(4)]
        for sender in senders:
            sender.start()
        assert acknowledged(url, key, "m-first")
        sent.append("m-first")
        pid = pid_of(collect, worker)
        for round in range(3):
            assert acknowledged(url, key, f"m-round-{round}")
            sent.append(f"m-round-{round}")
            os.kill(pid, signal.SIGKILL)
            assert "program fell" in line_with(collect, f'"name": "{worker}"')
            pid = pid_of(collect, worker)
        for number in range(20):
            assert acknowledged(url, key, f"m-after-{number}")
            sent.append(f"m-after-{number}")
        done.set()
        for sender in senders:
            sender.join()
    found = kept(tmp_path)
    assert len(sent) > 20
    assert set(sent) <= set(found)


def test_stopping_seals_the_journal_and_keeps_everything(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0") as collect:
        url = listening(collect)
        assert acknowledged(url, key, "m-1")
        collect.send_signal(signal.SIGINT)
        assert collect.wait(20) == 0
        rest = (collect.stderr.read() if collect.stderr else "") or ""
    assert "Traceback" not in rest
    assert not list((tmp_path / "journal").glob("*/*.open"))
    assert not [path for path in (tmp_path / "journal").rglob("*lock") if is_held(path)]
    assert kept(tmp_path) == ["m-1"]
    assert not (tmp_path / "run" / "collect.json").exists()


def test_a_second_collector_on_the_same_data_names_folder_and_pid(tmp_path: Path) -> None:
    with started("collect", "--data", str(tmp_path), "--port", "0") as collect:
        listening(collect)
        second = run("collect", "--data", str(tmp_path), "--port", "0")
        assert second.returncode == 1
        runs = f"error: sojourn collect runs already on {tmp_path} (pid {collect.pid}); "
        assert second.stderr == runs + "stop it or use another --data\n"


def test_after_a_kill_of_the_supervisor_the_next_one_takes_over(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0") as first:
        url = listening(first)
        assert acknowledged(url, key, "m-1")
        first.kill()
        first.wait(20)
    port = url.rpartition(":")[2]
    with started("collect", "--data", str(tmp_path), "--port", port) as second:
        assert acknowledged(listening(second), key, "m-2")
    assert sorted(kept(tmp_path)) == ["m-1", "m-2"]


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        refused = run("collect", "--data", str(tmp_path), "--port", port)
    assert refused.returncode == 1
    wanted = f"error: port {port} on 127.0.0.1 is in use by another program; stop it or choose another port\n"
    assert refused.stderr == wanted


@pytest.mark.parametrize("program", ["collect", "up"])
def test_an_unwritable_folder_is_one_line(tmp_path: Path, program: str) -> None:
    (tmp_path / "file").touch()
    refused = run(program, "--data", str(tmp_path / "file" / "data"), "--port", "0")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: the data folder {tmp_path}/file/data cannot be written: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("SOJOURN_TRUSTED_PROXIES", "10.0.0.0/99", "SOJOURN_TRUSTED_PROXIES: '10.0.0.0/99' is not a network"),
        ("SOJOURN_GEO", "/no/geo.mmdb", "SOJOURN_GEO: there is no file '/no/geo.mmdb'"),
        ("SOJOURN_VISITOR_COOKIE", "a;b", "SOJOURN_VISITOR_COOKIE='a;b' will not do"),
        ("SOJOURN_VISITOR_DOMAIN", "https://x", "SOJOURN_VISITOR_DOMAIN='https://x' will not do"),
        ("SOJOURN_WORKRS", "2", "did you mean SOJOURN_WORKERS?"),
        ("SOJOURN_PORT", "eighty", "SOJOURN_PORT"),
    ],
)
def test_a_bad_setting_is_one_line(tmp_path: Path, variable: str, value: str, text: str) -> None:
    refused = run("collect", "--data", str(tmp_path), **{variable: value})
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert text in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_beyond_loopback_it_wants_a_key_first(tmp_path: Path) -> None:
    refused = run("collect", "--data", str(tmp_path), "--port", "0", "--host", "0.0.0.0")
    assert refused.returncode == 1
    assert "there is no write key yet" in refused.stderr
    key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0", "--host", "0.0.0.0") as collect:
        assert httpx.get(f"{listening(collect)}/health", trust_env=False).status_code == 200


def test_metrics_add_up_over_the_workers(tmp_path: Path) -> None:
    stale = tmp_path / "run" / "metrics" / "counter_1.db"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(bytes(1024))
    with started("collect", "--data", str(tmp_path), "--port", "0", "--workers", "2") as collect:
        url = listening(collect)
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        assert not stale.exists()
        assert "sojourn_journal_backlog_bytes" in httpx.get(f"{url}/metrics", trust_env=False).text


def test_tail_prints_what_is_acknowledged(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    with started("collect", "--data", str(tmp_path), "--port", "0") as collect:
        url = listening(collect)
        with started(
            "tail", "--data", str(tmp_path), "--json", "--event", "Paid", "--count", "1", "--from-start"
        ) as tail:
            assert acknowledged(url, key, "m-1")
            assert json.loads(line_with(tail, "m-1", "stdout"))["verdict"] == "ok"
            assert tail.wait(20) == 0


def test_tail_without_a_journal_says_so(tmp_path: Path) -> None:
    refused = run("tail", "--data", str(tmp_path))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "journal") in refused.stderr


def test_an_address_of_nobody_is_one_line(tmp_path: Path) -> None:
    refused = run("collect", "--data", str(tmp_path), "--port", "0", "--host", "no.such.host.invalid")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "no.such.host.invalid" in refused.stderr
