"""`identity`: its options, and what it promises."""

from typing import Final

import click

from loadtest.cli import Measured, measures, report
from loadtest.promises import Promise, Run

RUN: Final = Run(
    "identity",
    ("identity",),
    ("identity", "--edges", "200000"),
    (
        Promise(
            "ids are joined and written back within 15 s",
            lambda figures: figures["components_s"] + figures["write_back_s"] <= 15,
        ),
        Promise(
            "at most 0.2 points more ids change than have to",
            lambda figures: figures["churn_pct"] <= figures["floor_pct"] + 0.2,
        ),
        Promise("a rebuild gives the same customers", lambda figures: figures["rebuild_differs"] == 0),
    ),
)


@measures(RUN)
@click.option("--edges", default=10_000_000, show_default=True, help="Pairs of ids.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the graph.")
def command(edges: int, seed: int) -> Measured:
    """Join a graph of ids by the rules of identity; exit code 1 where a rebuild would differ."""
    from loadtest.linked import measure

    found = measure(edges, seed, report)
    return Measured(found, found.rebuild_differs == 0)
