"""Columns of atoms, cut by one set of rules and summed up."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.visits.cut import cut
from sessionizer.visits.reading import Columns
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.stream import Longs, Stream
from sessionizer.visits.summary import Said, Summary, summed, table

_TELL = ("campaigned", "referred", "landed", "equipped", "placed")


class Cutting(msgspec.Struct, frozen=True):
    """A stream cut by some rules; `why` says of each atom, `began` of each visit, why one begins."""

    stream: Stream
    said: Said
    why: Longs
    visits: Summary
    began: Longs

    def table(self) -> pa.Table:
        """One row a visit, see `summary.table`."""
        return table(self.stream, self.said, self.visits, self.began)


def cut_columns(columns: Columns, rules: SessionRules) -> Cutting:
    """Atoms in order, by the names of Stream and Said; what is not there is nothing."""
    stream, said = _stream(columns), _said(columns)
    why = cut(stream, rules)
    visits = summed(stream, said, why)
    began = why[visits.starts]
    if "began" in columns:
        carried = columns["began"][visits.starts]
        began = np.where(carried != 0, carried, began)
    return Cutting(stream, said, why, visits, began)


def _stream(columns: Columns) -> Stream:
    nothing = np.broadcast_to(np.int64(0), columns["at"].shape)
    never = np.broadcast_to(np.False_, columns["at"].shape)
    given = {name: columns.get(name, nothing) for name in ("campaign", "referrer", "visit", "day")}
    flags = {name: columns.get(name, never) for name in ("mobile", "ends")}
    plain = {name: columns[name] for name in ("subject", "at", "until", "events", "user")}
    return Stream(**plain, **given, **flags)


def _said(columns: Columns) -> Said:
    named = columns["named"] if "named" in columns else columns["user"] != 0
    first = {"named": named, "entered": columns["paged"]}
    return Said(
        columns["atom"],
        {name: columns[name] for name in ("events", "pages", "conversions")},
        columns["engaged"],
        columns["worth"],
        columns["valued"],
        columns["currency"],
        first=first | {name: columns[name] for name in _TELL},
        last={"gone": columns["paged"]},
    )
