"""`sojourn collect`: one socket, N door workers, one sink; what falls is started again.

Told by SIGHUP, it replaces them one at a time, so that new code and certificates are taken without a pause.

Stopping: the socket closes, the workers answer what is in flight and seal, then the sink publishes.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import gethostname

import msgspec

from collector.cores import Cores, shares
from collector.errors import CannotStart
from collector.folder import held, make_writable, wait_released
from collector.geo import database, unpack_shipped
from collector.listen import is_loopback, listen, url_of
from collector.programs import Program, Report, Running, reloading, stop_all, termination
from collector.settings import CollectorSettings, node_name, worker_name
from collector.visitor import visitors
from collector.websdk import scripts
from collector.workers import Workers
from sdk_contract.peers import networks
from warehouse.registry import Registry
from warehouse.tls import serving

# What the workers leave of the seconds in which all must be gone is the sink's: something may wait for it.
GONE, SINK_STOP = 8.5, 2.0
PREVIOUS_DRAIN = 9.0


def refuse_open_door(settings: CollectorSettings, registry: Registry) -> None:
    """CannotStart for an address beyond this machine while no write key exists."""
    if is_loopback(settings.host) or any(key.revoked_at is None for key in registry.keys()):
        return
    raise CannotStart(
        f"host {settings.host} can be reached from other machines, and there is no write key yet; "
        "make one first: sojourn key create --project NAME"
    )


def refuse_bad_settings(settings: CollectorSettings, now: Callable[[], int]) -> None:
    """What the workers would refuse, told once and before they start."""
    serving(settings.tls_certificate, settings.tls_key, now)
    networks(settings.trusted_proxies)
    visitors(settings)
    scripts(settings.sdk_path)
    shares(settings)
    path = database(settings.geo, settings.run)
    if settings.geo and path is not None and not path.is_file():
        raise CannotStart(
            f"SOJOURN_GEO: there is no file {settings.geo!r}; a path of a .mmdb, or off, would do"
        )


def clean_run(folder: Path) -> None:
    """Empties the folder through which the workers share their metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)


def child_variables(settings: CollectorSettings) -> tuple[tuple[str, str], ...]:
    """What gives a child the same settings as ours, options of the command line included."""
    names = ("data", "node", "host", "port", "workers", "landing")
    chosen = ((f"SOJOURN_{name.upper()}", str(getattr(settings, name))) for name in names)
    return tuple(pair for pair in chosen if pair[1])


def worker_program(
    settings: CollectorSettings, node: str, sock: socket.socket, cores: Callable[[int], Cores], number: int
) -> Program:
    variables = (*child_variables(settings), ("PROMETHEUS_MULTIPROC_DIR", str(settings.metrics)))
    name = worker_name(node, number)
    arguments = ("--fd", str(sock.fileno()), "--name", name)
    return Program(
        name, "collector.worker", arguments, variables, sockets=(sock.fileno(),), cores=cores(number)
    )


def announce(settings: CollectorSettings, sock: socket.socket) -> dict[str, object]:
    """Writes data/run/collect.json, where others find the address; returns its content."""
    secure = bool(settings.tls_certificate)
    state: dict[str, object] = {"pid": os.getpid(), "url": url_of(sock, secure), "workers": settings.workers}
    path = settings.run / "collect.json"
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(msgspec.json.encode(state))
    fresh.replace(path)
    return state


async def supervise(settings: CollectorSettings, sock: socket.socket, report: Report) -> None:
    """Runs workers and sink until SIGTERM or SIGINT, then stops them in order; SIGHUP replaces them."""
    told, again = termination(), reloading()
    node, of = node_name(settings, gethostname()), shares(settings)
    sink = Running(
        Program("sink", "collector.sink", variables=child_variables(settings), cores=of.others), report
    )
    workers = Workers(settings, partial(worker_program, settings, node, sock, of.of_worker), report)
    report("listening", announce(settings, sock))
    reload = asyncio.ensure_future(reload_forever(again, workers, sink))
    await told.wait()
    clock = asyncio.get_running_loop().time
    gone_by = clock() + GONE
    reload.cancel()
    report("stopping", {})
    sock.close()
    await workers.stop()
    await stop_all([sink], max(SINK_STOP, gone_by - clock()))
    (settings.run / "collect.json").unlink(missing_ok=True)


async def reload_forever(again: asyncio.Event, workers: Workers, sink: Running) -> None:
    """Replaces workers and sink each time that `again` is set; what is set meanwhile counts once."""
    while True:
        await again.wait()
        again.clear()
        await workers.replace()
        sink.renew()


def collect(settings: CollectorSettings, report: Report, now: Callable[[], int]) -> None:
    """The whole life of `sojourn collect`; CannotStart says in one line why it cannot begin."""
    refuse_bad_settings(settings, now)
    make_writable(settings.folder)
    settings.journal.mkdir(parents=True, exist_ok=True)
    registry = Registry.open(settings.registry, now=now)
    refuse_open_door(settings, registry)
    registry.close()
    with ExitStack() as stack:
        stack.enter_context(held(settings.journal / "collect.lock", "sojourn collect"))
        locks = [*settings.journal.glob("*/lock"), settings.journal / "sink.lock"]
        wait_released(locks, PREVIOUS_DRAIN, time.monotonic, time.sleep)
        clean_run(settings.metrics)
        for path in (settings.quotas, settings.devices):
            path.unlink(missing_ok=True)
        if not settings.geo:
            unpack_shipped(settings.run)
        sock = stack.enter_context(listen(settings.host, settings.port))
        asyncio.run(supervise(settings, sock, report))
