"""sojourn tags: tags of customers by rule."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

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
from warehouse.cli.projects import project_option, the_project
from warehouse.tags import answers
from warehouse.tags.errors import BadTags
from warehouse.tags.published import publish as publish_tags
from warehouse.tags.reading import read_tags
from warehouse.times import iso

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def tags() -> None:
    """Tag customers by what they did, or did not, within a time.

    Rules are YAML, see docs/tags.md. Each version is kept, and `tag: NAME` is a filter and a breakdown of
    every insight.
    """


@tags.command()
@_FILE
@project_option
@data_option
@json_option
def publish(file: Path, project: str | None, data: str | None, as_json: bool) -> None:
    """Make the rules in FILE the project's tags; those that are not in it are taken out of use.

    The writer evaluates all customers by what is new, and from then on those who do something.
    """
    read = read_tags(_text(file))
    registry = open_registry(chosen(data))
    made = publish_tags(registry, the_project(registry, project), read, getpass.getuser())
    if as_json:
        print_json([{"tag": one.tag, "version": one.version, "in_use": bool(one.text)} for one in made])
        return
    for one in made:
        click.echo(f"{one.tag}: " + (f"version {one.version}" if one.text else "out of use"))
    click.echo(f"{len(read)} tags, {len(made)} of them changed")


@tags.command("list")
@project_option
@data_option
@json_option
def list_(project: str | None, data: str | None, as_json: bool) -> None:
    """List the tags in use, with how many customers have them."""
    with open_reader(chosen(data)) as lake:
        found = [one for one in answers.in_use(lake) if project in (None, one.project)]
    _print(found, as_json, without=("rule",))


@tags.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="Customers to list, the newest first.")
@project_option
@data_option
@json_option
def show(name: str, limit: int, project: str | None, data: str | None, as_json: bool) -> None:
    """Show the tag NAME: its rule, and who has it."""
    with open_reader(chosen(data)) as lake:
        tag = answers.known(lake, name, project)
        members = answers.members(lake, tag, limit)
    if as_json:
        print_json({"tag": tag, "members": members})
        return
    click.echo(f"{tag.tag} of {tag.project}, version {tag.version}: {tag.description}")
    click.echo(bytes(tag.rule).decode())
    click.echo(f"{tag.members} customers as of {tag.as_of}")
    _print(members, as_json)


@tags.command()
@_FILE
@project_option
@data_option
@json_option
def evaluate(file: Path, project: str | None, data: str | None, as_json: bool) -> None:
    """Try the rules in FILE on all customers, without putting them to use.

    Shows how many would have each tag now, a week ago, and 30 days ago.
    """
    read = read_tags(_text(file))
    settings = chosen(data)
    name = the_project(open_registry(settings), project)
    from warehouse.tags.trying import try_out

    with open_reader(settings) as lake:
        found = try_out(lake, name, read, _progress)
    _print(found, as_json)


@tags.command()
@click.argument("any_id", metavar="CUSTOMER")
@data_option
@json_option
def explain(any_id: str, data: str | None, as_json: bool) -> None:
    """Say which tags a customer has, since when, and by which events. CUSTOMER: any of their ids."""
    with open_reader(chosen(data)) as lake:
        customer, as_of, found = answers.explain(lake, any_id)
    if as_json:
        print_json({"customer": customer, "as_of": as_of, "tags": found})
        return
    click.echo(f"{customer} as of {as_of}")
    for one in found:
        until = f", until {one.until} if nothing happens before" if one.until else ""
        held = f"since {one.since}{until}" if one.holds else "no"
        click.echo(f"  {one.tag} (version {one.version}): {held}")
        for message_id in one.evidence:
            click.echo(f"    {message_id}")


@tags.command()
@click.argument("name")
@click.option("--since", default="30d", show_default=True, help="First day, or how far back.")
@click.option("--until", help="Last day; now.")
@project_option
@data_option
@json_option
def history(
    name: str, since: str, until: str | None, project: str | None, data: str | None, as_json: bool
) -> None:
    """Show how many customers had the tag NAME day by day, and the versions of its rule."""
    settings = chosen(data)
    with open_reader(settings) as lake:
        tag = answers.known(lake, name, project)
        days = answers.history(lake, tag, since, until, now())
    versions = [_version(one) for one in open_registry(settings).tag_versions(tag.project, name)]
    if as_json:
        print_json({"tag": name, "days": days, "versions": versions})
        return
    for one in versions:
        click.echo(f"version {one['version']} of {one['published_at']} by {one['published_by']}")
    _print(days, as_json)


def _version(one: Any) -> dict[str, Any]:
    rule = msgspec.Raw(one.text.encode()) if one.text else None
    return {
        "version": one.version,
        "published_at": iso(one.published_at),
        "published_by": one.published_by,
        "rule": rule,
    }


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTags(f"cannot read {file}: {error}; a YAML file in UTF-8 would do") from None


def _print(found: Iterable[Any], as_json: bool, without: tuple[str, ...] = ()) -> None:
    listed = list(found)
    if as_json:
        print_json(listed)
    elif listed:
        columns = [name for name in listed[0].__struct_fields__ if name not in without]
        print_table(columns, [[_cell(getattr(one, name)) for name in columns] for one in listed])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and of > 1:
        click.echo(f"\r\x1b[K{done} of {of} parts", nl=done == of, err=True)
