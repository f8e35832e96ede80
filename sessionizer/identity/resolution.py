"""Identity of a run: edges with their evidence, what they join, and the customer each id belongs to.

The customer is named after the oldest id of its component: `c_` and that id's key in hex (`a_` for an
account), so the older of two survives a merge.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from sessionizer.identity import junk_counts, lives
from sessionizer.identity.decisions import Decisions, blocked_sql, merged_sql, tell
from sessionizer.identity.graph import Components, Edges, Flags, Holdings, Longs, Roots, decide, survivors
from sessionizer.identity.rules import USUAL, IdentityRules
from sessionizer.identity.sightings import Found, accounts_sql, gather, kinds_sql, look, pair
from sessionizer.statements import run, statement
from warehouse.lake import Lake

EVERYTHING: Final = Found(rich=True, aliases=True, junk=True)


class Merges(msgspec.Struct, frozen=True):
    """What a run did to the identities; `junk`: values that were sent as ids and are none."""

    identities: int
    edges: int
    merged: int
    junk: int


def resolve(lake: Lake, until: int, rules: IdentityRules = USUAL, decisions: Decisions = ()) -> Merges:
    """Bring identities, edges and redirects up to date with the temp tables `fresh`, `gone` and `born`.

    Leaves the temp tables `identity_rows`, `members`, `renamed` and `customers_before` for what follows in
    the transaction.
    """
    found = look(lake)
    tell(lake, decisions)
    gather(lake, "fresh", rules, found)
    aliased = statement("identity/asked_aliased") if found.aliases else ""
    run(lake, "identity/asked", aliased=aliased)
    run(lake, "identity/known")
    run(lake, "customers/before")
    pair(lake, found)
    run(lake, "identity/known_edges")
    run(lake, "identity/members", mentioned="mentioned" if found.aliases else "said")
    judge(lake, rules, decisions)
    if rules.mortal and found.rich:
        lives.keep_edges(lake)
        lives.write(lake)
    _follow(lake, rules)
    junk = junk_counts.add(lake, "fresh", rules, found)
    return _write(lake, until, junk)


def resolve_all(lake: Lake, rules: IdentityRules = USUAL, decisions: Decisions = ()) -> None:
    """Make the temp tables `identity_rows`, `new_edges` and `junk_found` of every event of `whole`."""
    tell(lake, decisions)
    gather(lake, "whole", rules, EVERYTHING, anew=True)
    run(lake, "identity/unknown")
    pair(lake, EVERYTHING, merged_sql(decisions))
    decide_anew(lake, rules, decisions)
    if rules.mortal:
        lives.keep_edges(lake)
    junk_counts.find(lake, "whole", rules)


def decide_anew(lake: Lake, rules: IdentityRules, decisions: Decisions) -> None:
    """Make `identity_rows` and `new_edges` of the temp tables `known`, `mentioned` and `pairs`, as if nothing
    had been decided before.
    """
    run(lake, "identity/no_customers")
    run(lake, "identity/unknown_edges")
    run(lake, "identity/members", mentioned="mentioned")
    judge(lake, rules, decisions)
    run(lake, "identity/no_joins")
    run(lake, "identity/new_joins")
    run(lake, "identity/rows", accounts=accounts_sql(rules))


def judge(lake: Lake, rules: IdentityRules, decisions: Decisions) -> None:
    """The temp tables `new_edges`, and `moves`: which label becomes part of which older one."""
    ends = {end: lives.bare_sql(rules, end) for end in ("left_kind", "right_kind")}
    run(lake, "identity/candidates", kinds=kinds_sql(rules), blocked=blocked_sql(decisions), **ends)
    edges, numbers = _edges(lake)
    roots, ages, new = _roots(lake, rules)
    verdict = decide(roots, edges, rules, lambda labels: _ask(lake, rules, labels))
    _put_edges(lake, numbers, verdict.blocked, rules)
    _put_moves(lake, roots.label, ages, new, edges, verdict.component, rules)


def _edges(lake: Lake) -> tuple[Edges, Longs]:
    """The candidates, and the number of each."""
    found = run(lake, "identity/asked_edges").fetchnumpy()
    columns = {
        name: np.asarray(found[column])
        for name, column in zip(
            Edges.__struct_fields__,
            (
                *("left_label", "right_label", "left_key", "right_key", "load_seq"),
                *("left_code", "right_code", "day", "is_link", "is_alias", "is_decision"),
            ),
            strict=True,
        )
    }
    return Edges(**columns), np.asarray(found["edge"])


def _roots(lake: Lake, rules: IdentityRules) -> tuple[Roots, Longs, Flags]:
    """The labels of the candidates, the age of each (-1: not read yet), and whether it is a new id's."""
    found: dict[str, Any] = run(
        lake,
        "identity/roots",
        kinds=kinds_sql(rules),
        kind=lives.bare_sql(rules, "kind"),
        value_key=lives.value_key_sql(rules, "members"),
    ).fetchnumpy()
    label, ids, new = (np.asarray(found[name]) for name in ("label", "ids", "is_new"))
    limited = np.array([kind.limit is not None for kind in rules.kinds])
    holds = new & limited[found["code"]]
    users, vague = _of_known(found, ids, new, rules)
    holdings = Holdings(
        np.concatenate((label[holds], label[users])),
        np.concatenate((found["code"][holds].astype(np.int64), np.full(users.sum(), _USER))),
        np.concatenate((found["day"][holds], np.zeros(users.sum(), dtype=np.int64))),
        np.concatenate((found["value_key"][holds], label[users])),
    )
    return Roots(label, ids, vague, ~new, holdings), np.asarray(found["first_load_seq"]), new


