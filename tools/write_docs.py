"""Writes the pages of docs/ that are made from the code: `python -m tools.write_docs [FOLDER]`."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from collector.command import root
from sdk_contract import verdicts
from sdk_contract.settings import Secret, describe
from tools import dialects_page
from warehouse import schema_docs

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 100

SERVICES = {
    "collector": "The collector: `sojourn collect`, `sojourn up`.",
    "warehouse": "The lake: every command that reads or writes it.",
    "sessionizer": "The one writer of the lake: `sojourn sessionize`.",
    "console": "The web console: `sojourn console`.",
    "deliver": "What brings actions to their destinations: `sojourn deliver`.",
}

CLI_HEAD = """# The command `sojourn`

Made from the commands themselves by `python -m tools.write_docs`; a test compares the two.

A command ends with 0 where it did what was asked, with 1 and one line on stderr where something was in the
way, with 2 where it was called wrongly.
"""

SETTINGS_HEAD = """# Settings

Made from the settings themselves by `python -m tools.write_docs`; a test compares the two.

Every setting is an environment variable. Durations are seconds (`2.5`) or have a unit (`500ms`, `2s`, `5m`),
sizes are bytes (`8388608`) or have one (`8MiB`). A variable that begins with `SOJOURN_` and is unknown stops
the start, and the message names the near one. `sojourn config show` prints each value in effect and where it
comes from; secrets print as `***`.
"""


def cli_markdown() -> str:
    """docs/cli.md."""
    sections = (f"\n## {name}\n\n```text\n{text}\n```\n" for name, text in helps(root, "sojourn"))
    return CLI_HEAD + "".join(sections)


def helps(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """(name, help) of a command and of every command below it."""
    width = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    own = {**command.context_settings, **width}
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, **own)
    yield name, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found, f"{name} {sub} is listed but is not there"
            yield from helps(found, f"{name} {sub}", context)


def settings_markdown() -> str:
    """docs/settings.md."""
    return SETTINGS_HEAD + "".join(_service(name, text) for name, text in SERVICES.items())


def _service(name: str, text: str) -> str:
    (entry,) = entry_points(group="sojourn.settings", name=name)
    rows = [
        f"| `{one.variable}` | {_default(one.value)} | {_cell(one.help)} |"
        for one in describe(entry.load(), {})
    ]
    head = "| variable | default | what it is |\n|---|---|---|"
    return "\n".join([f"\n## {name}\n\n{text}\n\n{head}", *rows, ""])


def _cell(text: str) -> str:
    """A text that stays whole in a table of Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _default(value: Any) -> str:
    """A default as a person would write it."""
    if value is None or value == "" or isinstance(value, Secret):
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1024:
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if value % size == 0:
                return f"`{value // size}{unit}`"
    return f"`{value}`"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_markdown,
    "dialects.md": dialects_page.markdown,
    "settings.md": settings_markdown,
    "tables.md": schema_docs.markdown,
    "verdicts.md": verdicts.markdown,
}

if __name__ == "__main__":
    for page, text in PAGES.items():
        Path(*sys.argv[1:2] or [str(DOCS)], page).write_text(text(), "utf-8")
