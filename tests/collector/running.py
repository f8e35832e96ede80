"""A door worker under a real uvicorn on a free loopback port, in a thread of the test."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from collector.app import App
from collector.door import Door
from collector.listen import listen, url_of
from collector.metrics import Metrics
from collector.server import DoorServer
from collector.settings import CollectorSettings
from collector.worker import server_config
from sdk_contract.plan import Plan
from warehouse.registry import Key, Registry
from warehouse.segments import Record, scan


def now() -> int:
    return time.time_ns() // 1000


class Announced(DoorServer):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config, door)
        self.serving = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.serving.set()


class Running:
    """The worker that runs: its door, its key, a client for it."""

    def __init__(
        self, door: Door, server: Announced, key: Key, url: str, log: structlog.testing.CapturingLogger
    ):
        self.door, self.server, self.key, self.url, self.log = door, server, key, url, log
        self.client = httpx.Client(base_url=url, auth=(key.secret, ""), timeout=20, trust_env=False)

    def records(self) -> list[Record]:
        """Every record that stands in the journal now."""
        paths = [
            path for path in self.door.settings.journal.glob("*/*") if path.suffix in (".open", ".sealed")
        ]
        found = [record for path in sorted(paths) for record in scan(path.read_bytes())]
        assert all(isinstance(record, Record) for record in found)
        return found  # type: ignore[return-value]


@contextmanager
def running(
    folder: Path,
    *,
    policy: str = "truncate",
    plan_mode: str = "off",
    unplanned: str = "plan",
    privacy: str = "none",
    plan: Plan | None = None,
    **settings: Any,
) -> Iterator[Running]:
    """A worker on `folder`, its journal sealed at the end; `plan` is published for its project, shop."""
    chosen = CollectorSettings(data=str(folder), **settings)
    registry = Registry.open(chosen.registry, now=now)
    if plan is not None:
        registry.publish_plan("shop", plan.version, plan.to_json(), "test")
    rules: dict[str, Any] = {
        "ip_policy": policy,
        "plan_mode": plan_mode,
        "unplanned": unplanned,
        "privacy": privacy,
    }
    key = registry.create_key("shop", **rules)
    registry.close()
    numbers, log = CollectorRegistry(), structlog.testing.CapturingLogger()
    door = Door(chosen, "test-w0", now=now, random=os.urandom, log=log, metrics=Metrics(numbers))
    server = Announced(server_config(App(door, numbers), chosen), door)
    sock = listen("127.0.0.1", 0)
    url = url_of(sock)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    server.serving.wait(20)
    found = Running(door, server, key, url, log)
    try:
        yield found
    finally:
        found.client.close()
        server.told = True
        thread.join(20)
        sock.close()
