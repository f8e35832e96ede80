"""Every command of docs/insights.md runs as it stands, and finds something in a small shop."""

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from sessionizer.tagging import keep_up
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON, lake_of_writer
from tools.write_docs import DOCS
from warehouse.cli import insight
from warehouse.insights.kinds import INSIGHTS
from warehouse.settings import WarehouseSettings
from warehouse.tags import STARTER, read_tags
from warehouse.tags.rules import Versioned

TEXT = (DOCS / "insights.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("sojourn insight ")
]

DEAL = """
    INSERT INTO events
    SELECT * REPLACE (
        'sojourn-import' AS library_name, 'Deal Updated' AS event, '{"import": {"id": "D1"}}' AS extra,
        '{"import": {"kind": "deals", "source": "crm"}}' AS context, '{"stage": "Offer"}' AS properties)
    FROM events WHERE type = 'track' LIMIT 1"""


ACTED = """
    INSERT INTO events
    SELECT * REPLACE (
        'action_sent' AS event, 'track' AS type,
        json_object('rule', 'cart', 'assigned_at', strftime(timestamp, '%Y-%m-%dT%H:%M:%SZ')) AS properties)
    FROM events WHERE event = 'Product Viewed' ORDER BY load_seq LIMIT 20"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the tags that there are to start from, a deal, and an action that was sent to some."""
    root = stitched_shop(tmp_path_factory.mktemp("shop"))
    tags = read_tags(STARTER.read_text("utf-8"))
    with lake_of_writer(WarehouseSettings(data=str(root))) as lake:
        keep_up(lake, {"shop": [Versioned(tag, 1) for tag in tags]}, NOON)
        lake.execute(DEAL)
        lake.execute(ACTED)
    return root


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
