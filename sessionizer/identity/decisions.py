"""What people decided about two ids: that they are not one person's, or that they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import pyarrow as pa

from sdk_contract.keys import identity_key
from sessionizer.statements import statement
from warehouse.lake import Lake

RULE: Final = "decision"


class Decision(msgspec.Struct, frozen=True):
    """`block`: what events say of this pair counts as never seen. `merge`: the two are one from `load_seq`
    on, the place in the order of load at which it was decided; the ids must have been seen by then.
    """

    project: str
    left_kind: str
    left_value: str
    right_kind: str
    right_value: str
    kind: Literal["block", "merge"]
    load_seq: int
    reason: str = ""

    @property
    def left_key(self) -> int:
        return identity_key(self.project, self.left_kind, self.left_value)

    @property
    def right_key(self) -> int:
        return identity_key(self.project, self.right_kind, self.right_value)


Decisions = Sequence[Decision]


def tell(lake: Lake, decisions: Decisions) -> None:
    """Make the temp table `decided`; nothing where nobody decided anything."""
    if not decisions:
        return
    text, number = pa.string(), pa.int64()
    rows = [
        (
            d.project,
            d.left_key,
            d.left_kind,
            d.left_value,
            d.right_key,
            d.right_kind,
            d.right_value,
            d.kind,
            d.load_seq,
        )
        for d in decisions
    ]
    types = {"project": text, "left_key": number, "left_kind": text, "left_value": text, "right_key": number}
    types |= {"right_kind": text, "right_value": text, "decision": text, "load_seq": number}
    columns = zip(types.items(), zip(*rows, strict=True), strict=True)
    table = pa.table({name: pa.array(column, kind) for (name, kind), column in columns})
    with lake.table("found_decisions", table):
        lake.execute("CREATE OR REPLACE TEMP TABLE decided AS FROM found_decisions")


def blocked_sql(decisions: Decisions) -> str:
    """Whether a row of left_key and right_key was blocked by people."""
    return statement("identity/is_blocked") if any(d.kind == "block" for d in decisions) else "false"


def merged_sql(decisions: Decisions) -> str:
    """What people joined, as rows of pairs."""
    return statement("identity/pairs_merged") if any(d.kind == "merge" for d in decisions) else ""
