"""Publishing: each segment lands once and is counted once, whatever step is cut short or fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from collector import publish
from collector.errors import LandingDiffers
from collector.files import Files, kept_damaged, take_lock
from collector.publish import Landed, ToRows, land, one_at_a_time
from collector.rests import FIRST_PAUSE
from collector.waiting import segments_in
from collector.writer import SegmentWriter, newest
from loadtest.seaweed import BucketAt
from tests.collector.publishing import EPOCH, Scene
from tests.collector.segments_made import (
    RECEIVED,
    WORKER,
    Books,
    entry,
    landed,
    put_sealed,
    request,
    segment,
)
from tests.warehouse.test_landing import s3_store
from warehouse.landing import LocalStore
from warehouse.registry import Registry
from warehouse.rows import Landing
from warehouse.segments import HOUR_US, PAGE, Head, SegmentCount, Tally, encode_head, segment_id


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_sealed_segments_are_landed_tallied_and_removed(scene: Scene) -> None:
    scene.seal(1, "a", "b")
    scene.seal(2, "c")
    scene.publish()
    assert scene.ids() == ["a", "b", "c"]
    assert (scene.books.received, scene.books.trimmed) == (3, {WORKER: segment_id(WORKER, EPOCH, 2)})
    assert segments_in(scene.folder) == []


def test_a_segment_being_written_is_left_alone(scene: Scene) -> None:
    path = scene.seal(1, "a")
    path.rename(path.with_suffix(".open"))
    scene.publish()
    assert scene.ids() == []
    assert path.with_suffix(".open").exists()


@pytest.mark.parametrize("step", ["put before", "put after", "tally before", "tally after", "unlink"])
def test_a_kill_at_any_step_neither_loses_nor_doubles(tmp_path: Path, step: str) -> None:
    scene = Scene(tmp_path, Killing(tmp_path / "landing", step), KilledBooks(step), KilledFiles(step))
    scene.seal(1, "a", "b")
    with suppress(Killed):
        scene.publish()
    assert len(segments_in(scene.folder)) == 1
    scene.store.step = scene.books.step = scene.files.step = ""
    scene.publisher = scene.start()
    scene.publish()
    assert scene.ids() == ["a", "b"]
    assert scene.books.received == 2
    assert segments_in(scene.folder) == []


class Killing(LocalStore):
    def __init__(self, root: Path, step: str) -> None:
        super().__init__(root)
        self.step = step

    def put_new(self, key: str, data: bytes) -> bool:
        if self.step == "put before":
            raise Killed
        created = super().put_new(key, data)
        if self.step == "put after":
            raise Killed
        return created


class KilledBooks(Books):
    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def tally_segment(self, worker: str, segment_id: str, tally: Sequence[Tally]) -> bool:
        if self.step == "tally before":
            raise Killed
        added = super().tally_segment(worker, segment_id, tally)
        if self.step == "tally after":
            raise Killed
        return added


class KilledFiles(Files):
    def __init__(self, step: str) -> None:
        self.step = step

    def unlink(self, path: Path) -> None:
        if self.step == "unlink":
            raise Killed
        super().unlink(path)


def test_the_registry_counts_a_segment_once(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    scene = Scene(tmp_path, books=registry)
    path = scene.seal(1, "a", "b")
    data = path.read_bytes()
    scene.publish()
    path.write_bytes(data)  # as if the removal had not reached the disk
    scene.publish()
    assert sum(events for _, _, events in registry.received()) == 2
    assert registry.trimmed() == {WORKER: segment_id(WORKER, EPOCH, 1)}
    assert scene.ids() == ["a", "b"]
    registry.close()


def test_a_younger_segment_is_landed_but_not_tallied_before_an_older_one(scene: Scene) -> None:
    older = scene.seal(1, "a").rename(scene.folder / f"{EPOCH:013d}-00000001.open")
    scene.seal(2, "b")
    scene.publish()
    assert (scene.ids(), scene.books.received) == (["b"], 0)
    older.rename(older.with_suffix(".sealed"))
    scene.publish()
    assert (sorted(scene.ids()), scene.books.received) == (["a", "b"], 2)


def test_a_file_that_a_rename_hides_from_one_look_is_seen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.seal(1, "a")
    scene.seal(2, "b")
    names = sorted(os.listdir(scene.folder))
    looks = [[names[1]], names]
    monkeypatch.setattr("collector.waiting.os.listdir", lambda folder: looks.pop(0))
    assert [path.name for path in segments_in(scene.folder)] == names


def test_a_segment_that_cannot_be_landed_does_not_hold_up_the_landing_of_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = scene.seal(1, "a")
    scene.seal(2, "b")

    def fail_one(path: Path, store: Any, to_rows: ToRows) -> Landed:
        if path == first:
            raise RuntimeError("a mistake of ours")
        return land(path, store, to_rows)

    monkeypatch.setattr(publish, "land", fail_one)
    scene.publish()
    assert scene.ids() == ["b"]
    assert scene.reports[0][1]["error"] == "RuntimeError('a mistake of ours')"
    monkeypatch.undo()
    scene.time += FIRST_PAUSE
    scene.publish()
    assert sorted(scene.ids()) == ["a", "b"]
    assert scene.books.received == 2


def test_books_that_fail_are_tried_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, books=FailingBooks())
    scene.seal(1, "a")
    scene.publish()
    assert [event for event, _ in scene.reports] == ["tally failed"]
    scene.time += FIRST_PAUSE
    scene.publish()
    assert (scene.ids(), scene.books.received) == (["a"], 1)


class FailingBooks(Books):
    failures = 1

    def tally_segment(self, worker: str, segment_id: str, tally: Sequence[Tally]) -> bool:
        self.failures -= 1
        if self.failures >= 0:
            raise OSError("disk I/O error")
        return super().tally_segment(worker, segment_id, tally)


def test_an_object_of_other_origin_is_never_taken_for_the_segment(scene: Scene) -> None:
    path = scene.seal(1, "a")
    land(path, scene.store)
    scene.seal(1, "another")
    with pytest.raises(LandingDiffers, match="was not made from segment"):
        land(path, scene.store)
    scene.publish()
    assert path.exists()
    assert scene.books.received == 0


def test_half_an_upload_that_the_store_kept_is_put_there_again(scene: Scene) -> None:
    path = scene.seal(1, "a")
    land(path, scene.store)
    [there] = scene.store.list()
    whole = scene.store.get(there.key)
    scene.store.replace(there.key, whole[: len(whole) // 2])
    scene.publish()
    assert (scene.ids(), scene.books.received) == (["a"], 1)
    assert scene.store.get(there.key) == whole


def test_an_object_written_by_another_release_is_taken(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.seal(1, "a")
    whole = sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr("warehouse.row_table.FORMAT", "sojourn-landing-0")
    monkeypatch.setattr("warehouse.rows.source_named", lambda *_: whole)
    land(path, scene.store)
    monkeypatch.undo()
    scene.publish()
    assert (scene.ids(), scene.books.received) == (["a"], 1)


def test_damage_is_counted_and_told_and_the_rest_is_landed(scene: Scene) -> None:
    path = scene.seal(1, "a", "b")
    data = bytearray(path.read_bytes() + path.read_bytes()[:0])
    data[data.index(b'"messageId": "a"')] ^= 1
    path.write_bytes(data)
    scene.seal(2, "c")
    scene.publish()
    rows = landed(scene.store)
    assert [row["verdict"] for row in rows] == ["damaged", "damaged", "ok"]
    assert scene.books.received == 3
    name = segment_id(WORKER, EPOCH, 1)
    kept = scene.journal.parent / "damaged" / f"{name}.segment"
    assert scene.reports == [("segment damaged", {"segment": name, "events": 2, "kept": str(kept)})]
    assert kept.read_bytes() == data
    assert not path.exists()
    assert kept_damaged(scene.journal) == 1


def test_what_a_dead_worker_left_is_adopted_and_what_a_live_one_holds_is_not(scene: Scene) -> None:
    left = scene.seal(1, "a").rename(scene.folder / f"{EPOCH:013d}-00000001.open")
    lock = take_lock(scene.folder / "lock", "worker", patience=0)
    scene.publisher.adopt_orphans()
    assert left.exists()
    os.close(lock)
    scene.publisher.adopt_orphans()
    scene.publish()
    assert (scene.ids(), scene.books.received) == (["a"], 1)


def test_uploads_run_side_by_side_and_not_without_bound(tmp_path: Path) -> None:
    store = Crowded(tmp_path / "landing")
    scene = Scene(tmp_path, store)
    for number in range(1, 13):
        scene.seal(number, f"{number}")
    scene.publish()
    assert len(scene.ids()) == 12
    assert 2 <= store.most <= 4


def test_rows_are_made_on_one_thread() -> None:
    makers = set()

    def to_rows(data: bytes, segment_id: str, *, after: bytes | None) -> Landing:
        makers.add(threading.get_ident())
        time.sleep(0.01)
        return Landing(segment_id, segment_id, data, "", SegmentCount(0, 0, 0, []))

    alone = one_at_a_time(to_rows)
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(alone, b"x", str(number), after=None) for number in range(8)]
    assert {one.result().segment_id for one in made} == {str(number) for number in range(8)}
    assert len(makers) == 1


class Crowded(LocalStore):
    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.inside = self.most = 0
        self.lock, self.company = threading.Lock(), threading.Barrier(2)

    def put_new(self, key: str, data: bytes) -> bool:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.company.wait(timeout=30)
        with self.lock:
            self.inside -= 1
        return super().put_new(key, data)


@pytest.mark.s3
def test_segments_land_in_s3_and_a_second_landing_changes_nothing(
    tmp_path: Path, seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, s3_store(seaweed, monkeypatch))
    path = scene.seal(1, "a", "茶")
    data = path.read_bytes()
    scene.publish()
    path.write_bytes(data)
    scene.publish()
    assert scene.ids() == ["a", "茶"]
    assert scene.books.received == 2
    [stored] = scene.store.list()
    assert stored.key == f"date=2026-11-21/hour=22/{segment_id(WORKER, EPOCH, 1)}.parquet"


def test_a_fault_of_ours_is_told_once_an_object(scene: Scene) -> None:
    body = b'{"batch":[{"type":"track","event":7},{"type":"track","event":8},{"type":"page"}]}'
    data = segment([(request(), body, 3)], 1)
    put_sealed(scene.folder, f"{EPOCH:013d}-00000001", data)
    scene.seal(2, "b")
    scene.publish()
    [(event, facts)] = scene.reports
    assert (event, facts["segment"], facts["events"]) == (
        "events unprocessed",
        segment_id(WORKER, EPOCH, 1),
        2,
    )
    assert "ValidationError" in facts["error"]
    assert scene.ids()[2:] == ["abcdefghijklmnopqrstuv-2", "b"]


def test_a_segment_that_lost_its_tail_and_its_footer_is_counted_as_its_successor_says(scene: Scene) -> None:
    files, now = Files(), lambda: RECEIVED
    writer = SegmentWriter(scene.folder, "n", WORKER, EPOCH, now, files)
    writer.commit([entry(["a"])])
    writer.commit([entry(["b"]), entry(["c"])])
    writer.seal()
    [path] = scene.folder.glob("*.sealed")
    os.truncate(path, PAGE)
    writer.commit([entry(["d"])])
    writer.seal()
    scene.publish()
    assert [row["verdict"] for row in landed(scene.store)] == ["ok", "damaged", "damaged", "ok"]
    assert scene.books.received == 4


def test_the_next_life_of_a_worker_says_what_it_found(scene: Scene) -> None:
    """After a restart the head of the first segment speaks for what was adopted, so later damage shows."""
    scene.seal(1, "a", "b")
    previous = newest(scene.folder, WORKER)
    writer = SegmentWriter(scene.folder, "n", WORKER, EPOCH + 1, lambda: RECEIVED, Files(), previous)
    writer.commit([entry(["c"])])
    writer.seal()
    first = min(scene.folder.glob("*.sealed"))
    os.truncate(first, 200)
    scene.publish()
    assert scene.books.received == 3
    assert [row["verdict"] for row in landed(scene.store)] == ["damaged", "damaged", "ok"]


def test_an_object_landed_before_the_successor_was_there_counts_as_it_is(scene: Scene) -> None:
    path = scene.seal(1, "a", "b")
    os.truncate(path, 200)
    land(path, scene.store)
    previous = (segment_id(WORKER, EPOCH, 1), [Tally(1, RECEIVED // HOUR_US, 2)])
    head = encode_head(Head("n", WORKER, EPOCH, 2, RECEIVED, *previous))
    put_sealed(scene.folder, f"{EPOCH:013d}-{2:08d}", head)
    assert land(path, scene.store).count.events == 0


def test_without_a_segment_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert newest(tmp_path, WORKER) == (None, [])
