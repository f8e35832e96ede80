"""Probable edges in the lake: which of them join by now, and the profiles they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.identity.decisions import RULE, Decisions
from sessionizer.probable.deciding import Edges, Holdings, Ints, decide, ordered, profiles
from sessionizer.statements import run, statement
from warehouse.lake import Lake

TABLES: Final = ("probable_edges", "probable_customers", "probable_models")


class Limits(msgspec.Struct, frozen=True):
    """From which `threshold` on an edge joins, and how many ids of a kind one person may have."""

    threshold: float = 0.95
    most: Mapping[str, int] = msgspec.field(default_factory=lambda: {"user_id": 1})


def redecide(lake: Lake, limits: Limits, decisions: Decisions = ()) -> tuple[int, int]:
    """Decide every edge anew over the customers as they are now; returns (joined, blocked), those below the
    threshold in neither. Whom people said to be two, in `decisions`, are never joined.
    """
    run(lake, "probable/edges")
    run(lake, "probable/holders", counts=_counts(limits.most))
    found = lake.execute(statement("probable/numbered"), {"threshold": limits.threshold}).fetchnumpy()
    order = ordered(found["left"], found["right"], found["confidence"])
    edges = Edges(found["left"][order], found["right"][order], found["confidence"][order])
    held = _held(lake, limits.most, decisions)
    states = decide(edges, held)
    _restate(lake, limits, found["handle"][order], states)
    _regroup(lake, edges, states, len(held.counts))
    joined = int((states < 0).sum())
    return joined, len(states) - joined


def keep_up(lake: Lake, limits: Limits, decisions: Decisions = ()) -> None:
    """Decide anew where this run changed a customer of a probable edge."""
    if run(lake, "probable/touched").fetchall() == [(True,)]:
        redecide(lake, limits, decisions)


def forget(lake: Lake) -> None:
    """Take everything probable out of the lake."""
    for table in TABLES:
        lake.execute(f"DELETE FROM lake.main.{table}")


def _counts(most: Mapping[str, int]) -> str:
    return "".join(f", count(*) FILTER (split_part(kind, '@', 1) = '{kind}') AS {kind}" for kind in most)


def _held(lake: Lake, most: Mapping[str, int], decisions: Decisions) -> Holdings:
    kinds = ", ".join(most) or "number"
    found = lake.execute(f"SELECT {kinds} FROM probable_holders ORDER BY number").fetchnumpy()
    counts = [np.asarray(found[kind], dtype=np.int64) for kind in most]
    size = len(next(iter(found.values())))
    held: Ints = np.column_stack(counts) if counts else np.zeros((size, 0), dtype=np.int64)
    return Holdings(held, np.array([*most.values()], dtype=np.int64), _apart(lake, decisions))


def _apart(lake: Lake, decisions: Decisions) -> Ints:
    """The customers, by number, that people said to be two."""
    blocked = [one for one in decisions if one.kind == "block"]
    keys = {"left_key": [one.left_key for one in blocked], "right_key": [one.right_key for one in blocked]}
    with lake.table(
        "blocked_pairs", pa.table({name: pa.array(key, pa.int64()) for name, key in keys.items()})
    ):
        found = run(lake, "probable/apart").fetchnumpy()
    return np.column_stack((found["left"], found["right"])).astype(np.int64)


def _restate(lake: Lake, limits: Limits, handles: Ints, states: Ints) -> None:
    names = [("unique_" if most == 1 else "limit_") + kind for kind, most in limits.most.items()] + [RULE]
    broken = [None if state < 0 else names[state] for state in states.tolist()]
    table = pa.table({"handle": pa.array(handles, pa.int64()), "broken": pa.array(broken, pa.string())})
    with lake.table("rules_found", table):
        lake.execute(statement("probable/decided"), {"threshold": limits.threshold})
    run(lake, "probable/outdated")
    run(lake, "probable/forget")
    run(lake, "probable/restate")


def _regroup(lake: Lake, edges: Edges, states: Ints, customers: int) -> None:
    """A customer's number is its age: the head of a profile is the one with the smallest."""
    found = [msgspec.structs.astuple(one) for one in profiles(edges, states, range(customers))]
    columns = list(zip(*found, strict=True)) or [()] * 4
    kinds = {"customer": pa.int64(), "head": pa.int64(), "confidence": pa.float64(), "weakest": pa.float64()}
    table = pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}
    )
    lake.execute("DELETE FROM lake.main.probable_customers")
    with lake.table("profiles_found", table):
        run(lake, "probable/regroup")
