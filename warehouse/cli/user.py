"""sojourn user: who may use the console and the API."""

from __future__ import annotations

import getpass
import sys
from typing import Any

import click

from warehouse.access.passwords import Passwords, accept, single_use
from warehouse.access.roles import ROLES
from warehouse.access.scope import Scope, scope
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.registry.users import Token, User
from warehouse.times import iso

_TOKEN = ("id", "for", "created_at", "expires_at", "revoked_at", "used_at")
_ROLE = click.Choice(list(ROLES))
_ROWS = (
    click.option("--project", "projects", multiple=True, metavar="NAME", help="Only this project."),
    click.option("--owner", "owners", multiple=True, metavar="NAME", help="Only customers of this owner."),
    click.option("--region", "regions", multiple=True, metavar="NAME", help="Only customers of this region."),
    click.option(
        "--only", multiple=True, metavar="ATTRIBUTE=VALUE", help="Only customers with this attribute."
    ),
    click.option(
        "--mask", "masks", multiple=True, metavar="FIELD",
        help="Hide this field: email, phone, ip, name, address, or any name; `none`: no field.",
    ),
)  # fmt: skip


def rows_options(command: Any) -> Any:
    for option in reversed(_ROWS):
        command = option(command)
    return command


@click.group()
def user() -> None:
    """Who may use the console and the API: users, their roles, and what they see."""


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLE, default="viewer", show_default=True, help="What they may do.")
@rows_options
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@data_option
@json_option
def create(
    name: str, role: str, password_stdin: bool, data: str | None, as_json: bool, **rows: tuple[str, ...]
) -> None:
    """Add a user. Without --password-stdin a password for their first login is made up and printed."""
    registry = open_registry(chosen(data))
    password = accept(sys.stdin.readline().rstrip("\n"), name) if password_stdin else single_use()
    made = registry.create_user(
        name,
        role,
        getpass.getuser(),
        password=Passwords().hash(password),
        scope=_scope(rows),
        single_use=not password_stdin,
    )
    _tell(made, None if password_stdin else password, as_json)


@user.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the users."""
    found = open_registry(chosen(data)).users()
    if as_json:
        print_json([_shown(one) for one in found])
        return
    rows = [
        [one.name, one.role, _state(one), _bounds(one.scope), ", ".join(one.scope.masks), iso(one.created_at)]
        for one in found
    ]
    print_table(["name", "role", "state", "sees", "hidden", "created"], rows)


@user.command()
@click.argument("name")
@click.option("--role", type=_ROLE, help="What they may do from now on.")
@rows_options
@click.option("--everything", is_flag=True, help="Bounds and masks are lifted.")
@click.option("--disable/--enable", "disabled", default=None, help="Whether they may sign in.")
@data_option
@json_option
def change(
    name: str, role: str | None, everything: bool, disabled: bool | None, data: str | None, as_json: bool,
    **rows: tuple[str, ...],
) -> None:  # fmt: skip
    """Change a user's role, what they see (all of it is given anew), or whether they may sign in."""
    registry = open_registry(chosen(data))
    new = Scope() if everything else _scope(rows)
    _tell(
        registry.change_user(name, getpass.getuser(), role=role, scope=new, disabled=disabled), None, as_json
    )


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@data_option
@json_option
def password(name: str, password_stdin: bool, data: str | None, as_json: bool) -> None:
    """Give a user a new password, for a single use unless it is read from standard input."""
    registry = open_registry(chosen(data))
    new = accept(sys.stdin.readline().rstrip("\n"), name) if password_stdin else single_use()
    registry.user(name)
    registry.set_password(name, Passwords().hash(new), getpass.getuser(), single_use=not password_stdin)
    _tell(registry.user(name), None if password_stdin else new, as_json)


@click.group()
def token() -> None:
    """Tokens with which programs ask the API as one of the users."""


@token.command("create")
@click.argument("name")
@click.option("--for", "purpose", default="API", metavar="TEXT", help="What it is for.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="Valid for so many days; else until it is revoked."
)
@data_option
@json_option
def create_token(name: str, purpose: str, days: int | None, data: str | None, as_json: bool) -> None:
    """Make a token for the user NAME; it is printed this one time."""
    registry = open_registry(chosen(data))
    until = None if days is None else now() + days * 86_400_000_000
    made, secret = registry.create_token(registry.user(name), purpose, getpass.getuser(), until)
    if as_json:
        print_json({"id": made.id, "token": secret, "expires_at": iso(until) if until else None})
    else:
        click.echo(f"{made.id}  {secret}")


@token.command("list")
@click.argument("name")
@data_option
@json_option
def list_tokens(name: str, data: str | None, as_json: bool) -> None:
    """List the tokens of the user NAME."""
    registry = open_registry(chosen(data))
    rows = [_token(one) for one in registry.tokens(registry.user(name))]
    if as_json:
        print_json(rows)
    else:
        print_table(list(_TOKEN), [[one[field] or "" for field in _TOKEN] for one in rows])


@token.command()
@click.argument("name")
@click.argument("id")
@data_option
def revoke(name: str, id: str, data: str | None) -> None:
    """Revoke a token of the user NAME."""
    registry = open_registry(chosen(data))
    registry.revoke_token(registry.user(name), id, getpass.getuser())
    click.echo(f"{id} is revoked")


def _token(one: Token) -> dict[str, Any]:
    moments = {name: getattr(one, name) for name in _TOKEN[2:]}
    return {"id": one.id, "for": one.name} | {name: at and iso(at) for name, at in moments.items()}


def _scope(rows: dict[str, tuple[str, ...]]) -> Scope | None:
    """What was given of it; None where nothing was."""
    if not any(rows.values()):
        return None
    attributes: dict[str, list[str]] = {}
    for name, values in (("owner", rows["owners"]), ("region", rows["regions"])):
        attributes.setdefault(name, []).extend(values)
    for text in rows["only"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r}: write ATTRIBUTE=VALUE", param_hint="--only")
        attributes.setdefault(name, []).append(value)
    masks = [] if rows["masks"] == ("none",) else rows["masks"]
    return scope(rows["projects"], {name: values for name, values in attributes.items() if values}, masks)


def _shown(one: User) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "disabled": one.disabled,
        "single_use": one.single_use,
        "projects": one.scope.projects,
        "only": one.scope.attributes,
        "masks": one.scope.masks,
        "created_at": iso(one.created_at),
        "created_by": one.created_by,
    }


def _tell(one: User, password: str | None, as_json: bool) -> None:
    if as_json:
        print_json(_shown(one) | ({"password": password} if password else {}))
        return
    click.echo(f"{one.name}: {one.role}, {_state(one)}, sees {_bounds(one.scope)}")
    if password:
        click.echo(f"password for the first login: {password}")


def _state(one: User) -> str:
    return "disabled" if one.disabled else "has to choose a password" if one.single_use else "active"


def _bounds(scope: Scope) -> str:
    bounds = {"project": scope.projects, **scope.attributes}
    parts = [f"{name} {' or '.join(values)}" for name, values in bounds.items() if values]
    return ", ".join(parts) or "everything"
