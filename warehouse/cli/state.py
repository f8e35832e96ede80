"""sojourn check: do the books balance, and are the lake's files whole."""

from __future__ import annotations

import click
import msgspec

from warehouse.balance import Balance, Books
from warehouse.check import Checked
from warehouse.check import as_json as as_object
from warehouse.check import check as run_check
from warehouse.cli.options import chosen, data_option, json_option, open_registry, print_json, print_table

_BESIDE = ("damage", "strangers", "journal")


@click.command()
@data_option
@json_option
@click.option("--by", default="", metavar="key,hour", help="Split the books by write key, hour, or both.")
@click.option("--deep", is_flag=True, help="Read every file of the lake whole.")
@click.pass_context
def check(context: click.Context, data: str | None, as_json: bool, by: str, deep: bool) -> None:
    """Count what was received and what became of it, while everything runs.

    received = stored + duplicate + rejected + filtered + damaged + pending. Exit code 1 when a write key and
    hour has a difference other than 0 or a file is damaged. What is pending is read from this machine's
    journal.
    """
    parts = tuple(part for part in by.replace(" ", "").split(",") if part)
    if unknown := set(parts) - {"key", "hour"}:
        raise click.BadParameter(f"{unknown.pop()!r} is neither key nor hour", param_hint="--by")
    settings = chosen(data)
    registry = open_registry(settings)
    checked = run_check(settings, registry, deep=deep)
    answer = as_object(checked, registry, parts)
    if as_json:
        print_json(answer)
    else:
        _print(checked, answer)
    if not checked.holds:
        context.exit(1)


def _print(checked: Checked, answer: dict[str, object]) -> None:
    if checked.balance is not None:
        terms = Books.__struct_fields__
        split = answer.get("by")
        records = (
            [*split, msgspec.to_builtins(checked.balance.total)] if isinstance(split, list) else [answer]
        )
        columns = [name for name in records[0] if name not in _BESIDE]
        print_table(columns, [[str(record.get(name, "total")) for name in columns] for record in records])
        assert set(terms) <= set(columns)
        _tell_open(checked.balance)
    for line in checked.damage:
        click.secho(f"damaged: {line}", fg="red", err=True)
    click.echo(f"journal: {checked.journal}", err=True)


def _tell_open(found: Balance) -> None:
    """Why the exit code is 1 even where the total is 0, and what may be behind it."""
    if found.open:
        text = (
            f"{len(found.open)} of {len(found.hours)} keys and hours do not close: --by key,hour shows them"
        )
        click.secho(text, fg="red", err=True)
    for worker in found.strangers:
        text = f"landing has objects of the worker {worker}, whose events are counted in another registry"
        click.secho(text, fg="yellow", err=True)
