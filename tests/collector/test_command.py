"""The root command: loaded when called, errors in one line."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner

from collector import command
from sdk_contract.errors import Terminal


@click.command()
def fails() -> NoReturn:
    """Fails for a reason."""
    raise Terminal("key 'k' is\nnot there; use 'j'")


@click.command()
def full() -> NoReturn:
    """Meets a full disk."""
    raise OSError(28, "No space left on device", "/data/x")


HERE = __name__
ENTRIES = {
    "fails": f"{HERE}:fails",
    "full": f"{HERE}:full",
    "gone": "no.such.module:command",
    "odd": f"{HERE}:ENTRIES",
}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setitem(sys.modules, HERE, sys.modules[HERE])
    entries = EntryPoints(EntryPoint(name, value, command.GROUP) for name, value in ENTRIES.items())
    monkeypatch.setattr(command, "entry_points", lambda **wanted: entries.select(**wanted))
    return CliRunner()


def test_help_lists_every_command_and_what_is_missing(commands: CliRunner) -> None:
    result = commands.invoke(command.root, ["--help"])
    assert result.exit_code == 0
    assert "Fails for a reason." in result.output
    assert "No module named 'no'" in " ".join(result.output.split())


@pytest.mark.parametrize("entry", entry_points(group=command.GROUP), ids=lambda entry: entry.name)
def test_help_says_of_a_command_what_it_says_itself(entry: EntryPoint) -> None:
    listed, itself = command.outlined(entry), command.loaded(entry)
    assert listed.get_short_help_str(80) == itself.get_short_help_str(80) != ""


def test_help_imports_no_command() -> None:
    code = (
        "import atexit, sys; from collector.command import root; atexit.register(lambda: print(*sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; root(['--help'])"], capture_output=True, text=True, check=True
    )
    modules = done.stdout.split()
    assert "collector.command" in modules
    assert not {"duckdb", "pyarrow", *(entry.module for entry in entry_points(group=command.GROUP))} & {
        *modules
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fails", "error: key 'k' is not there; use 'j'\n"),
        ("full", "error: No space left on device: /data/x\n"),
    ],
)
def test_an_error_is_one_line(commands: CliRunner, name: str, text: str) -> None:
    result = commands.invoke(command.root, [name])
    assert (result.exit_code, result.stderr) == (1, text)


@pytest.mark.parametrize(
    ("name", "reason"), [("gone", "No module named 'no'"), ("odd", "is not a click command")]
)
def test_a_command_that_cannot_be_loaded_says_why(commands: CliRunner, name: str, reason: str) -> None:
    result = commands.invoke(command.root, [name, "--any", "thing"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: the command '{name}' (")
    assert reason in result.stderr


def test_an_unknown_variable_stops_everything(commands: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOJOURN_DATAS", "x")
    result = commands.invoke(command.root, ["full"])
    assert result.exit_code == 1
    assert "SOJOURN_DATAS is not a setting" in result.stderr


def test_an_unknown_command_is_refused(commands: CliRunner) -> None:
    assert commands.invoke(command.root, ["dance"]).exit_code == 2
