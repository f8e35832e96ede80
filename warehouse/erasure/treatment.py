"""What is left of a landed row when the person in it is erased, or has a pseudonym.

Rows keep their place and number, so an object has as many rows as before and every row its load_seq.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdk_contract.verdicts import Reason, Verdict
from warehouse.erasure.needles import ERASED, Mask, Needles
from warehouse.landing import SCHEMA
from warehouse.segments import HOUR_US

# What a stub keeps: where it came from, by which it is counted, and that a replay moved it.
_PLACE: Final = frozenset(
    {"project", "key_id", "key_no", "dialect", "segment_id", "record", "index", "replayed_at", "uncounted"}
)
_STUB: Final[dict[str, Any]] = {
    "verdict": Verdict.FILTERED.value, "reason": Reason.ERASED.value, "message_id": ERASED,
}  # fmt: skip
# What tells who somebody is beside the ids, as far as columns know it.
PERSONAL: Final = frozenset(
    {
        *("ip", "user_agent", "page_url", "page_title", "page_referrer", "page_search", "traits", "context"),
        *("integrations", "extra", "raw", "visitor_id", "region", "city", "click_id", "uncleaned"),
    }
)
IDS: Final = ("user_id", "anonymous_id", "previous_id")
TEXTS: Final = [field.name for field in SCHEMA if pa.types.is_string(field.type)]

Pseudonym = Callable[[str, str], str]


def erased(rows: pa.Table, which: Mask) -> pa.Table:
    """Those rows as stubs: counted under their key and hour, and nothing else of them."""
    moment = pc.multiply(pc.divide(rows.column("received_at").cast(pa.int64()), HOUR_US), HOUR_US)
    hour = moment.cast(SCHEMA.field("received_at").type)
    values: dict[str, Any] = {**_STUB, "received_at": hour, "timestamp": hour}
    return _with(rows, which, {name: values.get(name) for name in SCHEMA.names if name not in _PLACE})


def pseudonymised(rows: pa.Table, which: Mask, needles: Needles, pseudonym: Pseudonym) -> pa.Table:
    """Those rows under pseudonyms, without what is personal; refused ones as stubs.

    `pseudonym(project, value)` gives the name that stands for an id.
    """
    fine = np.isin(_plain(rows, "verdict"), (Verdict.OK.value, Verdict.WARNING.value))
    rows = erased(rows, which & ~fine)
    which = which & fine
    projects, values = rows.column("project").to_pylist(), dict[str, Any](dict.fromkeys(PERSONAL))
    for name in IDS:
        sent = rows.column(name).to_pylist()
        made = [
            pseudonym(projects[at], value) if which[at] and value is not None else None
            for at, value in enumerate(sent)
        ]
        values[name] = pa.chunked_array([pa.array(made, pa.string())])
    return without(_with(rows, which, values), which, needles)


def without(rows: pa.Table, which: Mask, needles: Needles) -> pa.Table:
    """Those rows, with what stands in the texts of other people's events taken out of them."""
    at = np.flatnonzero(which)
    for name in TEXTS:
        column = rows.column(name)
        texts = column.take(pa.array(at)).to_pylist()
        clean = [None if text is None else needles.cleared(text) for text in texts]
        if clean != texts:
            every = column.to_numpy(zero_copy_only=False).copy()
            every[at] = clean
            rows = _put(rows, name, pa.array(every, pa.string()))
    return rows


def mentions(rows: pa.Table, needles: Needles) -> Mask:
    """Which rows hold one of the needles in some text."""
    found = np.zeros(rows.num_rows, bool)
    for name in TEXTS:
        for start, chunk in _chunks(rows.column(name)):
            found[start : start + len(chunk)] |= needles.rows(chunk)
    return found


def _chunks(column: pa.ChunkedArray) -> list[tuple[int, pa.Array]]:
    starts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
    return [(int(start), chunk) for start, chunk in zip(starts[:-1], column.chunks, strict=True)]


def _with(rows: pa.Table, which: Mask, values: dict[str, Any]) -> pa.Table:
    """The rows with other values in these columns where `which` says so."""
    if not which.any():
        return rows
    mask = pa.array(which)
    for name, value in values.items():
        field = SCHEMA.field(name)
        new = value if isinstance(value, pa.ChunkedArray) else pa.scalar(value, field.type)
        rows = _put(rows, name, pc.if_else(mask, new, rows.column(name)))
    return rows


def _put(rows: pa.Table, name: str, column: Any) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), SCHEMA.field(name), column)


def _plain(rows: pa.Table, name: str) -> Any:
    return rows.column(name).to_numpy(zero_copy_only=False)
