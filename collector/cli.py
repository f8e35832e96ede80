"""The collector's commands: collect, up, tail, config."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from collector.services import described
from collector.settings import CollectorSettings, load
from collector.tap import POLL_SECONDS, Follower, LiveEvent
from collector.welcome import Welcome
from warehouse import logs

data_option = click.option("--data", metavar="DIR", help="Folder of all data.  [default: sojourn-data]")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def now() -> int:
    """Microseconds UTC: the one place of these commands where the clock is read."""
    return time.time_ns() // 1000


def chosen(**options: Any) -> CollectorSettings:
    """CollectorSettings from the environment, with the options that were given in their place."""
    given = {name: value for name, value in options.items() if value is not None}
    return msgspec.structs.replace(load(os.environ, known=os.environ), **given)


def reporter(program: str) -> Callable[[str, Mapping[str, object]], None]:
    log = logs.configure(program)
    return lambda event, fields: log.info(event, **fields)


@click.command()
@data_option
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.  [default: 8000]"
)
@click.option("--workers", type=click.IntRange(1, 64), help="Number of door processes.  [default: 1]")
def collect(data: str | None, host: str | None, port: int | None, workers: int | None) -> None:
    """Take events over HTTP, and publish them to landing."""
    from collector.supervisor import collect as run

    run(chosen(data=data, host=host, port=port, workers=workers), reporter("collect"), now)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@data_option
@json_option
def recover(folder: Path, data: str | None, as_json: bool) -> None:
    """Publish the journal that a dead machine left in FOLDER, its data folder or the journal/ in it.

    It goes to the landing, and is counted in the registry, of this data folder (--data). What is published is
    removed from FOLDER; broken off, it can be done again.
    """
    from collector.recover import recover as run
    from collector.sink import Loop, keep_memory

    def progress(done: int, of: int) -> None:
        click.echo(f"\r{done} of {of} segments", nl=False, err=True)

    quiet = (lambda done, of: None) if as_json or not sys.stderr.isatty() else progress
    keep_memory()
    done = run(folder, chosen(data=data), reporter("recover"), now, Loop(time.monotonic), quiet)
    if as_json:
        click.echo(msgspec.json.encode(done))
    else:
        click.echo(f"published {done.segments} segments from {done.journal}")


@click.command()
@data_option
@click.option("--host", metavar="ADDRESS", help="Address of the collector.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the collector.  [default: 8000]")
@click.option("--console-port", type=click.IntRange(1, 65535), help="Port of the console.  [default: 8001]")
@click.option("--workers", type=click.IntRange(1, 64), help="Number of door processes.  [default: 1]")
@click.option("--demo", is_flag=True, help="Play a shop with 2,000 customers.")
@click.option("--json", "as_json", is_flag=True, help="When all is ready, print one JSON object.")
def up(
    data: str | None,
    host: str | None,
    port: int | None,
    console_port: int | None,
    workers: int | None,
    demo: bool,
    as_json: bool,
) -> None:
    """Start everything on this machine; Ctrl-C ends it."""
    from collector.listen import is_loopback
    from collector.up import Plan
    from collector.up import up as run

    settings = chosen(data=data, host=host, port=port, workers=workers)
    port_of_console = console_port or int(os.environ.get("SOJOURN_CONSOLE_PORT", "8001"))
    # The demo's made-up customers are for everybody at this machine, and nobody else.
    open_to_all = demo and is_loopback(os.environ.get("SOJOURN_CONSOLE_HOST", "127.0.0.1"))

    def say(welcome: Welcome) -> None:
        click.echo(welcome.json() if as_json else welcome.text())

    run(Plan(settings, port_of_console, demo, open_to_all), reporter("up"), relay, say, now)


def relay(program: str, line: str) -> None:
    """Passes on what a program printed; a person sees which one it was, and nothing of routine."""
    if not sys.stderr.isatty():
        click.echo(line, err=True)
    elif (text := logs.short(line)) is not None:
        click.echo(click.style(f"{program:>10} | ", dim=True) + text, err=True)


@click.command()
@data_option
@json_option
@click.option("--key", metavar="ID", help="Only events of this write key (its id) or project.")
@click.option("--event", metavar="NAME", help="Only events of this name or type.")
@click.option("--count", type=click.IntRange(1), help="End after this many events.")
@click.option("--from-start", is_flag=True, help="Begin with what waits in the journal.")
def tail(
    data: str | None, as_json: bool, key: str | None, event: str | None, count: int | None, from_start: bool
) -> None:
    """Show events as they are acknowledged."""
    from sdk_contract.dialects.known import DIALECTS

    settings = chosen(data=data)
    if not settings.journal.is_dir():
        raise click.ClickException(
            f"{settings.journal} is not there; is --data right, and was the collector started?"
        )

    def wanted(one: LiveEvent) -> bool:
        return (key is None or key in (one.key_id, one.project)) and (
            event is None or event in (one.event, one.type)
        )

    follower = Follower(settings.journal, DIALECTS, from_end=not from_start)
    left = count
    while left is None or left > 0:
        events, dropped = follower.read()
        shown = [one for one in events if wanted(one)][:left]
        for one in shown:
            click.echo(msgspec.json.encode(one).decode() if as_json else line_of(one))
        if dropped:
            click.echo(f"{dropped} events came faster than they can be shown", err=True)
        left = None if left is None else left - len(shown)
        time.sleep(POLL_SECONDS if left is None or left > 0 else 0)


@click.group()
def config() -> None:
    """Settings: what can be set, and what is."""


@config.command()
@data_option
@json_option
def show(data: str | None, as_json: bool) -> None:
    """Every setting of every service with its value and where that comes from; secrets are hidden."""
    env = dict(os.environ) if data is None else {**os.environ, "SOJOURN_DATA": data}
    found = described(env)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one['variable']}={one['value']}  ({one['service']}, {one['source']})  {one['help']}")


def line_of(event: LiveEvent) -> str:
    """One event on one line: time, verdict, type, name, whose."""
    at = datetime.fromtimestamp(event.received_at / 1e6, UTC).strftime("%H:%M:%S.%f")[:-3]
    why = f" ({event.reason} {event.pointer or ''})" if event.reason else ""
    verdict, name = f"{event.verdict}{why}", f"{event.type or '?'} {event.event or ''}"
    whose = event.user_id or event.anonymous_id or "-"
    return f"{at}  {verdict:<9} {name:<30} {whose}  {event.message_id}"
