"""The sessionizer's commands: sessionize, rebuild."""

import os
from typing import Any

import click
import msgspec

from sdk_contract import settings as contract
from sessionizer.asking import ask
from sessionizer.logs import reporter
from sessionizer.settings import SessionizerSettings
from warehouse.cli.options import chosen, data_option, json_option, now, open_registry, print_json
from warehouse.errors import LakeLocked
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings


@click.command()
@data_option
def sessionize(data: str | None) -> None:
    """Write the lake: load what landed, stitch sessions and customers, obey commands, keep up."""
    from sessionizer.program import run

    lake = chosen(data)
    settings = contract.load(SessionizerSettings, os.environ, known=os.environ)
    run(msgspec.structs.replace(settings, data=lake.data), lake, now=now, report=reporter("sessionize"))


@click.command()
@data_option
@json_option
@click.option(
    "--from",
    "source",
    type=click.Choice(["lake", "landing"]),
    default="lake",
    show_default=True,
    help="lake: sessions and customers from its events; landing: the events too.",
)
def rebuild(data: str | None, as_json: bool, source: str) -> None:
    """Compute the tables anew. Where the writer runs, it is asked to do it; progress goes to stderr."""
    settings = chosen(data)
    registry = open_registry(settings)
    try:
        done = _do(settings, registry, source)
    except LakeLocked:
        done = ask(registry, "rebuild", {"from": source}, by="rebuild", say=_say)
    answer = {"from": source, **done}
    if as_json:
        print_json(answer)
    else:
        click.echo(", ".join(f"{value:,} {name}" for name, value in answer.items() if name in _SHOWN))


_SHOWN = ("sessions", "identities", "customers", "seconds")


def _do(settings: WarehouseSettings, registry: Registry, source: str) -> dict[str, Any]:
    from sessionizer.deciding import holding
    from sessionizer.identity import read_rules
    from sessionizer.probable.settings import limits_of
    from sessionizer.rebuild import rebuild as compute
    from sessionizer.rules import RuleReader
    from sessionizer.visits.presets import chosen as chosen_rules
    from warehouse.writer import from_landing, open_writer

    opening = from_landing if source == "landing" else open_writer
    with opening(settings, registry, now=now, progress=_objects) as writer:
        own = contract.load(SessionizerSettings, os.environ, known=os.environ)
        reader = RuleReader(registry, own.attribute_rule)
        visits, rules = reader.visits(chosen_rules(own.session_rules)), reader.read()
        ids, probable = read_rules(own.identity_rules), limits_of(own) if own.probable_identity else None
        laws: dict[str, Any] = {"visits": visits, "rules": rules, "ids": ids, "probable": probable}
        laws["decisions"] = holding(registry)
        done = compute(writer.lake, now=now, progress=_say, **laws)
        return msgspec.structs.asdict(done)


def _objects(done: int, of: int) -> None:
    _say(f"objects {done} of {of}")


def _say(text: str) -> None:
    click.echo(text, err=True)
