"""How many units have a moment in which it matters which event is taken for which step."""

from __future__ import annotations

from warehouse.insights.asked import Asked
from warehouse.insights.chains import Chains
from warehouse.insights.journey import Plan
from warehouse.insights.values import written
from warehouse.statements import statement


def ambiguous(asked: Asked, way: Plan, chains: Chains) -> int:
    """Units with several events in one moment, not all of the same steps, one of which is several steps.

    Each is taken as the first of its steps, so such a unit may have come further than is counted, never less
    far. 0 where no event can be two different steps, or where ties do not let a moment be put in order.
    """
    if way.order != "ordered" or way.ties not in ("sequence", "same_second") or not way.overlap:
        return 0
    steps = [f"s{number}" for number in range(1, chains.size + 1)]
    keys = ["owner", *(f"held{number}" for number in range(len(way.hold)))]
    sql = statement(
        "insights/chain/ambiguous",
        happened=chains.sql["happened"],
        keys=", ".join(keys),
        several=" + ".join(f"{step}::INT" for step in steps),
        steps=", ".join(steps),
    )
    ((units,),) = asked.lake.query(written(sql, asked.values.named))
    return int(units)
