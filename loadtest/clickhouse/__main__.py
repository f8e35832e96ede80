"""One question, timed: `python -m loadtest.clickhouse FOLDER QUESTION SINCE`, of the columns in FOLDER.

A program of its own, for chdb stays out of ours.
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from pathlib import Path

import chdb
import msgspec

from loadtest.clickhouse import EVENTS, IDENTITIES, text
from loadtest.questions import THREADS, Took

_MONDAY_US = 4 * 86_400_000_000  # 1970-01-05
_SETTINGS = f"SETTINGS max_threads = {THREADS}, schema_inference_make_columns_nullable = 0"


def ask(folder: Path, question: str, since: int) -> Took:
    """Asks once. `since`: µs UTC."""
    owned = text("owned", events=folder / EVENTS, identities=folder / IDENTITIES)
    sql = text(question, owned=owned, since=since, monday=_MONDAY_US)
    wall, cpu = time.perf_counter(), time.process_time()
    found = str(chdb.query(f"{sql} {_SETTINGS}", "CSV"))  # type: ignore[no-untyped-call]
    took = time.perf_counter() - wall, time.process_time() - cpu
    rows = [row for row in csv.reader(found.splitlines()) if row]
    return Took(*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, units(question, rows))


def units(question: str, rows: list[list[str]]) -> int:
    """Units in an answer; of paths how many there are."""
    if question == "trend":
        return int(rows[-1][0])
    if question == "funnel":
        return int(rows[0][0])
    if question == "retention":
        return sum(int(row[0]) for row in rows if row[2] == "0")
    return sum(int(row[3]) for row in rows if row[0] == "1")


if __name__ == "__main__":
    took = ask(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(msgspec.json.encode(took).decode())
