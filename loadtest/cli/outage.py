"""`outage`: its options, and what it promises."""

import signal
import sys
import time
from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run
from sdk_contract.settings import size_of

_QUICK: Final = ("--events", "300000", "--backlog", "60MiB", "--rate", "8000", "--stage-seconds", "5")
RUN: Final = Run(
    "outage",
    ("outage", "--events", "20000000", "--backlog", "5GiB"),
    ("outage", *_QUICK, "--slow-seconds", "3", "--disk", "128MiB"),
    (
        Promise("at least 20 million events", lambda figures: figures["acked"] >= 20_000_000),
        Promise("a backlog of at least 5 GB", lambda figures: figures["backlog_max_bytes"] >= 5 << 30),
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("the books balance", lambda figures: figures["difference"] == 0),
        Promise(
            "a worker and the sink take at most 512 MiB each",
            lambda figures: max(figures["rss_max"]["worker"], figures["rss_max"]["sink"]) <= 512 << 20,
        ),
        Promise(
            "drained at three times the intake or faster", lambda figures: figures["drain_over_intake"] >= 3
        ),
        Promise(
            "accepted until the disk watermark, then 503",
            lambda figures: figures["refused_503"] > 0 and 0.84 <= figures["full_at"] <= 0.9,
        ),
        Promise("a door that was full opens once", lambda figures: figures["shut"] == 1),
        Promise(
            "Retry-After is right within a factor of two",
            lambda figures: 0.5 <= figures["retry_after_ratio_p50"] <= 2,
        ),
    ),
)


@measures(RUN)
@click.option("--events", default=20_000_000, show_default=True, help="Events that are sent.")
@click.option("--backlog", default="5GiB", show_default=True, help="Journal that piles up, at least.")
@click.option("--rate", default=15_000.0, show_default=True, help="Events a second that come in.")
@click.option("--stage-seconds", default=30.0, show_default=True, help="How long each fault lasts.")
@click.option("--slow-seconds", default=30.0, show_default=True, help="How long a slow answer takes.")
@click.option("--disk", default="1GiB", show_default=True, help="Size of the disk that is filled.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the faults and the events.")
def command(
    events: int,
    backlog: str,
    rate: float,
    stage_seconds: float,
    slow_seconds: float,
    disk: str,
    seed: int,
) -> Measured:
    """The object store fails in every way; exit code 1 unless nothing is lost and memory is bounded."""
    from loadtest.outage import Wish, outage

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it started and mounted must go
    wish = Wish(events, size_of(backlog), rate, stage_seconds, slow_seconds, size_of(disk))
    result, charts = outage(wish, seed, time.monotonic, report)
    return Measured(result, result.held, charts)
