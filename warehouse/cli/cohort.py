"""sojourn cohort: named sets of customers."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click
import msgspec

from warehouse.cli.filing import obeyed
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
from warehouse.cohorts import answers
from warehouse.cohorts.errors import BadCohort
from warehouse.cohorts.gathering import Gathered, checked, listing, of_answer, of_file
from warehouse.insights.asked import absolute
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.question import Answer, Question
from warehouse.insights.reading import from_json

_NAME = click.argument("name")


@click.group()
def cohort() -> None:
    """Keep named sets of customers, from a list or from the answer to a question.

    `cohort: NAME` is a filter and a breakdown of every insight; a tag is a cohort, too. `sojourn insight
    overlap` tells how many are in several.
    """


@cohort.command()
@_NAME
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", help="The ids are of this kind only: user_id, anonymous_id, email, ...")
@click.option("--description", default="", help="Where they come from.")
@project_option
@data_option
@json_option
def save(
    name: str, file: Path, kind: str | None, description: str, project: str | None, data: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Save the customers in FILE as the cohort NAME: one id of theirs a line, or CSV by its first column.

    Who was in it and is not in FILE leaves it, and is kept with the time.
    """
    settings = chosen(data)
    of = the_project(open_registry(settings), project)
    with open_reader(settings) as lake:
        found = of_file(lake, of, file, kind)
    told = description or f"the list {file.name}"
    _save(data, {"project": of, "cohort": checked(name), "description": told}, found, as_json)


@cohort.command()
@_NAME
@project_option
@data_option
@json_option
def refresh(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Ask the question of the cohort NAME again; its members are those who are listed now.

    Of cohorts that were saved with `sojourn insight … --save-cohort NAME --again`.
    """
    with open_reader(chosen(data)) as lake:
        known = answers.cohort(lake, name, project)
        if known.kind != "question" or known.insight is None or known.question is None:
            raise BadCohort(f"cohort {name!r} is {known.kind}: it has no question to be asked again")
        insight = INSIGHTS[known.insight]
        question = from_json(insight.question, bytes(known.question))
        found = of_answer(lake, insight.ask(lake, listing(absolute(question, now())), now()))
    wish = {"description": known.description, "insight": insight.name, "kind": "question"}
    asked = {"question": msgspec.to_builtins(question), "project": known.project, "cohort": name}
    _save(data, wish | asked, found, as_json)


@cohort.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the saved cohorts, with how many customers are in each."""
    with open_reader(chosen(data)) as lake:
        found = answers.cohorts(lake)
    if as_json:
        print_json(found)
        return
    columns = ("project", "cohort", "kind", "members", "saved_at", "saved_by", "description")
    print_table(columns, [[str(getattr(one, name)) for name in columns] for one in found])


@cohort.command()
@_NAME
@click.option("--limit", default=20, show_default=True, help="Customers to list, who is in it first.")
@project_option
@data_option
@json_option
def show(name: str, limit: int, project: str | None, data: str | None, as_json: bool) -> None:
    """Show the cohort NAME: where it comes from, who is in it, and who was."""
    with open_reader(chosen(data)) as lake:
        found = answers.cohort(lake, name, project)
        members = answers.members(lake, found, limit)
    if as_json:
        print_json({"cohort": found, "members": members})
        return
    click.echo(f"{name} of {found.project}: {found.description}, saved {found.saved_at} by {found.saved_by}")
    if found.question is not None:
        click.echo(f"{found.insight} {bytes(found.question).decode()}")
    click.echo(f"{found.members} customers")
    rows = [[one.customer, one.entered, one.left or ""] for one in members]
    print_table(("customer", "entered", "left"), rows)


@cohort.command()
@_NAME
@project_option
@data_option
@json_option
def drop(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Forget the cohort NAME, and who was ever in it."""
    with open_reader(chosen(data)) as lake:
        known = answers.cohort(lake, name, project)
    _obey(data, {"project": known.project, "cohort": name, "drop": True}, as_json)


def save_answer(
    data: str | None, name: str, insight: str, asked: Question, answer: Answer, again: bool
) -> None:
    """Save those whom an answer lists. `again`: the question can be asked again, by `sojourn cohort refresh`;
    `asked` is the question as it was said, with times that move.
    """
    with open_reader(chosen(data)) as lake:
        found = of_answer(lake, answer)
    wish = {
        "project": answer.project,
        "cohort": checked(name),
        "kind": "question" if again else "static",
        "description": f"{insight}, {answer.since} to {answer.until}",
        "insight": insight,
        "question": msgspec.to_builtins(asked),
    }
    _save(data, wish, found, False, err=True)


def _save(
    data: str | None, wish: dict[str, Any], found: Gathered, as_json: bool, *, err: bool = False
) -> None:
    if found.unknown:
        some = ", ".join(found.unknown[:3])
        click.echo(f"{len(found.unknown)} ids are not known here: {some}", err=True)
    _obey(data, {**wish, "keys": found.keys}, as_json, err=err)


def _obey(data: str | None, wish: dict[str, Any], as_json: bool, *, err: bool = False) -> None:
    settings = chosen(data)
    registry = open_registry(settings)
    done = obeyed(settings, registry, wish, getpass.getuser(), lambda text: click.echo(text, err=True))
    if as_json:
        print_json(done)
    elif wish.get("drop"):
        click.echo(f"{done['cohort']}: forgotten", err=err)
    else:
        entered, left = done["entered"], done["left"]
        click.echo(f"{done['cohort']}: {done['members']} members, {entered} entered, {left} left", err=err)
