"""What people decided, in the registry: entered once, undone once, never deleted."""

from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.lakes import Site
from warehouse.errors import RegistryError
from warehouse.registry.decisions import Pair

PAIRS = [Pair("anonymous_id", "d1", "user_id", "u1"), Pair("anonymous_id", "d2", "user_id", "u1")]


def test_a_decision_is_entered_once_and_undone_once(tmp_path: Path) -> None:
    registry = Site(tmp_path).registry
    say: dict[str, Any] = {"reason": "ticket 7", "by": "ann", "load_seq": 12}
    first = registry.decide("split", "shop", PAIRS, command=5, **say)
    assert registry.decide("split", "shop", PAIRS, command=5, **say) == first
    assert (first.no, first.pairs, first.holds, first.load_seq) == (1, tuple(PAIRS), True, 12)
    second = registry.decide("block", "shop", PAIRS[:1], command=6, **say)
    assert registry.decisions() == [first, second]

    undone = registry.undo_decision(1, reason="a mistake", by="bo", command=9)
    assert (undone.holds, undone.undone_by, undone.undone_reason) == (False, "bo", "a mistake")
    assert registry.undo_decision(1, reason="again", by="bo", command=9) == undone
    assert registry.decisions() == [undone, second]
    with pytest.raises(RegistryError, match="decision 1 was undone already"):
        registry.undo_decision(1, reason="a mistake", by="bo", command=10)
    with pytest.raises(
        RegistryError, match="there is no decision 3; `sojourn identity decisions` shows them"
    ):
        registry.undo_decision(3, reason="a mistake", by="bo", command=10)
