"""sojourn deliver: brings actions to their destinations."""

from __future__ import annotations

import os

import click
import msgspec

from sdk_contract import settings as contract
from warehouse import logs
from warehouse.actions.settings import DeliverSettings
from warehouse.cli.options import data_option, now


@click.command()
@data_option
def deliver(data: str | None) -> None:
    """Bring what actions wait for to its destinations: webhooks, e-mail, robots, other systems."""
    from warehouse.actions import program

    settings = contract.load(DeliverSettings, os.environ, known=os.environ)
    if data is not None:
        settings = msgspec.structs.replace(settings, data=data)
    log = logs.configure("deliver")
    program.deliver(
        settings, now=now, report=lambda level, event, fields: getattr(log, level)(event, **fields)
    )
