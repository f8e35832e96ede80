"""sojourn insight: what analysts ask, a command each, made from the questions' own fields."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from warehouse.cli.options import chosen, now, open_reader, print_json, print_table
from warehouse.insights.asked import absolute
from warehouse.insights.errors import BadQuestion
from warehouse.insights.kinds import INSIGHTS, Insight
from warehouse.insights.question import Answer, Question
from warehouse.insights.reading import from_json, from_texts, is_list, plain
from warehouse.query import text

Q = TypeVar("Q", bound=Question)
_SHOWN_ROWS = 1000
_LISTS = {"who", "customers"}
_SAVE: list[click.Parameter] = [
    click.Option(["--save-cohort"], metavar="NAME", help="Save those who are listed as a cohort."),
    click.Option(["--again"], is_flag=True, help="`sojourn cohort refresh NAME` asks again, at its time."),
]


def _command(insight: Insight) -> click.Command:
    params = question_params(insight.question)
    params += [
        click.Option(["--data"], metavar="DIR", help="Folder of all data.  [default: ./sojourn-data]"),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the whole answer as JSON."),
        click.Option(["--csv", "as_csv"], is_flag=True, help="Print CSV."),
        click.Option(["--sql", "as_sql"], is_flag=True, help="Print the SQL that answers it."),
    ]
    if _LISTS.intersection(insight.answer.__struct_fields__):
        params += _SAVE
    return click.Command(insight.name, callback=_ask(insight), params=params, help=insight.question.__doc__)


def question_params(of: type[Question], *left_out: str) -> list[click.Parameter]:
    """The fields of a question as options and arguments, and a file for all of them."""
    fields = [field for field in msgspec.structs.fields(of) if field.name not in left_out]
    file = click.Option(
        ["--question"], metavar="FILE", help="The whole question as JSON; - is standard input."
    )
    return [*(_param(field, of) for field in fields), file]


def _param(field: msgspec.structs.FieldInfo, of: type[Question]) -> click.Parameter:
    """A field of a question as an option, or as the arguments."""
    many = is_list(field.type)
    if field.name == of.positional:
        return click.Argument([field.name], nargs=-1 if many else 1, required=False)
    name = f"--{field.name.replace('_', '-')}"
    if isinstance(plain(field.type), msgspec.inspect.BoolType):
        return click.Option([name, field.name], is_flag=True, default=None, help=_help(field))
    return click.Option([name, field.name], multiple=many, help=_help(field))


def _help(field: msgspec.structs.FieldInfo) -> str:
    info = msgspec.inspect.type_info(field.type)
    schema = info.extra_json_schema if isinstance(info, msgspec.inspect.Metadata) else None
    told = str((schema or {}).get("description", ""))
    kind = plain(field.type)
    if isinstance(kind, msgspec.inspect.LiteralType):
        told += f" {', '.join(map(str, kind.values))}."
    default = field.default
    shown = default not in (None, (), False, msgspec.NODEFAULT) and not isinstance(default, tuple)
    return f"{told}  [default: {default}]" if shown else told


def _ask(insight: Insight) -> Callable[..., None]:
    def ask(
        question: str | None,
        data: str | None,
        as_json: bool,
        as_csv: bool,
        as_sql: bool,
        save_cohort: str | None = None,
        again: bool = False,
        **given: Any,
    ) -> None:
        asked = _listing(read_question(insight.question, question, given), save_cohort)
        moment = now()
        with open_reader(chosen(data)) as lake:
            answer: Answer = insight.ask(lake, absolute(asked, moment), moment)
        if as_sql:
            click.echo(answer.sql)
        elif as_json:
            print_json(msgspec.to_builtins(answer))
        else:
            print_answer(insight, answer, as_csv)
        if save_cohort is not None:
            from warehouse.cli.cohort import save_answer

            save_answer(data, save_cohort, insight.name, asked, answer, again)

    return ask


def _listing(asked: Question, cohort: str | None) -> Question:
    """A question whose answer is to be a cohort lists as many as it can."""
    if cohort is None:
        return asked
    from warehouse.cohorts.gathering import checked, listing

    checked(cohort)
    return listing(asked)


def read_question(of: type[Q], file: str | None, given: dict[str, Any]) -> Q:
    """The question as it stands in the file, or in the options. BadQuestion, UnknownName."""
    texts = {name: _texts(value) for name, value in given.items() if value not in (None, ())}
    if file is None:
        return from_texts(of, texts)
    if texts:
        raise BadQuestion(f"--question holds the whole question; {', '.join(texts)} would stand in it")
    return from_json(of, sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))


def _texts(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, tuple) else [str(value)]


def print_answer(insight: Insight, answer: Answer, as_csv: bool) -> None:
    """As CSV, or as a table with what people have to know beside it."""
    table = insight.table(answer)
    if as_csv:
        rows = [[text(value) for value in row] for row in table.rows]
        csv.writer(sys.stdout, lineterminator="\n").writerows([table.columns, *rows])
        return
    print_table(table.columns, [[_short(value) for value in row] for row in table.rows[:_SHOWN_ROWS]])
    if len(table.rows) > _SHOWN_ROWS:
        click.echo(f"{len(table.rows) - _SHOWN_ROWS} rows more: --csv or --json prints all", err=True)
    click.echo(
        f"{answer.since} to {answer.until} by {answer.timezone}; {answer.n} {answer.unit}s,"
        f" {answer.n_mature} of them complete; everything received before {answer.complete_until} is in",
        err=True,
    )
    for note in answer.notes():
        click.echo(note, err=True)


def _short(value: Any) -> str:
    """A value as people read it: of a number with a fraction four digits that count."""
    if not isinstance(value, float) or not isfinite(value):
        return text(value)
    return f"{value:,.4g}" if abs(value) < 10_000 else str(round(value))


@click.group()
def insight() -> None:
    """Ask what analysts ask: trends, funnels, retention, paths and more.

    Events are named like 'Order Completed', page:Pricing or '*', and may have filters:
    'Order Completed where properties.price > 100 and country = DE'.
    """


for _insight in INSIGHTS.values():
    insight.add_command(_command(_insight))
