"""`fuzz`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click

from loadtest.cli import Measured, measures, now_us, report, wait_answers
from loadtest.promises import Promise, Run

RECORDINGS: Final = Path(__file__).parents[2] / "tests" / "sdk_contract" / "captures"
RUN: Final = Run(
    "fuzz",
    ("fuzz", "--cases", "1000000"),
    ("fuzz", "--cases", "2000"),
    (
        Promise("no request is answered 500", lambda figures: figures["http_500"] == 0),
        Promise("no good neighbour is lost", lambda figures: figures["lost_neighbours"] == 0),
        Promise("every answer is one of the document", lambda figures: figures["invalid_answers"] == 0),
        Promise("every request is answered", lambda figures: figures["no_answer"] == 0),
        Promise(
            "a row for every event, none unprocessed",
            lambda figures: figures["events"] == figures["rows"] and figures["unprocessed"] == 0,
        ),
        Promise("no program fell or logged a fault", lambda figures: figures["faults"] == 0),
        Promise("at most 1,000 series of metrics", lambda figures: figures["series"] <= 1_000),
        Promise("at most 512 MiB a program", lambda figures: max(figures["rss_max_mib"].values()) <= 512),
    ),
)


@measures(RUN)
@click.option("--cases", default=1_000_000, show_default=True, help="Requests to send.")
@click.option("--processes", default=2, show_default=True, help="Processes that send them.")
@click.option("--seed", default=None, type=int, help="Seed of the cases; the default is another each time.")
@click.option(
    "--captures",
    default=RECORDINGS,
    type=click.Path(path_type=Path),
    help="Folder of recorded requests to change.",
)
@click.option("--keep", default=None, type=click.Path(path_type=Path), help="Folder for the cases it finds.")
def command(cases: int, processes: int, seed: int | None, captures: Path, keep: Path | None) -> Measured:
    """Hostile requests between good ones; exit code 1 unless none does harm."""
    from loadtest.fuzz import fuzz

    chosen = now_us() % (1 << 32) if seed is None else seed
    report(f"seed {chosen}")
    result = fuzz(cases, chosen, processes, captures, keep, now_us, wait_answers, report)
    return Measured(result, result.held)
