"""When the store is asked again, by how many uploads, and what is told of it."""

from collections.abc import Mapping
from typing import Any

from collector.rests import FIRST_PAUSE, MOST_UPLOADS, PATIENCE, STORE_PAUSE, UPLOADS, Backoff, StoreRest


class Scene:
    def __init__(self) -> None:
        self.time = 0.0
        self.told: list[str] = []
        self.rest = StoreRest(lambda: self.time, self.report)

    def report(self, event: str, facts: Mapping[str, Any]) -> None:
        self.told.append(event)


def test_pauses_double_up_to_a_limit_and_end_with_success() -> None:
    times = [0.0]
    backoff = Backoff(lambda: times[-1])
    assert [backoff.failed() for _ in range(9)] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert (backoff.over, backoff.failing) == (False, True)
    times.append(30.0)
    assert (backoff.over, backoff.failing) == (True, True)
    backoff.worked()
    assert (backoff.over, backoff.failing) == (True, False)
    assert backoff.failed() == FIRST_PAUSE


def test_a_store_that_works_gets_a_few_uploads_at_a_time() -> None:
    scene = Scene()
    scene.rest.began()
    assert [scene.rest.room(number) for number in (0, 1, UPLOADS)] == [UPLOADS, UPLOADS - 1, 0]


def test_a_slow_store_gets_more_uploads_but_not_without_bound() -> None:
    scene, under_way = Scene(), 0
    for _ in range(1_000):
        for _ in range(scene.rest.room(under_way)):
            scene.rest.began()
            under_way += 1
        scene.time += PATIENCE / 10
    assert under_way == MOST_UPLOADS
    assert scene.told == []


def test_a_store_that_fails_is_asked_by_one_upload_and_by_another_where_that_one_hangs() -> None:
    scene = Scene()
    scene.rest.failed(scene.rest.began(), {})
    assert scene.rest.room(0) == 0
    scene.time += FIRST_PAUSE
    assert (scene.rest.room(0), scene.rest.room(1)) == (1, 0)
    scene.rest.began()
    scene.time += PATIENCE
    assert scene.rest.room(1) == 1


def test_the_longest_pause_of_a_store_is_seconds() -> None:
    scene = Scene()
    for _ in range(20):
        scene.rest.failed(scene.rest.began(), {})
    scene.time += STORE_PAUSE
    assert scene.rest.room(0) == 1


def test_an_upload_that_fails_while_others_work_is_no_trouble_of_the_store() -> None:
    scene = Scene()
    began = scene.rest.began()
    scene.time += 1
    scene.rest.worked()
    assert scene.rest.failed(began, {}) is False
    assert scene.rest.room(0) == UPLOADS


def test_a_store_that_comes_and_goes_is_told_of_once_until_it_is_calm() -> None:
    scene = Scene()
    for number in range(50):
        began = scene.rest.began()
        scene.time += 0.5
        scene.rest.failed(began, {}) if number % 2 else scene.rest.worked()
        scene.rest.tell(1)
    scene.rest.worked()
    assert scene.told == ["store failing"]
    scene.time += 6
    scene.rest.worked()
    scene.rest.tell(1)
    assert scene.told == ["store failing", "store works again"]
