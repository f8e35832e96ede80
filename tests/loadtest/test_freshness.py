"""How waiting times become figures, and the smallest whole form of the measurement."""

import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from loadtest.freshness import Freshness, Probe, figures, probe_request, quantile, schedule
from loadtest.traffic import Shop

NOW = 1_795_300_000_000_000


def test_quantiles_are_values_that_occurred() -> None:
    values = list(range(1, 101))
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile([7], 0.99) == 7
    assert quantile([], 0.5) == math.inf


def test_waiting_is_counted_from_the_answer() -> None:
    probes = [
        Probe(n, f"p{n}", 1_000_000, 1, 1_000_000 + n * 10_000, 2_000_000 + n * 10_000) for n in range(1, 101)
    ]
    assert figures(probes, 999.96, 5, 0.5) == Freshness(1000.0, 5, 0.5, 0.99, 1.5, 1.99, 0.5)


def test_a_probe_that_was_never_seen_spoils_the_p99() -> None:
    probes = [Probe(n, f"p{n}", 0, 1, 1_000, 2_000) for n in range(20)]
    probes.append(Probe(99, "lost", 0))
    result = figures(probes, 1.0, 0, 0.0)
    assert result.sql_p50_s == 0.001
    assert result.sql_p99_s > 1_000_000


def test_each_probe_has_a_device_of_its_own() -> None:
    bodies = [msgspec.json.decode(probe_request(number, "run", NOW).body)["batch"][0] for number in range(3)]
    assert len({event["anonymousId"] for event in bodies}) == 3
    assert all(event["messageId"] == event["anonymousId"] for event in bodies)


def test_the_schedule_sends_everything_at_its_time() -> None:
    sent: list[str] = []
    for at, asked in schedule(Shop(1, 2_000), 200.0, NOW):
        if at >= NOW + 5_000_000:
            break
        sent += asked.ids
    assert len(sent) == pytest.approx(1_000, rel=0.25)


@pytest.mark.slow
def test_a_short_measurement_sees_every_probe(tmp_path: Path) -> None:
    small = ["--minutes", "0.2", "--rate", "50", "--history", "100000", "--work", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "freshness", *small, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = msgspec.json.decode(done.stdout, type=Freshness)
    assert result.history == 100_000
    assert math.isfinite(result.timeline_p99_s)
    assert result.sql_p50_s <= result.timeline_p99_s < 1_000
