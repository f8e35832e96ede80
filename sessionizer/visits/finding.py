"""From atoms in the lake to the rows of visits: read in order, cut, summed up."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sessionizer.statements import run, statement
from sessionizer.visits.columns import looked_at, of_atoms
from sessionizer.visits.cut import cut
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.stream import Longs, Stream, before
from sessionizer.visits.summary import Said, summed
from warehouse.lake import Lake

_AT_ONCE: Final = 16_000_000


def find(lake: Lake, rules: SessionRules) -> None:
    """Cut the temp table `atoms` into the temp table `visits`."""
    _keep(lake, _found(lake, "atoms", 1, rules))
    run(lake, "sessions/visits")


def find_all(lake: Lake, rules: SessionRules) -> None:
    """Cut every event of the temp view `whole` into the temp table `visits`, some subjects at a time."""
    ((events,),) = lake.query("SELECT count(*) FROM whole")
    _keep(lake, found_in_all(lake, rules, events))
    run(lake, "sessions/wanted", atoms=_whole(rules))
    run(lake, "sessions/visits")


def found_in_all(lake: Lake, rules: SessionRules, events: int) -> pa.Table:
    """The visits of the temp view `whole`, which has so many events, as `summed` gives them."""
    return _found(lake, _whole(rules), 1 + events // _AT_ONCE, rules)


def _whole(rules: SessionRules) -> str:
    return f"({statement('sessions/event_atoms', source='whole', **of_atoms(rules))})"


def _keep(lake: Lake, found: pa.Table) -> None:
    with lake.table("found_visits", found):
        lake.execute("CREATE OR REPLACE TEMP TABLE found AS SELECT * FROM found_visits")


def _found(lake: Lake, atoms: str, parts: int, rules: SessionRules) -> pa.Table:
    return pa.concat_tables([_part(lake, atoms, parts, part, rules) for part in range(parts)])


def _part(lake: Lake, atoms: str, parts: int, part: int, rules: SessionRules) -> pa.Table:
    sql = statement("sessions/ordered", atoms=atoms, parts=parts, part=part, **looked_at(rules))
    columns = lake.execute(sql).fetchnumpy()
    user = _said_once(columns)
    stream = _stream(columns, user)
    said = Said(
        columns["atom"],
        {name: columns[name] for name in ("events", "pages", "conversions")},
        columns["engaged"],
        columns["worth"],
        columns["valued"],
        columns["currency"],
        first={
            "named": user != 0,
            "entered": columns["paged"],
            **{name: columns[name] for name in ("campaigned", "referred", "landed", "equipped", "placed")},
        },
        last={"gone": columns["paged"]},
    )
    return summed(stream, said, cut(stream, rules))


def _stream(columns: dict[str, npt.NDArray[np.int64]], user: Longs) -> Stream:
    """What no rule asks for is not there, and is nothing."""
    nothing = np.broadcast_to(np.int64(0), user.shape)
    never = np.broadcast_to(np.False_, user.shape)
    given = {name: columns.get(name, nothing) for name in ("campaign", "referrer", "visit", "day")}
    flags = {name: columns.get(name, never) for name in ("mobile", "ends")}
    plain = {name: columns[name] for name in ("subject", "at", "until", "events")}
    return Stream(user=user, **plain, **given, **flags)  # type: ignore[arg-type]


def _said_once(columns: dict[str, npt.NDArray[np.int64]]) -> Longs:
    """The users, but for copies of an event: the same time and message id as the atom before."""
    copies = np.ones(len(columns["at"]), dtype=bool)
    copies[:1] = False
    for name in ("subject", "at", "message"):
        copies &= before(columns[name]) == columns[name]
    return np.where(copies, 0, columns["user"])
