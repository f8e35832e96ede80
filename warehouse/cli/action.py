"""sojourn action: rules by which customers who enter something are told to a destination."""

from __future__ import annotations

import getpass
import secrets
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from warehouse.actions import published, standing
from warehouse.actions.errors import BadAction
from warehouse.actions.keeping import keep_secret
from warehouse.actions.reading import read_actions
from warehouse.actions.signing import PREFIX
from warehouse.actions.trying import try_out
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_reader,
    open_registry,
    print_json,
    print_table,
)
from warehouse.cli.privacy import open_vault
from warehouse.cli.projects import project_option, the_project
from warehouse.query import text

_FILE: Final = click.argument("file", type=click.Path(path_type=Path))
_LISTED: Final = ("name", "version", "state", "to", "waiting", "sent", "dead", "withheld", "last_sent")
_RUNS: Final = ("id", "rule", "customer", "found_at", "state", "attempts", "why")
_PLACES: Final = ("name", "kind", "host", "is_on", "waiting", "dead", "oldest_waiting", "trouble", "tested")


@click.group()
def action() -> None:
    """Act on customers: rules that send a webhook, an e-mail or a message when somebody enters something.

    Rules are YAML, see docs/actions.md. The writer finds who enters, each once, and `sojourn deliver` brings
    it to the destination.
    """


@action.command()
@_FILE
@project_option
@data_option
@json_option
def lint(file: Path, project: str | None, data: str | None, as_json: bool) -> None:
    """Check the rules in FILE, and say how many would enter within a day; nothing is put to use."""
    read = read_actions(_text(file))
    settings = chosen(data)
    registry = open_registry(settings)
    name = the_project(registry, project)
    published.check(registry, name, read)
    from warehouse.actions.previewing import preview

    with open_reader(settings) as lake:
        found = [preview(lake, registry, name, rule) for rule in read.rules]
    if as_json:
        print_json({"actions": found, "destinations": [one.name for one in read.destinations]})
        return
    for one in found:
        click.echo(
            f"{one.rule}: {one.entered} entered within the last day, about {one.held_out} of them held out"
        )
    click.echo(f"{len(read.rules)} actions and {len(read.destinations)} destinations are fine")


@action.command()
@_FILE
@project_option
@data_option
@json_option
def publish(file: Path, project: str | None, data: str | None, as_json: bool) -> None:
    """Put the rules and destinations in FILE to use, for who enters from now on; others stay as they are."""
    read = read_actions(_text(file))
    registry = open_registry(chosen(data))
    made = published.publish(registry, the_project(registry, project), read, getpass.getuser())
    if as_json:
        print_json([{"action": one.name, "version": one.number} for one in made])
        return
    for one in made:
        click.echo(f"{one.project} has version {one.number} of {one.name}")
    for place in read.destinations:
        click.echo(f"{place.name} is a destination of kind {place.kind}")


@action.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the rules: who waits, what was sent, and what is dead."""
    found = standing.standing(open_registry(chosen(data)))
    if as_json:
        print_json(found)
        return
    rows = [{**msgspec.structs.asdict(one), **_counts(one.counts)} for one in found]
    print_table(_LISTED, [[text(row[name]) for name in _LISTED] for row in rows])


@action.command()
@click.argument("name")
@project_option
@data_option
@json_option
def show(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Show the rule NAME: all its versions, and its entries by state."""
    registry = open_registry(chosen(data))
    of = the_project(registry, project)
    registry.action(of, name)
    (now,) = [one for one in standing.standing(registry, of) if one.name == name]
    versions = registry.actions(of, name)
    if as_json:
        print_json({"action": now, "versions": [_version(one) for one in versions]})
        return
    click.echo(f"{now.name} of {now.project}, version {now.version}, {now.state}: {now.description}")
    click.echo(versions[-1].text)
    for state, count in sorted(now.counts.items()):
        click.echo(f"  {state}: {count}")


@action.command()
@click.option("--rule", metavar="NAME", help="Only of this rule.")
@click.option("--state", metavar="STATE", help="Only in this state: waiting, sent, dead, withheld, ...")
@click.option("--customer", metavar="ID", help="Only of this customer (c_...).")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@data_option
@json_option
def runs(
    rule: str | None, state: str | None, customer: str | None, limit: int, data: str | None, as_json: bool
) -> None:
    """List entries and what became of each, the newest first."""
    registry = open_registry(chosen(data))
    _entries(registry.entries(rule=rule, state=state, customer=customer, limit=limit), as_json)


