"""Customers' attributes: what events said of a person, one value for each trait, chosen by a rule.

`traits` gathers what was said of each id, `customer_attributes` resolves it over all ids of a customer. Both
are functions of the events and of the rules alone: a run adds what it heard and looks at the customers of
whom something was said or who were merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import pyarrow as pa

from sdk_contract.cleaning.kinds import NOTHING
from sdk_contract.plan.model import RESOLVE_RULES
from sessionizer.statements import run, statement
from warehouse.catalogs.text import quoted
from warehouse.lake import Lake

RULES: Final = RESOLVE_RULES
LASTING: Final = (
    *("birthday", "birthdate", "dateofbirth", "dob", "gender", "sex", "idnumber", "idcard", "nationalid"),
    *("生日", "出生日期", "性别", "身份证", "身份证号", "身份证号码"),
)
_BLANK: Final = r"[\s\p{Z}\x{200b}\x{200c}\x{200d}\x{2060}\x{feff}]"


class Rule(msgspec.Struct, frozen=True):
    """How an attribute is chosen: one of RULES, or "sources" and their names from the best one on.

    `lasting`: two values contradict each other.
    """

    rule: str = "latest"
    sources: tuple[str, ...] = ()
    lasting: bool = False


class Rules(msgspec.Struct, frozen=True):
    """Rules by (project, trait), and the one for all other traits."""

    by_trait: Mapping[tuple[str, str], Rule] = {}
    default: str = "latest"


NO_RULES: Final = Rules()


def adjust(lake: Lake, rules: Rules) -> int:
    """Bring both tables up to date with `fresh`, `identity_rows` and `renamed`; returns the rows changed."""
    ((speaks, merged),) = lake.query(
        "SELECT (SELECT count(*) FROM fresh WHERE traits IS NOT NULL OR context_traits IS NOT NULL),"
        " (SELECT count(*) FROM renamed)"
    )
    if not speaks and not merged:
        return 0
    _hear(lake, "fresh")
    run(lake, "attributes/known")
    run(lake, "attributes/changed")
    if _count(lake, "changed_traits"):
        run(lake, "attributes/delete_traits")
        run(lake, "attributes/insert_traits", rows="changed_traits")
    run(lake, "attributes/touched")
    return choose_again(lake, rules)


def choose_again(lake: Lake, rules: Rules) -> int:
    """Choose the attributes of the customers of the temp table `touched_customers` anew; those of the temp
    table `renamed` have none any more. Returns the rows changed.
    """
    run(lake, "attributes/members", among="WHERE customer_id IN (SELECT customer_id FROM touched_customers)")
    run(lake, "attributes/before")
    return _write(lake, rules, "WHERE identity_key IN (SELECT identity_key FROM spoken_of)")


def hear_all(lake: Lake) -> None:
    """Fill an empty `traits` from every event of the temp view `whole`."""
    _hear(lake, "whole")
    run(lake, "attributes/insert_traits", rows="heard")


def resolve_all(lake: Lake, rules: Rules) -> int:
    """Choose the attributes of every customer anew, as after a change of rules; returns the rows changed."""
    run(lake, "attributes/members", among="")
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE attributes_before AS"
        " SELECT rowid AS handle, * FROM lake.main.customer_attributes"
    )
    return _write(lake, rules, "")


def _hear(lake: Lake, source: str) -> None:
    nothing = ", ".join(f"'{quoted(text)}'" for text in _unsaid())
    run(lake, "attributes/heard", source=source, nothing=nothing, blank=_BLANK)


def _unsaid() -> Iterable[str]:
    """Values that say nothing, as JSON texts."""
    yield from ("{}", "[]")
    yield from (msgspec.json.encode(text).decode() for text in sorted(NOTHING))


def _write(lake: Lake, rules: Rules, among: str) -> int:
    with lake.table("planned_rules", _table(rules)):
        lake.execute("CREATE OR REPLACE TEMP TABLE attribute_rules AS FROM planned_rules")
    lasting = ", ".join(f"'{name}'" for name in LASTING)
    resolved = statement("attributes/resolved", rule=rules.default, lasting=lasting, among=among)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE attribute_rows AS {resolved}")
    run(lake, "attributes/changes")
    run(lake, "attributes/delete")
    changed = _count(lake, "changed_attributes")
    if changed:
        run(lake, "attributes/insert", rows="changed_attributes")
    return changed


def _table(rules: Rules) -> pa.Table:
    found = [(*place, rule.rule, list(rule.sources), rule.lasting) for place, rule in rules.by_trait.items()]
    columns = list(zip(*found, strict=True)) or [()] * 5
    text = pa.string()
    types = {"project": text, "name": text, "rule": text, "sources": pa.list_(text), "lasting": pa.bool_()}
    return pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)}
    )


def _count(lake: Lake, table: str) -> int:
    return int(lake.query(f"SELECT count(*) FROM {table}")[0][0])
