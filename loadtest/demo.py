"""`sojourn demo`: the seeded shop's history through the HTTP door, then live traffic until told to stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec

from loadtest.drive import Client, Refused, answers
from loadtest.errors import GaveUp
from loadtest.traffic import Shop
from loadtest.visits import Message, iso
from loadtest.wire import Request, basic, envelope
from sdk_contract.plan import read_plan
from warehouse.plans import files_of, publish
from warehouse.registry import Registry
from warehouse.tags.published import publish as publish_tags
from warehouse.tags.reading import read_tags

PLAN: Final = Path(__file__).with_name("plan")
TAGS: Final = Path(__file__).with_name("tags.yaml")
TRUTH: Final = "demo-truth.json"
IMPORT: Final = "demo-import.json"
BATCH: Final = 250
CONNECTIONS: Final = 6
LIVE_WINDOW_US: Final = 200_000
Clock = Callable[[], int]
Report = Callable[[str], None]


class Import(msgspec.Struct, frozen=True):
    """What the history is a function of; kept, so that a broken import is repeated with the same ids."""

    seed: int
    now: int


def import_of(data: Path, seed: int, clock: Clock) -> Import:
    """The import that was begun in this folder, else a new one that ends now."""
    path = data / IMPORT
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Import)
    begun = Import(seed, clock())
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(begun))
    draft.replace(path)
    return begun


def request(messages: list[Message], sent_at: int) -> Request:
    body = envelope((message.body for message in messages), iso(sent_at // 1000))
    return Request("/v1/batch", body, tuple(message.message_id for message in messages))


async def import_history(client: Client, shop: Shop, now: int, clock: Clock, report: Report) -> int:
    """Send the whole history in order of arrival, as fast as it is acknowledged; returns how many events."""
    messages, sent = shop.history(now), 0
    running: set[asyncio.Task[object]] = set()
    while batch := list(islice(messages, BATCH)):
        running.add(asyncio.create_task(_accepted(client, request(batch, clock()))))
        sent += len(batch)
        if len(running) >= CONNECTIONS:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        if sent % (BATCH * 80) == 0:
            report(f"history: {sent} events sent")
    await asyncio.gather(*running)
    return sent


async def _accepted(client: Client, asked: Request) -> object:
    answer = await client.send(asked)
    if isinstance(answer, Refused):
        raise GaveUp(
            f"{client.to.host}:{client.to.port} refused the demo with {answer.status}: {answer.body[:200]!r}"
        )
    return answer


def windows(messages: Iterator[Message], width_us: int) -> Iterator[tuple[int, list[Message]]]:
    """Neighbours in time, gathered for one request each: (time at which the window closes, its messages)."""
    closes, gathered = 0, list[Message]()
    for message in messages:
        if gathered and message.at >= closes:
            yield closes, gathered
            gathered = []
        if not gathered:
            closes = message.at + width_us
        gathered.append(message)
    if gathered:
        yield closes, gathered


async def play(
    url: str, key: str, data: Path, rate: float, seed: int, clock: Clock, report: Report,
    beside: Callable[[int], Coroutine[None, None, None]] | None = None,
) -> None:  # fmt: skip
    """Import unless DIR/demo-truth.json says that it was done, then live traffic for ever. `beside`: goes on
    with it, told when the import had ended (µs UTC).
    """
    await answers(url, "/health", 60.0, clock)
    shop = Shop(seed, touched=True)
    async with Client(
        url, clock=clock, connections=CONNECTIONS, headers=basic(key), patience_s=1e9
    ) as client:
        client.keep_acks = False
        if (data / TRUTH).exists():
            report("history: imported before")
        else:
            await _import_once(client, shop, data, clock, report)
        if rate <= 0:
            return
        async with asyncio.TaskGroup() as group:
            if beside is not None:
                group.create_task(beside(clock()))
            live = windows(shop.live(clock(), rate), LIVE_WINDOW_US)
            await client.pace(((at, request(batch, at)) for at, batch in live), until=1 << 62)


def publish_plan(data: Path, secret: str, clock: Clock) -> str | None:
    """Publish the shop's tracking plan, and its tags, for the key's project unless that has a plan; returns
    the project then.

    None too where the registry of this folder does not know the key: the collector is on another machine.
    """
    with registry_of(data, clock) as registry:
        project = project_of(registry, secret)
        if registry is None or project is None or registry.plan(project) is not None:
            return None
        publish(registry, project, read_plan(files_of(PLAN)), "sojourn demo")
        publish_tags(registry, project, read_tags(TAGS.read_text("utf-8")), "sojourn demo")
        return project


@contextmanager
def registry_of(data: Path, clock: Clock) -> Iterator[Registry | None]:
    """None where this folder has none."""
    if not (data / "registry.sqlite").is_file():
        yield None
        return
    with closing(Registry.open(data / "registry.sqlite", now=clock)) as registry:
        yield registry


def project_of(registry: Registry | None, secret: str) -> str | None:
    """The project of a write key; None where the registry does not know it."""
    known = registry.keys() if registry else ()
    return next((key.project for key in known if key.secret == secret), None)


async def completed(data: Path, secret: str, after: int) -> None:
    """Waits for a program of its own that shows the rest of the product; it ends with this one."""
    with registry_of(data, now_us) as registry:
        project = project_of(registry, secret)
        if registry is None or project is None or registry.schedules():
            return
    told = ("--data", str(data), "--project", project, "--after", str(after))
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "loadtest.furnishing", *told)
    try:
        await running.wait()
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def _import_once(client: Client, shop: Shop, data: Path, clock: Clock, report: Report) -> None:
    began = clock()
    sent = await import_history(client, shop, import_of(data, shop.seed, clock).now, clock, report)
    shop.truth.write(data / TRUTH)
    report(
        f"history: {sent} events of {shop.customers} customers imported in {(clock() - began) / 1e6:.1f} s"
    )


async def _until_told(work: asyncio.Task[None]) -> None:
    """Run until SIGTERM or SIGINT; nothing is worth waiting for then, since an import can be repeated."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with suppress(asyncio.CancelledError):
        await work


@click.command("demo")
@click.option(
    "--collector", default="http://127.0.0.1:8000", show_default=True, help="Base URL of the collector."
)
@click.option("--key", required=True, help="Write key to send with.")
@click.option(
    "--rate", default=5.0, show_default=True, help="Live events a second after the history; 0: none."
)
@click.option("--seed", default=2026, show_default=True, help="Seed of the customers and their history.")
@click.option(
    "--data",
    default=lambda: os.environ.get("SOJOURN_DATA", "sojourn-data"),
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of all data; demo-truth.json, who is who, is written here.",
)
def demo(collector: str, key: str, rate: float, seed: int, data: Path) -> None:
    """Import 30 days of a demo shop through the collector, then send live traffic until stopped."""
    data.mkdir(parents=True, exist_ok=True)

    if project := publish_plan(data, key, now_us):
        print(f"tracking plan: published for {project}, from {PLAN}", file=sys.stderr)

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    async def work() -> None:
        await _until_told(
            asyncio.create_task(
                play(collector, key, data, rate, seed, now_us, say, partial(completed, data, key))
            )
        )

    asyncio.run(work())


def now_us() -> int:
    return time.time_ns() // 1000


if __name__ == "__main__":
    demo(prog_name="sojourn demo")
