"""What a business calls a success: the key events of the tracking plans, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pyarrow as pa

from sdk_contract.plan import Plan
from warehouse.lake import Lake


class Success(msgspec.Struct, frozen=True, order=True):
    """A key event of a project; `value` and `currency` are JSON pointers into its properties."""

    project: str
    type: str
    event: str
    value: str | None = None
    currency: str | None = None


def successes_of(project: str, plan: Plan) -> list[Success]:
    """The key events of a plan that have a name."""
    return [
        Success(
            project,
            planned.type,
            planned.event,
            _pointer(planned.conversion.value) if planned.conversion else None,
            _pointer(planned.conversion.currency) if planned.conversion else None,
        )
        for planned in plan.events
        if planned.key_event and planned.event is not None
    ]


def tell(lake: Lake, successes: Iterable[Success]) -> None:
    """Make the temp table `successes`, which `moments` reads."""
    rows = list(successes)
    columns = {
        name: pa.array([getattr(row, name) for row in rows], pa.string())
        for name in Success.__struct_fields__
    }
    with lake.table("told_successes", pa.table(columns)):
        lake.execute("CREATE OR REPLACE TEMP TABLE successes AS SELECT * FROM told_successes")


def _pointer(name: str | None) -> str | None:
    return None if name is None else "/" + name.replace("~", "~0").replace("/", "~1")
