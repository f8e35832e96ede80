"""Power cuts and failing disks at every point of the journal's life: the acknowledged is landed, once.

The same check is run with fdatasync taken out, with commits that share pages, and with a journal that goes on
after a failed sync: there it must find events missing, or it would prove nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from collector import writer as writer_module
from collector.errors import JournalUnavailable
from collector.publish import Publisher
from collector.writer import SegmentWriter, adopt
from tests.collector.faults import FaultyFiles, PowerCut, broken, full
from tests.collector.segments_made import RECEIVED, WORKER, Books, entry, landed
from warehouse.landing import LocalStore

LIVES, OPERATIONS = 3, 60


class Outcome:
    """What a run has acknowledged, and what it found in landing at the end."""

    def __init__(self, acked: list[str], found: Counter[str], rows: int, received: int) -> None:
        self.missing = [one for one in acked if not found[one]]
        self.doubled = [one for one, times in found.items() if times > 1]
        self.rows, self.received = rows, received
        self.acked = acked


def run(root: Path, seed: int, syncs: bool = True) -> Outcome:
    """Some lives of a worker, each ended by a power cut, then one sink that lands what they left."""
    dice = random.Random(seed)
    files = FaultyFiles(seed, syncs=syncs)
    folder = root / "journal" / WORKER
    folder.mkdir(parents=True)
    acked: list[str] = []
    for life in range(1, LIVES + 1):
        files.trouble = troubles(dice, cut_at=dice.randint(1, OPERATIONS))
        with suppress(PowerCut):
            live(folder, life, files, dice, acked)
        files.power_cut()
    files.trouble = lambda operation: None
    store, books = LocalStore(root / "landing"), Books()
    land_all(root / "journal", store, books, files)
    rows = landed(store)
    return Outcome(acked, Counter(row["message_id"] for row in rows), len(rows), books.received)


def troubles(dice: random.Random, cut_at: int) -> Callable[[str], None]:
    """The power goes at operation `cut_at`; before, one operation in twelve fails."""
    done = 0

    def trouble(operation: str) -> None:
        nonlocal done
        done += 1
        if done >= cut_at:
            raise PowerCut
        if dice.random() < 1 / 12:
            raise dice.choice([full, broken])(operation)

    return trouble


def live(folder: Path, life: int, files: FaultyFiles, dice: random.Random, acked: list[str]) -> None:
    """Appends and seals until the power goes."""
    try:
        adopt(folder, files)
    except OSError:
        return
    writer = SegmentWriter(folder, "n", WORKER, life, lambda: RECEIVED, files)
    number = 0
    while True:
        if dice.random() < 0.2:
            writer.seal()
        ids = [f"{life}-{number}-{index}" for index in range(dice.randint(1, 3))]
        number += 1
        try:
            writer.commit([entry([one]) for one in ids])
        except JournalUnavailable:
            continue
        acked += ids


def land_all(journal: Path, store: LocalStore, books: Books, files: FaultyFiles) -> None:
    clock = iter(range(10**6))
    publisher = Publisher(journal, store, books, files, lambda *_: None, lambda: float(next(clock)))
    publisher.adopt_orphans()
    publisher.step()
    while publisher.wait():
        publisher.step()
    publisher.close()


@pytest.mark.parametrize("seed", range(30))
def test_what_was_acknowledged_is_landed_once_whatever_the_disk_did(tmp_path: Path, seed: int) -> None:
    outcome = run(tmp_path, seed)
    assert (outcome.missing, outcome.doubled) == ([], [])
    assert outcome.rows == outcome.received


def test_the_check_sees_events_acknowledged(tmp_path: Path) -> None:
    assert sum(len(run(tmp_path / str(seed), seed).acked) for seed in range(10)) > 200


def test_the_check_finds_what_is_lost_without_fdatasync(tmp_path: Path) -> None:
    assert any(run(tmp_path / str(seed), seed, syncs=False).missing for seed in range(10))


def test_the_check_finds_what_is_lost_when_commits_share_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "PAGE", 1)
    assert any(run(tmp_path / str(seed), seed).missing for seed in range(30))


def test_the_check_finds_what_is_lost_when_a_segment_goes_on_after_a_failed_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SegmentWriter, "_give_up", lambda writer: None)
    assert any(run(tmp_path / str(seed), seed).missing for seed in range(30))


def test_what_was_adopted_and_landed_is_still_there_after_the_next_power_cut(tmp_path: Path) -> None:
    """A killed process leaves bytes in memory; once landed, they must not vanish from the segment."""
    for seed in range(20):
        files, folder = FaultyFiles(seed), tmp_path / str(seed)
        folder.mkdir()
        writer = SegmentWriter(folder, "n", WORKER, 1, lambda: RECEIVED, files)
        writer.commit([entry(["acknowledged"])])
        files.trouble = failing_sync
        with suppress(PowerCut):
            writer.commit([entry(["written"])])
        files.trouble = lambda operation: None
        adopt(folder, files)
        [sealed] = folder.iterdir()
        before = sealed.read_bytes()
        files.power_cut()
        assert sealed.read_bytes() == before


def test_a_sealed_segment_stays_sealed(tmp_path: Path) -> None:
    for seed in range(20):
        files, folder = FaultyFiles(seed), tmp_path / str(seed)
        folder.mkdir()
        writer = SegmentWriter(folder, "n", WORKER, 1, lambda: RECEIVED, files)
        writer.commit([entry(["acknowledged"])])
        writer.seal()
        files.power_cut()
        assert [path.suffix for path in folder.iterdir()] == [".sealed"]


def failing_sync(operation: str) -> None:
    """A kill between write and fdatasync: the kernel lives on with what was written."""
    if operation == "fdatasync":
        raise PowerCut
