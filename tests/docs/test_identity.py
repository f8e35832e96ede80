"""The queries of docs/identity.md run and find something, and its file of rules is read."""

import re
from pathlib import Path

import pytest

from sessionizer.identity import USUAL, read_rules
from sessionizer.incremental import stitch
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import HOUR, START, Event, loaded, plain_lake, store
from tools.write_docs import DOCS
from warehouse.lake import Lake

TEXT = (DOCS / "identity.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def lake() -> Lake:
    users = ("mei", None, "lin")
    events = [
        Event(n, START + n * HOUR, f"m{n}", "group", "tablet-7", user, group_id="g")
        for n, user in enumerate(users, 1)
    ]
    found = plain_lake()
    store(found, events)
    loaded(found, len(events))
    stitch(found, now=NOW)
    return found


@pytest.mark.parametrize("sql", QUERIES)
def test_the_query_runs_and_finds_something(lake: Lake, sql: str) -> None:
    assert lake.query(sql)


def test_the_file_of_rules_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "identity.yaml"
    path.write_text(text)
    rules = read_rules(str(path))
    assert rules.logged_out == "last_user"
    assert len(rules.kinds) == len(USUAL.kinds) + 1


def test_the_table_of_kinds_is_that_of_the_program() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]* \| (\d+) \| (\w+)[^|]* \| ([^|]*) \|$", TEXT, re.MULTILINE)
    told = {name: (int(priority), limit) for name, priority, limit, _ in rows}
    assert told == {kind.name: (kind.priority, str(kind.limit or "any")) for kind in USUAL.kinds}
    for name, *_, where in rows:
        traits = next(kind.traits for kind in USUAL.kinds if kind.name == name)
        assert all(f"`{trait}`" in where for trait in traits)
