"""sojourn watch: metrics that are looked at by themselves, and the alerts that come of it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any, Final, cast

import click

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
from warehouse.insights.period import period
from warehouse.query import text
from warehouse.registry.alerts import Alert, State
from warehouse.registry.watches import PublishedWatch
from warehouse.watches import publishing
from warehouse.watches.definition import Watch, published, read_watch
from warehouse.watches.errors import BadWatch
from warehouse.watches.looking import rehearse
from warehouse.watches.telling import told

_STATES: Final = ("open", "acknowledged", "closed", "all")
_LISTED: Final = ("watch", "version", "state", "judged_until", "open_alerts", "error")
_JUDGED: Final = ("at", "value", "n", "expected", "low", "high", "score", "verdict", "test", "severity")
_ALERTS: Final = ("no", "watch", "at", "value", "expected", "n", "direction", "severity", "state")
_reason = click.option("--reason", required=True, help="Why; it is kept with your name.")
_number = click.argument("number", metavar="NO", type=int)


@click.group()
def watch() -> None:
    """Watch metrics: what is off its past or over a limit becomes an alert.

    A watch is a YAML file: a name, a metric as `sojourn insight` asks for it, and what is an alarm; see
    docs/alerts.md.
    """


@watch.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--since", metavar="TIME", help="A new watch judges the past as well, since: 30d, a day.")
@project_option
@data_option
@json_option
def publish(file: Any, since: str | None, project: str | None, data: str | None, as_json: bool) -> None:
    """Watch what FILE says, from the interval on that has begun; the next version of a name follows it."""
    found, registry = read_watch(file.read()), open_registry(chosen(data))
    begin = period(since, None, found.question.timezone, now()).since if since else None
    made = publishing.publish(registry, the_project(registry, project), found, getpass.getuser(), begin)
    _say(made, as_json, f"{made.project} has version {made.number} of {made.name}")


@watch.command()
@click.argument("name")
@project_option
@data_option
@json_option
def stop(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Look at the watch NAME no more; its alerts are kept, and publishing it again goes on."""
    registry = open_registry(chosen(data))
    made = publishing.stop(registry, the_project(registry, project), name, getpass.getuser())
    _say(made, as_json, f"{made.name} is looked at no more")


@watch.command()
@click.argument("name")
@project_option
@data_option
@json_option
def resume(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Look at the watch NAME again, from the interval on that has begun."""
    registry = open_registry(chosen(data))
    made = publishing.resume(registry, the_project(registry, project), name, getpass.getuser())
    _say(made, as_json, f"{made.name} is looked at again")


@watch.command()
@click.argument("name")
@project_option
@data_option
@json_option
def remove(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Forget the watch NAME, with its alerts and all that was judged."""
    registry = open_registry(chosen(data))
    chosen_project = the_project(registry, project)
    publishing.remove(registry, chosen_project, name, getpass.getuser())
    if as_json:
        print_json({"project": chosen_project, "watch": name, "removed": True})
    else:
        click.echo(f"{name} is forgotten")


@watch.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the watches: how far each is judged, what is open, and why one cannot be judged."""
    found = publishing.standing(open_registry(chosen(data)))
    if as_json:
        print_json(found)
    else:
        print_table(_LISTED, [[text(one[name]) for name in _LISTED] for one in found])


@watch.command()
@click.argument("name", metavar="FILE|NAME")
@click.option("--since", default="30d", show_default=True, help="First day or moment, or how far back.")
@project_option
@data_option
@json_option
def run(name: str, since: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Say what a watch would have said of each interval since then; nothing is kept.

    It is a file, or the name of one that was published.
    """
    settings = chosen(data)
    registry, moment = open_registry(settings), now()
    chosen_project = the_project(registry, project)
    one = _named(name, lambda: published(registry.watch(chosen_project, name).text))
    begin = period(since, None, one.question.timezone, moment).since
    with open_reader(settings) as lake:
        found = [told(each) for each in rehearse(lake, one, chosen_project, begin, moment)]
    if as_json:
        print_json(found)
        return
    print_table(_JUDGED, [[_short(each[column]) for column in _JUDGED] for each in found])
    click.echo(
        f"{sum(each['verdict'] == 'alarm' for each in found)} alarms in {len(found)} intervals", err=True
    )


@watch.command()
@click.option("--state", type=click.Choice(_STATES), default="all", show_default=True)
@click.option("--watch", "name", metavar="NAME", help="Only of this watch.")
@click.option("--since", metavar="TIME", default=None, help="Only of intervals since: 30d, a day, a moment.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@data_option
@json_option
def alerts(
    state: str, name: str | None, since: str | None, limit: int, data: str | None, as_json: bool
) -> None:
    """List alerts, the newest first."""
    begin = period(since, None, "UTC", now()).since if since else 0
    wanted = None if state == "all" else state
    found = open_registry(chosen(data)).alerts(watch=name, state=wanted, since=begin, limit=limit)
    records = [told(one) for one in found]
    if as_json:
        print_json(records)
    else:
        print_table(_ALERTS, [[_short(one[column]) for column in _ALERTS] for one in records])


@watch.command()
@_number
@data_option
@json_option
def alert(number: int, data: str | None, as_json: bool) -> None:
    """Show alert NO: its numbers and causes as they were, and what became of it."""
    found = told(open_registry(chosen(data)).alert(number))
    if as_json:
        print_json(found)
        return
    rows = [[name, _short(value)] for name, value in found.items() if name not in ("causes", "changes")]
    print_table(("field", "value"), rows)
    causes = [
        [", ".join(f"{name} = {value}" for name, value in zip(one["fields"], one["values"], strict=True))]
        + [_short(one[name]) for name in ("before", "after", "change", "score")]
        for one in found["causes"]
    ]
    print_table(("cause", "before", "after", "change", "score"), causes)
    changes = [[one[name] for name in ("at", "state", "by", "reason")] for one in found["changes"]]
    print_table(("changed", "state", "by", "reason"), changes)


@watch.command()
@_number
@_reason
@data_option
@json_option
def acknowledge(number: int, reason: str, data: str | None, as_json: bool) -> None:
    """Say that somebody looks after alert NO."""
    _change(number, "acknowledged", reason, data, as_json)


@watch.command()
@_number
@_reason
@data_option
@json_option
def close(number: int, reason: str, data: str | None, as_json: bool) -> None:
    """Close alert NO; one that recovers closes by itself."""
    _change(number, "closed", reason, data, as_json)


def _say(made: PublishedWatch, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json({"project": made.project, "watch": made.name, "version": made.number})
    else:
        click.echo(sentence)


def _change(number: int, state: str, reason: str, data: str | None, as_json: bool) -> None:
    registry, by = open_registry(chosen(data)), getpass.getuser()
    found: Alert = registry.change_alert(number, cast(State, state), by=by, reason=reason)
    registry.audit(by, f"alert.{state}", f"{found.project}: {number} of {found.watch}: {reason}")
    if as_json:
        print_json(told(found))
    else:
        click.echo(f"alert {number} is {state}")


def _named(name: str, registered: Any) -> Watch:
    path = Path(name)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml", ".json"):
            raise BadWatch(f"there is no file {name}")
        return cast(Watch, registered())
    return read_watch(path.read_text("utf-8"))


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else text(value)
