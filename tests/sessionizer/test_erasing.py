"""Somebody is erased while everything runs: gone from all that is kept, and everybody else as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sessionizer import erasing
from sessionizer.job import Job
from sessionizer.rebuild import rebuild
from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, MAIL, ZOE, World, history, said
from tests.sessionizer.world import contents
from warehouse import rollup
from warehouse.balance import balance
from warehouse.erasure import rows
from warehouse.erasure.needles import ERASED
from warehouse.load import write_rows
from warehouse.registry import Erasure, Registry

OTHERS = "SELECT * FROM events WHERE message_id IN ('b-1', 'c-1', 'b-2', 'c-3', 'b-3', 'x-1') ORDER BY ALL"
FATES = "FROM rejected SELECT verdict, reason, message_id, count(*) GROUP BY ALL ORDER BY ALL"
COUNTED = [("filtered", "erased", ERASED, 9), ("rejected", "plan_violation", "r-3", 1)]


class Told:
    """A world in which Ada was erased, and what it was before."""

    def __init__(self, world: World) -> None:
        world.land(*history(world.vault))
        world.turn(2)
        self.world, self.before = world, world.rows(OTHERS)
        ada = world.erase(LAPTOP)
        while world.site.registry.erasure(ada.no).stage != "landing":
            world.turn()
        zoe = world.erase(ZOE)  # while the first pass is under way
        self.done: Erasure = world.finish(ada.no)
        assert world.finish(zoe.no).done_at


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    world = World(tmp_path_factory.mktemp("erased"))
    yield Told(world)
    world.close()


def test_the_roll_up_counts_what_is_left(told: Told) -> None:
    told.world.turn()
    assert told.world.rows("SELECT count(DISTINCT load_seq) FROM cursors") == [(1,)]
    assert told.world.rows("SELECT count(*) FROM cursors WHERE name = 'rollup'") == [(1,)]
    assert rollup.differences(told.world.job.writer.lake) == []


def difference(world: World) -> int:
    lake, site = world.job.writer.lake, world.site
    found = balance(lake, site.store, site.registry, site.settings.folders.journal)
    return found.total.difference + len(found.open)


def kept(world: World) -> str:
    """Every byte of every file, and the values of those that are Parquet."""
    texts = []
    for path in Path(world.site.settings.data).rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
        if path.suffix == ".parquet":
            texts.append(str(pq.read_table(path).to_pylist()))
    return "\n".join(texts)


def stitched_anew(world: World) -> dict[str, list[tuple[Any, ...]]]:
    job = world.job
    rebuild(job.writer.lake, now=world.site.now, visits=job.visits(), rules=job.rules())
    return contents(job.writer.lake)


def test_it_ends_when_nothing_is_found_and_forgets_who_it_was(told: Told) -> None:
    done = told.done
    assert (done.stage, done.sealed, done.places, done.counts["looks"]) == ("done", None, [], 2)
    lines = [line for line in told.world.site.registry.audited(10) if '"erasure":1' in line.detail]
    assert [line.action for line in lines] == ["person.erased", "person.erase"]
    assert json.loads(lines[0].detail)["erased"] == 7


def test_their_rows_are_gone_and_counted(told: Told) -> None:
    names = told.world.rows("SELECT message_id FROM events WHERE project = 'shop' ORDER BY load_seq")
    assert [name for (name,) in names] == ["b-1", "c-1", "b-2", "c-2", "b-3", "c-3"]
    assert told.world.rows(FATES) == COUNTED
    assert told.world.rows("SELECT sum(stored), sum(filtered), sum(duplicate) FROM objects") == [(7, 9, 1)]
    assert difference(told.world) == 0


def test_everybody_else_is_as_they_were(told: Told) -> None:
    assert told.world.rows(OTHERS) == told.before
    mention = told.world.rows("SELECT properties::VARCHAR FROM events WHERE message_id = 'c-2'")
    assert json.loads(mention[0][0]) == {"friend": ERASED, "n": 4815162342}


def test_no_byte_of_them_is_left(told: Told) -> None:
    (laptop_key,) = told.world.rows(f"SELECT identity_key('shop', 'anonymous_id', '{LAPTOP}')")[0]
    text = kept(told.world)
    assert [one for one in (LAPTOP, MAIL, ZOE, str(laptop_key), f"c_{laptop_key:016x}") if one in text] == []
    assert BEN in text


def test_what_others_are_equals_what_their_events_alone_give(told: Told) -> None:
    now = contents(told.world.job.writer.lake)
    assert now["sessions"]
    assert stitched_anew(told.world) == now


def test_no_rebuild_and_no_late_event_brings_them_back(told: Told) -> None:
    world = told.world
    world.land([said("late", 4, ADA, "new-device-of-hers-1"), said("b-4", 5, BEN, "laptop-ben-55504")])
    world.job.reload()
    world.turn(2)
    assert world.rows("SELECT count(*) FROM events WHERE user_id = ? AND project = 'shop'", [ADA]) == [(0,)]
    assert world.rows(OTHERS) == told.before
    assert world.rows(FATES)[0][3] == 10
    assert difference(world) == 0


class Killed(Exception):
    """The program ends here."""


def once(action: Callable[..., Any], when: Callable[..., bool] = lambda *_: True, *, after: bool) -> Any:
    """The same, but killed the first time, before or after it is done."""
    left = [None]

    def killing(*args: Any, **named: Any) -> Any:
        dies = bool(left) and when(*args)
        done = None if dies and not after else action(*args, **named)
        if dies:
            left.clear()
            raise Killed
        return done

    return killing


STEPS: list[tuple[Any, str]] = [
    (erasing, "rewritten"),
    (erasing, "replace_rows"),
    (Job, "rebuild"),
    (erasing, "write_anew"),
    (erasing, "purge"),
    (erasing, "scrub_registry"),
    (erasing, "scrub_catalog"),
]


@pytest.mark.slow
def test_killed_at_every_boundary_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Told(World(tmp_path / "whole")).world
    world = World(tmp_path / "killed")
    world.land(*history(world.vault))
    world.turn(2)
    world.erase(ZOE)
    no, killed = world.erase(LAPTOP).no, 0
    for place, name in STEPS:
        for after in (True, False):
            monkeypatch.setattr(place, name, once(getattr(place, name), after=after))
    monkeypatch.setattr(rows, "write_rows", once(write_rows, after=True))
    for stage in erasing.STAGES[1:]:
        move = once(Registry.move_erasure, lambda _, no, to, stage=stage, **__: to == stage, after=False)
        monkeypatch.setattr(Registry, "move_erasure", move)
    while world.site.registry.erasure(no).done_at is None:
        try:
            world.turn()
        except Killed:
            killed += 1
            world.kill()
    assert killed == 2 * len(STEPS) + 1 + len(erasing.STAGES) - 1
    assert world.rows(FATES) == COUNTED
    assert contents(world.job.writer.lake) == contents(whole.job.writer.lake)
    assert LAPTOP not in kept(world)
    assert difference(world) == 0
    world.close()
    whole.close()


@pytest.mark.slow
def test_under_a_pseudonym_what_was_done_stays(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.land(*history(world.vault))
    world.turn(2)
    count = "SELECT count(*) FROM events"
    before = world.rows(count)
    world.finish(world.erase(LAPTOP, "pseudonymise").no)
    assert world.rows(count) == before
    (row,) = world.rows("SELECT user_id, anonymous_id, traits FROM events WHERE message_id = 'a-2'")
    assert row == (world.vault.pseudonym("shop", ADA), world.vault.pseudonym("shop", LAPTOP), None)
    assert [one for one in (LAPTOP, MAIL) if one in kept(world)] == []
    now = contents(world.job.writer.lake)
    assert stitched_anew(world) == now
    assert difference(world) == 0
    world.close()
