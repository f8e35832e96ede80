"""`soak`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Figures, Promise, Run


def _flat(name: str) -> Promise:
    def holds(figures: Figures) -> bool:
        value = figures[name]
        return bool(value["flat"]) if "flat" in value else all(one["flat"] for one in value.values())

    return Promise(_TEXTS[name], holds)


_TEXTS: Final = {
    "memory_mib": "memory of every program is flat: at most 10 MiB or 5 % more",
    "descriptors": "open descriptors are flat",
    "files": "files of journal, dedup index, and of the lake below 4 MiB, are flat",
    "registry_mib": "the registry does not grow",
    "commit_s": "a load with its commit takes at most 1.25 times as long at p95",
    "freshness_s": "from the answer to SQL takes at most 1.25 times as long at p95",
}
RUN: Final = Run(
    "soak",
    ("soak",),
    ("soak", "--minutes", "1", "--rate", "300"),
    (
        *map(_flat, _TEXTS),
        Promise(
            "every probe was seen, nothing refused, no program fell",
            lambda figures: figures["unseen"] == figures["refused"] == figures["fallen"] == 0,
        ),
    ),
)


@measures(RUN)
@click.option("--minutes", default=30.0, show_default=True, help="Length of the traffic.")
@click.option("--hours", default=None, type=float, help="The same in hours.")
@click.option("--rate", default=2_000.0, show_default=True, help="Events a second.")
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for what it writes.")
def command(minutes: float, hours: float | None, rate: float, work: Path | None) -> Measured:
    """Steady traffic; exit code 1 unless memory, files, commit time and freshness come to rest."""
    from loadtest.soak.run import soak

    figures, charts = soak(hours * 60 if hours else minutes, rate, work, now_us, report)
    return Measured(figures, figures.held, charts)
