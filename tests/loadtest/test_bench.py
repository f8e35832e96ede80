"""Figures are per CPU second, medians over rounds, and in the units that are promised."""

import gzip
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from loadtest.bench import Latency, figures
from loadtest.bodies import SIZES, bodies, renewed, write_zipped
from loadtest.parquet import write_journal
from loadtest.sides import Cell
from loadtest.steady import fsyncs, quantile
from loadtest.wrk import MARKER, Counted
from sdk_contract.times import parse_time
from warehouse.segments import Record, scan

NOW = 1_800_000_000_000_000
LATENCY = Latency(100, 70, 1.0, 2.0, 1.0)
Cells = dict[tuple[str, int], list[Cell]]


def cell(requests: int, cpu_s: float, landed: int = 0, landed_s: float = 1.0, not_2xx: int = 0) -> Cell:
    return Cell(Counted(requests, 1_000_000, 0, 0, 0, not_2xx, 0), cpu_s, landed, landed_s)


def measured(door: list[Cell]) -> Cells:
    cells = {("bare", size): [cell(900, 0.1), cell(1000, 0.1), cell(5000, 0.1)] for size in SIZES}
    cells |= {(name, size): door for name in ("door", "off", "strict") for size in SIZES}
    return cells | {
        ("two", 1): [cell(380, 0.1)],
        ("two", 20): [cell(200, 0.1)],
        ("bare_two", 1): [cell(900, 0.1)],
        ("bare_two", 20): [cell(1000, 0.1)],
        ("gzipped", 20): [cell(50, 0.1)],
    }


def test_figures_are_medians_of_rounds() -> None:
    door = [cell(400, 0.1, 400, 0.2), cell(500, 0.1, 500, 0.2), cell(0, 0.1, 0, 0.2)]
    found = figures(measured(door), LATENCY, None, 7)
    assert found.bare == {"1": 10_000, "20": 10_000, "50": 10_000}
    assert found.door == found.off == found.strict == {"1": 4_000, "20": 80_000, "50": 200_000}
    assert found.landed == {"1": 2_000, "20": 2_000, "50": 2_000}
    assert found.ratio == {"1": 0.4, "20": 0.4, "50": 0.4}
    assert found.two_workers == {"1": 0.95, "20": 0.5}
    assert found.bare_two == {"1": 0.9, "20": 1.0}
    assert found.gzipped == {"20": 10_000}
    assert (found.latency, found.latency_apart, found.parquet) == (LATENCY, None, 7)


def test_requests_that_were_not_accepted_do_not_count() -> None:
    found = figures(measured([cell(1000, 0.1, not_2xx=400)]), LATENCY, None, 7)
    assert found.ratio == {"1": 0.6, "20": 0.6, "50": 0.6}


@pytest.mark.parametrize("size", SIZES)
def test_bodies_have_the_promised_sizes(size: int) -> None:
    found = bodies(size, NOW)
    assert len(set(found)) == len(found) > 1
    for body in found:
        assert len(msgspec.json.decode(body)["batch"]) == body.count(MARKER) == size
    assert sum(map(len, found)) / len(found) / size == pytest.approx(900, rel=0.35)


def test_they_are_sent_now_and_happened_before() -> None:
    sent = [msgspec.json.decode(body) for body in bodies(20, NOW)]
    assert {parse_time(one["sentAt"]) for one in sent} == {NOW}
    times = [parse_time(event["timestamp"]) for one in sent for event in one["batch"]]
    assert max(times) <= NOW
    assert len(set(times)) > 100
    later = [msgspec.json.decode(body) for body in bodies(20, NOW + 60_000_000)]
    assert parse_time(later[0]["batch"][0]["timestamp"]) - times[0] == 60_000_000


def test_no_id_comes_twice() -> None:
    sent = [msgspec.json.decode(body)["batch"] for body in islice(renewed(bodies(20, NOW)), 40)]
    assert len({event["messageId"] for batch in sent for event in batch}) == 800


def test_gzipped_bodies_stand_one_after_the_other(tmp_path: Path) -> None:
    text, found = write_zipped(tmp_path, NOW, 3).read_bytes(), []
    while text:
        length, _, rest = text.partition(b"\n")
        found.append(gzip.decompress(rest[: int(length)]))
        text = rest[int(length) :]
    assert [len(msgspec.json.decode(body)["batch"]) for body in found] == [20, 20, 20]


def test_a_quantile_of_what_came_between_two_looks() -> None:
    line = 'sojourn_fsync_seconds_bucket{le="%s"} %s\n'
    before = fsyncs("# HELP x\n" + line % ("0.01", 50.0) + line % ("0.02", 50.0) + line % ("+Inf", 50.0))
    after = fsyncs(line % ("0.01", 140.0) + line % ("0.02", 150.0) + line % ("+Inf", 150.0))
    assert quantile(before, after, 0.5) == pytest.approx(0.01 * 50 / 90)
    assert quantile(before, after, 0.95) == pytest.approx(0.015)
    assert quantile(after, after, 0.99) == 0.0


def test_a_journal_to_publish_is_whole(tmp_path: Path) -> None:
    events = write_journal(tmp_path, 1, NOW)
    (path,) = tmp_path.glob("journal/*/*.sealed")
    records = list(scan(path.read_bytes()))
    assert all(isinstance(record, Record) for record in records)
    assert sum(record.events for record in records) == events > 5_000
