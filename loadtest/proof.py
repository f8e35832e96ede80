"""`proof`: the long runs one after the other, judged against the promises, with a report."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.report import page
from loadtest.visits import iso

Figures = Mapping[str, Any]
Report = Callable[[str], None]


class Promise(msgspec.Struct, frozen=True):
    """Something that must hold of a run's figures: `text` for people, `holds` for us."""

    text: str
    holds: Callable[[Figures], bool]


class Run(msgspec.Struct, frozen=True):
    """One command of the proof, its long and its quick form, and what it must show."""

    name: str
    long: tuple[str, ...]
    quick: tuple[str, ...]
    promises: tuple[Promise, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What one run gave. `figures` is None where it printed none; `promises`: text -> held."""

    name: str
    command: str
    began_at: str
    seconds: float
    exit_code: int
    figures: dict[str, Any] | None
    promises: dict[str, bool]
    log: str

    @property
    def held(self) -> bool:
        return self.figures is not None and all(self.promises.values())


class Proof(msgspec.Struct, frozen=True):
    """What the command prints: where the report is, and whether each run kept its promises."""

    report: str
    held: bool
    runs: dict[str, bool]


RUNS: Final = (
    Run(
        "bench",
        ("bench", "--seconds", "5", "--rounds", "5"),
        ("bench", "--seconds", "1", "--rounds", "1"),
        (
            Promise(
                "ratio at 1 event a request is at least 0.3", lambda figures: figures["ratio"]["1"] >= 0.3
            ),
            Promise(
                "door at 50 a request is at least 80,000", lambda figures: figures["door"]["50"] >= 80_000
            ),
        ),
    ),
    Run(
        "rules",
        ("rules", "--seconds", "4", "--rounds", "5"),
        ("rules", "--seconds", "1", "--rounds", "1"),
        (
            Promise(
                "a plan of 200 events enforced keeps 80 %",
                lambda figures: min(figures["kept"]["planned"].values()) >= 0.8,
            ),
            Promise(
                "the strict policy keeps 60 %",
                lambda figures: min(figures["kept"]["strict"].values()) >= 0.6,
            ),
        ),
    ),
    Run(
        "privacy",
        ("privacy",),
        ("privacy",),
        (
            Promise("no address is found in any file", lambda figures: figures["ips_found"] == 0),
            Promise("no personal value is found in any file", lambda figures: figures["pii_found"] == 0),
        ),
    ),
    Run(
        "dedup",
        ("dedup",),
        ("dedup", "--ids", "40000", "--sizes", "40000"),
        (
            Promise("nothing is doubled", lambda figures: figures["doubled"] == 0),
            Promise("nothing is dropped wrongly", lambda figures: figures["false_drops"] == 0),
            Promise("an id takes at most 64 bytes", lambda figures: figures["bytes_per_id"] <= 64),
            Promise(
                "a load of 5,000 ids takes at most 0.3 CPU s",
                lambda figures: max(figures["load_cpu_s"].values()) <= 0.3,
            ),
        ),
    ),
    Run(
        "crash",
        ("crash", "--kills", "20"),
        ("crash", "--kills", "2"),
        (
            Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
            Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
            Promise("the books balance", lambda figures: figures["difference"] == 0),
        ),
    ),
    Run(
        "freshness",
        ("freshness", "--minutes", "10"),
        ("freshness", "--minutes", "0.5", "--history", "200000", "--rate", "200"),
        (
            Promise(
                "SQL within 5 s at p99",
                lambda figures: figures["sql_p99_s"] is not None and figures["sql_p99_s"] <= 5,
            ),
            Promise(
                "timeline within 15 s at p99",
                lambda figures: figures["timeline_p99_s"] is not None and figures["timeline_p99_s"] <= 15,
            ),
            Promise("at most one core", lambda figures: figures["cores"] <= 1),
        ),
    ),
)


def prove(out: Path, quick: bool, clock: Callable[[], int], report: Report) -> Proof:
    """Run everything. In `out`: proof.jsonl gets a line a run, index.html shows them."""
    out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for wanted in RUNS:
        report(f"proof: {wanted.name} …")
        outcome = _outcome(wanted, wanted.quick if quick else wanted.long, out, clock)
        outcomes.append(outcome)
        with (out / "proof.jsonl").open("ab") as lines:
            lines.write(
                msgspec.json.encode({**msgspec.structs.asdict(outcome), "machine": machine()}) + b"\n"
            )
        (out / "index.html").write_text(page(outcomes, machine()), encoding="utf-8")
        report(f"proof: {wanted.name} {'held' if outcome.held else 'DID NOT HOLD'}: {outcome.figures}")
    runs = {outcome.name: outcome.held for outcome in outcomes}
    return Proof(str(out / "index.html"), all(runs.values()), runs)


def _outcome(wanted: Run, arguments: tuple[str, ...], out: Path, clock: Callable[[], int]) -> Outcome:
    began, log = clock(), out / f"{wanted.name}.log"
    with log.open("wb") as said:
        done = subprocess.run(
            [sys.executable, "-m", "loadtest", *arguments, "--json"],
            stdout=subprocess.PIPE,
            stderr=said,
            check=False,
        )
    figures = last_json(done.stdout)
    promises = {
        promise.text: figures is not None and bool(promise.holds(figures)) for promise in wanted.promises
    }
    return Outcome(
        wanted.name,
        f"python -m loadtest {' '.join(arguments)} --json",
        iso(began // 1000),
        round((clock() - began) / 1e6, 1),
        done.returncode,
        figures,
        promises,
        log.name,
    )


def last_json(output: bytes) -> dict[str, Any] | None:
    """The object in the last line; None where there is none."""
    lines = output.splitlines()
    try:
        return msgspec.json.decode(lines[-1], type=dict[str, Any]) if lines else None
    except msgspec.MsgspecError:
        return None


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": f"{cpu} x {os.cpu_count()}",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
