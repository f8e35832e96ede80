"""`sojourn identity who`, over the lake of a data folder."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sessionizer.identity.cli import who
from sessionizer.incremental import stitch
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import HOUR, START, Event, loaded, store
from tests.warehouse.lakes import lake_of_writer
from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tablet on which mei was signed in at 01:00, lin at 02:00, and nobody at 03:00."""
    folder = tmp_path_factory.mktemp("data")
    users = ("mei", "lin", None)
    with lake_of_writer(WarehouseSettings(data=str(folder))) as lake:
        store(lake, [Event(n, START + n * HOUR, f"m{n}", "page", "t", u) for n, u in enumerate(users, 1)])
        loaded(lake, len(users))
        stitch(lake, now=NOW)
    return folder


@pytest.mark.parametrize(
    ("at", "because", "user"),
    [
        ("2026-11-04", "unseen", None),
        ("2026-11-05T01:00:00Z", "visit", "mei"),
        ("2026-11-05T02:00:00", "visit", "lin"),
        ("2026-11-05T11:30:00+08:00", "nobody", None),
    ],
)
def test_a_moment_is_answered(data: Path, at: str, because: str, user: str | None) -> None:
    done = CliRunner().invoke(who, ["t", "--at", at, "--data", str(data), "--json"])
    (told,) = json.loads(done.stdout)
    assert (told["because"], told["user_id"]) == (because, user)


def test_what_is_not_known_is_said(data: Path) -> None:
    unknown = CliRunner().invoke(who, ["nobody", "--data", str(data)])
    assert (unknown.exit_code, "never seen" in unknown.output) == (1, True)
    wrong = CliRunner().invoke(who, ["t", "--at", "yesterday", "--data", str(data)])
    assert (wrong.exit_code, "2026-11-22" in wrong.output) == (2, True)
