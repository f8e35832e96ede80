"""The commands of `python -m loadtest`: each file here is one, and is imported when it is called."""

import asyncio
import sys
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ParamSpec

import click
import msgspec

from loadtest.charts import Chart
from loadtest.drive import answers
from loadtest.machine import machine
from loadtest.promises import Outcome, Run, judged
from loadtest.report import page
from loadtest.visits import iso
from sdk_contract.errors import SojournError

P = ParamSpec("P")


class Measured(msgspec.Struct, frozen=True):
    """What a command found: `figures` is printed, `charts` stand in the report. Not `held`: exit code 1."""

    figures: msgspec.Struct
    held: bool = True
    charts: tuple[Chart, ...] = ()


class Commands(click.Group):
    """Finds a command by its file; turns our errors into one red line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in iter_modules(__path__))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except* SojournError as errors:
            first: BaseException = errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            click.secho(f"error: {first}", fg="red", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def root() -> None:
    """Measure Sojourn from outside: how fast, how fresh, and whether it survives."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
report_option = click.option(
    "--report",
    "report_to",
    type=click.Path(path_type=Path),
    help="Write a page with figures and charts there.",
)


def measures(run: Run) -> Callable[[Callable[P, Measured]], click.Command]:
    """Makes a function that measures into the command of `run`, with --json and --report."""

    def made(work: Callable[P, Measured]) -> click.Command:
        @click.command(run.name)
        @json_option
        @report_option
        @wraps(work)
        def command(as_json: bool, report_to: Path | None, *args: P.args, **options: P.kwargs) -> None:
            began = now_us()
            measured = work(*args, **options)
            show(measured.figures, as_json)
            if report_to is not None:
                write_report(report_to, run, measured, began)
            sys.exit(0 if measured.held else 1)

        return command

    return made


def write_report(path: Path, run: Run, measured: Measured, began: int) -> None:
    """`began` in µs UTC."""
    figures: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(measured.figures))
    command = " ".join(["python -m loadtest", *sys.argv[1:]])
    seconds = round((now_us() - began) / 1e6, 1)
    code = 0 if measured.held else 1
    outcome = Outcome(run.name, command, iso(began // 1000), seconds, code, figures, judged(run, figures), {})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page([outcome], machine(), measured.charts, run.name), encoding="utf-8")


def show(result: msgspec.Struct, as_json: bool) -> None:
    """One line of JSON, or one line a figure for people."""
    if as_json:
        print(msgspec.json.encode(result).decode(), flush=True)
        return
    for name, value in msgspec.structs.asdict(result).items():
        print(f"{name:16} {value}")


def now_us() -> int:
    return time.time_ns() // 1000


def report(line: str) -> None:
    """Progress, for people."""
    print(line, file=sys.stderr, flush=True)


def wait_answers(url: str) -> None:
    asyncio.run(answers(url, "/health", 60.0, now_us))
