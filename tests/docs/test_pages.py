"""The pages that are made from the code are as the code is, and name every command, option and setting."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from collector.command import root
from sdk_contract.settings import variables
from tools.write_docs import DOCS, PAGES, SERVICES, settings_markdown

README = DOCS.parent / "README.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made by a process of its own: click keeps the help option a command was first asked for."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, "-m", "tools.write_docs", str(folder)], check=True, cwd=DOCS.parent)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_as_the_code_is(page: str, made: Path) -> None:
    assert (DOCS / page).read_text("utf-8") == (made / page).read_text("utf-8"), (
        "run python -m tools.write_docs"
    )


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found
            yield from commands(found, f"{name} {sub}")


def test_every_command_and_option_is_documented() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    assert "cannot be loaded" not in text
    sections = dict(section.split("\n", 1) for section in text.split("\n## ")[1:])
    for name, command in commands(root, "sojourn"):
        assert command.help, f"{name} has no help"
        for parameter in command.params:
            shown = parameter.get_usage_pieces(click.Context(command)) or parameter.opts
            assert shown[-1] in sections[name], f"{name} does not tell of {shown[-1]}"


def test_every_setting_is_documented() -> None:
    text = settings_markdown()
    assert {entry.name for entry in entry_points(group="sojourn.settings")} == set(SERVICES)
    for entry in entry_points(group="sojourn.settings"):
        for variable in variables(entry.load()):
            described = re.search(rf"^\| `{variable}` \| .* \| .+ \|$", text, re.MULTILINE)
            assert described, f"{variable} has no description"


@pytest.mark.parametrize("page", [README, *sorted(DOCS.glob("*.md"))], ids=lambda path: str(path.name))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
