"""`sojourn identity`: explained, decided and undone on the command line, alone and by the running writer."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sessionizer.identity_cli import identity
from tests.sessionizer.test_job import Bench
from tests.warehouse.lakes import NOON, SECOND, event


def said(number: int, device: str, user: str) -> dict[str, object]:
    return event(f"m{number}", timestamp=NOON + number * SECOND, anonymous_id=device, user_id=user)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    bench = Bench(tmp_path)
    bench.site.land([said(1, "d1", "lin"), said(2, "d2", "lin"), said(3, "d2", "wei")])
    bench.job.turn()
    bench.job.close()
    return tmp_path


def call(root: Path, *words: str) -> Result:
    return CliRunner().invoke(identity, [*words, "--data", str(root)])


def test_explained_blocked_and_undone(root: Path) -> None:
    one = call(root, "explain", "d1", "d2").stdout.splitlines()
    assert one[0].startswith("anonymous_id:d1 and anonymous_id:d2 are one person, c_")
    assert one[1].startswith("  anonymous_id:d1 - user_id:lin: same_event by event m1 of 2026-")
    assert [line.endswith("<- the weakest") for line in one] == [False, False, True]

    done = call(root, "block", "d1", "lin", "--reason", "ticket 7")
    assert done.stdout.startswith("decision 1: ")
    apart = call(root, "explain", "d1", "lin").stdout
    assert "are two persons" in apart
    assert "blocked by decision" in apart
    assert ": ticket 7" in apart
    (edge,) = json.loads(call(root, "explain", "d1", "lin", "--json").stdout)["path"]
    assert (edge["rule"], edge["decisions"]) == ("decision", [1])

    assert json.loads(call(root, "decisions", "undo", "1", "--reason", "a mistake", "--json").stdout)["moved"]
    assert "are one person" in call(root, "explain", "d1", "lin").stdout
    (line,) = call(root, "decisions").stdout.splitlines()[2:]
    assert ("block" in line, "ticket 7" in line, "a mistake" in line) == (True, True, True)
    (row,) = json.loads(call(root, "decisions", "--json").stdout)
    assert (row["no"], row["undone_reason"], len(row["pairs"])) == (1, "a mistake", 1)


def test_what_the_rules_keep_apart(root: Path) -> None:
    text = call(root, "explain", "lin", "wei").stdout
    assert "are two persons" in text
    assert "blocked by unique_user_id" in text


def test_the_running_writer_decides(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(root, commands_every=0.0)
    monkeypatch.setattr("sessionizer.asking.time.sleep", lambda _: bench.job.turn())
    done = call(root, "merge", "d1", "wei", "--reason", "ticket 8", "--json")
    assert json.loads(done.stdout)["kind"] == "merge"
    ((people,),) = bench.job.writer.lake.query(
        "SELECT count(DISTINCT customer_id) FROM identities WHERE kind <> 'shared_device'"
    )
    assert people == 1
    bench.site.land([said(9, "d3", "wei")], worker="n-w1")
    bench.site.clock += 60 * SECOND
    bench.job.turn()
    assert "are one person" in call(root, "explain", "d3", "lin").stdout
    failed = call(root, "merge", "d1", "wei", "--reason", "again")
    assert "are one person already" in str(failed.exception)
    bench.job.close()
