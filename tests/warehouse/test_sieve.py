"""Conditions by which a scan leaves out rows: they say the same as the join that they stand beside."""

import random

import duckdb
import pytest

from warehouse.lake import Lake
from warehouse.sieve import named, sifted


@pytest.fixture
def lake() -> Lake:
    con = duckdb.connect()
    con.execute("CREATE TABLE rows AS SELECT (hash(range) >> 1)::BIGINT AS key FROM range(20_000)")
    con.execute("INSERT INTO rows VALUES (NULL), (0), (-1)")
    return Lake(con)


def keys(lake: Lake, size: int) -> list[int]:
    (found,) = zip(
        *lake.query("SELECT DISTINCT key FROM rows WHERE key IS NOT NULL ORDER BY key"), strict=True
    )
    return random.Random(size).sample(found, size)


@pytest.mark.parametrize("size", [0, 1, 2, 28, 199, 1_000])
def test_few_keys_are_found_by_name(lake: Lake, size: int) -> None:
    wanted = [*keys(lake, size), 5, 5]
    found = lake.query(f"SELECT key FROM rows WHERE {named('key', wanted)} ORDER BY key")
    assert found == [(key,) for key in sorted(wanted[:-2])]


def test_a_sieve_lets_all_keys_through_and_little_else(lake: Lake) -> None:
    wanted = keys(lake, 100)
    condition = sifted(lake, f"SELECT unnest({wanted})", "key")
    found = {key for (key,) in lake.query(f"SELECT key FROM rows WHERE {condition}")}
    assert found >= set(wanted)
    assert len(found) < 120
