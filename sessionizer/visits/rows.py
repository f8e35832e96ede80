"""Rows of sessions: the texts that stand in them, taken from the events that say them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyarrow as pa

from sessionizer.statements import statement
from sessionizer.visits.cutting import Cutting
from sessionizer.visits.stream import Places
from warehouse.lake import Lake

# Which atom of a visit says what.
_TEXTS: Final = {
    "opening": ("session_id", "project", "subject_key", "device_id", "started_at", "first_message_id"),
    "closing": ("ended_at", "last_message_id"),
    "named": ("user_id",),
    "entered": ("entry_page",),
    "gone": ("exit_page",),
    "campaigned": ("campaign_source", "campaign_medium", "campaign_name"),
    "referred": ("referrer",),
    "landed": ("channel",),
    "equipped": ("device_type", "os_name", "browser"),
    "placed": ("country", "region", "city"),
    "paid": ("currency",),
}


def texts_of(lake: Lake, among: str, cutting: Cutting, more: pa.Table | None) -> pa.Table:
    """The texts of all atoms that visits name, from the events of a slice; `more` were carried over."""
    with lake.table("named_atoms", pa.table({"atom": cutting.said.atom[_named(cutting)]})):
        texts = lake.execute(statement("sessions/texts", among=among)).to_arrow_table()
    return texts if more is None else pa.concat_tables([texts, more.select(texts.column_names)])


def shaped(cutting: Cutting, texts: pa.Table) -> pa.Table:
    """One row a visit with its texts; `opening_user` is what its first event says."""
    texts = texts.combine_chunks()
    row_of = _row_of(cutting, texts)
    rows = {role: _rows(row_of, places) for role, places in _places(cutting).items()}
    columns = {name: texts[name].take(rows[role]) for role, names in _TEXTS.items() for name in names}
    columns["opening_user"] = texts["user_id"].take(rows["opening"])
    visits = cutting.visits
    worth = pa.array(visits.worth, mask=~visits.valued)
    return pa.table(columns | {name: pa.array(sums) for name, sums in visits.sums.items()} | {"worth": worth})


def keep(lake: Lake, shapes: pa.Table) -> None:
    """Make the temp table `visits`: rows of sessions."""
    with lake.table("shapes", shapes):
        lake.execute(f"CREATE OR REPLACE TEMP TABLE visits AS {statement('sessions/visits')}")


@contextmanager
def showing(lake: Lake, shapes: pa.Table) -> Iterator[None]:
    """Inside, the same rows are the temp view `closed_visits`.

    No table: one that is replaced stays in memory until its transaction ends.
    """
    with lake.table("shapes", shapes):
        lake.execute(f"CREATE OR REPLACE TEMP VIEW closed_visits AS {statement('sessions/visits')}")
        yield


def carried(lake: Lake, shapes: pa.Table, atoms: pa.Array) -> pa.Table:
    """The same rows as texts of atoms of the next slice, by which name each has there."""
    with lake.table("shapes", shapes):
        rows = lake.execute(statement("sessions/visits")).to_arrow_table()
    return rows.append_column("atom", atoms)


def _places(cutting: Cutting) -> dict[str, Places]:
    visits = cutting.visits
    return {"opening": visits.starts, "closing": visits.ends, "paid": visits.paid, **visits.told}


def _named(cutting: Cutting) -> Places:
    """Every place that a visit names, once."""
    named = np.zeros(len(cutting.stream), dtype=bool)
    for places in _places(cutting).values():
        named[places[places >= 0]] = True
    return np.flatnonzero(named)


def _row_of(cutting: Cutting, texts: pa.Table) -> Places:
    """By place the row of its texts: both have the same atoms, or the texts have more."""
    named, atoms = _named(cutting), texts["atom"].to_numpy()
    by_atom, by_place = np.argsort(atoms), np.argsort(cutting.said.atom[named])
    if len(atoms) > len(named):
        by_atom = by_atom[np.isin(atoms[by_atom], cutting.said.atom[named])]
    row_of = np.zeros(len(cutting.stream), dtype=np.intp)
    row_of[named[by_place]] = by_atom
    return row_of


def _rows(row_of: Places, places: Places) -> pa.Array:
    return pa.array(row_of[np.maximum(places, 0)], mask=places < 0)
