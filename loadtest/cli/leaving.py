"""`leaving`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.leaving import OUT_S, UNREADY_S
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "leaving",
    ("leaving", "--times", "20"),
    ("leaving", "--times", "1"),
    (
        Promise("whoever was let in is answered", lambda figures: figures["resets"] == 0),
        Promise("no connection is refused before the stop", lambda figures: figures["early"] == 0),
        Promise(f"unready within {UNREADY_S:g} s", lambda figures: figures["unready_s"] <= UNREADY_S),
        Promise(
            f"gone within {OUT_S:g} s, with all of its processes",
            lambda figures: max(figures["out_s"].values()) <= OUT_S and figures["left"] == 0,
        ),
        Promise("the journal is published", lambda figures: figures["unpublished"] == 0),
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
    ),
)


@measures(RUN)
@click.option("--times", default=20, show_default=True, help="How often each program is stopped.")
@click.option("--rate", default=200.0, show_default=True, help="Requests a second meanwhile.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the traffic.")
def command(times: int, rate: float, seed: int) -> Measured:
    """SIGTERM under load; exit code 1 unless all are answered, all is published, and it is gone in time."""
    from loadtest.leaving import leaving

    result = leaving(times, rate, seed, now_us, report)
    return Measured(result, result.held)
