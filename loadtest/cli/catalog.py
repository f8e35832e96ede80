"""`catalog`: its options, and what it promises."""

from collections.abc import Callable
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Figures, Promise, Run


def both(field: str, value: object) -> Callable[[Figures], bool]:
    """Whether a figure has this value for each catalog."""
    return lambda figures: all(figures[name][field] == value for name in ("sqlite", "postgres"))


RUN: Final = Run(
    "catalog",
    ("catalog", "--faults", "40"),
    ("catalog", "--faults", "3", "--hold", "3"),
    (
        Promise("no acknowledged event is missing", both("missing", 0)),
        Promise("no event is stored twice", both("doubled", 0)),
        Promise("the books balance", both("difference", 0)),
        Promise("a second writer is refused", both("second_refused", True)),
        Promise("the writer rides it out in one life", both("writer_starts", 1)),
    ),
)


@measures(RUN)
@click.option("--faults", default=40, show_default=True, help="How often each catalog is harmed.")
@click.option("--seconds-between", default=2.0, show_default=True, help="Mean pause between two faults.")
@click.option("--hold", default=30.0, show_default=True, help="Longest lock of the SQLite file, seconds.")
@click.option("--rate", default=200.0, show_default=True, help="Events a second meanwhile.")
@click.option(
    "--seed", default=None, type=int, help="Seed of the faults; the default is another one each time."
)
def command(faults: int, seconds_between: float, hold: float, rate: float, seed: int | None) -> Measured:
    """Lock the SQLite catalog, restart PostgreSQL, under load; exit code 1 where something is lost."""
    from loadtest.catalog import catalogs

    chosen = now_us() if seed is None else seed
    report(f"seed {chosen}")
    result, charts = catalogs(faults, seconds_between, hold, rate, chosen, now_us, report)
    return Measured(result, result.held, charts)
