"""`console`: its options, and what it promises."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run

_PAINTED_MS: Final = 1_000
_FIRST_KB: Final = 450


def _within_a_second(figures: Mapping[str, Any]) -> bool:
    return bool(figures["p95_ms"]) and all(
        took <= _PAINTED_MS for name in ("p95_ms", "cold_ms") for took in figures[name].values()
    )


RUN: Final = Run(
    "console",
    ("console", "--events", "10000000"),
    ("console", "--events", "200000", "--rounds", "2", "--each", "8"),
    (
        Promise("every page and the cockpit's numbers within 1 s at p95", _within_a_second),
        Promise("the cockpit's numbers were asked", lambda figures: "/overview/numbers" in figures["p95_ms"]),
        Promise("a first visit within 450 KB", lambda figures: 0 < figures["first_visit_kb"] <= _FIRST_KB),
    ),
)


@measures(RUN)
@click.option("--events", default=10_000_000, show_default=True, help="Events of the past in the lake.")
@click.option("--rounds", default=3, show_default=True, help="How often each address is asked.")
@click.option("--each", default=40, show_default=True, help="Addresses of one page that are asked at most.")
@click.option(
    "--data",
    default=None,
    type=click.Path(path_type=Path, exists=True),
    help="A data folder to ask instead of a made-up one; nothing is written to it.",
)
def command(events: int, rounds: int, each: int, data: Path | None) -> Measured:
    """Milliseconds for every page of the console over a large past, and what a first visit weighs."""
    from loadtest.console import console

    return Measured(console(events, rounds, each, data, now_us, report))
