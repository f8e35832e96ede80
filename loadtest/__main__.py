"""`python -m loadtest`: the commands that measure Sojourn from outside; with --json one line of JSON each."""

import asyncio
import sys
import time
from pathlib import Path

import click
import msgspec

from loadtest.drive import answers
from sdk_contract.errors import SojournError


class Commands(click.Group):
    """Turns our errors into one red line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except* SojournError as errors:
            first: BaseException = errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            click.secho(f"error: {first}", fg="red", err=True)
            sys.exit(1)


def now_us() -> int:
    return time.time_ns() // 1000


def report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def wait_answers(url: str) -> None:
    asyncio.run(answers(url, "/health", 60.0, now_us))


def show(result: msgspec.Struct, as_json: bool) -> None:
    """One line of JSON, or one line a figure for people."""
    if as_json:
        print(msgspec.json.encode(result).decode(), flush=True)
        return
    for name, value in msgspec.structs.asdict(result).items():
        print(f"{name:16} {value}")


json_option = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def root() -> None:
    """Measure Sojourn from outside: how fast, how fresh, and whether it survives."""


@root.command("bench")
@json_option
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
def bench_command(as_json: bool, seconds: float, rounds: int, ip_policy: str) -> None:
    """Events per CPU second of the collector, beside a bare ASGI app."""
    from loadtest.bench import bench

    show(bench(seconds, rounds, ip_policy, now_us, wait_answers, report), as_json)


@root.command("rules")
@json_option
@click.option("--seconds", default=4.0, show_default=True, help="Length of one run of wrk.")
@click.option(
    "--rounds", default=3, show_default=True, help="Interleaved rounds; each figure is their median."
)
def rules_command(as_json: bool, seconds: float, rounds: int) -> None:
    """What a plan of 200 events enforced and a strict privacy policy leave of the door's speed."""
    from loadtest.rules import rules

    show(rules(seconds, rounds, now_us, wait_answers, report), as_json)


@root.command("freshness")
@json_option
@click.option("--minutes", default=10.0, show_default=True, help="Length of the measured load.")
@click.option("--rate", default=1000.0, show_default=True, help="Events a second.")
@click.option(
    "--history",
    default=10_000_000,
    show_default=True,
    help="Events of the 7 days before, in the lake already.",
)
@click.option(
    "--work",
    default=None,
    type=click.Path(path_type=Path),
    help="Folder that keeps the history for next time.",
)
def freshness_command(as_json: bool, minutes: float, rate: float, history: int, work: Path | None) -> None:
    """Seconds from the 200 to SQL and to the timeline, with a large history behind."""
    from loadtest.freshness import freshness
    from loadtest.house import work_folder

    show(freshness(minutes, rate, history, work or work_folder(), now_us, report), as_json)


@root.command("crash")
@json_option
@click.option("--kills", default=20, show_default=True, help="How many times something is killed.")
@click.option("--seconds-between", default=2.0, show_default=True, help="Mean pause between two kills.")
@click.option("--rate", default=400.0, show_default=True, help="Events a second meanwhile.")
@click.option(
    "--seed", default=None, type=int, help="Seed of the kills; the default is another one each time."
)
def crash_command(as_json: bool, kills: int, seconds_between: float, rate: float, seed: int | None) -> None:
    """Kill -9 of any program at random under load; exit code 1 unless nothing is missing or doubled."""
    from loadtest.crash import crash

    chosen = now_us() if seed is None else seed
    report(f"seed {chosen}")
    result = crash(kills, seconds_between, rate, chosen, now_us, report)
    show(result, as_json)
    sys.exit(0 if result.held else 1)


@root.command("dedup")
@json_option
@click.option("--ids", default=10_000_000, show_default=True, help="Ids; each is sent three times.")
@click.option(
    "--sizes", default="1000000,10000000,50000000", show_default=True, help="Ids of the indexes to load over."
)
@click.option("--work", default=None, type=click.Path(path_type=Path), help="Folder for what it writes.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the gaps and restarts.")
def dedup_command(as_json: bool, ids: int, sizes: str, work: Path | None, seed: int) -> None:
    """Everything sent three times within 7 days; exit code 1 unless nothing is doubled or dropped."""
    from loadtest.dedup import dedup

    result = dedup(ids, tuple(int(size) for size in sizes.split(",") if size), work, seed, report)
    show(result, as_json)
    sys.exit(0 if result.held else 1)


@root.command("privacy")
@json_option
@click.option("--policy", default="strict", show_default=True, help="Privacy policy of the write key.")
@click.option(
    "--ip-policy",
    default="drop",
    show_default=True,
    type=click.Choice(["keep", "truncate", "hash", "drop"]),
    help="What becomes of IP addresses.",
)
@click.option("--seed", default=2026, show_default=True, help="Seed of the people.")
def privacy_command(as_json: bool, policy: str, ip_policy: str, seed: int) -> None:
    """Search every file for seeded personal data; exit code 1 unless none of it is there."""
    from loadtest.privacy import privacy

    result = privacy(policy, ip_policy, seed, now_us, report)
    show(result, as_json)
    sys.exit(0 if result.held else 1)


@root.command("proof")
@json_option
@click.option(
    "--out",
    default=Path("proof"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the report.",
)
@click.option(
    "--quick", is_flag=True, help="Small forms of everything: a trial of the commands, not a proof."
)
def proof_command(as_json: bool, out: Path, quick: bool) -> None:
    """Run the long forms one by one and keep their report; exit code 1 where a promise does not hold."""
    from loadtest.proof import prove

    proof = prove(out, quick, now_us, report)
    show(proof, as_json)
    sys.exit(0 if proof.held else 1)


if __name__ == "__main__":
    root(prog_name="python -m loadtest")
