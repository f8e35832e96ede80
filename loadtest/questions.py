"""One question, timed: `python -m loadtest.questions FOLDER INSIGHT NOW`, the question as JSON on stdin."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.machine import peak_mb
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.reading import from_json
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

THREADS = 2
MEMORY = 4 << 30


class Took(msgspec.Struct, frozen=True):
    """What a question cost: seconds of wall clock and CPU, MB of memory at most; `n`: units in the answer."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    n: int


def ask(folder: Path, name: str, question: bytes, now: int) -> Took:
    """Asks once, over a lake that is open already, as the console does. `now`: µs UTC."""
    insight = INSIGHTS[name]
    settings = WarehouseSettings(data=str(folder), lake_threads=THREADS, lake_memory=MEMORY)
    with connect(settings, read_only=True) as lake:
        lake.snapshot()
        wall, cpu = time.perf_counter(), time.process_time()
        answer = insight.ask(lake, from_json(insight.question, question), now)
        took = time.perf_counter() - wall, time.process_time() - cpu
    return Took(*took, peak_mb(), answer.n)


def main() -> None:
    """Prints what it took."""
    folder, name, now = sys.argv[1:]
    if name not in INSIGHTS:
        raise ProgramFailed(f"there is no insight {name!r}")
    took = ask(Path(folder), name, sys.stdin.buffer.read(), int(now))
    sys.stdout.write(msgspec.json.encode(took).decode())


if __name__ == "__main__":
    main()
