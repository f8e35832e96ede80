"""The command `sojourn`: a click group whose sub-commands the packages register as entry points.

A sub-command is imported when it is called, so that `sojourn tail` never pays for DuckDB; `sojourn --help`
imports none.
"""

import ast
import os
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import click

from collector.services import refuse_unknown
from sdk_contract.errors import SojournError

GROUP = "sojourn.commands"


class Refusal(click.ClickException):
    """An error of ours as the user sees it: one red line, exit code 1."""

    def show(self, file: Any = None) -> None:
        click.secho(f"error: {' '.join(self.message.split())}", fg="red", file=file, err=file is None)


class Commands(click.Group):
    """Sub-commands by entry point, loaded when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*entry_points(group=GROUP).names, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in entry_points(group=GROUP, name=cmd_name):
            return loaded(entry)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {entry.name: outlined(entry) for entry in entry_points(group=GROUP)}
        click.Group(commands={**self.commands, **listed}).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            refuse_unknown(os.environ)
            return super().invoke(ctx)
        except SojournError as error:
            raise Refusal(str(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Refusal(os_text(error)) from error


def os_text(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def loaded(entry: EntryPoint) -> click.Command:
    """The command of an entry point; one that cannot be imported becomes a command that says why."""
    try:
        command = entry.load()
    except (ImportError, AttributeError) as error:
        return unavailable(entry, error)
    if not isinstance(command, click.Command):
        return unavailable(entry, TypeError("is not a click command"))
    return command


def outlined(entry: EntryPoint) -> click.Command:
    """A command's name and what its docstring says, read without importing it: all of them take two seconds.

    It is loaded where its source does not tell.
    """
    text = _docstring(entry)
    return loaded(entry) if text is None else click.Command(entry.name, help=text)


def _docstring(entry: EntryPoint) -> str | None:
    try:
        spec = find_spec(entry.module)
        source = ast.parse(Path((spec and spec.origin) or "").read_bytes())
    except (ImportError, OSError, SyntaxError):
        return None
    defined = (node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == entry.attr)
    return next((ast.get_docstring(node) for node in defined), None)


def unavailable(entry: EntryPoint, error: Exception) -> click.Command:
    reason = f"the command '{entry.name}' ({entry.value}) cannot be loaded: {error}"

    def refuse() -> NoReturn:
        raise Refusal(f"{reason}; install what is missing with: pip install 'sojourn[all]'")

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(
        entry.name,
        callback=refuse,
        add_help_option=False,
        context_settings=anything,
        short_help=f"({reason})",
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sojourn")
def root() -> None:
    """Sojourn: customer-behaviour data, from the SDK to the customer's timeline."""


def main() -> NoReturn:
    """The program `sojourn`."""
    root(prog_name="sojourn")
    raise SystemExit(0)


if __name__ == "__main__":
    main()
