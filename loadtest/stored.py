"""Whether each event of a flood is in the lake once, counted in an array with a place for each."""

from typing import NamedTuple

import numpy as np

from loadtest.flood import EVENTS, Flood
from warehouse.lake import Lake

_ROWS = 1 << 20
_NUMBERS = f"""
    SELECT substr(message_id, 3, 8)::BIGINT * {EVENTS} + substr(message_id, 12)::BIGINT AS number
    FROM events"""


class Compared(NamedTuple):
    """Acknowledged events that are not in `events`, and ids that are there more than once."""

    missing: int
    doubled: int


def compared(lake: Lake, flood: Flood) -> Compared:
    stored = np.zeros(flood.batches * EVENTS, np.uint8)
    for rows in lake.execute(_NUMBERS).to_arrow_reader(_ROWS):
        stored += np.bincount(rows.column("number").to_numpy(), minlength=len(stored)).astype(np.uint8)
    acked = np.repeat(np.frombuffer(flood.acked, np.uint8), EVENTS).astype(bool)
    return Compared(int((acked & (stored == 0)).sum()), int((stored > 1).sum()))


def count(lake: Lake) -> int:
    ((events,),) = lake.query("SELECT count(*) FROM events")
    return int(events)
