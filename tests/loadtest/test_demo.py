"""The demo's import through a door: whole, once, repeatable, and over at once when told."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from loadtest.demo import IMPORT, TRUTH, Import, import_of, play, publish_plan, windows
from loadtest.errors import GaveUp
from loadtest.furnishing import begin, complete, stitched
from loadtest.traffic import Shop
from loadtest.truth import read_truth
from loadtest.visits import Message
from tests.loadtest.door import Door, listening
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON
from warehouse.boards.keeping import loaded
from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings
from warehouse.tags.published import in_use

SEED = 3
DAY_US = 86_400_000_000


def now_us() -> int:
    return time.time_ns() // 1000


def played(door: Door, data: Path, rate: float = 0.0) -> None:
    async def work() -> None:
        async with listening(door) as url:
            await play(url, "wk_demo", data, rate, SEED, now_us, lambda _: None)

    asyncio.run(work())


def test_the_whole_history_arrives_and_the_truth_is_kept(tmp_path: Path) -> None:
    door = Door(lambda number: "503" if 270 <= number < 290 else "ok")
    played(door, tmp_path)
    begun = msgspec.json.decode((tmp_path / IMPORT).read_bytes(), type=Import)
    shop = Shop(SEED, touched=True)
    assert sorted(door.acked) == sorted(message.message_id for message in shop.history(begun.now))
    assert read_truth(tmp_path / TRUTH) == shop.truth


def test_a_second_start_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / TRUTH).write_text("{}")
    door = Door()
    played(door, tmp_path)
    assert door.paths == ["/health"]


def test_a_broken_import_is_repeated_with_the_same_ids(tmp_path: Path) -> None:
    first = import_of(tmp_path, SEED, lambda: 1_000)
    assert import_of(tmp_path, SEED, lambda: 2_000) == first


def test_a_refused_import_leaves_no_truth(tmp_path: Path) -> None:
    with pytest.raises(GaveUp, match="401"):
        played(Door(lambda _: "401"), tmp_path)
    assert not (tmp_path / TRUTH).exists()


def test_the_shop_has_its_tracking_plan_unless_there_is_one(tmp_path: Path) -> None:
    assert publish_plan(tmp_path, "wk_any", now_us) is None
    registry = Registry.open(tmp_path / "registry.sqlite", now=now_us)
    key = registry.create_key("demo")
    assert publish_plan(tmp_path, "wk_any", now_us) is None
    assert publish_plan(tmp_path, key.secret, now_us) == "demo"
    assert publish_plan(tmp_path, key.secret, now_us) is None
    assert [plan.project for plan in registry.plans()] == ["demo"]
    assert "eager_learner" in {one.tag.name for one in in_use(registry)["demo"]}
    registry.close()


def test_a_board_questions_and_a_watch_are_there_once_and_for_everybody(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=now_us)
    for _ in range(2):
        begin(registry, "demo", now_us)
    (board,) = registry.boards("somebody")
    assert len(loaded(board).tiles) >= 6
    assert len(registry.saved_questions("somebody")) == 3
    (watch,) = registry.watches("demo")
    assert watch.published_at < now_us() - 29 * DAY_US
    with pytest.raises(RegistryError, match="is watched since before"):
        registry.publish_watch("demo", watch.name, "{}", "ann", since=5)
    assert registry.publish_watch("demo", watch.name, "{}", "ann").number == 2
    registry.close()


@pytest.mark.slow
def test_the_past_gives_cohorts_and_a_report(tmp_path: Path) -> None:
    """Twelve days are too short for a model, and nobody answered a survey here: that holds nothing up."""
    settings = WarehouseSettings(data=str(stitched_shop(tmp_path)))
    registry, said = Registry.open(settings.folders.registry, now=lambda: NOON), list[str]()
    assert stitched(settings, NOON - DAY_US)
    assert not stitched(settings, NOON + DAY_US)
    complete(settings, registry, "shop", lambda: NOON, said.append)
    filed = registry.next_command()
    assert filed
    assert filed.args["cohort"] == "champions"
    assert filed.args["keys"]
    assert [one.split(":")[0] for one in said] == ["gather", "learn"]
    assert [one.name for one in registry.schedules()] == ["visits"]
    registry.close()


def test_windows_gather_neighbours_and_lose_nothing() -> None:
    messages = [Message(at, f"m{at}", b"") for at in (0, 10, 99, 100, 350, 351)]
    gathered = list(windows(iter(messages), 100))
    assert [[message.at for message in batch] for _, batch in gathered] == [[0, 10, 99], [100], [350, 351]]
    assert all(closes - batch[0].at == 100 for closes, batch in gathered)
    assert all(left < right for (left, _), (right, _) in pairwise(gathered))
