"""`search`: the CPU it costs to find customers among many: by an id, by its beginning, by what was said."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from warehouse.lake import Lake, connect
from warehouse.search import find
from warehouse.settings import WarehouseSettings

Report = Callable[[str], None]


class Searches(msgspec.Struct, frozen=True):
    """What the command prints: customers in the lake, and by kind of search how many were asked and the CPU
    milliseconds at p95 of finding an id and, where none is known, customers like it; `first_ms`: the same of
    the first search of all, which reads what later ones remember.
    """

    customers: int
    asked: dict[str, int]
    cpu_p95_ms: dict[str, float]
    first_ms: float


def searches(data: Path, each: int, report: Report) -> Searches:
    """Ask for ids and attributes that the lake of `data` holds, the same each time."""
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        ((customers,),) = lake.query("SELECT count(*) FROM customers")
        wanted = _wanted(lake, each)
        first = _cost(lake, "nobody")
        costs = {kind: [_cost(lake, text) for text in texts] for kind, texts in wanted.items() if texts}
        report(f"search: {sum(map(len, costs.values()))} asked among {customers} customers")
    return Searches(
        customers=customers,
        asked={kind: len(found) for kind, found in costs.items()},
        cpu_p95_ms={kind: round(_p95(found), 1) for kind, found in costs.items()},
        first_ms=round(first, 1),
    )


def _wanted(lake: Lake, each: int) -> dict[str, Sequence[str]]:
    ids = [one for (one,) in lake.query(f"SELECT value FROM identities ORDER BY hash(value) LIMIT {each}")]
    said = lake.query(
        "SELECT DISTINCT ON (name, value::VARCHAR) name, value ->> '$' FROM customer_attributes"
        f" ORDER BY hash(name, value::VARCHAR) LIMIT {each}"
    )
    return {
        "id": ids,
        "beginning": [one[: max(3, len(one) - 2)] for one in ids],
        "value": [value for _, value in said],
        "attribute": [f"{name}: {value}" for name, value in said],
        "nobody": [f"nobody-{number}" for number in range(each)],
    }


def _cost(lake: Lake, text: str) -> float:
    """CPU milliseconds of what the console's page does."""
    began = time.process_time()
    find(lake, text)
    return 1_000 * (time.process_time() - began)


def _p95(found: Sequence[float]) -> float:
    return sorted(found)[int(0.95 * (len(found) - 1))]
