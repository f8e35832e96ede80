"""Every command of docs/insights.md runs as it stands, and finds something in a small shop."""

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON
from tools.write_docs import DOCS
from warehouse.cli import insight
from warehouse.insights.kinds import INSIGHTS

TEXT = (DOCS / "insights.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("sojourn insight ")
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stitched_shop(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_runs_and_finds_something(
    shop: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight, "now", lambda: NOON)
    done = CliRunner().invoke(insight.insight, [*shlex.split(command)[2:], "--data", str(shop), "--json"])
    assert done.exception is None, done.exception
    answer = msgspec.json.decode(done.stdout)
    assert answer["n"] > 0
    assert answer["sql"]


def test_each_insight_has_an_example() -> None:
    assert {shlex.split(command)[2] for command in COMMANDS} == set(INSIGHTS)