@action.command()
@click.option("--rule", metavar="NAME", help="Only of this rule.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@data_option
@json_option
def dead(rule: str | None, limit: int, data: str | None, as_json: bool) -> None:
    """List dead letters, the newest first, each with the reason."""
    _entries(open_registry(chosen(data)).entries(rule=rule, state="dead", limit=limit), as_json)


@action.command()
@click.option("--rule", metavar="NAME", help="Only of this rule.")
@click.option("--id", "one", metavar="act_...", help="Only this one.")
@project_option
@data_option
@json_option
def replay(rule: str | None, one: str | None, project: str | None, data: str | None, as_json: bool) -> None:
    """Let dead letters wait again; they are sent under the keys they had."""
    registry = open_registry(chosen(data))
    of, by = the_project(registry, project), getpass.getuser()
    count = registry.replay_entries(of, rule=rule, id=one, by=by)
    registry.audit(by, "action.replay", f"{of}: {count} of {rule or one or 'all'}")
    if as_json:
        print_json({"replayed": count})
    else:
        click.echo(f"{count} wait again")


@action.command()
@click.argument("name")
@project_option
@data_option
def pause(name: str, project: str | None, data: str | None) -> None:
    """Send nothing of the rule NAME; who enters meanwhile is noted, and what waits goes on waiting."""
    registry = open_registry(chosen(data))
    of, by = the_project(registry, project), getpass.getuser()
    registry.pause_action(of, name, by)
    registry.audit(by, "action.pause", f"{of}: {name}")
    click.echo(f"{name} is paused")


@action.command()
@click.argument("name")
@project_option
@data_option
def resume(name: str, project: str | None, data: str | None) -> None:
    """Let the rule NAME act again."""
    registry = open_registry(chosen(data))
    of, by = the_project(registry, project), getpass.getuser()
    registry.resume_action(of, name)
    registry.audit(by, "action.resume", f"{of}: {name}")
    click.echo(f"{name} acts again")


@action.command()
@click.argument("rule")
@click.option("--event", default="Order Completed", show_default=True, help="What counts as converted.")
@click.option("--within", default="7d", show_default=True, help="Within so long after entering.")
@click.option("--silent", default="30d", show_default=True, help="Churned is who did nothing for so long.")
@click.option("--since", default="90d", show_default=True, help="Who entered from then on.")
@project_option
@data_option
@json_option
def effect(
    rule: str,
    event: str,
    within: str,
    silent: str,
    since: str,
    project: str | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Compare those the action RULE was for with its holdout: conversion and churn, with intervals.

    `sojourn insight action_effect` asks the same, and more.
    """
    from warehouse.insights.action_effect import ActionEffect, action_effect

    question = ActionEffect(
        rule=rule, event=event, within=within, silent=silent, since=since, project=project
    )
    with open_reader(chosen(data)) as lake:
        found = action_effect(lake, question, now())
    if as_json:
        print_json(found)
        return
    for line in found.notes():
        click.echo(line)


@action.command("destinations")
@data_option
@json_option
def destinations_(data: str | None, as_json: bool) -> None:
    """List the destinations: what waits for each, and what is in the way."""
    found = standing.places(open_registry(chosen(data)))
    if as_json:
        print_json(found)
    else:
        print_table(_PLACES, [[text(getattr(one, name)) for name in _PLACES] for one in found])


def _switch(name: str, project: str | None, data: str | None, *, on: bool) -> None:
    registry = open_registry(chosen(data))
    of = the_project(registry, project)
    registry.switch_action_destination(of, name, on=on)
    registry.audit(getpass.getuser(), "action.destination", f"{of}: {name} is {'on' if on else 'off'}")
    click.echo(f"{name} is {'on' if on else 'off'}")


@action.command()
@click.argument("name")
@project_option
@data_option
def off(name: str, project: str | None, data: str | None) -> None:
    """Send nothing to the destination NAME; what is for it waits."""
    _switch(name, project, data, on=False)


@action.command()
@click.argument("name")
@project_option
@data_option
def on(name: str, project: str | None, data: str | None) -> None:
    """Send to the destination NAME again, what waited first."""
    _switch(name, project, data, on=True)


@action.command()
@click.argument("name")
@click.option(
    "--address", default="", metavar="E-MAIL", help="Where an e-mail goes that else goes to a customer."
)
@project_option
@data_option
@json_option
def test(name: str, address: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Send a message about nobody to the destination NAME; `sojourn action destinations` tells of it."""
    registry = open_registry(chosen(data))
    id = try_out(registry, the_project(registry, project), name, now(), getpass.getuser(), address)
    if as_json:
        print_json({"id": id})
    else:
        click.echo(f"{id} waits for {name}; `sojourn deliver` sends it")


@action.command()
@click.argument("name")
@click.option("--make", is_flag=True, help="Make one up, for webhooks, and print it once for the receiver.")
@data_option
def secret(name: str, make: bool, data: str | None) -> None:
    """Keep the secret NAME, encrypted; it is read from standard input, where no other program sees it."""
    settings = chosen(data)
    registry = open_registry(settings)
    value = PREFIX + b64encode(secrets.token_bytes(32)).decode() if make else _typed(name)
    keep_secret(registry, open_vault(settings), name, value, getpass.getuser())
    click.echo(value if make else f"{name} is kept")


def _typed(name: str) -> str:
    value = (
        click.prompt(name, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    ).strip()
    if not value:
        raise BadAction(f"secret {name!r} is empty; one line on standard input would do")
    return str(value)


def _entries(found: list[Any], as_json: bool) -> None:
    records = [standing.told(one) for one in found]
    if as_json:
        print_json(records)
    else:
        print_table(_RUNS, [[text(one[name]) for name in _RUNS] for one in records])


def _version(one: Any) -> dict[str, Any]:
    return {
        "version": one.number,
        "published_at": one.published_at,
        "published_by": one.published_by,
        "rule": msgspec.Raw(one.text.encode()),
    }


def _counts(counts: dict[str, int]) -> dict[str, int]:
    return {state: counts.get(state, 0) for state in ("waiting", "sent", "dead", "withheld")}


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadAction(f"cannot read {file}: {error}; a YAML file in UTF-8 would do") from None
