"""What a rebuild makes of the same events: what runs that were killed have left is no other."""

from __future__ import annotations

from collections import Counter
from typing import Final

from loadtest.house import House
from loadtest.processes import run, sojourn, wait_until

TABLES: Final = (
    *("sessions", "identities", "identity_edges", "identity_intervals", "identity_lives"),
    *("junk_ids", "customers", "traits", "customer_attributes"),
)
WITHIN_S: Final = 300.0
Rows = dict[str, Counter[int]]


def wait_stitched(house: House) -> None:
    """Until every loaded event is stitched. Raises GaveUp."""
    wait_until("everything to be stitched", lambda: _is_stitched(house), WITHIN_S, every_s=0.5)


def differing(house: House) -> int:
    """Rows that a rebuild changes, adds or takes away, counted before and after. Nothing may run."""
    before = _rows(house)
    run(sojourn("rebuild", "--json"), house.variables, within_s=WITHIN_S)
    return rows_apart(before, _rows(house))


def rows_apart(before: Rows, after: Rows) -> int:
    """How many rows stand on one side alone."""
    return sum(((before[table] - after[table]) + (after[table] - before[table])).total() for table in before)


def _is_stitched(house: House) -> bool:
    house.program.require()
    with house.lake() as lake:
        at = dict(lake.query("SELECT name, load_seq FROM cursors"))
    return bool(at["load"] == at.get("stitch"))


def _rows(house: House) -> Rows:
    with house.lake() as lake:
        return {
            table: Counter(found for (found,) in lake.query(f"SELECT hash(one) FROM {table} AS one"))
            for table in TABLES
        }
