"""`garbled`: its options, and what it promises."""

from pathlib import Path
from typing import Final

import click
import msgspec

from loadtest.cli import Measured, measures, now_us, report
from loadtest.promises import Promise, Run
from sdk_contract.dialects.known import BY_NAME

_TESTS: Final = Path(__file__).parents[2] / "tests" / "sdk_contract"
RECORDINGS: Final = (_TESTS / "captures", _TESTS / "dialects" / "captures")
RUN: Final = Run(
    "garbled",
    ("garbled", "--cases", "100000"),
    ("garbled", "--cases", "300"),
    (
        Promise("a spoilt request is refused or read", lambda figures: figures["faults"] == 0),
        Promise("no event is lost for the one beside it", lambda figures: figures["lost"] == 0),
    ),
)


@measures(RUN)
@click.option("--cases", default=100_000, show_default=True, help="Requests of each protocol.")
@click.option(
    "--only", multiple=True, type=click.Choice(sorted(BY_NAME)), help="One of the protocols; may be repeated."
)
@click.option("--seed", default=None, type=int, help="Seed of the cases; the default is another each time.")
def command(cases: int, only: tuple[str, ...], seed: int | None) -> Measured:
    """Spoilt requests of each protocol; a line a protocol, exit code 1 unless none does harm."""
    from loadtest.garbled import garbled, together
    from loadtest.utterances import utterances

    chosen = now_us() % (1 << 32) if seed is None else seed
    report(f"seed {chosen}")
    every = []
    for name, known in utterances(RECORDINGS).items():
        if not only or name in only:
            every.append(one := garbled(known, cases, chosen))
            click.echo(msgspec.json.encode(one))
    found = together(every)
    return Measured(found, found.faults == found.lost == 0)
