"""`sojourn identity who`: to whom an id belonged on a day."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, now, open_reader, print_json


@click.command()
@click.argument("id")
@click.option("--at", "--on", "moment", help="Day or moment, ISO 8601, UTC where it names no zone; else now.")
@data_option
@json_option
def who(id: str, moment: str | None, data: str | None, as_json: bool) -> None:
    """Tell to whom an id belonged at a moment: a device, user, e-mail address, phone number, ...

    Exit code 1 where no such id was ever seen.
    """
    from sessionizer.identity.who import who as ask

    at = _moment(moment)
    with open_reader(chosen(data)) as lake:
        found = ask(lake, id, at)
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
    else:
        for one in found:
            click.echo(
                f"{one.kind} {one.value} ({one.project}): {one.customer_id or 'nobody'}, {one.because}"
            )
    if not found:
        raise click.ClickException(f"id {id[:80]!r} was never seen; an id is compared as it is stored")


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.fromtimestamp(now() / 1e6, UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no day or moment; 2026-11-22 or 2026-11-22T08:30:00Z would be", param_hint="--at"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
