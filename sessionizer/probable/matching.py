"""Pairs of records with the confidence that they are one person, by a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from sessionizer.probable.model import Model, linked

LEAST: Final = 0.5
"""Pairs that are more likely two persons than one are not kept."""


def match(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    tables: Sequence[str] = ("candidates",),
    least: float = LEAST,
) -> pa.Table:
    """left, right (ids, left < right), confidence, weight (bits), agreed: field -> level as JSON."""
    linker = linked(con, tables, model.settings)
    found = linker.inference.predict(threshold_match_probability=least)
    return con.execute(_pairs(found.physical_name, model.settings)).to_arrow_table()


def _pairs(table: str, settings: dict[str, Any]) -> str:
    """The SELECT that turns Splink's predictions into pairs."""
    agreed = ", ".join(f"'{c['output_column_name']}': {_level(c)}" for c in settings["comparisons"])
    return (
        'SELECT least(id_l, id_r) AS "left", greatest(id_l, id_r) AS "right",'
        " round(least(match_probability, 0.999999), 6) AS confidence, round(match_weight, 3) AS weight,"
        f" to_json({{{agreed}}})::VARCHAR AS agreed FROM {table} ORDER BY 1, 2"
    )


def _level(comparison: dict[str, Any]) -> str:
    """Splink numbers the levels of a comparison downwards to 0; -1 is unknown."""
    labels = [
        level["label_for_charts"]
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    ]
    cases = " ".join(f"WHEN {len(labels) - 1 - at} THEN '{label}'" for at, label in enumerate(labels))
    return f"CASE gamma_{comparison['output_column_name']} {cases} END"
