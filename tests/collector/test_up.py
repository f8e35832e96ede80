"""`sojourn up`: everything in one command, as a real program and in its parts."""

import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import httpx
import msgspec
import pytest

from collector import up
from collector.command import GROUP
from collector.listen import listen
from collector.settings import CollectorSettings
from tests.collector.programs_run import kept, run, started
from warehouse.registry import Registry


def test_up_says_where_everything_is_and_ends_in_order(tmp_path: Path, free_port: Callable[[], int]) -> None:
    options = ("--data", str(tmp_path), "--port", "0", "--console-port", str(free_port()), "--json")
    with started("up", *options) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        log: list[str] = []
        reader = threading.Thread(target=lambda: log.extend(process.stderr or []))
        reader.start()
        told = json.loads(process.stdout.readline())
        answer = httpx.post(
            f"{told['collector']}/v1/track",
            json={"userId": "u", "event": "Paid", "messageId": "m-1"},
            auth=(told["write_key"], ""),
            trust_env=False,
        )
        assert answer.json()["accepted"] == 1
        second = run("up", *options)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        reader.join()
    assert second.returncode == 1
    runs = (
        f"error: sojourn up runs already on {tmp_path} (pid {process.pid}); stop it or use another --data\n"
    )
    assert second.stderr == runs
    assert told["data"] == str(tmp_path)
    assert "Traceback" not in "".join(log)
    assert kept(tmp_path) == ["m-1"]


def test_up_ends_when_the_collector_cannot_start(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        refused = run("up", "--data", str(tmp_path), "--port", str(port))
    assert refused.returncode == 1
    assert f"error: port {port} on 127.0.0.1 is in use" in refused.stderr
    assert refused.stderr.endswith("error: sojourn collect could not start; its line above says why\n")
    assert "Traceback" not in refused.stderr


def test_what_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "console": "no.such.package:x",
        "sessionize": "collector.no_such:x",
        "collect": "collector.cli:collect",
    }
    entries = EntryPoints(EntryPoint(name, value, GROUP) for name, value in values.items())
    monkeypatch.setattr(up, "entry_points", lambda **wanted: entries.select(**wanted))
    lines: list[tuple[str, str]] = []
    present = up.present(["sessionize", "console", "collect", "demo"], lambda *line: lines.append(line))
    assert present == ["collect"]
    assert [line for _, line in lines] == [
        "sojourn sessionize cannot be started: its module collector.no_such is not installed",
        "sojourn console cannot be started: its module no.such.package is not installed",
        "sojourn demo cannot be started: no package provides that command",
    ]


def test_a_key_is_made_once(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    made = up.write_key(registry, demo=True)
    assert made.project == "demo"
    assert up.write_key(registry, demo=False) == made
    registry.revoke_key(made.id)
    assert up.write_key(registry, demo=False).project == "main"
    registry.close()


def test_later_programs_know_where_the_collector_is(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    key = registry.create_key("shop", secret="wk_a")
    registry.close()
    plan = up.Plan(CollectorSettings(data="/d"), console_port=9, demo=True, console_open=True)
    console, demo = up.later_programs(plan, "http://h:1", key, ["console", "demo"])
    assert ("SOJOURN_CONSOLE_PORT", "9") in console.variables
    assert ("SOJOURN_COLLECTOR_URL", "http://h:1") in console.variables
    assert ("SOJOURN_DATA", "/d") in console.variables
    assert ("SOJOURN_CONSOLE_OPEN", "true") in console.variables
    shut_plan = msgspec.structs.replace(plan, console_open=False)
    shut = up.later_programs(shut_plan, "http://h:1", key, ["console"])
    assert "SOJOURN_CONSOLE_OPEN" not in dict(shut[0].variables)
    assert demo.arguments == ("demo", "--collector", "http://h:1", "--key", "wk_a", "--data", "/d")
    assert (console.once, demo.once) == (False, True)


def test_health_is_asked_past_any_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "http_proxy", "http://127.0.0.1:9")
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        server = threading.Thread(
            target=answer_once, args=(sock, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        )
        server.start()
        assert up.answers(f"http://127.0.0.1:{port}/health")
        server.join()
        server = threading.Thread(
            target=answer_once, args=(sock, b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
        )
        server.start()
        assert not up.answers(f"http://127.0.0.1:{port}/health")
        server.join()
    assert not up.answers(f"http://127.0.0.1:{port}/health")


def answer_once(sock: socket.socket, answer: bytes) -> None:
    client, _ = sock.accept()
    client.recv(1000)
    client.sendall(answer)
    client.close()
