"""How two records are compared: for each field its levels from the same down to different.

Pure data in the form of Splink's settings. Each level has a guess of how often it is seen between two records
of one person (m) and of two (u); training puts what it finds in their place, where it finds anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec


class Level(msgspec.Struct, frozen=True):
    """One outcome of a comparison. `of` names the column whose rare values weigh more than common ones."""

    label: str
    sql: str
    m: float
    u: float
    of: str | None = None


class Field(msgspec.Struct, frozen=True):
    """A field of a record, with its levels; what is left over is `different`, seen between one person's
    records with probability `m`. `unknown`: SQL that says that nothing can be said, where that is more than
    one column's being empty.
    """

    name: str
    levels: tuple[Level, ...]
    m: float
    unknown: str | None = None


def _same(column: str, m: float, u: float, label: str = "same") -> Level:
    return Level(label, f"{column}_l = {column}_r", m, u, column)


def _key(column: str, m: float, u: float) -> Level:
    """The same value of something that is as good as unique."""
    return Level("same", f"{column}_l = {column}_r", m, u)


def _alike(column: str, share: float, m: float, u: float, label: str = "close") -> Level:
    return Level(label, f"jaro_winkler_similarity({column}_l, {column}_r) >= {share}", m, u)


def _typos(column: str, most: int, m: float, u: float, label: str) -> Level:
    return Level(label, f"damerau_levenshtein({column}_l, {column}_r) <= {most}", m, u)


def _share(column: str, m: float, u: float, label: str) -> Level:
    return Level(label, f"list_has_any({column}_l, {column}_r)", m, u)


FIELDS: Final = (
    Field(
        "given",
        (
            _same("given_han", 0.3, 0.001, "same characters"),
            _same("given", 0.5, 0.005),
            _alike("given", 0.92, 0.05, 0.005),
            _alike("given", 0.85, 0.03, 0.01, "alike"),
            Level("swapped", "given_l = family_r", 0.02, 0.001),
        ),
        0.1,
    ),
    Field(
        "family",
        (
            _same("family", 0.8, 0.003),
            _alike("family", 0.92, 0.06, 0.003),
            _alike("family", 0.85, 0.03, 0.01, "alike"),
            Level("swapped", "family_l = given_r", 0.02, 0.001),
        ),
        0.09,
    ),
    Field(
        "birthday",
        (
            _key("birthday", 0.88, 5e-5),
            _typos("birthday", 1, 0.08, 0.002, "one typo"),
            _typos("birthday", 2, 0.01, 0.02, "two typos"),
        ),
        0.03,
    ),
    Field(
        "official",
        (
            _key("official", 0.9, 1e-6),
            _typos("official", 1, 0.06, 1e-5, "one typo"),
            _typos("official", 2, 0.01, 1e-4, "two typos"),
        ),
        0.03,
    ),
    Field(
        "phone",
        (_key("phone", 0.7, 1e-6), _typos("phone", 1, 0.05, 1e-5, "one typo")),
        0.25,
    ),
    Field(
        "email",
        (
            _key("email", 0.65, 1e-6),
            _same("mailbox", 0.08, 1e-4, "same mailbox"),
            _alike("mailbox", 0.94, 0.07, 5e-4),
        ),
        0.2,
    ),
    Field(
        "street",
        (
            _same("street", 0.75, 0.0005),
            _alike("street", 0.9, 0.12, 0.002),
            Level("same letters", "jaccard(street_l, street_r) >= 0.85", 0.03, 0.003),
            Level("swapped", "street_l = street2_r OR street2_l = street_r", 0.02, 0.0001),
        ),
        0.08,
    ),
    Field("street2", (_same("street2", 0.8, 0.002), _alike("street2", 0.9, 0.1, 0.005)), 0.1),
    Field("number", (_same("number", 0.85, 0.01), _typos("number", 1, 0.1, 0.2, "one typo")), 0.05),
    # One field, since who has the same postcode has the same city: as two they would say it twice.
    Field(
        "place",
        (
            _same("postcode", 0.85, 0.002, "same postcode"),
            _typos("postcode", 1, 0.05, 0.01, "postcode with one typo"),
            _same("city", 0.05, 0.01, "same city"),
            _alike("city", 0.9, 0.01, 0.005, "close city"),
        ),
        0.04,
        "(postcode_l IS NULL OR postcode_r IS NULL) AND (city_l IS NULL OR city_r IS NULL)",
    ),
    Field("region", (_same("region", 0.9, 0.15),), 0.1),
    Field(
        "device",
        (_share("fingerprints", 0.3, 0.01, "same kind"),),
        0.7,
    ),
    Field("network", (_share("networks", 0.4, 0.001, "same network"),), 0.6),
)

# The column that tells whether a record has the field, where it is not the field's own name.
COLUMNS: Final = {
    "device": "fingerprints",
    "network": "networks",
    "place": "coalesce(postcode, city)",
}
_RAREST: Final = 1e-4


def comparison(field: Field) -> dict[str, Any]:
    """A field in the form of Splink's settings."""
    column = COLUMNS.get(field.name, field.name)
    unknown = {
        "sql_condition": field.unknown or f"{column}_l IS NULL OR {column}_r IS NULL",
        "label_for_charts": "unknown",
        "is_null_level": True,
    }
    left = max(1e-6, 1.0 - sum(level.u for level in field.levels))
    different = {
        "sql_condition": "ELSE",
        "label_for_charts": "different",
        "m_probability": field.m,
        "u_probability": left,
    }
    levels = [unknown, *map(_level, field.levels), different]
    return {"output_column_name": field.name, "comparison_levels": levels}


def _level(level: Level) -> dict[str, Any]:
    said = {
        "sql_condition": level.sql,
        "label_for_charts": level.label,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    rare = {"tf_adjustment_column": level.of, "tf_minimum_u_value": _RAREST} if level.of else {}
    return said | rare


def columns(fields: Iterable[Field]) -> list[str]:
    """The columns by which one sees whether a record has these fields."""
    return [COLUMNS.get(field.name, field.name) for field in fields]
