"""What the conditions are held against: events of customers as columns, in the order they happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import msgspec
import numpy as np
import pyarrow as pa

from warehouse.insights.filters import Filter, Selector
from warehouse.tags.spans import Flags, Longs

# Amounts are added up as whole numbers, the same in any order.
SCALE = 10_000


class Said(msgspec.Struct, frozen=True, eq=False):
    """One filter of attributes: whose attribute is there (in order), since when, whether it passes; `unset`:
    whether one that is not there passes.
    """

    who: Longs
    since: Longs
    passes: Flags
    unset: bool


class Frame(msgspec.Struct, frozen=True, eq=False):
    """`customers`: their numbers, in order, and when each was first seen. The other columns are events, by
    customer (a place in `customers`), moment (µs UTC) and order of load: which selectors they match, what
    they amount to (in ten-thousandths, by field), and their message ids.
    """

    customers: Longs
    first_seen: Longs
    who: Longs
    moment: Longs
    message_id: pa.ChunkedArray
    hits: Mapping[Selector, Flags]
    amounts: Mapping[str, Longs]
    said: Mapping[Filter, Said]

    def rows(self, of: Selector) -> Longs:
        """The places of the events that a selector means."""
        return np.flatnonzero(self.hits[of])

    def births(self, of: Iterable[Selector]) -> Longs:
        """When each customer was first seen, also by these events."""
        found = self.first_seen.copy()
        rows = np.flatnonzero(
            reduce(np.logical_or, map(self.hits.__getitem__, of), np.zeros(len(self.who), bool))
        )
        np.minimum.at(found, self.who[rows], self.moment[rows])
        return found
