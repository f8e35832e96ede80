"""What a reader takes for torn, and the smallest whole form of the measurement."""

import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from loadtest.serving import batch
from loadtest.sitting import CLOSED, DEVICES, OPENED, Sitting, halves, quarrels, watch
from tests.sessionizer.world import Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake


def events(opened: int, closed: int) -> list[Event]:
    found = [Event(0, NOW - 9_000_000, f"o{n}", "track", f"d{n}", event=OPENED) for n in range(opened)]
    found += [Event(0, NOW - 8_000_000, f"c{n}", "track", f"d{n}", event=CLOSED) for n in range(closed)]
    return [msgspec.structs.replace(one, load_seq=number) for number, one in enumerate(found, 1)]


@pytest.fixture(scope="module")
def lake() -> Lake:
    return lake_of(events(10, 10))


@pytest.mark.parametrize(
    ("opened", "closed", "told"),
    [(10, 10, 0), (10, 5, 1), (9, 9, 3), (10, 9, 2)],
    ids=["whole", "an end missing", "half a batch", "one missing"],
)
def test_half_a_batch_is_torn(opened: int, closed: int, told: int) -> None:
    asked = Trend(events=(OPENED, CLOSED), measure="units", since="1d")
    answer = trend(lake_of(events(opened, closed)), asked, NOW)
    assert len(halves("rollup", answer)) == told


def test_answers_of_one_sitting_are_alike_and_of_one_snapshot(lake: Lake) -> None:
    both = trend(lake, Trend(events=(OPENED, CLOSED), measure="units", since="1d"), NOW)
    less = msgspec.structs.replace(both, n=5)
    later = msgspec.structs.replace(both, snapshot=8)
    assert quarrels({"rollup": both, "raw": both}) == []
    assert quarrels({"rollup": both, "raw": less}) == ["not alike: {'rollup': 10, 'raw': 5}"]
    assert quarrels({"rollup": both, "raw": later}) == ["one sitting, snapshots [7, 8]"]


def test_a_reader_asks_and_sees_nothing_torn(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: NOW * 1000)
    seen = watch(Sitting(lake.con), 0.3, random.Random(1))
    assert seen.answers > 0
    assert (seen.locked, seen.torn, seen.told) == (0, 0, [])


def test_an_error_of_the_database_is_counted() -> None:
    broken = lake_of(events(5, 5))
    broken.execute("DROP TABLE sessions")
    broken.execute("DROP TABLE cursors")
    assert watch(Sitting(broken.con), 0.05, random.Random(1)).locked > 0


def test_a_batch_is_one_request_with_both_ends_of_each_device() -> None:
    sent = msgspec.json.decode(batch(3, "run", NOW).body)["batch"]
    assert [one["event"] for one in sent] == [OPENED, CLOSED] * DEVICES
    assert len({one["anonymousId"] for one in sent}) == DEVICES


@pytest.mark.slow
def test_a_short_run_commits_and_answers(tmp_path: Path) -> None:
    small = ["--minutes", "0.2", "--readers", "2", "--rate", "50", "--work", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "serving", *small, "--json"],
        capture_output=True,
        check=True,
    )
    figures = msgspec.json.decode(done.stdout)
    assert figures["commits"] > 0
    assert figures["rolled"] > 0
    assert (figures["lock_errors"], figures["torn"]) == (0, 0)
