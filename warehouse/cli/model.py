"""sojourn model: models of what customers will do, learned once and kept."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable
from typing import Any

import click
import msgspec

from warehouse.cli.insight import print_answer, question_params, read_question
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
from warehouse.cli.projects import project_option
from warehouse.insights.asked import absolute
from warehouse.insights.errors import BadQuestion
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.prediction import kept
from warehouse.insights.prediction.keeping import train as train_one
from warehouse.insights.prediction.question import Asking, Intent, Risk
from warehouse.insights.prediction.training import Validated
from warehouse.registry.models import StoredModel
from warehouse.times import iso

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_LISTED = ("project", "name", "version", "kind", "as_of", "verdict", "auc", "trained_at", "trained_by")


@click.group()
def model() -> None:
    """Learn who will stop (risk) or buy (intent), keep the model, and score customers with it later."""


@model.group()
def train() -> None:
    """Learn a model from past days, test it on a later one, and keep it under a name."""


def _train(of: type[Asking]) -> click.Command:
    kind = of.__name__.lower()
    params: list[click.Parameter] = [
        click.Option(["--name"], metavar="NAME", help=f"Keep it under this name.  [default: {kind}]"),
        *question_params(of, "kept", "customers"),
        click.Option(["--data"], metavar="DIR", help="Folder of all data.  [default: ./sojourn-data]"),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
    ]
    return click.Command(kind, callback=_training(of, kind), params=params, help=of.__doc__)


def _training(of: type[Asking], kind: str) -> Callable[..., None]:
    def training(
        name: str | None, question: str | None, data: str | None, as_json: bool, **given: Any
    ) -> None:
        title = _named(name or kind)
        wish, settings = read_question(of, question, given), chosen(data)
        registry = open_registry(settings)
        click.echo("learning …", err=True)
        with open_reader(settings) as lake:
            stored = train_one(lake, registry, wish, title, getpass.getuser(), now())
        _print_model(stored, as_json)

    return training


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadQuestion(
            f"name {name[:80]!r} will not do; letters, digits, dots and dashes, 80 at most, would"
        )
    return name


for _of in (Risk, Intent):
    train.add_command(_train(_of))


@model.command("list")
@data_option
@json_option
def list_(data: str | None, as_json: bool) -> None:
    """List the kept models, every version."""
    found = [_listed(one) for one in open_registry(chosen(data)).models()]
    if as_json:
        print_json(found)
        return
    print_table(_LISTED, [[str(one[name]) for name in _LISTED] for one in found])


def _listed(one: StoredModel) -> dict[str, Any]:
    told = {**msgspec.structs.asdict(one), "auc": _auc(one), "trained_at": iso(one.trained_at)}
    return {name: told[name] for name in _LISTED}


def _auc(one: StoredModel) -> float | None:
    """None where another release wrote the model otherwise."""
    try:
        tested = kept.read_part(one, "tested", Validated)
    except BadQuestion:
        return None
    return next(round(of.auc.value, 4) for of in tested.compared if of.model == tested.model)


@model.command()
@click.argument("name", metavar="NAME[@VERSION]")
@project_option
@data_option
@json_option
def show(name: str, project: str | None, data: str | None, as_json: bool) -> None:
    """Show a kept model: its question, how it was tested, and what it goes by; as JSON with its numbers."""
    _print_model(kept.chosen(open_registry(chosen(data)).models(), name, project), as_json)


def _print_model(stored: StoredModel, as_json: bool) -> None:
    parts = {name: msgspec.json.decode(getattr(stored, name)) for name in ("question", "tested", "model")}
    if as_json:
        print_json({**msgspec.structs.asdict(stored), **parts})
        return
    tested = kept.read_part(stored, "tested", Validated)
    click.echo(f"{stored.project}: {stored.name}@{stored.version}, {stored.kind} as of {stored.as_of}")
    for note in tested.notes():
        click.echo(note)
    rows = [
        [one.feature, f"{one.share:.1%}", "likelier" if one.more_is_likelier else "less likely"]
        for one in tested.weights
    ]
    print_table(("feature", "weight", "more of it"), rows)


@model.command()
@click.argument("name", metavar="NAME[@VERSION]")
@project_option
@click.option("--until", metavar="TIME", help="Score as of then: a day, which counts, or a moment; now.")
@click.option("--customers", metavar="N", help="So many are listed, the likeliest first.  [default: 20]")
@data_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def score(
    name: str,
    project: str | None,
    until: str | None,
    customers: str | None,
    data: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Score the customers of now with a kept model: how likely each is to stop or to buy, and why."""
    settings, moment = chosen(data), now()
    stored = kept.chosen(open_registry(settings).models(), name, project)
    insight = INSIGHTS[stored.kind]
    given = {"project": stored.project, "until": until, "customers": customers}
    question = read_question(insight.question, None, {**given, "kept": f"{stored.name}@{stored.version}"})
    with open_reader(settings) as lake:
        answer = insight.ask(lake, absolute(question, moment), moment)
    if as_json:
        print_json(msgspec.to_builtins(answer))
    else:
        print_answer(insight, answer, as_csv)
