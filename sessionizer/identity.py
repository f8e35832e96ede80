"""Identity: edges with their evidence, the components they make, and the customer each id belongs to.

A device belongs to the first user it was joined with in load order; an alias joins two users. The customer is
named after the oldest id of its component: `c_` and that id's key in hex, so the older of two survives a
merge.
"""

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sessionizer.statements import run
from warehouse.lake import Lake

Keys = npt.NDArray[np.int64]


class Merges(msgspec.Struct, frozen=True):
    """What a run did to the identities."""

    identities: int
    edges: int
    merged: int


def survivors(labels: Keys, ages: Keys, left: Keys, right: Keys) -> Keys:
    """For each label the oldest label it is connected with: smallest age, then smallest label.

    `labels` is sorted and holds every value of `left` and `right`; `ages` goes with it.
    """
    size = len(labels)
    ends = np.searchsorted(labels, left), np.searchsorted(labels, right)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), ends), shape=(size, size))
    count, component = connected_components(graph, directed=False)
    order = np.lexsort((labels, ages))[::-1]
    oldest = np.empty(count, dtype=np.int64)
    oldest[component[order]] = labels[order]  # the last write, that of the oldest, stays
    found: Keys = oldest[component]
    return found


def resolve(lake: Lake, until: int) -> Merges:
    """Bring identities, edges and redirects up to date with the temp tables `fresh`, `gone` and `born`.

    Leaves the temp tables `identity_rows`, `members` and `renamed` for what follows in the transaction.
    """
    _gather(lake, "fresh")
    run(lake, "identity/asked")
    run(lake, "identity/known")
    _judge(lake, "known_edges")
    _move(lake)
    _follow(lake)
    return _write(lake, until)


def resolve_all(lake: Lake) -> None:
    """Make the temp tables `identity_rows` and `new_edges` of every event of the temp view `whole`."""
    _gather(lake, "whole")
    run(lake, "identity/unknown")
    _judge(lake, "unknown_edges")
    _move(lake)
    run(lake, "identity/no_joins")
    run(lake, "identity/new_joins")
    run(lake, "identity/rows")


def _gather(lake: Lake, source: str) -> None:
    run(lake, "identity/sightings", source=source)
    run(lake, "identity/aliases", source=source)
    run(lake, "identity/said")


def _judge(lake: Lake, edges: str) -> None:
    for name in ("previous", "mentioned", "pairs", edges, "new_edges", "members", "links", "ages"):
        run(lake, f"identity/{name}")


def _move(lake: Lake) -> None:
    """The temp table `moves`: which label becomes part of which older one."""
    unread = lake.query("SELECT count(*) FROM ages WHERE first_load_seq IS NULL")[0][0]
    run(lake, "identity/older" if unread else "identity/no_older")
    aged = run(lake, "identity/aged").fetchnumpy()
    links = lake.execute("SELECT left_label, right_label FROM links").fetchnumpy()
    labels: Keys = np.asarray(aged["label"])
    oldest = survivors(labels, np.asarray(aged["first_load_seq"]), links["left_label"], links["right_label"])
    changed = oldest != labels
    moves = pa.table({"label": labels[changed], "survivor": oldest[changed]})
    lake.con.register("found_moves", moves)
    lake.execute("CREATE OR REPLACE TEMP TABLE moves AS SELECT * FROM found_moves")
    lake.con.unregister("found_moves")


def _follow(lake: Lake) -> None:
    """All ids of a customer that was merged away get the new customer."""
    run(lake, "identity/renamed")
    if not _count(lake, "renamed"):
        run(lake, "identity/no_joins")
    else:
        run(lake, "identity/old_joins")
        for name in ("followers", "add_known", "add_members"):
            run(lake, f"identity/{name}")
    run(lake, "identity/new_joins")
    run(lake, "identity/rows")
    run(lake, "identity/changed")


def _write(lake: Lake, until: int) -> Merges:
    edges, changed, merged = (_count(lake, name) for name in ("new_edges", "changed_ids", "renamed"))
    if changed:
        run(lake, "identity/delete")
        run(lake, "identity/insert")
    if edges:
        run(lake, "identity/insert_edges")
    if merged:
        run(lake, "identity/redirect", until=until)
    return Merges(changed, edges, merged)


def _count(lake: Lake, table: str) -> int:
    return int(lake.query(f"SELECT count(*) FROM {table}")[0][0])
