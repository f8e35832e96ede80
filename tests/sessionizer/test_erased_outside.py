"""Somebody who is erased is gone from destinations, too, after their next run."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sdk_contract.settings import Secret
from tests.sessionizer.erased_world import ADA, CYD, LAPTOP, MAIL, PHONE, World, said
from tests.warehouse.published_lake import Outside
from warehouse.publish import Choice, Place, publish, read_place
from warehouse.publish.choice import USUAL

EVERYTHING = Choice(tables=(*USUAL, "events"), days=4_000, personal=True)


@pytest.mark.postgres
def test_gone_from_databases_and_folders(tmp_path: Path, postgres: Secret) -> None:
    world, outside, folder = World(tmp_path / "data"), Outside(postgres), tmp_path / "out"
    traits = json.dumps({"email": MAIL})
    world.land([said("a-1", 0, ADA, LAPTOP, type="identify", traits=traits), said("c-1", 3, CYD, PHONE)])
    world.turn(2)
    places = (outside.place, read_place(str(folder)))
    for place in places:
        bring(world, place)
    for needle in (ADA, LAPTOP, MAIL, CYD):
        assert needle in outside.contents(EVERYTHING)
        assert needle in files(folder)
    world.finish(world.erase(LAPTOP).no)
    for place in places:
        bring(world, place)
    for shown in (outside.contents(EVERYTHING), files(folder)):
        assert [needle for needle in (ADA, LAPTOP, MAIL) if needle in shown] == []
        assert CYD in shown
    world.close()


def bring(world: World, place: Place) -> None:
    with world.site.reader() as lake:
        publish(lake, world.site.registry, place, EVERYTHING, world.site.now())


def files(folder: Path) -> str:
    """The rows of every Parquet file, whether the manifest names it or not."""
    return str([pq.read_table(path).to_pylist() for path in sorted(folder.rglob("*.parquet"))])
