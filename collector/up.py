"""`sojourn up`: everything on one machine, in one command, kept running until Ctrl-C."""

import asyncio
import http.client
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from collector.command import GROUP
from collector.cores import shares
from collector.errors import CannotStart
from collector.folder import held, make_writable, wait_released
from collector.programs import Program, Relay, Report, Running, stop_all, termination
from collector.settings import CollectorSettings
from collector.supervisor import PREVIOUS_DRAIN, child_variables
from collector.welcome import Welcome
from warehouse.registry import Key, Registry
from warehouse.tls import trusting

STOP_SECONDS = 9.0
READY_SECONDS = 60.0
REFUSED = 1


class Plan(msgspec.Struct, frozen=True):
    """What to start: the settings of the collector, the console's port, whether the demo plays, and whether
    the console lets everybody in.
    """

    settings: CollectorSettings
    console_port: int = 8001
    demo: bool = False
    console_open: bool = False


def missing(name: str) -> str | None:
    """One line that says why the command cannot be started; None where it can."""
    for entry in entry_points(group=GROUP, name=name):
        with suppress(ModuleNotFoundError):
            if find_spec(entry.module) is not None:
                return None
        return f"sojourn {name} cannot be started: its module {entry.module} is not installed"
    return f"sojourn {name} cannot be started: no package provides that command"


def present(names: Sequence[str], relay: Relay) -> list[str]:
    """Those of the commands that are installed; for each other one a line says so."""
    reasons = {name: missing(name) for name in names}
    for reason in filter(None, reasons.values()):
        relay("up", reason)
    return [name for name, reason in reasons.items() if reason is None]


def write_key(registry: Registry, demo: bool) -> Key:
    """The first key that is valid; one is made where there is none."""
    valid = [key for key in registry.keys() if key.revoked_at is None]
    return valid[0] if valid else registry.create_key("demo" if demo else "main", name="made by sojourn up")


def collect_program(plan: Plan) -> Program:
    return Program("collect", "collector.command", ("collect",), child_variables(plan.settings))


def later_programs(plan: Plan, url: str, key: Key, names: Sequence[str]) -> list[Program]:
    """What starts once the collector answers at `url`."""
    settings = plan.settings
    variables = (
        *child_variables(settings),
        ("SOJOURN_CONSOLE_PORT", str(plan.console_port)),
        ("SOJOURN_COLLECTOR_URL", url),
        *((("SOJOURN_CONSOLE_OPEN", "true"),) if plan.console_open else ()),
    )
    cores = shares(settings).others
    arguments = {"demo": ("demo", "--collector", url, "--key", key.secret, "--data", settings.data)}
    return [
        Program(
            name,
            "collector.command",
            arguments.get(name, (name,)),
            variables,
            once=name == "demo",
            cores=cores,
        )
        for name in names
    ]


def answers(url: str, certificate: str = "") -> bool:
    """True where GET `url` is answered 200 within a second. Straight to this machine, past any proxy."""
    connection = connection_to(url, certificate)
    parts = urlsplit(url)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def connection_to(url: str, certificate: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=1.0, context=trusting(certificate))
    return http.client.HTTPConnection(host, port, timeout=1.0)


def collector_url(run: Path) -> str | None:
    """Where the collector that runs now listens."""
    try:
        return str(msgspec.json.decode((run / "collect.json").read_bytes())["url"])
    except (OSError, msgspec.DecodeError):
        return None


class Up:
    """The life of one `sojourn up`."""

    def __init__(self, plan: Plan, report: Report, relay: Relay, say: Callable[[Welcome], None]) -> None:
        self.plan, self.report, self.relay, self.say = plan, report, relay, say
        self.running: list[Running] = []

    async def run(self, key: Key, names: Sequence[str]) -> None:
        told = termination()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)
        life = asyncio.ensure_future(self._live(key, names))
        ended = asyncio.ensure_future(told.wait())
        await asyncio.wait([life, ended], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        life.cancel()
        await stop_all(self.running, STOP_SECONDS)
        with suppress(asyncio.CancelledError):
            await life

    async def _live(self, key: Key, names: Sequence[str]) -> None:
        run = self.plan.settings.run
        (run / "collect.json").unlink(missing_ok=True)
        self._start(collect_program(self.plan))
        url = await self._until("the collector", lambda: self._health(collector_url(run)))
        for program in later_programs(self.plan, url, key, names):
            self._start(program)
        scheme = "https" if self.plan.settings.tls_certificate else "http"
        console = f"{scheme}://127.0.0.1:{self.plan.console_port}" if "console" in names else None
        if console is not None:
            await self._until("the console", lambda: self._health(console))
        settings = self.plan.settings
        self.say(Welcome(url, console, key.secret, settings.data, settings.sdk_path))
        while True:
            self._refuse_fallen()
            await asyncio.sleep(0.5)

    def reload(self) -> None:
        """The collector replaces its workers; the others, which nobody waits for, start anew."""
        for one in self.running:
            if one.program.name == "collect":
                one.reload()
            elif not one.program.once:
                one.renew()

    def _start(self, program: Program) -> None:
        self.running.append(Running(program, self.report, self.relay))

    def _health(self, url: str | None) -> str | None:
        return url if url and answers(f"{url}/health", self.plan.settings.tls_certificate) else None

    async def _until(self, what: str, look: Callable[[], str | None]) -> str:
        clock = asyncio.get_running_loop().time
        until = clock() + READY_SECONDS
        while clock() < until:
            found = await asyncio.to_thread(look)
            if found:
                return found
            self._refuse_fallen()
            await asyncio.sleep(0.1)
        raise CannotStart(f"{what} did not answer within {READY_SECONDS:.0f} s; its lines above say why")

    def _refuse_fallen(self) -> None:
        """A program that refuses at its first start has told why; starting it again would not help."""
        for one in self.running:
            if one.starts == 1 and one.code == REFUSED and not one.stopping:
                raise CannotStart(f"sojourn {one.program.name} could not start; its line above says why")


def up(
    plan: Plan,
    report: Report,
    relay: Relay,
    say: Callable[[Welcome], None],
    now: Callable[[], int],
) -> None:
    """The whole life of `sojourn up`; CannotStart says in one line why it cannot begin or go on."""
    settings = plan.settings
    if plan.demo and settings.tls_certificate:
        raise CannotStart("the demo's traffic is plain http; leave out --demo, or SOJOURN_TLS_CERTIFICATE")
    make_writable(settings.folder)
    with ExitStack() as stack:
        stack.enter_context(held(settings.folder / "up.lock", "sojourn up"))
        registry = Registry.open(settings.registry, now=now)
        key = write_key(registry, plan.demo)
        registry.close()
        services = ("sessionize", "console", "publish", "deliver")
        names = present([*services, *(["demo"] if plan.demo else [])], relay)
        previous = [settings.journal / "collect.lock", settings.folder / "lake" / "writer.lock"]
        wait_released(previous, PREVIOUS_DRAIN, time.monotonic, time.sleep)
        asyncio.run(Up(plan, report, relay, say).run(key, names))
