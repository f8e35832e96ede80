"""From events in the lake to visits: read in order, cut by one set of rules or several, summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from sessionizer.statements import statement
from sessionizer.visits.carry import inserted, opened, seeds_of
from sessionizer.visits.columns import Looked, looked_at, of_several
from sessionizer.visits.cutting import Cutting, cut_columns
from sessionizer.visits.reading import Columns, read_slice, said_once
from sessionizer.visits.rows import carried, keep, shaped, showing, texts_of
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.slices import AT_ONCE, Slice, parts, slices
from sessionizer.visits.stream import Places
from warehouse.lake import Lake


class Side:
    """One of several sets of rules: what it found of the slices so far, and what goes on in the next one.

    `names`: how the columns that its rules look at are called.
    """

    def __init__(self, rules: SessionRules, names: dict[str, str]) -> None:
        self.rules, self._names = rules, names
        self._seeds: Columns | None = None

    def cut(self, columns: Columns, until: int | None) -> tuple[Cutting, Places]:
        """The visits of a slice, and which of them are still open."""
        own = inserted(self._own(columns), self._seeds)
        cutting = cut_columns(own, self.rules)
        open_ = opened(cutting, until, round(self.rules.widest_gap * 1_000_000))
        self._seeds = seeds_of(cutting, open_, own)
        return cutting, open_

    def closed(self, columns: Columns, until: int | None) -> pa.Table:
        """The visits of a slice that are complete."""
        cutting, open_ = self.cut(columns, until)
        return cutting.table().filter(_others(len(cutting.visits), open_))

    def _own(self, columns: Columns) -> Columns:
        """What its rules look at, of the events that make visits."""
        size = len(columns["atom"])
        own = {name: values for name, values in columns.items() if not name.startswith("looked_at")}
        own |= {role: columns[name] for role, name in self._names.items()}
        own["until"], own["named"] = own["at"], own["user"] != 0
        own["events"] = np.broadcast_to(np.int64(1), size)
        own["engaged"] = own["began"] = np.broadcast_to(np.int64(0), size)
        counts = own.pop("counts", None)
        if counts is not None and not counts.all():
            own = {name: values[counts] for name, values in own.items()}
        if "visit" in own:
            order = np.lexsort((own["visit"], own["subject"]))
            own = {name: values[order] for name, values in own.items()}
        return own


def find(lake: Lake, rules: SessionRules) -> None:
    """Cut the temp table `atoms`, which is small, into the temp table `visits`."""
    columns = lake.execute(statement("sessions/ordered", **looked_at(rules))).fetchnumpy()
    cutting = cut_columns(said_once(columns), rules)
    keep(lake, shaped(cutting, lake.execute("FROM atoms").to_arrow_table()))


def find_all(lake: Lake, rules: SessionRules, at_once: int = AT_ONCE) -> Iterator[None]:
    """Cut every event of the temp view `whole`, some at a time.

    Each time it goes on, the temp view `closed_visits` has rows of sessions that are complete. Until it is at
    its end, the lake has one thread: two take an eighth more CPU, since each brings memory of its own, and
    are hardly faster. Where events are many, DuckDB keeps its blocks, which spares a twentieth.
    """
    with lake.threads(1):
        yield from _found(lake, rules, at_once)


def _found(lake: Lake, rules: SessionRules, at_once: int) -> Iterator[None]:
    looked = of_several([rules])
    (side,) = _sides([rules], looked)
    texts, events = None, 0
    for slice_ in slices(lake, at_once):
        columns = read_slice(lake, slice_, looked)
        events += len(columns["atom"])
        if events > AT_ONCE:
            lake.keep_blocks()
        cutting, open_ = side.cut(columns, slice_.until)
        shapes = shaped(cutting, texts_of(lake, slice_.among, cutting, texts))
        goes_on = pa.array(open_)
        opening = cutting.said.atom[cutting.visits.starts[open_]]
        texts = carried(lake, shapes.take(goes_on), pa.array(opening))
        with showing(lake, shapes.filter(_others(len(shapes), open_))):
            yield


def found_in_all(lake: Lake, sets: Sequence[SessionRules], events: int) -> list[pa.Table]:
    """The visits of the temp view `whole`, which has so many events, by each set of rules, of one reading."""
    looked = of_several(sets)
    sides = _sides(sets, looked)
    pieces = [*(parts(events) if any(rules.sdk_sessions for rules in sets) else slices(lake))]
    found: list[list[pa.Table]] = [[] for _ in sets]
    for slice_ in pieces or [Slice("true")]:
        columns = read_slice(lake, slice_, looked)
        for side, tables in zip(sides, found, strict=True):
            tables.append(side.closed(columns, slice_.until))
    return [pa.concat_tables(tables) for tables in found]


def _sides(sets: Sequence[SessionRules], looked: Looked) -> list[Side]:
    return [Side(rules, names) for rules, names in zip(sets, looked.names, strict=True)]


def _others(size: int, open_: Places) -> pa.Array:
    """All but these."""
    mask = np.ones(size, dtype=bool)
    mask[open_] = False
    return pa.array(mask)
