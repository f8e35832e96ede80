"""Lives: an id of a kind with a time to live ends when it is not received for longer, and begins again.

Its second life is an id of its own, of the kind `phone@2`, and so on: what comes after is not linked with
what came before. A life begins with the first event in order of load that was received more than `ttl_days`
days after the latest day so far. To which life an event belongs is told by the day on which it was received,
so late ones stay with the life of their day, and how runs are cut changes nothing.
"""

from __future__ import annotations

from typing import Final

from sessionizer.identity.rules import IdentityRules
from sessionizer.statements import run
from warehouse.lake import Lake

MARK: Final = "@"
"""Between a kind and the number of a life, which names of kinds never hold."""


def bare(kind: str) -> str:
    """The kind of an id whatever its life."""
    return kind.partition(MARK)[0]


def bare_sql(rules: IdentityRules, column: str) -> str:
    """The same as SQL."""
    return f"split_part({column}, '{MARK}', 1)" if rules.mortal else column


def value_key_sql(rules: IdentityRules, of: str) -> str:
    """The key of an id's first life, of a row of the table `of` of ids."""
    if not rules.mortal:
        return f"{of}.identity_key"
    first = f"identity_key({of}.project, {bare_sql(rules, f'{of}.kind')}, {of}.value)"
    return f"CASE WHEN contains({of}.kind, '{MARK}') THEN {first} ELSE {of}.identity_key END"


def tell(lake: Lake, rules: IdentityRules, *, anew: bool) -> None:
    """Give the ids of the temp table `named` the lives they belong to; `anew`: as if none were known."""
    kinds = ", ".join(f"('{kind.name}', {kind.ttl_days})" for kind in rules.kinds if kind.ttl_days)
    run(lake, "lives/days", kinds=kinds)
    run(lake, "lives/known", among="false" if anew else "true")
    for name in ("begun", "borders", "named"):
        run(lake, f"lives/{name}")
    run(lake, "lives/now")


def keep_edges(lake: Lake, among: str = "true") -> None:
    """What would have linked two lives of an id is blocked, with the rule `ttl_<kind>`, in `new_edges`."""
    run(lake, "lives/edges", among=among)


def write(lake: Lake) -> None:
    """Bring `identity_lives` up to date with what `tell` found."""
    run(lake, "lives/delete")
    run(lake, "lives/insert")
