"""sojourn publish: the lake's tables kept fresh in PostgreSQL, in a bucket or in a folder."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from sdk_contract.errors import Transient
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.settings import WarehouseSettings

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_FIRST_S, _LONGEST_S = 5.0, 300.0


class Every(click.ParamType[float]):
    """Seconds: 60s, 5m, 1h."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d{1,5})([smh])", str(value).strip().lower())
        if isinstance(value, float):
            return value
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is no time; 60s, 5m or 1h would do", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2]])


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is published, and how."""
    options = [
        click.option("--tables", metavar="NAMES", help="Of these tables alone, with commas; all but events."),
        click.option("--segments", metavar="NAMES", help="Members of these tags and cohorts alone."),
        click.option("--events", "days", type=int, metavar="DAYS", help="The events of the last days, too."),
        click.option("--with", "also", type=click.Choice(["personal"]), help="E-mail, phone and the like."),
        click.option("--schema", default="sojourn", show_default=True, help="Of a database."),
        click.option(
            "--format", "format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True,
            help="Of files.",
        ),
        click.option("--bom", is_flag=True, help="CSV that Excel takes for UTF-8."),
        click.option(
            "--password-file", type=click.Path(path_type=Path), metavar="FILE",
            help="Holds the database's password, readable for you alone; else PGPASSWORD does.",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.option(
    "--to", metavar="PLACE", help="postgresql://user@host/database, s3://bucket/prefix or a folder."
)
@choosing
@click.option("--once", is_flag=True, help="One run.  [default]")
@click.option("--every", type=Every(), help="Again and again, until stopped.")
@data_option
@json_option
def publish(
    to: str | None, once: bool, every: float | None, data: str | None, as_json: bool, **options: Any
) -> None:
    """Bring tables to PLACE, only what changed; without --to, keep all saved destinations fresh.

    E-mail addresses, phone numbers and the like stay here unless --with personal says otherwise; docs/bi.md
    tells what is there for FineBI, Tableau, Power BI and Excel.
    """
    settings = chosen(data)
    if once and every:
        raise click.UsageError("--once and --every do not go together")
    if to is None:
        _refuse_leftovers(options, once, every)
        _keep(settings)
        return
    go = _run(settings, to, **options)
    _tell(go(), as_json)
    if every:
        _again(go, every, as_json)


def choice_of(
    tables: str | None, segments: str | None, days: int | None, also: str | None, **rest: Any
) -> Any:
    """A Choice from the options; see `choosing`."""
    from warehouse.publish import Choice
    from warehouse.publish import chosen as checked
    from warehouse.publish.choice import DAYS, USUAL
    from warehouse.publish.tables import EVENTS

    names = _names(tables) or USUAL
    if days is not None and EVENTS not in names:
        names = (*names, EVENTS)
    return checked(
        Choice(names, _names(segments), also == "personal", DAYS if days is None else days, **rest)
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def _refuse_leftovers(options: dict[str, Any], once: bool, every: float | None) -> None:
    usual = {"schema": "sojourn", "format": "parquet"}
    if once or every or any(value not in (None, False, usual.get(name)) for name, value in options.items()):
        raise click.UsageError(
            "say where with --to; without it saved destinations are kept fresh as they are"
        )


def _run(
    settings: WarehouseSettings, to: str, password_file: Path | None, **options: Any
) -> Callable[[], Any]:
    from warehouse.lake import connect
    from warehouse.publish import password_of, publish, read_place, require_segments

    choice = choice_of(**options)
    place = read_place(to, password_of(password_file, os.environ))
    registry = open_registry(settings)

    def go() -> Any:
        with connect(settings, read_only=True) as lake:
            require_segments(lake, choice.segments)
            return publish(lake, registry, place, choice, now())

    return go


def _again(go: Callable[[], Any], every: float, as_json: bool) -> None:
    """Where the place does not answer, after pauses that double."""
    failures = 0
    while True:
        time.sleep(min(_FIRST_S * 2**failures, _LONGEST_S) if failures else every)
        try:
            _tell(go(), as_json)
        except Transient as error:
            failures += 1
            click.echo(f"failed {failures} times, tried again: {error}", err=True)
        else:
            failures = 0


def _tell(done: Any, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    print_table(
        ("table", "rows", "changed"),
        [[one.table, f"{one.rows:,}", f"{one.changed:,}"] for one in done.tables],
    )


def _keep(settings: WarehouseSettings) -> None:
    from warehouse import logs
    from warehouse.publish.keeping import Keeper, alone

    log, stop = logs.configure("publish"), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    registry = open_registry(settings)
    with alone(settings.folders.root):
        log.info("ready", data=settings.data, destinations=len(registry.destinations()))
        Keeper(
            settings, registry, now, lambda level, event, facts: getattr(log, level)(event, **facts), stop
        ).run()


def saved(one: Any) -> dict[str, Any]:
    """A destination as JSON tells it."""
    return {**msgspec.to_builtins(one), "choice": msgspec.json.decode(one.choice)}
