"""`sojourn identity block`, `split`, `merge` and `decisions`: what people decide about ids."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import Any

import click
import msgspec

from sdk_contract import settings as contract
from sessionizer.asking import ask
from sessionizer.explaining import project_option
from sessionizer.settings import SessionizerSettings
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.errors import LakeLocked
from warehouse.registry import Command, Registry
from warehouse.registry.decisions import Decided
from warehouse.settings import WarehouseSettings
from warehouse.times import iso

_reason = click.option("--reason", required=True, help="Why; it is kept with the decision.")


@click.command()
@click.argument("a")
@click.argument("b")
@_reason
@project_option
@data_option
@json_option
def block(a: str, b: str, reason: str, project: str | None, data: str | None, as_json: bool) -> None:
    """What links the ids A and B counts as never seen: they are one person no more, unless by others."""
    _decide(data, "decide", {"kind": "block", "ids": [a, b], "project": project, "reason": reason}, as_json)


@click.command()
@click.argument("a")
@click.argument("b")
@_reason
@project_option
@data_option
@json_option
def merge(a: str, b: str, reason: str, project: str | None, data: str | None, as_json: bool) -> None:
    """The ids A and B are one person's, though no event says so or a rule keeps them apart."""
    _decide(data, "decide", {"kind": "merge", "ids": [a, b], "project": project, "reason": reason}, as_json)


@click.command()
@click.argument("customer")
@click.argument("ids", nargs=-1, required=True)
@_reason
@project_option
@data_option
@json_option
def split(
    customer: str, ids: tuple[str, ...], reason: str, project: str | None, data: str | None, as_json: bool
) -> None:
    """These IDS are another person than CUSTOMER: every link between them and its other ids is blocked."""
    args = {"kind": "split", "ids": [customer, *ids], "project": project, "reason": reason}
    _decide(data, "decide", args, as_json)


@click.group(invoke_without_command=True)
@data_option
@json_option
@click.pass_context
def decisions(context: click.Context, data: str | None, as_json: bool) -> None:
    """What people decided about ids, those that were undone too."""
    if context.invoked_subcommand is not None:
        return
    found = open_registry(chosen(data)).decisions()
    if as_json:
        print_json([_as_json(one) for one in found])
    else:
        print_table(("no", "kind", "project", "ids", "by", "at", "reason", "undone"), map(_row, found))


@decisions.command()
@click.argument("no", type=int)
@_reason
@data_option
@json_option
def undo(no: int, reason: str, data: str | None, as_json: bool) -> None:
    """The decision NO holds no more; whom it concerned is decided again."""
    _decide(data, "undo", {"no": no, "reason": reason}, as_json)


def _decide(data: str | None, kind: str, args: dict[str, Any], as_json: bool) -> None:
    settings = chosen(data)
    registry = open_registry(settings)
    by = getpass.getuser()
    try:
        done = _do(settings, registry, kind, args, by)
    except LakeLocked:
        done = ask(registry, kind, args, by=by, say=_say)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"decision {done['decision']}: {done['ids']:,} ids looked at,"
            f" {done['moved']:,} belong to another customer now"
        )


def _do(
    settings: WarehouseSettings, registry: Registry, kind: str, args: dict[str, Any], by: str
) -> dict[str, Any]:
    """Where no writer runs."""
    from sessionizer import deciding
    from sessionizer.identity import read_rules
    from sessionizer.probable.settings import limits_of
    from sessionizer.rules import RuleReader
    from sessionizer.visits.presets import chosen as chosen_rules
    from warehouse.writer import open_writer

    own = contract.load(SessionizerSettings, os.environ, known=os.environ)
    reader = RuleReader(registry, own.attribute_rule)
    obey: Callable[[deciding.Desk, Command], dict[str, Any]]
    obey = deciding.undo if kind == "undo" else deciding.decide
    with open_writer(settings, registry, now=now) as writer:
        desk = deciding.Desk(
            lake=writer.lake,
            registry=registry,
            visits=reader.visits(chosen_rules(own.session_rules)),
            rules=reader.read(),
            ids=read_rules(own.identity_rules),
            probable=limits_of(own) if own.probable_identity else None,
        )
        command = registry.command(registry.file_command(kind, args, by=by))
        return _finished(registry, command, lambda: obey(desk, command))


def _finished(registry: Registry, command: Command, obey: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Its outcome is recorded as the writer would."""
    try:
        done = obey()
    except Exception as error:  # whatever it is, the command must not stay open; it is raised again
        registry.finish_command(command.id, "failed", {"error": str(error)})
        raise
    registry.finish_command(command.id, "done", done)
    return done


def _row(one: Decided) -> tuple[str, ...]:
    first = one.pairs[0] if one.pairs else None
    ids = f"{first.left_kind}:{first.left_value} {first.right_kind}:{first.right_value}" if first else ""
    more = f" and {len(one.pairs) - 1} more" if len(one.pairs) > 1 else ""
    undone = f"{iso(one.undone_at)} by {one.undone_by}: {one.undone_reason}" if one.undone_at else ""
    at = iso(one.decided_at)
    return str(one.no), one.kind, one.project, ids + more, one.decided_by, at, one.reason, undone


def _as_json(one: Decided) -> dict[str, Any]:
    times = {"decided_at": iso(one.decided_at), "undone_at": iso(one.undone_at) if one.undone_at else None}
    return (
        msgspec.structs.asdict(one) | {"pairs": [msgspec.structs.asdict(pair) for pair in one.pairs]} | times
    )


def _say(text: str) -> None:
    click.echo(text, err=True)
