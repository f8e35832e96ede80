"""sojourn person, as a person runs it: what would go, what is filed, how far it is, and wrong input."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector.command import Commands
from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, MAIL, TABLET, World, history
from warehouse.cli.person import person

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("person"))
    world.land(*history(world.vault))
    world.turn(2)
    world.job.close()
    yield world
    world.site.registry.close()


@pytest.fixture(scope="module")
def run(world: World) -> Run:
    group = Commands("sojourn", commands={"person": person})

    def run(*args: str) -> Result:
        data = ["--data", str(world.site.settings.data)]
        return CliRunner().invoke(group, ["person", *args, *data], catch_exceptions=False)

    return run


def test_a_dry_run_tells_everything_and_changes_nothing(run: Run, world: World) -> None:
    before = {path: path.stat().st_mtime_ns for path in world.site.store.root.rglob("*.parquet")}
    plan: dict[str, Any] = json.loads(run("erase", LAPTOP, "--dry-run", "--json").stdout)
    assert ([id["value"] for id in plan["ids"]], [id["value"] for id in plan["kept"]]) == (
        [LAPTOP, MAIL, ADA],
        [TABLET],
    )
    assert (plan["elsewhere"], plan["landing"]) == ([ADA], {"objects": 3, "rows": 6, "mentions": 1})
    assert plan["lake"]["events"] == 4
    assert any("lake/data/main/events" in path for path in plan["files"])
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert world.site.registry.erasures() == []
    assert "stays: somebody else uses it too" in run("erase", LAPTOP, "--dry-run").stdout


def test_what_is_filed_tells_nobody_who_it_is(run: Run, world: World) -> None:
    filed = json.loads(run("erase", BEN, "--reason", f"mail of {BEN}, no. 7", "--json").stdout)
    assert [(one["stage"], one["reason"], one["mode"]) for one in filed] == [
        ("filed", "mail of [erased], no. 7", "erase")
    ]
    root = Path(world.site.settings.data)
    held = b"".join(path.read_bytes() for path in root.glob("registry.sqlite*"))
    assert BEN.encode() not in held
    assert [line.action for line in world.site.registry.audited(1)] == ["person.erase"]


@pytest.mark.parametrize("asked", [[], [BEN], [BEN, "--project", "shop", "--kind", "user_id"]])
def test_status_by_an_id_that_is_kept_nowhere(run: Run, asked: list[str]) -> None:
    assert [one["no"] for one in json.loads(run("status", *asked, "--json").stdout)] == [1]
    assert "nobody was erased" in run("status", MAIL).stdout
    assert "are not reached" in run("status", BEN).stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["erase", LAPTOP], "--reason TEXT is needed"),
        (["erase", "nobody", "--reason", "x"], "nobody is known as 'nobody'"),
        (["erase", TABLET, "--kind", "user_id", "--dry-run"], "nobody is known as"),
        (["erase", ADA, "--reason", "x"], "is 2 customers"),
        (["export", "nobody", "--out", "x"], "nobody is known as 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, args: list[str], told: str) -> None:
    done = run(*args)
    assert done.exit_code in (1, 2)
    assert told in done.stderr


def test_export_prints_where_and_how_much(run: Run, tmp_path: Path) -> None:
    done = json.loads(run("export", LAPTOP, "--out", str(tmp_path / "ada.zip"), "--json").stdout)
    assert done["rows"]["events"] == 4
    assert "events" in run("export", LAPTOP, "--out", str(tmp_path / "ada")).stdout
