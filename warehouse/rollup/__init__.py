"""The roll-up `daily`: how many events each visitor had, by hour and name, for trends that need no events.

It holds the events up to the load_seq of the cursor `rollup`, exactly; where that is where `stitch` is, it
answers questions. An event counts for its device, or for whom it is of where somebody else's visit was on
that device; customers are found when a question is asked, so that merges of customers change nothing in it.
"""

from warehouse.rollup.cells import recount
from warehouse.rollup.comparing import Difference, differences
from warehouse.rollup.filling import Filled, add, fill, forget, rolled_until

__all__ = [
    "Difference",
    "Filled",
    "add",
    "differences",
    "fill",
    "forget",
    "recount",
    "rolled_until",
]
