"""sojourn rejected: what was refused, and why."""

from __future__ import annotations

import getpass
import os
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
from warehouse.cli.since import Since, moment_of
from warehouse.errors import UnknownId
from warehouse.query import plain, text
from warehouse.refused import Group, Wish, listed, opened, summary, whole
from warehouse.settings import WarehouseSettings

_NOTHING = "nothing of that kind was refused"
_LINE = ("load_seq", "received_at", "message_id", "event", "verdict", "code", "pointer", "sdk")


@click.command()
@click.option("--since", type=Since(), help="Only what was received since: 6h, 7d, 2026-11-21.")
@click.option("--project", help="Only events of this project.")
@click.option("--event", help="Only events of this name.")
@click.option("--code", help="Only what was refused for this reason.")
@click.option("--sdk", help='Only events of this SDK and version, as in "analytics.js 2.1.0".')
@click.option("--list", "as_list", is_flag=True, help="Show single events, the newest first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Events of --list.")
@click.option("--show", "show_id", metavar="ID", help="Show one event whole, by message id or load_seq.")
@click.option("--reveal", is_flag=True, help="With --show: open what was sealed; the audit log tells.")
@click.option("--reason", help="Why it has to be opened; needed for --reveal.")
@data_option
@json_option
def rejected(
    since: int | None, project: str | None, event: str | None, code: str | None, sdk: str | None,
    as_list: bool, limit: int, show_id: str | None, reveal: bool, reason: str | None,
    data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show refused events: by name, code and SDK version; --list one by one; --show ID one whole.

    These are the events of the table `rejected`: rejected, filtered or damaged. `sojourn replay` judges them
    again after the rule is mended.
    """
    if reveal and not (show_id and (reason or "").strip()):
        raise click.UsageError("--reveal needs --show ID and --reason TEXT")
    settings = chosen(data)
    wish = Wish(code, moment_of(since, now()), event, project, None, sdk)
    if show_id:
        _show(settings, show_id, reason if reveal else None, as_json)
    elif as_list:
        with open_reader(settings) as lake:
            _print_rows(listed(lake, wish, limit), as_json)
    else:
        with open_reader(settings) as lake:
            _print_groups(summary(lake, wish), as_json)


def _show(settings: WarehouseSettings, id: str, reason: str | None, as_json: bool) -> None:
    with open_reader(settings) as lake:
        found = [_plain(row) for row in whole(lake, id)]
    if not found:
        raise UnknownId(f"no refused event {id!r} is in the lake; `sojourn explain` follows stored ones")
    shown = found[0]
    if reason is not None:
        shown["raw"] = _revealed(settings, shown, reason.strip())
    if as_json:
        print_json(shown)
        return
    for name, cell in shown.items():
        if cell is not None:
            click.echo(f"{name:<16} {cell}")
    if len(found) > 1:
        others = ", ".join(str(row["load_seq"]) for row in found[1:])
        click.echo(f"the same message id is also in rows {others}", err=True)


def _revealed(settings: WarehouseSettings, row: dict[str, Any], reason: str) -> str:
    """What was sealed, as text; who asked and why is in the audit log before anything is shown."""
    from warehouse.secrets import Secrets

    detail = {"message_id": row["message_id"], "load_seq": row["load_seq"], "reason": reason}
    open_registry(settings).audit(getpass.getuser(), "rejected.reveal", msgspec.json.encode(detail).decode())
    vault = Secrets.open(settings.folders.secrets, now, os.urandom).vault()
    return opened(row["raw"] or "", vault).decode("utf-8", "backslashreplace")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(cell) for name, cell in row.items()}


def _print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    records = [_plain(row) for row in rows]
    if as_json:
        print_json(records)
    elif not records:
        click.echo(_NOTHING)
    else:
        print_table(_LINE, [[text(record[name]) for name in _LINE] for record in records])


def _print_groups(groups: list[Group], as_json: bool) -> None:
    if as_json:
        print_json(groups)
        return
    if not groups:
        click.echo(_NOTHING)
        return
    names = Group.__struct_fields__
    rows = [[getattr(group, name) for name in names[:-1]] for group in groups]
    versions = [" ".join(group.plan_versions) for group in groups]
    print_table(names, [[*map(text, row), of] for row, of in zip(rows, versions, strict=True)])
