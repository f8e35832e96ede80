"""A graph of ids as large as a company's, joined by the rules of identity and written back to a lake.

People have 1 + Poisson(3.2) ids in random trees, and more random pairs within a person; one id is a hub of
thousands, one person is a chain. The newest 1 % of ids arrive later: how many of the old ids then get another
customer id (churn), and how many of them have to (floor: the largest part of a merged customer keeps its id).
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sessionizer.identity.graph import Edges, Holdings, Roots, decide, survivors
from sessionizer.identity.rules import USUAL
from sessionizer.identity.writing import AT_ONCE
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

Longs = npt.NDArray[np.int64]
_DEVICE: Final = next(code for code, kind in enumerate(USUAL.kinds) if kind.name == "anonymous_id")
_PER_PERSON: Final = 3.2
_PEOPLE_PER_EDGE: Final = 0.26
_HUB_PER_EDGE: Final = 0.005
_CHAIN: Final = 1_000
_OLD: Final = 0.99


class IdentityFigures(msgspec.Struct, frozen=True):
    """`components_s` finds out what is joined, `write_back_s` puts all ids into the lake; `blocked` edges
    would have made too large a customer. CPU seconds tell the cost also beside other programs. Percent
    are of the ids that were there before the last ones came.
    """

    edges: int
    ids: int
    components: int
    blocked: int
    components_s: float
    write_back_s: float
    components_cpu_s: float
    write_back_cpu_s: float
    rss_mb: int
    churn_pct: float
    floor_pct: float
    rebuild_differs: int


class Took(msgspec.Struct, frozen=True):
    """Seconds."""

    wall: float
    cpu: float


class Graph(msgspec.Struct, frozen=True):
    """Keys of ids in order; `age` is the place in which they came. Edges by the places of their ends."""

    key: Longs
    age: Longs
    left: Longs
    right: Longs
    load_seq: Longs


def graph(edges: int, seed: int) -> Graph:
    """About as many edges, in an order in which an edge comes with or after its younger id."""
    rng = np.random.default_rng(seed)
    sizes = 1 + rng.poisson(_PER_PERSON, int(edges * _PEOPLE_PER_EDGE))
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    size = int(sizes.sum())
    place = np.arange(size) - np.repeat(first, sizes)
    spoke = np.flatnonzero(place)
    trees = spoke - place[spoke] + (rng.random(len(spoke)) * place[spoke]).astype(np.int64), spoke
    hub, chain = int(edges * _HUB_PER_EDGE), min(_CHAIN, max(10, edges // 10_000))
    ends = size + np.arange(hub), size + hub + 1 + np.arange(chain - 1)
    extra = edges - len(spoke) - hub - chain + 1
    person = rng.integers(0, len(sizes), max(extra, 0))
    inner = [first[person] + (rng.random(len(person)) * sizes[person]).astype(np.int64) for _ in range(2)]
    left = np.concatenate((trees[0], np.full(hub, size + hub), ends[1], inner[0]))
    right = np.concatenate((trees[1], ends[0], ends[1] + 1, inner[1]))
    count = size + hub + 1 + chain
    key = np.sort(np.unique(rng.integers(0, 2**63 - 1, count + count // 1_000 + 64))[:count])
    age = rng.permutation(count)
    shuffled = rng.permutation(count)
    left, right = shuffled[left], shuffled[right]
    return Graph(key, age, left, right, np.maximum(age[left], age[right]))


def joined(roots: Roots, ages: Longs, left: Longs, right: Longs, load_seq: Longs) -> tuple[Longs, int]:
    """The label that each label becomes, and how many edges were blocked."""
    none = np.zeros(len(left), dtype=bool)
    code, day = np.full(len(left), _DEVICE), np.zeros(len(left), dtype=np.int64)
    edges = Edges(left, right, left, right, load_seq, code, code, day, none, none, none)
    verdict = decide(roots, edges, USUAL, _never)
    return survivors(roots.label, ages, verdict.component), len(verdict.blocked)


def measure(edges: int, seed: int, report: Callable[[str], None]) -> IdentityFigures:
    """Join everything, then the old ids alone and the newest on top of them, and compare."""
    made = graph(edges, seed)
    report(f"{len(made.left):,} edges, {len(made.key):,} ids")
    everyone = np.arange(len(made.key))
    began, cpu = perf_counter(), process_time()
    whole, blocked = _joined(made, everyone, np.ones(len(made.left), dtype=bool))
    joined = Took(perf_counter() - began, process_time() - cpu)
    report(f"joined in {joined.wall:.1f} s, {joined.cpu:.1f} of them CPU")
    written = _write_back(made, whole)
    report(f"written back in {written.wall:.1f} s, {written.cpu:.1f} of them CPU")
    old = made.age < int(len(made.key) * _OLD)
    before, after = _in_two_runs(made, old)
    floor = _kept(whole[old], before)
    return IdentityFigures(
        edges=len(made.left),
        ids=len(made.key),
        components=len(np.unique(whole)),
        blocked=blocked,
        components_s=round(joined.wall, 2),
        write_back_s=round(written.wall, 2),
        components_cpu_s=round(joined.cpu, 2),
        write_back_cpu_s=round(written.cpu, 2),
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        churn_pct=round(100 * float((whole[old] != before).mean()), 3),
        floor_pct=round(100 * (1 - floor), 3),
        rebuild_differs=int((after != whole).sum()),
    )


def _joined(made: Graph, ids: Longs, chosen: npt.NDArray[np.bool_]) -> tuple[Longs, int]:
    key = made.key[ids]
    left, right = made.key[made.left[chosen]], made.key[made.right[chosen]]
    return joined(
        _roots(key, np.ones(len(key), dtype=np.int64)), made.age[ids], left, right, made.load_seq[chosen]
    )


def _in_two_runs(made: Graph, old: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """The customers of the old ids before the newest came, and of all ids once these are joined to them."""
    early = old[made.left] & old[made.right]
    before, _ = _joined(made, np.flatnonzero(old), early)
    label = made.key.copy()
    label[old] = before
    labels, sizes = np.unique(label, return_counts=True)
    ages = made.age[np.searchsorted(made.key, labels)]
    left, right = label[made.left[~early]], label[made.right[~early]]
    found, _ = joined(_roots(labels, sizes), ages, left, right, made.load_seq[~early])
    return before, found[np.searchsorted(labels, label)]


def _roots(label: Longs, ids: Longs) -> Roots:
    none = np.zeros(len(label), dtype=bool)
    return Roots(label, ids, none, none, Holdings(label[:0], label[:0], label[:0], label[:0]))


def _kept(now: Longs, before: Longs) -> float:
    """The part of ids that can keep their customer id: of each customer the largest part."""
    order = np.lexsort((before, now))
    now, before = now[order], before[order]
    begins = np.flatnonzero(np.r_[True, (now[1:] != now[:-1]) | (before[1:] != before[:-1])])
    sizes = np.diff(np.r_[begins, len(now)])
    of = np.flatnonzero(np.r_[True, now[begins][1:] != now[begins][:-1]])
    return float(np.maximum.reduceat(sizes, of).sum() / len(now))


def _write_back(made: Graph, customers: Longs) -> Took:
    """All ids with their customers into `identities`, commit included.

    The lake sorts by customer; what comes in that order already costs a third less.
    """
    with (
        tempfile.TemporaryDirectory() as data,
        connect(WarehouseSettings(data=data), read_only=False) as lake,
    ):
        began, cpu = perf_counter(), process_time()
        order = np.argsort(customers, kind="stable")
        columns = {"identity_key": made.key, "customer": customers, "first_load_seq": made.age}
        rows = pa.table({name: values[order] for name, values in columns.items()})
        with lake.transaction():
            for first in range(0, len(rows), AT_ONCE):
                with lake.table("found", rows.slice(first, AT_ONCE)):
                    lake.execute(_WRITE)
        return Took(perf_counter() - began, process_time() - cpu)


def _never(labels: Longs) -> tuple[Holdings, Longs]:
    raise AssertionError(f"nothing is vague here, {len(labels)} were asked for")


_WRITE: Final = """
    INSERT INTO lake.main.identities BY NAME
    SELECT 'shop' AS project, identity_key, 'anonymous_id' AS kind, identity_key::VARCHAR AS value,
        'c_' || format('{:016x}', customer) AS customer_id, first_load_seq,
        CASE WHEN customer = identity_key THEN 'first_seen' ELSE 'same_event' END AS evidence
    FROM found"""
