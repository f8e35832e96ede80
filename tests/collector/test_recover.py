"""A dead machine's journal is published into another data folder: each segment once, none of a live one."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from collector.cli import recover as command
from collector.command import Commands
from collector.errors import CannotStart, JournalBusy, NotRecovered
from collector.files import take_lock
from collector.recover import Recovered, recover
from collector.settings import CollectorSettings
from collector.sink import Loop
from tests.collector.segments_made import WORKER, landed
from tests.collector.test_sink import seal
from warehouse.landing import LocalStore
from warehouse.registry import Registry


def now() -> int:
    return time.time_ns() // 1000


class Aside:
    """The dead machine's folder and the living one's."""

    def __init__(self, root: Path) -> None:
        self.dead, self.data = root / "dead", root / "data"
        self.seen: list[tuple[int, int]] = []

    def recover(self, folder: Path | None = None, patience: float = 20.0) -> Recovered:
        settings = CollectorSettings(data=str(self.data))
        return recover(
            folder or self.dead,
            settings,
            lambda *_: None,
            now,
            Loop(time.monotonic),
            self._progress,
            patience,
        )

    def _progress(self, done: int, of: int) -> None:
        self.seen.append((done, of))

    def ids(self) -> list[str]:
        return [row["message_id"] for row in landed(LocalStore(self.data / "landing"))]

    def received(self) -> int:
        registry = Registry.open(self.data / "registry.sqlite", now=now)
        counted = sum(events for _, _, events in registry.received())
        registry.close()
        return counted


@pytest.fixture
def aside(tmp_path: Path) -> Aside:
    found = Aside(tmp_path)
    seal(found.dead, 1)
    seal(found.dead, 2)
    seal(found.dead, 3, ".open")
    return found


def test_everything_is_published_counted_and_removed(aside: Aside) -> None:
    assert aside.recover() == Recovered(str(aside.dead / "journal"), 3)
    assert aside.ids() == ["m1", "m2", "m3"]
    assert aside.received() == 3
    assert aside.seen[-1] == (3, 3)
    assert aside.recover().segments == 0


def test_the_journal_itself_will_do_and_a_second_time_changes_nothing(aside: Aside) -> None:
    assert aside.recover(aside.dead / "journal").segments == 3
    seal(aside.dead, 2)
    assert aside.recover(aside.dead / "journal").segments == 1
    assert aside.ids() == ["m1", "m2", "m3"]
    assert aside.received() == 3


def test_what_a_live_worker_writes_is_left_to_it(aside: Aside) -> None:
    with (aside.dead / "journal" / WORKER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(NotRecovered, match=r"1 segments in .* by a worker that lives; stop it first"):
            aside.recover(patience=0.3)
    assert aside.ids() == ["m1", "m2"]


def test_a_journal_that_a_sink_works_on_is_left_to_it(aside: Aside) -> None:
    lock: Any = take_lock(aside.dead / "journal" / "sink.lock", "sink", 0.0)
    with pytest.raises(JournalBusy):
        aside.recover()
    assert lock


def test_a_folder_without_a_journal_is_told_of(aside: Aside) -> None:
    aside.data.mkdir()
    with pytest.raises(CannotStart, match="holds no journal; give a data folder"):
        aside.recover(aside.data)


def test_a_store_that_fails_leaves_everything_where_it_is(aside: Aside) -> None:
    aside.data.mkdir()
    (aside.data / "landing").write_text("a file is in the way")
    with pytest.raises(NotRecovered, match=r"3 segments in .* could not be published; see the log"):
        aside.recover(patience=0.5)
    assert len(list((aside.dead / "journal" / WORKER).glob("*.sealed"))) == 3


def test_the_command_says_what_it_did(aside: Aside) -> None:
    group = Commands("sojourn", commands={"recover": command})
    arguments = ["recover", str(aside.dead), "--data", str(aside.data)]
    result = CliRunner().invoke(group, [*arguments, "--json"], catch_exceptions=False)
    assert json.loads(result.stdout)["segments"] == 3
    result = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert result.stdout == f"published 0 segments from {aside.dead / 'journal'}\n"


def hurt(aside: Aside) -> list[bytes]:
    """Segments as a machine that died of its disk leaves them: a flipped bit, a footer torn off, rubbish."""
    folder = aside.dead / "journal" / WORKER
    flipped, torn, open_one = sorted(folder.glob("*.*ed")) + sorted(folder.glob("*.open"))
    data = bytearray(flipped.read_bytes())
    data[data.index(b'"messageId"')] ^= 4
    flipped.write_bytes(data)
    torn.write_bytes(torn.read_bytes()[:-20])
    open_one.write_bytes(open_one.read_bytes() + b"\xf5SJ1" + bytes(range(200)))
    return [path.read_bytes() for path in (flipped, torn, open_one)]


def test_damaged_segments_cost_their_damaged_records_and_are_kept(aside: Aside) -> None:
    before = hurt(aside)
    assert aside.recover().segments == 3
    rows = [(row["verdict"], row["message_id"]) for row in landed(LocalStore(aside.data / "landing"))]
    assert [verdict for verdict, _ in rows] == ["damaged", "ok", "ok"]
    assert [message_id for verdict, message_id in rows if verdict == "ok"] == ["m2", "m3"]
    assert aside.received() == 3
    [kept] = (aside.dead / "damaged").iterdir()
    assert kept.read_bytes() == before[0]


def test_the_same_damaged_journal_from_a_copy_changes_nothing(aside: Aside, tmp_path: Path) -> None:
    """From another machine's folder, a second time, after the first was published whole."""
    hurt(aside)
    copy = tmp_path / "copy"
    shutil.copytree(aside.dead, copy)
    aside.recover()
    first = landed(LocalStore(aside.data / "landing"))
    assert aside.recover(copy).segments == 3
    assert landed(LocalStore(aside.data / "landing")) == first
    assert aside.received() == 3
    assert aside.recover(copy).segments == 0


def test_a_journal_broken_off_half_way_is_finished_on_another_machine(aside: Aside, tmp_path: Path) -> None:
    """The first machine landed and counted one segment, then its disk moved on."""
    moved = tmp_path / "moved"
    first = min((aside.dead / "journal" / WORKER).glob("*.sealed"))
    kept = first.read_bytes()
    (tmp_path / "rest").mkdir()
    for path in sorted((aside.dead / "journal" / WORKER).glob("*.*")):
        if path != first and path.suffix != ".lock":
            path.rename(tmp_path / "rest" / path.name)
    aside.recover()
    shutil.move(aside.dead, moved)
    for path in (tmp_path / "rest").iterdir():
        path.rename(moved / "journal" / WORKER / path.name)
    (moved / "journal" / WORKER / first.name).write_bytes(kept)
    assert aside.recover(moved).segments == 3
    assert aside.ids() == ["m1", "m2", "m3"]
    assert aside.received() == 3
