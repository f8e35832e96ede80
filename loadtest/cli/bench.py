"""`bench`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report, wait_answers
from loadtest.promises import Promise, Run


def _is_prompt(latency: dict[str, float]) -> bool:
    return latency["p99_ms"] <= 2 * latency["fdatasync_p99_ms"] + 10


RUN: Final = Run(
    "bench",
    ("bench", "--seconds", "4", "--rounds", "5"),
    ("bench", "--seconds", "1", "--rounds", "1", "--segments", "2"),
    (
        Promise("ratio at 1 event a request is at least 0.5", lambda figures: figures["ratio"]["1"] >= 0.5),
        Promise("door at 50 a request is at least 130,000", lambda figures: figures["door"]["50"] >= 130_000),
        Promise("door at 20 gzipped is at least 60,000", lambda figures: figures["gzipped"]["20"] >= 60_000),
        Promise("landed at 50 is at least 60,000", lambda figures: figures["landed"]["50"] >= 60_000),
        Promise("journal to Parquet is at least 120,000", lambda figures: figures["parquet"] >= 120_000),
        Promise(
            "two workers keep 90 % of one worker's events per CPU second",
            lambda figures: min(figures["two_workers"].values()) >= 0.9,
        ),
        Promise(
            "the answer's p99 at 70 % of the maximum is at most 2 x the fdatasync's p99 + 10 ms",
            lambda figures: _is_prompt(figures["latency"]),
        ),
        Promise(
            "so it is where the worker has a core of its own",
            lambda figures: figures["latency_apart"] is None or _is_prompt(figures["latency_apart"]),
        ),
    ),
)


@measures(RUN)
@click.option("--seconds", default=5.0, show_default=True, help="Length of one run of wrk.")
@click.option(
    "--rounds", default=3, show_default=True, help="Interleaved rounds; each figure is their median."
)
@click.option(
    "--ip-policy",
    default="truncate",
    show_default=True,
    type=click.Choice(["keep", "truncate", "drop"]),
    help="Privacy treatment of the write key.",
)
@click.option(
    "--segments", default=24, show_default=True, help="Segments of the journal that becomes Parquet."
)
def command(seconds: float, rounds: int, ip_policy: str, segments: int) -> Measured:
    """Events per CPU second of the collector, beside a bare ASGI app."""
    from loadtest.bench import bench

    return Measured(bench(seconds, rounds, ip_policy, now_us, wait_answers, report, segments))
