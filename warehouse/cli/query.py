"""sojourn sql and sojourn timeline: questions to the lake."""

from __future__ import annotations

import csv
import sys
from itertools import islice
from typing import Any

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, print_json, print_table
from warehouse.errors import UnknownId
from warehouse.query import Answer, ask, confine, text, values
from warehouse.timeline import Timeline, TimelineSession, View
from warehouse.timeline import timeline as find_timeline

SHOWN_ROWS = 1000
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


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
@click.option("--limit", default=100, show_default=True, help="Events on a page, at most.")
@click.option("--cursor", help="The page after this one: `next` of the page before.")
@click.option("--oldest-first", is_flag=True, help="From the first event on, not from the newest back.")
@click.option("--type", "types", multiple=True, help="Only events of this type, such as page; repeatable.")
@click.option("--event", "names", multiple=True, help="Only events of this name; repeatable.")
def timeline(
    any_id: str,
    data: str | None,
    as_json: bool,
    limit: int,
    cursor: str | None,
    oldest_first: bool,
    types: tuple[str, ...],
    names: tuple[str, ...],
) -> None:
    """Show a customer's visits and events. ANY_ID: a customer, user, device, session or message id."""
    view = View(limit, not oldest_first, cursor, types, names)
    with open_reader(chosen(data)) as lake:
        found = find_timeline(lake, any_id, view)
    if found is None:
        raise UnknownId(nobody(any_id))
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


def nobody(any_id: str) -> str:
    """What is said where nothing is known of an id."""
    return f"nothing is known under {any_id!r}; a new event is on its timeline after some seconds"


def _as_json(found: Timeline) -> dict[str, Any]:
    """The timeline with JSON text as JSON."""
    answer: dict[str, Any] = msgspec.to_builtins(found)
    for session in answer["sessions"]:
        for event in session["events"]:
            for name in ("properties", "traits", "context"):
                event[name] = None if event[name] is None else msgspec.Raw(event[name].encode())
    return answer


def _print_timeline(found: Timeline) -> None:
    click.echo(f"customer {found.customer_id}")
    for identity in found.identities:
        click.echo(f"  {identity.kind} {identity.value}  {identity.evidence}, since {identity.first_seen}")
    for session in found.sessions:
        _print_session(session)
    if found.next:
        click.echo(f"more: --cursor {found.next}")


def _print_session(session: TimelineSession) -> None:
    pause = f", {idle(session.idle_seconds)} after the one before" if session.idle_seconds else ""
    click.echo(f"session {session.session_id} on {session.device_id or 'no device'}{pause}")
    for event in session.events:
        what = " ".join(filter(None, (event.type, event.event, event.page_path)))
        click.echo(f"  {event.timestamp}  {what}")


def idle(seconds: float) -> str:
    """A pause in words: its greatest unit."""
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"
