"""Publishing while the store is away, or refuses one object: nothing is lost, little is told."""

from __future__ import annotations

from pathlib import Path

from collector.rests import LONGEST_PAUSE, STORE_PAUSE
from collector.waiting import segments_in
from tests.collector.publishing import Scene
from warehouse.errors import StoreRefused, StoreUnavailable
from warehouse.landing import LocalStore


def test_a_store_that_is_down_is_asked_again_and_again_and_loses_nothing(tmp_path: Path) -> None:
    store = Failing(tmp_path / "landing")
    scene = Scene(tmp_path, store)
    for number in range(1, 7):
        scene.seal(number, f"{number}")
    tries = []
    for _ in range(12):
        before = store.tries
        scene.publish()
        tries.append(store.tries - before)
        scene.time += LONGEST_PAUSE
    assert tries[0] <= 4
    assert tries[1:] == [1] * 11
    assert [event for event, _ in scene.reports].count("store failing") == 1
    store.down = False
    scene.publish()
    assert scene.ids() == [f"{number}" for number in range(1, 7)]
    assert scene.books.received == 6


def test_what_is_told_of_a_store_that_is_away_is_a_line_a_minute(tmp_path: Path) -> None:
    store = Failing(tmp_path / "landing")
    scene = Scene(tmp_path, store)
    for number in range(1, 4):
        scene.seal(number, f"{number}")
    for _ in range(170 * 10):
        scene.publish()
        scene.time += 0.1
    store.down = False
    for _ in range(10 * 10):
        scene.publish()
        scene.time += 0.1
    told = [event for event, _ in scene.reports]
    assert told == ["store failing", *["store still failing"] * 2, "store works again"]
    assert scene.reports[1][1]["waiting"] == 3
    assert scene.reports[-1][1]["landed"] == 3


def test_a_store_that_is_back_is_used_within_seconds(tmp_path: Path) -> None:
    store = Failing(tmp_path / "landing")
    scene = Scene(tmp_path, store)
    for number in range(1, 40):
        scene.seal(number, f"{number}")
    for _ in range(600):
        scene.publish()
        scene.time += 1
    store.down = False
    back = scene.time
    while segments_in(scene.folder):
        scene.publish()
        scene.time += 0.1
    assert scene.time - back <= STORE_PAUSE + 0.2


def test_an_object_that_the_store_refuses_does_not_hold_up_the_others(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Refusing(tmp_path / "landing"))
    for number in range(1, 30):
        scene.seal(number, f"{number}")
    for _ in range(100):
        scene.publish()
        scene.time += 0.1
    assert len(scene.ids()) == 28
    assert len(segments_in(scene.folder)) == 29
    assert len(scene.reports) < 12
    scene.store.refused = ""
    for _ in range(int(LONGEST_PAUSE * 10)):
        scene.publish()
        scene.time += 0.1
    assert (len(scene.ids()), scene.books.received, segments_in(scene.folder)) == (29, 29, [])


class Refusing(LocalStore):
    refused = "-00000001.parquet"

    def put_new(self, key: str, data: bytes) -> bool:
        if self.refused and key.endswith(self.refused):
            raise StoreRefused("not this one")
        return super().put_new(key, data)


class Failing(LocalStore):
    down, tries = True, 0

    def put_new(self, key: str, data: bytes) -> bool:
        self.tries += 1
        if self.down:
            raise StoreUnavailable("the store is away")
        return super().put_new(key, data)
