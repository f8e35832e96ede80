"""Somebody whose ids people merged and split is erased: nothing names them, the rest is what others gave."""

import random
from pathlib import Path

import pytest

from sessionizer.rebuild import rebuild
from tests.sessionizer.erased_world import World, said
from tests.sessionizer.test_erasing import difference, kept
from tests.sessionizer.world import contents
from tests.warehouse.lakes import Row
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.subject import Subject, find_subject

JOINED = "SELECT left_value, right_value FROM identity_edges WHERE state = 'joined' ORDER BY ALL"
SIZE = 30


def events_of(random_: random.Random) -> list[Row]:
    """Of three users on five devices, some of which they share."""
    users = [f"user-{random_.getrandbits(60):015x}" for _ in range(3)]
    devices = [f"device-{random_.getrandbits(60):015x}" for _ in range(5)]
    return [
        said(f"m{number}", number * 7, random_.choice([None, *users]), random_.choice(devices))
        for number in range(SIZE)
    ]


def decide_some(world: World, random_: random.Random) -> int:
    """People block what is joined and merge what is not, where it can be; how often it could."""
    done = 0
    for kind in ("block", "merge", "block"):
        ids = [value for (value,) in world.rows("SELECT DISTINCT value FROM identities ORDER BY value")]
        pair = random_.sample(ids, 2) if kind == "merge" else random_.choice(world.rows(JOINED))
        args = {"kind": kind, "ids": [*pair], "project": "shop", "reason": "ticket 7"}
        filed = world.site.registry.file_command("decide", args, by="ann")
        world.turn(2)
        done += world.site.registry.command(filed).state == "done"
    return done


def somebody(world: World, random_: random.Random) -> tuple[str, Subject]:
    """An id that is one person's alone, and the person."""
    ids = [value for (value,) in world.rows("SELECT DISTINCT value FROM identities ORDER BY value")]
    for asked in random_.sample(ids, len(ids)):
        try:
            return asked, find_subject(world.job.writer.lake, asked, "shop")
        except BadErasure:
            continue
    raise AssertionError("every id is used by several people")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_is_what_the_others_events_and_decisions_give(seed: int, tmp_path: Path) -> None:
    random_, world = random.Random(seed), World(tmp_path)
    events = events_of(random_)
    world.land(events[: SIZE // 2], events[SIZE // 2 :])
    world.turn(2)
    assert decide_some(world, random_) >= 2
    asked, person = somebody(world, random_)
    assert world.finish(world.erase(asked).no).stage == "done"
    text = kept(world)
    assert [name for name in person.names() if name in text] == []
    left = contents(world.job.writer.lake)
    rebuild(world.job.writer.lake, now=world.site.now, **world.job.laws())
    assert contents(world.job.writer.lake) == left
    assert difference(world) == 0
    world.close()
