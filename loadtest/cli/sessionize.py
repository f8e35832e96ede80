"""`sessionize`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Figures, Promise, Run

HALF_AS_MUCH: Final = 1.25


def _no_slower(figures: Figures) -> bool:
    """Twice the history costs no more, but for what two runs of the same differ by."""
    return bool(figures["delta_recent_s"] <= HALF_AS_MUCH * figures["delta_half_s"])


RUN: Final = Run(
    "sessionize",
    ("sessionize",),
    ("sessionize", "--events", "200000"),
    (
        Promise("the gap rule in 20 CPU s", lambda figures: figures["full_cpu_s"] <= 20),
        Promise("the gap rule in 1.5 GB", lambda figures: figures["full_rss_mb"] <= 1_536),
        Promise("all rules and columns in 120 CPU s", lambda figures: figures["all_rules_cpu_s"] <= 120),
        Promise("all rules and columns in 6 GB", lambda figures: figures["all_rules_rss_mb"] <= 6_144),
        Promise("new events in 2 s", lambda figures: figures["delta_recent_s"] <= 2),
        Promise("new events of any age in 6 s", lambda figures: figures["delta_any_age_s"] <= 6),
        Promise("no slower at twice the history", _no_slower),
        Promise("ids joined and written back in 15 s", lambda figures: figures["components_s"] <= 15),
        Promise(
            "no session's id changes when others come late", lambda figures: figures["late_churn_pct"] == 0
        ),
        Promise("every event has a fate", lambda figures: figures["unexplained"] == 0),
    ),
)


@measures(RUN)
@click.option("--events", default=50_000_000, show_default=True, help="Events of a made-up month.")
@click.option(
    "--work", default=None, type=click.Path(path_type=Path), help="Folder that keeps the month for next time."
)
def command(events: int, work: Path | None) -> Measured:
    """CPU seconds and memory of sessions and customers, over a lake as the loader wrote it."""
    from loadtest.house import work_folder
    from loadtest.stitching.run import sessionize

    return Measured(sessionize(events, work or work_folder(), now_us, report))
