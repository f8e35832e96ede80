"""The small form of the outage: every fault once, and nothing lost."""

import time

import pytest

from loadtest.outage import SINGLY, Wish, outage
from loadtest.proxy import Fault

pytestmark = [pytest.mark.s3, pytest.mark.timeout(300)]


def test_a_store_that_fails_in_every_way_costs_nothing() -> None:
    told: list[str] = []
    wish = Wish(80_000, 2 << 20, 3_000.0, stage_s=0.2, slow_s=0.3, disk=0)
    figures, charts = outage(wish, 7, time.monotonic, told.append)
    assert (figures.missing, figures.doubled, figures.difference) == (0, 0, 0), told
    assert figures.acked == figures.events == 80_000
    assert all(figures.faults[fault] for fault in SINGLY)
    assert figures.backlog_max_bytes >= 2 << 20
    assert figures.held
    assert charts[0].title == "Journal not yet published"
    assert Fault.DOWN in charts[-1].lines
