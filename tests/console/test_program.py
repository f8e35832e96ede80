"""The console as a program: `sojourn console` on a real port."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.collector.test_tls import pair
from warehouse.console.guard import STRICT
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

COMMAND = [sys.executable, "-m", "collector.command", "console"]


@contextmanager
def console(
    data: Path, *options: str, everybody: bool = True, pair: tuple[str, str] = ("", "")
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A running console on a free port, with a client of it; `everybody`: nobody has to sign in; `pair`:
    files of certificate and key, for https.
    """
    command = [*COMMAND, "--data", str(data), "--port", "0", *options]
    certificate, key = pair
    tls = {
        "SOJOURN_TLS_CERTIFICATE": certificate,
        "SOJOURN_TLS_KEY": key,
        "SOJOURN_CONSOLE_NAMES": "shop.lan",
    }
    env = {**os.environ, **tls, "SOJOURN_CONSOLE_OPEN": str(everybody).lower()}
    verify = ssl.create_default_context(cafile=certificate or None)
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    assert program.stderr
    assert program.stdout
    try:
        listening = json.loads(program.stderr.readline())
        url = listening["url"].replace("127.0.0.1", "localhost")
        with httpx.Client(base_url=url, timeout=30, trust_env=False, verify=verify) as client:
            yield program, client
    finally:
        program.kill()
        program.wait()
        program.stderr.close()
        program.stdout.close()


def test_it_is_up_and_ready_before_and_after_the_first_load(tmp_path: Path) -> None:
    with console(tmp_path) as (_, client):
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/ready").json() == {"ready": True, "lake": "not yet"}
        assert "No data yet" in client.get("/find?id=mei", follow_redirects=True).text
        connect(WarehouseSettings(data=str(tmp_path)), read_only=False).close()
        assert client.get("/ready").json() == {"ready": True, "lake": "open"}


def test_a_broken_lake_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "catalog.sqlite").write_bytes(b"not a catalog" * 100)
    with console(tmp_path) as (_, client):
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["ready"] is False
        page = client.get("/customers/c_1")
        assert page.status_code == 500
        assert "Traceback" not in page.text
        assert page.headers["content-security-policy"]


def test_the_first_start_prints_a_password_for_one_login_over_https(tmp_path: Path) -> None:
    with console(tmp_path, everybody=False, pair=pair(tmp_path, "own")) as (program, client):
        assert program.stdout
        found = re.search(r"is (\w+), with the password (\S+) for", program.stdout.readline())
        assert found
        name, password = found.groups()
        assert client.get("/").headers["location"] == "/login"
        page = {"Origin": str(client.base_url).rstrip("/")}
        fields = {"name": name, "password": password}
        entered = client.post("/login", data=fields, headers=page)
        assert entered.headers["location"] == "/"
        kept = entered.headers["set-cookie"].split("; ")
        assert kept[0].startswith("__Host-sojourn_login=")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(kept)
        strict = "strict-transport-security"
        assert client.get("/login", headers={"Host": "shop.lan"}).headers[strict] == STRICT
        assert strict not in client.get("/login").headers
        with pytest.raises(httpx.TransportError):
            httpx.get(str(client.base_url).replace("https", "http"), trust_env=False)
        assert client.get("/").headers["location"] == "/account"
        fields = {"old": password, "new": "two green kettles", "again": "two green kettles"}
        assert client.post("/account/password", data=fields, headers=page).headers["location"] == "/"
        assert client.get("/").status_code == 200
    with console(tmp_path, everybody=False) as (program, _):
        program.terminate()
        assert program.stdout
        assert not program.stdout.read()


# Ctrl-C ends it together with the collector, too: as tests/e2e ends all it starts.
@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_it_ends_while_somebody_looks_at_live_events(tmp_path: Path, number: signal.Signals) -> None:
    with (
        console(tmp_path, "--collector", "http://127.0.0.1:9") as (program, client),
        client.stream("GET", "/live") as stream,
    ):
        shown = stream.iter_lines()
        while next(shown) != "data: down":
            pass
        program.send_signal(number)
        assert all(not line or line.startswith((":", "data:", "event:")) for line in shown)
        assert program.wait(timeout=5) == 0


@pytest.mark.parametrize(
    ("options", "variables", "says"),
    [
        (["--host", "0.0.0.0"], {"SOJOURN_CONSOLE_OPEN": "true"}, "SOJOURN_CONSOLE_OPEN"),
        (["--port", "PORT"], {}, "another program uses it"),
        (["--host", "nowhere.invalid"], {}, "nowhere.invalid"),
        ([], {"SOJOURN_CONSOLE_PROT": "1"}, "did you mean SOJOURN_CONSOLE_PORT?"),
        ([], {"SOJOURN_CONSOLE_PORT": "http"}, "SOJOURN_CONSOLE_PORT='http'"),
    ],
)
def test_what_is_in_the_way_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    variables: dict[str, str],
    says: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with taken_port() as port:
        given = [option.replace("PORT", str(port)) for option in options]
        command = [*COMMAND, "--data", str(tmp_path), *given]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]
