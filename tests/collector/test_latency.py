"""The slowest hundredth of the last minute, and what /ready says of it."""

from pathlib import Path

from collector.latency import Latency
from tests.collector.running import running


def test_p99_is_of_the_last_minute() -> None:
    latency = Latency()
    assert latency.p99 == 0.0
    latency.add([9.0], 0.0)
    assert latency.p99 == 9.0
    latency.add([0.001] * 99, 30.0)
    assert latency.p99 == 0.001
    latency.add([5.0, 4.0], 59.0)
    assert latency.p99 == 5.0
    latency.add([], 91.0)
    assert latency.p99 == 5.0
    latency.add([], 119.5)
    assert latency.p99 == 0.0


def test_a_disk_that_answers_slowly_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, fsync_limit=0.5) as door:
        assert door.client.get("/ready").status_code == 200
        door.door.latency.add([0.75], door.door.intake.parts.clock())
        answer = door.client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["fsync_p99_seconds"] == 0.75
    assert answer.json()["reasons"] == [
        "the journal's disk takes 0.75 s at p99 of the last minute; the limit is 0.5 s"
    ]
