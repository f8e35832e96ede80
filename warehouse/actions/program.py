"""`sojourn deliver`: one program a data folder brings actions to their destinations until it is stopped."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import httpx

from warehouse.actions.addresses import read_allowed
from warehouse.actions.delivering import Deliverer, Report
from warehouse.actions.errors import BadAction
from warehouse.actions.sending import Wire
from warehouse.actions.settings import DeliverSettings
from warehouse.actions.telling import MOST, Teller
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.settings import Folders
from warehouse.tls import trusting

_PAUSE_S: Final = 0.25
_TELL_AGAIN_S: Final = 5.0
_DOOR_TIMEOUT_S: Final = 10.0


def deliver(settings: DeliverSettings, *, now: Callable[[], int], report: Report) -> None:
    """Until SIGTERM or SIGINT. BadAction where it runs already on this data folder."""
    folders = Folders(Path(settings.data))
    folders.root.mkdir(parents=True, exist_ok=True)
    with (
        _alone(folders.root / "deliver.lock"),
        closing(Registry.open(folders.registry, now=now)) as registry,
    ):
        asyncio.run(_live(settings, folders, registry, now, report))


async def _live(
    settings: DeliverSettings, folders: Folders, registry: Registry, now: Callable[[], int], report: Report
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    keys = Secrets.open(folders.secrets, now, os.urandom)
    wire = Wire(read_allowed(settings.action_hosts), settings.action_timeout, now)
    deliverer = Deliverer(
        registry, settings, wire, keys.vault, env=os.environ, now=now, dice=random.random, report=report
    )
    verify = trusting(settings.tls_certificate) if settings.tls_certificate else True
    door = httpx.AsyncClient(
        base_url=settings.collector_url, timeout=_DOOR_TIMEOUT_S, trust_env=False, verify=verify
    )
    report("info", "ready", {"data": settings.data})
    async with door:
        telling = asyncio.create_task(_tell(Teller(registry, door), stop, report))
        while not stop.is_set():
            keys.refresh()
            deliverer.turn()
            await deliverer.wait(_PAUSE_S)
        await asyncio.wait([telling, asyncio.create_task(deliverer.finish())], timeout=3.0)
        telling.cancel()
    await wire.close()
    report("info", "stopped", {})


async def _tell(teller: Teller, stop: asyncio.Event, report: Report) -> None:
    """What the door does not take is told later; nothing of it is lost."""
    silent = True
    while not stop.is_set():
        pause = _PAUSE_S
        try:
            told = await teller.tell()
            pause, silent = (0.0 if told == MOST else _PAUSE_S * 4), True
        except httpx.HTTPError as error:
            pause = _TELL_AGAIN_S
            if silent:
                report("warning", "timelines wait", {"error": f"{type(error).__name__}: {error}"[:200]})
            silent = False
        try:
            await asyncio.wait_for(stop.wait(), max(pause, 0.01))
        except TimeoutError:
            continue


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadAction(
                f"sojourn deliver runs already on {path.parent}; stop it or use another --data"
            ) from None
        yield
