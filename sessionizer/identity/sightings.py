"""Sightings: which ids the events of a run name together. Temp tables `said`, `pairs` and `junk_found`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import pyarrow as pa

from sessionizer.identity import lives
from sessionizer.identity.junk import id_sql
from sessionizer.identity.places import Meant, Place, context_places, meanings, trait_places
from sessionizer.identity.rules import USUAL, IdentityRules
from sessionizer.statements import run, statement
from warehouse.catalogs.text import quoted
from warehouse.lake import Lake

_FIELDS: Final = ("user_id", "anonymous_id", "previous_id", "group_id")


class Found(msgspec.Struct, frozen=True):
    """Whether there is anything in the events besides plain devices and users."""

    rich: bool
    aliases: bool
    junk: bool


def of_moments(rules: IdentityRules = USUAL) -> dict[str, str]:
    """The parts of the view `moments` that read ids."""
    parts = {field: id_sql(f"e.{field}", rules.junk, rules.longest) for field in _FIELDS}
    parts["has_junk"] = " OR ".join(
        f"coalesce(said_{field} <> '', false) AND {field} IS NULL" for field in _FIELDS
    )
    parts["trait_paths"] = _texts(place.path for place in trait_places(rules))
    parts["context_paths"] = _texts(place.path for place in context_places(rules))
    return parts


def kinds_sql(rules: IdentityRules) -> str:
    """Rows of (kind, code, priority, is of an account) as VALUES."""
    return ", ".join(
        f"('{kind.name}', {code}, {kind.priority}, {str(kind.of == 'account').lower()})"
        for code, kind in enumerate(rules.kinds)
    )


def accounts_sql(rules: IdentityRules) -> str:
    """The kinds of accounts, as a list of texts."""
    return _texts(kind.name for kind in rules.kinds if kind.of == "account")


def look(lake: Lake) -> Found:
    """What the events of the temp table `fresh` need."""
    ((rich, aliases, junk),) = run(lake, "identity/needs").fetchall()
    return Found(bool(rich), bool(aliases), bool(junk))


def gather(lake: Lake, source: str, rules: IdentityRules, found: Found, *, anew: bool = False) -> None:
    """Make `sightings`, `aliases` and `said` of the events of `source`; `anew`: as if none came before."""
    daily = "received_day" if rules.daily else "NULL::DATE"
    run(lake, "identity/sightings", source=source, daily=daily)
    if found.rich:
        _read_rich(lake, source, rules, daily)
        if rules.mortal:
            lives.tell(lake, rules, anew=anew)
        run(lake, "identity/stars")
    else:
        run(lake, "identity/no_stars")
    if found.aliases:
        run(lake, "identity/aliases", source=source, daily=daily)
    run(lake, "identity/said", named=statement("identity/said_named") if found.rich else "")


def pair(lake: Lake, found: Found, merged: str = "") -> None:
    """Make `pairs` and `mentioned`, once it is known which ids there were before. `merged` is SQL that adds
    what people said.
    """
    if found.aliases:
        run(lake, "identity/previous")
        run(lake, "identity/mentioned")
    aliased = statement("identity/pairs_aliased") if found.aliases else ""
    run(lake, "identity/pairs", aliased=aliased, merged=merged)


def _read_rich(lake: Lake, source: str, rules: IdentityRules, daily: str) -> None:
    run(lake, "identity/rich", source=source, daily=daily)
    run(
        lake,
        "identity/raw_ids",
        trait_kinds=_kinds(trait_places(rules)),
        context_kinds=_kinds(context_places(rules)),
        account_kinds=accounts_sql(rules),
    )
    texts = run(lake, "identity/raw_values").fetchall()
    with lake.table("found_meanings", _table(meanings(texts, rules))):
        lake.execute("CREATE OR REPLACE TEMP TABLE meant AS FROM found_meanings")
    run(lake, "identity/named", kinds=kinds_sql(rules))


def _table(found: list[Meant]) -> pa.Table:
    columns = list(zip(*found, strict=True)) or [()] * len(Meant._fields)
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(Meant._fields, columns, strict=True)}
    )


def _kinds(places: Iterable[Place]) -> str:
    return _texts(place.kind for place in places)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(text)}'" for text in texts)
