"""Ordered funnels against ClickHouse's windowFunnel: random users, of whose events many have one moment."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.sessionizer.world import START, plain_lake
from tests.warehouse.insights.asked_lake import NOW
from warehouse.insights.asked import asking
from warehouse.insights.chains import Cells, Chains
from warehouse.insights.dropoff import Dropoff
from warehouse.insights.journey import plan
from warehouse.lake import Lake

WITHIN = 10
STEPS = ("n0", "n1", "n2", "n3")
EVENTS = """
    INSERT INTO events BY NAME
    SELECT number AS load_seq, owner AS subject_key, 'shop' AS project, 'track' AS type, 'n' || name AS event,
        make_timestamptz({start} + moment * 1000000) AS timestamp, DATE '2026-11-05' AS event_day
    FROM (SELECT row_number() OVER (ORDER BY owner, moment, name, extra) AS number, * FROM did)"""
DID = """
    CREATE TABLE did AS
    SELECT owner, (random() * 25)::INT AS moment, (random() * 5)::INT AS name, extra
    FROM (SELECT owner, unnest(range((1 + random() * 12)::INT)) AS extra FROM range({owners}) AS t(owner))"""


def lake_of(owners: int, seed: float) -> Lake:
    """Users with 1 to 13 events of five names within 25 seconds."""
    lake = plain_lake()
    lake.execute("CREATE MACRO lake.current_snapshot() AS TABLE SELECT 7 AS id")
    lake.execute(f"SELECT setseed({seed})")
    lake.execute(DID.format(owners=owners))
    lake.execute(EVENTS.format(start=START))
    lake.execute("INSERT INTO customers BY NAME SELECT 'c' AS customer_id, 'shop' AS project")
    lake.execute("INSERT INTO cursors VALUES ('stitch', 1000000000, now(), now())")
    return lake


@pytest.mark.parametrize(
    "owners", [3_000, pytest.param(120_000, marks=pytest.mark.slow)], ids=["few", "100000 and more"]
)
def test_everybody_comes_as_far_as_in_clickhouse(owners: int, tmp_path: Path) -> None:
    lake = lake_of(owners, 0.25)
    source, target = tmp_path / "did.parquet", tmp_path / "found.parquet"
    lake.execute(f"COPY did TO '{source}'")
    program = [
        sys.executable,
        "-m",
        "tests.warehouse.insights.windowed",
        str(source),
        str(target),
        str(WITHIN),
    ]
    subprocess.run(program, check=True, timeout=300)
    question = Dropoff(
        project="shop", since="2026-11-05", until="2026-11-05", unit="device", within="10s", steps=STEPS
    )
    with asking(lake, question, NOW) as asked:
        chains = Chains(asked, plan(asked, question), Cells())
        found = asked.rows(f"WITH {chains.ctes} SELECT owner, level FROM reached")
    theirs = duckdb.sql(f"SELECT hash(owner::BIGINT), level FROM '{target}' WHERE level > 0").fetchall()
    assert len(theirs) > owners / 3
    assert {level for _, level in theirs} == {1, 2, 3, 4}
    assert set(found) ^ set(theirs) == set()