_USER = 0  # users come first in any table of kinds


def _of_known(found: dict[str, Any], ids: Longs, new: Flags, rules: IdentityRules) -> tuple[Flags, Flags]:
    """Which known customers have a user, and which may have other ids of limited kinds."""
    has_user = ~new & (found["user_ids"] > 0)
    vague = ~new & (ids - found["user_ids"] - found["devices"] != 0)
    if rules.kinds[_USER].unique:
        return has_user, vague
    return np.zeros(len(ids), dtype=bool), vague | has_user


def _ask(lake: Lake, rules: IdentityRules, labels: Longs) -> tuple[Holdings, Longs]:
    """What the lake has of some customers: the ids of limited kinds, and how many there are of all kinds."""
    with lake.table("asked_labels", pa.table({"label": labels})):
        run(
            lake,
            "identity/holdings",
            kinds=kinds_sql(rules),
            kind=lives.bare_sql(rules, "i.kind"),
            value_key=lives.value_key_sql(rules, "i"),
        )
    sizes = dict(lake.query("SELECT label, count(*) FROM holdings GROUP BY label"))
    links = dict(run(lake, "identity/links_of").fetchall())
    sql = "SELECT label, code, day, value_key FROM holdings ORDER BY label, code, day"
    found = lake.execute(sql).fetchnumpy()
    label, code, day, value = (np.asarray(found[name]) for name in ("label", "code", "day", "value_key"))
    counts = np.array([kind.limit is not None for kind in rules.kinds] + [False])[code]
    unique = np.array([kind.unique and not kind.ttl_days for kind in rules.kinds] + [False])[code]
    again = np.zeros(len(label), dtype=bool)
    again[1:] = (label[1:] == label[:-1]) & (code[1:] == code[:-1])
    kept = counts & ~(unique & again)
    holdings = Holdings(label[kept], code[kept].astype(np.int64), day[kept], value[kept], links)
    return holdings, np.array([sizes.get(one, 0) for one in labels.tolist()], dtype=np.int64)


def _put_edges(lake: Lake, numbers: Longs, blocked: dict[int, str], rules: IdentityRules) -> None:
    rows = pa.table(
        {
            "edge": numbers[list(blocked)] if blocked else pa.array([], pa.int64()),
            "rule": pa.array(blocked.values(), pa.string()),
        }
    )
    with lake.table("verdicts", rows):
        run(lake, "identity/new_edges", once=statement("identity/once") if rules.daily else "")


def _put_moves(
    lake: Lake,
    label: Longs,
    ages: Longs,
    new: Flags,
    edges: Edges,
    component: Components,
    rules: IdentityRules,
) -> None:
    oldest = survivors(label, _all_ages(lake, label, ages), component)
    changed = oldest != label
    account = np.array([kind.of == "account" for kind in rules.kinds])
    of_accounts = np.unique(edges.left[account[edges.left_code]]) if len(edges.left) else label[:0]
    prefix = np.where(
        np.isin(oldest[changed], of_accounts) | np.isin(label[changed], of_accounts), "a_", "c_"
    )
    moves = pa.table(
        {
            "label": label[changed],
            "survivor": oldest[changed],
            "is_new": new[changed],
            "prefix": pa.array(prefix.tolist(), pa.string()),
        }
    )
    with lake.table("found_moves", moves):
        lake.execute("CREATE OR REPLACE TEMP TABLE moves AS FROM found_moves")


def _all_ages(lake: Lake, label: Longs, ages: Longs) -> Longs:
    unread = ages < 0
    if not unread.any():
        return ages
    with lake.table("asked_labels", pa.table({"label": label[unread]})):
        found = run(lake, "identity/older").fetchnumpy()
    all_ages = ages.copy()
    all_ages[np.searchsorted(label, np.asarray(found["label"]))] = found["first_load_seq"]
    return all_ages


def _follow(lake: Lake, rules: IdentityRules) -> None:
    """All ids of a customer that was merged away get the new customer."""
    run(lake, "identity/renamed")
    if not _count(lake, "renamed"):
        run(lake, "identity/no_joins")
    else:
        for name in ("followers", "add_known", "add_members", "near_edges", "old_joins"):
            run(lake, f"identity/{name}")
    run(lake, "identity/new_joins")
    run(lake, "identity/rows", accounts=accounts_sql(rules))
    run(lake, "identity/changed")


def _write(lake: Lake, until: int, junk: int) -> Merges:
    edges, changed, merged = (_count(lake, name) for name in ("new_edges", "changed_ids", "renamed"))
    if changed:
        run(lake, "identity/delete")
        run(lake, "identity/insert")
    if edges:
        run(lake, "identity/insert_edges")
    if merged:
        run(lake, "identity/redirect", until=until)
    return Merges(changed, edges, merged, junk)


def _count(lake: Lake, table: str) -> int:
    return int(lake.query(f"SELECT count(*) FROM {table}")[0][0])
