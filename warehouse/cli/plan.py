"""sojourn plan: the tracking plan, from its first draft to the collectors that apply it."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import msgspec

from sdk_contract.plan import Plan, PlannedEvent, compile, lint, read_plan
from sdk_contract.plan.changes import Change
from sdk_contract.plan.folder import Problem
from sdk_contract.plan.samples import Sample, events_of, judge_samples
from sdk_contract.plan.versions import changes, next_version
from sdk_contract.verdicts import Verdict
from warehouse import plans
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_registry,
    print_json,
    print_table,
)
from warehouse.registry import Registry
from warehouse.times import iso

# Sub-commands in modules of their own, imported when they are called.
_MODULES: Final[dict[str, str]] = {
    "infer": "warehouse.cli.plan_infer",
    "types": "warehouse.cli.plan_types",
}


class PlanCommands(click.Group):
    """The sub-commands of this file, and those of other modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(_MODULES[cmd_name]), cmd_name)
        return command


folder_argument = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group(cls=PlanCommands)
def plan() -> None:
    """Write, check and publish the tracking plan: which events there are, and what they carry.

    A plan is a folder of YAML files that belongs under version control; see docs/tracking-plan.md.
    """


@plan.command()
@folder_argument
def init(folder: Path) -> None:
    """Start a plan in the new folder DIR, with an example of every kind."""
    for name in plans.start(folder):
        click.echo(folder / name)


@plan.command("lint")
@folder_argument
@json_option
@click.pass_context
def lint_(context: click.Context, folder: Path, as_json: bool) -> None:
    """Say what is wrong with the plan in DIR, and what should be better.

    Exit code 1 where something is wrong.
    """
    problems = lint(plans.files_of(folder))
    if as_json:
        print_json([msgspec.to_builtins(problem) for problem in problems])
    else:
        _tell(problems)
        errors = _errors(problems)
        click.echo(f"{errors} errors, {len(problems) - errors} warnings")
    if _errors(problems):
        context.exit(1)


@plan.command()
@folder_argument
@click.argument("file", type=click.File("rb"))
@click.option("--mode", type=click.Choice(("enforce", "warn")), default="enforce", show_default=True)
@json_option
@click.pass_context
def check(context: click.Context, folder: Path, file: BinaryIO, mode: str, as_json: bool) -> None:
    """Say what the collector would say of the events in FILE, by the plan in DIR.

    FILE has one event a line, a list, or a batch; - is what comes in. Nothing is sent anywhere. Exit code 1
    where an event is rejected.
    """
    compiled = compile(read_plan(plans.files_of(folder)))
    samples = judge_samples(compiled, events_of(file.read()), softened=mode == "warn")
    if as_json:
        print_json([msgspec.to_builtins(sample) for sample in samples])
    else:
        _print_samples(samples)
    if any(sample.verdict is Verdict.REJECTED for sample in samples):
        context.exit(1)


@plan.command()
@click.argument("old")
@click.argument("new")
@data_option
@json_option
def diff(old: str, new: str, data: str | None, as_json: bool) -> None:
    """Say what changes from the plan OLD to the plan NEW, and which version that needs.

    Each is a folder, or a published plan: PROJECT for its newest, PROJECT@VERSION for another.
    """
    before, after = _named(old, data), _named(new, data)
    found = changes(before, after)
    needed = next_version(before.version, found) if found else before.version
    if as_json:
        print_json({"changes": [msgspec.to_builtins(change) for change in found], "needs": needed})
        return
    _print_changes(found)
    click.echo(f"needs version {needed} or higher" if found else "the same")


@plan.command()
@folder_argument
@click.option("--project", required=True, help="The project that gets the plan.")
@data_option
@json_option
def publish(folder: Path, project: str, data: str | None, as_json: bool) -> None:
    """Put the plan in DIR to use for a project; its collectors know it within a second.

    A plan with an error is refused, and so is one whose version does not tell of what changed.
    """
    files = plans.files_of(folder)
    _tell(problem for problem in lint(files) if problem.severity == "warning")
    written, registry = read_plan(files), _registry(data)
    found = plans.changes_to(registry, project, written)
    _print_changes(found, err=True)
    made = plans.publish(registry, project, written, getpass.getuser())
    if as_json:
        print_json({"project": project, "version": made.version, "number": made.number})
    else:
        click.echo(f"{project} has version {made.version} of its plan, with {len(written.events)} events")


@plan.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the plans that were published, the oldest of each project first."""
    columns = ("project", "number", "version", "published_at", "published_by")
    records = []
    for found in open_registry(chosen(data)).plans():
        record = {name: getattr(found, name) for name in columns}
        records.append(record | {"published_at": iso(found.published_at)})
    if as_json:
        print_json(records)
    else:
        print_table(columns, [[str(record[name]) for name in columns] for record in records])


@plan.command()
@click.argument("name", metavar="PLAN")
@data_option
@json_option
def show(name: str, data: str | None, as_json: bool) -> None:
    """Show the events of PLAN: a folder, a PROJECT's newest plan, or PROJECT@VERSION; --json all of it."""
    found = _named(name, data)
    if as_json:
        print_json(msgspec.json.decode(found.to_json()))
        return
    click.echo(f"version {found.version}, unplanned events: {found.unplanned}")
    columns = ("event", "kind", "key", "owner", "since", "description")
    print_table(columns, [_line(event) for event in found.events])


def _named(name: str, data: str | None) -> Plan:
    if Path(name).is_dir() or "/" in name or name in (".", ".."):
        return read_plan(plans.files_of(Path(name)))
    project, _, version = name.partition("@")
    return plans.published(open_registry(chosen(data)), project, version or None)


def _registry(data: str | None) -> Registry:
    return Registry.open(chosen(data).folders.registry, now=now)


def _errors(problems: Iterable[Problem]) -> int:
    return sum(problem.severity == "error" for problem in problems)


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        click.secho(f"{problem.severity}: {problem}", fg=color, err=True)


def _print_samples(samples: list[Sample]) -> None:
    columns = ("number", "type", "event", "verdict", "reason", "pointer", "expected")
    rows: list[list[Any]] = [[getattr(sample, name) for name in columns] for sample in samples]
    print_table(columns, [["" if cell is None else str(cell) for cell in row] for row in rows])
    found = Counter(sample.verdict.value for sample in samples)
    click.echo(", ".join(f"{number} {verdict}" for verdict, number in found.items()) or "no events")


def _print_changes(found: list[Change], *, err: bool = False) -> None:
    for change in found:
        click.echo(f"{change.level}: {change.place}: {change.text}", err=err)


def _line(event: PlannedEvent) -> list[str]:
    return [
        event.title, event.kind or "", "key" if event.key_event else "", event.owner, event.since,
        event.description,
    ]  # fmt: skip
