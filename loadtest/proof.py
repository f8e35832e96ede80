"""`proof`: the long runs one after the other, judged against the promises, with a report."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import msgspec

from loadtest import cli
from loadtest.errors import UnknownRun
from loadtest.machine import machine
from loadtest.promises import Outcome, Run, judged
from loadtest.report import page
from loadtest.visits import iso

Report = Callable[[str], None]


class Proof(msgspec.Struct, frozen=True):
    """What the command prints: where the report is, and whether each run kept its promises."""

    report: str
    held: bool
    runs: dict[str, bool]


def every_run() -> dict[str, Run]:
    """The runs of all commands that promise something, by name."""
    modules = (import_module(f"{cli.__name__}.{module.name}") for module in iter_modules(cli.__path__))
    return {module.RUN.name: module.RUN for module in modules if hasattr(module, "RUN")}


def chosen(names: str) -> list[Run]:
    """The runs named, with commas between, in this order; all where none is. UnknownRun for another name."""
    runs = every_run()
    wanted = [name for name in (part.strip() for part in names.split(",")) if name]
    for name in wanted:
        if name not in runs:
            raise UnknownRun(f"there is no run {name!r}; there are {', '.join(runs)}")
    return [runs[name] for name in wanted or runs]


def prove(runs: Sequence[Run], out: Path, quick: bool, clock: Callable[[], int], report: Report) -> Proof:
    """Make the runs. In `out`: proof.jsonl gets a line a run, index.html shows them, a page each the rest."""
    out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for wanted in runs:
        report(f"proof: {wanted.name} …")
        outcome = _outcome(wanted, wanted.quick if quick else wanted.long, out, clock)
        outcomes.append(outcome)
        with (out / "proof.jsonl").open("ab") as lines:
            lines.write(
                msgspec.json.encode({**msgspec.structs.asdict(outcome), "machine": machine()}) + b"\n"
            )
        (out / "index.html").write_text(page(outcomes, machine()), encoding="utf-8")
        report(f"proof: {wanted.name} {'held' if outcome.held else 'DID NOT HOLD'}: {outcome.figures}")
    held = {outcome.name: outcome.held for outcome in outcomes}
    return Proof(str(out / "index.html"), all(held.values()), held)


def _outcome(wanted: Run, arguments: tuple[str, ...], out: Path, clock: Callable[[], int]) -> Outcome:
    began, log, shown = clock(), out / f"{wanted.name}.log", out / f"{wanted.name}.html"
    shown.unlink(missing_ok=True)
    with log.open("wb") as said:
        done = subprocess.run(
            [sys.executable, "-m", "loadtest", *arguments, "--json", "--report", str(shown)],
            stdout=subprocess.PIPE,
            stderr=said,
            check=False,
        )
    figures = last_json(done.stdout)
    links = {"report": shown.name} if shown.is_file() else {}
    return Outcome(
        wanted.name,
        f"python -m loadtest {' '.join(arguments)} --json",
        iso(began // 1000),
        round((clock() - began) / 1e6, 1),
        done.returncode,
        figures,
        judged(wanted, figures),
        {**links, "log": log.name},
    )


def last_json(output: bytes) -> dict[str, Any] | None:
    """The object in the last line; None where there is none."""
    lines = output.splitlines()
    try:
        return msgspec.json.decode(lines[-1], type=dict[str, Any]) if lines else None
    except msgspec.MsgspecError:
        return None
