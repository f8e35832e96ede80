"""`sojourn console`: the analysts' web console."""

import asyncio
import os
import time

import click

from sdk_contract.settings import PREFIX, load
from warehouse import logs
from warehouse.console.serve import serve
from warehouse.console.settings import ConsoleSettings
from warehouse.settings import WarehouseSettings


def now() -> int:
    """µs UTC."""
    return time.time_ns() // 1000


@click.command()
@click.option("--data", metavar="DIR", help="Folder of all data.  [default: sojourn-data]")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8001]"
)
@click.option("--collector", metavar="URL", help="Where the collector is.  [default: http://127.0.0.1:8000]")
def console(data: str | None, host: str | None, port: int | None, collector: str | None) -> None:
    """Serve the web console: send a first event, watch events arrive, find a customer."""
    chosen = {"data": data, "console_host": host, "console_port": port, "collector_url": collector}
    given = {PREFIX + name.upper(): str(value) for name, value in chosen.items() if value is not None}
    env = {**os.environ, **given}
    settings = load(ConsoleSettings, env, known=env)
    lake = load(WarehouseSettings, env, known=env)
    log = logs.configure("console")
    asyncio.run(
        serve(
            settings,
            lake,
            now,
            listening=lambda url: log.info("listening", url=url, data=settings.data),
            made=told,
        )
    )


def told(name: str, password: str) -> None:
    """To whoever started the program, and into no log."""
    click.echo(f"The console's first user is {name}, with the password {password} for the first login.")


if __name__ == "__main__":
    console(prog_name="sojourn console")
