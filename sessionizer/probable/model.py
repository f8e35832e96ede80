"""The model: how much each level of each field says, learned from the records themselves, without labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import duckdb
import msgspec

from sessionizer.probable.comparisons import COLUMNS, FIELDS, comparison
from sessionizer.probable.people import KEYS
from sessionizer.statements import statement

if TYPE_CHECKING:
    from splink import Linker

SEED: Final = 20_26
RECALL: Final = 0.8
SURE: Final = (
    "l.by_official = r.by_official",
    "l.by_email = r.by_email AND l.by_name = r.by_name",
    "l.by_phone = r.by_phone AND l.by_name = r.by_name",
    "l.by_name = r.by_name AND l.birthday = r.birthday",
    "l.by_name = r.by_name AND l.street = r.street",
)
"""Pairs that are one person for certain, about RECALL of all such."""

_TRAINED_ON: Final = (
    ("birthday",),
    ("official",),
    ("email",),
    ("phone",),
    ("given", "family"),
    ("postcode", "city"),
)
_PAIRS_U: Final = 1e6
_PAIRS_EM: Final = 5e5
_ENOUGH: Final = 50
_FEW: Final = 300
_MOST_SHARE: Final = 0.01
_DIGITS: Final = 9
_LEAST: Final = {"m_probability": 1e-4, "u_probability": 1e-9}


class Model(msgspec.Struct, frozen=True):
    """`version` is the same for the same parameters; `settings` are Splink's, of `records` records.

    `matches` is how many sure pairs there were to learn from.
    """

    version: str
    settings: dict[str, Any]
    records: int
    matches: int


def train(con: duckdb.DuckDBPyConnection, tables: Sequence[str] = ("candidates",)) -> Model:
    """Learn from the records of `tables`: within one, or, where there are two, between them."""
    counts = [_count(con, table) for table in tables]
    matches = _sure(con, tables)
    linker = linked(con, tables, _beginning(con, tables, _share(counts, matches)))
    if min(counts) >= _FEW:
        linker.training.estimate_u_using_random_sampling(
            _PAIRS_U, seed=SEED, min_count_per_level=None, num_chunks=1
        )
    if matches >= _ENOUGH:
        linker = _expect(con, linker, tables)
    settings = _finished(linker.misc.save_model_to_json())
    return Model(_version(settings), settings, sum(counts), matches)


def linked(con: duckdb.DuckDBPyConnection, tables: Sequence[str], settings: dict[str, Any]) -> Linker:
    """Splink over these tables."""
    import logging

    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(con)
    frames = [api.register(table, dataset_display_name=table) for table in tables]
    given = frames if len(frames) > 1 else frames[0]
    return Linker(given, settings, log_level=logging.ERROR, validate_settings=False)


def _sure(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> int:
    left, right = tables[0], tables[-1]
    apart = " AND l.id < r.id" if left == right else ""
    pairs = (
        f"SELECT l.id, r.id AS other FROM {left} AS l JOIN {right} AS r ON {rule}{apart}" for rule in SURE
    )
    ((found,),) = con.execute(statement("probable/sure", pairs=" UNION ".join(pairs))).fetchall()
    return int(found)


def _share(counts: Sequence[int], matches: int) -> float:
    """How many of all pairs are likely one person."""
    pairs = counts[0] * counts[1] if len(counts) > 1 else counts[0] * (counts[0] - 1) / 2
    return min(max((matches + 1) / RECALL / max(pairs, 1), 1e-12), _MOST_SHARE)


def _beginning(con: duckdb.DuckDBPyConnection, tables: Sequence[str], share: float) -> dict[str, Any]:
    """Settings before any training, for the fields that enough records have."""
    fields = [field for field in FIELDS if _filled(con, tables, COLUMNS.get(field.name, field.name))]
    return {
        "link_type": "link_only" if len(tables) > 1 else "dedupe_only",
        "sql_dialect": "duckdb",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": share,
        "comparisons": [comparison(field) for field in fields],
        "blocking_rules_to_generate_predictions": [f"l.{key} = r.{key}" for key in KEYS],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "max_iterations": 10,
        "em_convergence": 0.001,
    }


def _filled(con: duckdb.DuckDBPyConnection, tables: Sequence[str], column: str) -> bool:
    return all(_count(con, table, f"{column} IS NOT NULL") > 0 for table in tables)


def _count(con: duckdb.DuckDBPyConnection, table: str, where: str = "true") -> int:
    ((found,),) = con.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()
    return int(found)


def _expect(con: duckdb.DuckDBPyConnection, linker: Linker, tables: Sequence[str]) -> Linker:
    """Learn from each of _TRAINED_ON; one that fails leaves Splink without the fields it was to learn by."""
    from splink.internals.exceptions import EMTrainingException

    for columns in _trainable(con, tables):
        rule = " AND ".join(f"l.{column} = r.{column}" for column in columns)
        before = linker.misc.save_model_to_json()
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, max_pairs=_PAIRS_EM
            )
        except (EMTrainingException, ValueError):  # no two records share these, or a level fades to nothing
            linker = linked(con, tables, before)
    return linker


def _trainable(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for columns in _TRAINED_ON:
        if all(_filled(con, tables, column) for column in columns):
            yield columns


def _finished(settings: dict[str, Any]) -> dict[str, Any]:
    """Rounded, as sums of doubles differ in their last digits from run to run; and nothing is impossible."""
    kept = {name: value for name, value in settings.items() if name != "linker_uid"}
    for field in kept["comparisons"]:
        for level in field["comparison_levels"]:
            for name, least in _LEAST.items():
                if name in level:
                    level[name] = max(level[name], least)
    found: dict[str, Any] = _rounded(kept)
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value


def _version(settings: dict[str, Any]) -> str:
    return "m_" + blake2b(msgspec.json.encode(settings, order="sorted"), digest_size=8).hexdigest()
