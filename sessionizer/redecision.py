"""Deciding again: who some ids are, after people decided something about them or events of theirs are gone.

The customers that have to do with these ids, over joined and over blocked edges, are folded again from their
events, as a rebuild does it with everybody.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import pyarrow as pa

from sessionizer import attributes, customers, identity, rolling, sessions, tagging
from sessionizer.identity import Decisions, IdentityRules, devices, lives
from sessionizer.identity.decisions import merged_sql, tell
from sessionizer.identity.resolution import EVERYTHING, decide_anew
from sessionizer.identity.sightings import accounts_sql, gather, pair
from sessionizer.statements import run
from warehouse.lake import Lake


class Redecided(msgspec.Struct, frozen=True):
    """How many ids were looked at, how many of them belong to another customer now, and which customers are
    concerned, before and after.
    """

    ids: int
    moved: int
    customers: list[str]


def redecide(
    lake: Lake,
    keys: Collection[int],
    until: int,
    *,
    visits: sessions.VisitRules = sessions.USUAL,
    ids: IdentityRules = identity.USUAL,
    rules: attributes.Rules = attributes.NO_RULES,
    decisions: Decisions = (),
) -> Redecided:
    """Decide again who the ids of some identity keys are; call it inside a transaction.

    `until` is the load_seq of the cursor `stitch`; `decisions` are all that hold now, not only the new ones.
    Identities, edges, intervals, owners of sessions, customers and attributes become what a rebuild with
    these decisions would make of them. Accounts stay as they are. Ids of which no event is left are gone.
    """
    sessions.read_moments(lake, visits, ids)
    tell(lake, decisions)
    _open(lake, keys)
    wider = True
    while wider:
        _close(lake, decisions)
        run(lake, "redecision/events", until=until)
        gather(lake, "closure_events", ids, EVERYTHING, anew=True)
        wider = _add(lake, "redecision/aliased")
    if ids.mortal:
        run(lake, "redecision/lives")
    run(lake, "redecision/only_said")
    run(lake, "identity/unknown")
    pair(lake, EVERYTHING, merged_sql(decisions))
    run(lake, "redecision/only_pairs")
    run(lake, "redecision/accounts", accounts=accounts_sql(ids))
    decide_anew(lake, ids, decisions)
    if ids.mortal:
        _keep_lives(lake)
    return _write(lake, until, ids, rules)


def _keep_lives(lake: Lake) -> None:
    lives.keep_edges(lake, "left_key IN (SELECT identity_key FROM closure)")
    run(lake, "redecision/delete_lives")
    run(lake, "redecision/insert_lives")


def _open(lake: Lake, keys: Collection[int]) -> None:
    """The temp table `closure` of these ids alone."""
    with lake.table("found_keys", pa.table({"identity_key": pa.array(sorted(keys), pa.int64())})):
        lake.execute("CREATE OR REPLACE TEMP TABLE closure AS FROM found_keys")


def _close(lake: Lake, decisions: Decisions) -> None:
    """Add to `closure` all ids of its customers, those they were ever joined with or blocked from, and so
    on.
    """
    decided = "UNION SELECT left_key, right_key FROM decided" if decisions else ""
    while _add(lake, "redecision/wider", decided=decided):
        pass


def _add(lake: Lake, name: str, **parts: str) -> bool:
    """Whether a statement changed the size of `closure`."""
    before = _size(lake)
    run(lake, name, **parts)
    return _size(lake) != before


def _size(lake: Lake) -> int:
    return int(lake.query("SELECT count(*) FROM closure")[0][0])


def _write(lake: Lake, until: int, ids: IdentityRules, rules: attributes.Rules) -> Redecided:
    for name in ("before", "moved", "renamed"):
        run(lake, f"redecision/{name}")
    run(lake, "identity/redirect", until=until)
    for name in ("delete_ids", "insert_ids", "delete_edges", "insert_edges"):
        run(lake, f"redecision/{name}")
    run(lake, "redecision/devices")
    again = devices.settle(lake, until, ids)
    rolling.redecided(lake)
    run(lake, "redecision/touched", also="UNION SELECT customer_id FROM recount" if again else "")
    customers.count_again(lake)
    attributes.choose_again(lake, rules)
    tagging.touch_decided(lake)
    ((size, moved),) = lake.query("SELECT count(*), count(*) FILTER (moved) FROM moved_ids")
    names = lake.query("SELECT customer_id FROM touched_customers ORDER BY ALL")
    return Redecided(size, moved, [name for (name,) in names])
