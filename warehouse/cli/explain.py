"""sojourn explain: what became of one event."""

from __future__ import annotations

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, print_json
from warehouse.errors import LakeMissing, UnknownId
from warehouse.explain import Explanation
from warehouse.explain import explain as find
from warehouse.lake import Lake
from warehouse.landing import open_store
from warehouse.settings import WarehouseSettings


@click.command()
@click.argument("message_id")
@data_option
@json_option
def explain(message_id: str, data: str | None, as_json: bool) -> None:
    """Say what became of the event MESSAGE_ID: verdict, segment, object, row, session, customer.

    With --json it prints a list, one object for each time the event arrived.
    """
    settings = chosen(data)
    lake = _lake(settings)
    found = find(lake, open_store(settings.landing_url), settings.folders, message_id)
    if not found:
        raise UnknownId(f"no event {message_id!r} is in the journal, in landing or in the lake")
    if as_json:
        print_json(found)
    else:
        for arrival in found:
            _print(arrival)


def _lake(settings: WarehouseSettings) -> Lake | None:
    try:
        return open_reader(settings)
    except LakeMissing:
        return None


def _print(arrival: Explanation) -> None:
    for name, value in msgspec.structs.asdict(arrival).items():
        if value is not None:
            click.echo(f"{name:<12} {value}")
    click.echo()
