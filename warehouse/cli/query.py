"""sojourn sql and sojourn timeline: questions to the lake."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, print_json, print_table
from warehouse.customers import Timeline
from warehouse.customers import timeline as find_timeline
from warehouse.errors import UnknownId
from warehouse.query import Answer, ask, confine, text, values

SHOWN_ROWS = 1000


@click.command()
@click.argument("query")
@data_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def sql(query: str, data: str | None, as_json: bool, as_csv: bool) -> None:
    """Ask the lake one SELECT. Its tables go by their bare names: events, sessions, customers ...

    docs/tables.md says what they hold; "SHOW TABLES" and "DESCRIBE events" show them. QUERY - is read from
    standard input. A table shows the first 1,000 rows; --json (a list of objects) and --csv print all.
    """
    settings = chosen(data)
    with open_reader(settings) as lake:
        confine(lake, settings.folders)
        answer = ask(lake, sys.stdin.read() if query == "-" else query)
        (_print_json if as_json else _print_csv if as_csv else _print_table)(answer)


@click.command()
@click.argument("any_id")
@data_option
@json_option
def timeline(any_id: str, data: str | None, as_json: bool) -> None:
    """Show a customer's ids, visits and events. ANY_ID: a customer, user, device, session or message id."""
    with open_reader(chosen(data)) as lake:
        found = find_timeline(lake, any_id)
    if found is None:
        raise UnknownId(
            f"nothing is known under {any_id!r}; a new event is on its timeline after some seconds"
        )
    if as_json:
        print_json(_as_json(found))
    else:
        _print_timeline(found)


def _print_json(answer: Answer) -> None:
    """One object a line, so that it can be long."""
    click.echo("[", nl=False)
    for number, row in enumerate(values(answer)):
        record = dict(zip(answer.columns, row, strict=True))
        click.echo((",\n" if number else "") + msgspec.json.encode(record).decode(), nl=False)
    click.echo("]")


def _print_csv(answer: Answer) -> None:
    lines = csv.writer(sys.stdout)
    lines.writerow(answer.columns)
    lines.writerows([text(value) for value in row] for row in values(answer))


def _print_table(answer: Answer) -> None:
    rows = values(answer)
    print_table(answer.columns, [[text(value) for value in row] for row in islice(rows, SHOWN_ROWS)])
    if next(rows, None) is not None:
        click.echo(f"only the first {SHOWN_ROWS} rows are shown; --json and --csv print all", err=True)


def _as_json(found: Timeline) -> dict[str, Any]:
    """The timeline with JSON text as JSON."""
    answer: dict[str, Any] = msgspec.to_builtins(found)
    for attribute in answer["attributes"]:
        attribute["value"] = msgspec.Raw(attribute["value"].encode())
    for event in _events(answer):
        for name in ("properties", "traits", "context"):
            event[name] = None if event[name] is None else msgspec.Raw(event[name].encode())
    return answer


def _events(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for session in answer["sessions"]:
        yield from session["events"]


def _print_timeline(found: Timeline) -> None:
    click.echo(f"customer {found.customer_id}")
    for identity in found.identities:
        click.echo(f"  {identity.kind} {identity.value}  {identity.evidence}, since {identity.first_seen}")
    for attribute in found.attributes:
        doubt = (
            f", one of {attribute.values_seen} that contradict each other" if attribute.contradictory else ""
        )
        how = f"{attribute.rule} of {attribute.source or 'its events'}, {attribute.said_at}{doubt}"
        click.echo(f"  {attribute.name} {attribute.value}  {how}")
    for session in found.sessions:
        click.echo(f"session {session.session_id} on {session.device_id or 'no device'}")
        for event in session.events:
            what = " ".join(filter(None, (event.type, event.event, event.page_path)))
            click.echo(f"  {event.timestamp}  {what}")
