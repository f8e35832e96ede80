"""sojourn audit: who saw and did what."""

from __future__ import annotations

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_registry, print_json, print_table
from warehouse.times import iso


@click.group()
def audit() -> None:
    """The audit log: who saw and did what. Lines are added and never changed."""


@audit.command("list")
@click.option("--actor", default="", metavar="NAME", help="Only what this one did.")
@click.option("--action", default="", metavar="TEXT", help="Only actions that begin so: user., login, view.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
@data_option
@json_option
def list_(actor: str, action: str, limit: int, data: str | None, as_json: bool) -> None:
    """List the newest lines, newest first."""
    lines = open_registry(chosen(data)).audited(limit, actor=actor, action=action)
    if as_json:
        print_json([msgspec.structs.asdict(one) | {"at": iso(one.at)} for one in lines])
    else:
        rows = [[iso(one.at), one.actor, one.action, one.detail] for one in lines]
        print_table(["at", "actor", "action", "detail"], rows)


@audit.command()
@click.option("--head", metavar="HASH", help="A head that was printed earlier: it must still be a line's.")
@data_option
@json_option
def verify(head: str | None, data: str | None, as_json: bool) -> None:
    """Say whether every line follows from the one before it; exit code 1 where one does not.

    An erasure takes a person's ids out of the log and links it anew: a head from before it is gone then.
    """
    registry = open_registry(chosen(data))
    found = registry.verify_audit()
    known = head is None or registry.has_link(head)
    if as_json:
        print_json(msgspec.structs.asdict(found) | {"held": found.held and known})
    elif not found.held:
        click.echo(f"line {found.broken_at} does not follow from the one before it: the log was changed")
    elif not known:
        click.echo("no line has that head: the log was written anew since, or an erasure linked it anew")
    else:
        click.echo(f"{found.lines} lines follow from one another; head {found.head}")
    if not (found.held and known):
        raise SystemExit(1)
