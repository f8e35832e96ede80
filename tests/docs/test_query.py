"""Every query of docs/query.md runs as it stands, and finds something in a small lake."""

import re
from collections.abc import Iterator

import pytest

from tools.write_docs import DOCS
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

TEXT = (DOCS / "query.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)

ROWS = """
INSERT INTO events BY NAME
    SELECT n AS load_seq, 'shop' AS project, 1 AS subject_key,
        (now() - INTERVAL 2 DAY)::DATE AS event_day, 'ok' AS verdict, 'm' || n AS message_id,
        'track' AS type, 'Order Completed' AS event, 'mei' AS user_id,
        now() - INTERVAL 2 DAY AS timestamp, now() AS received_at, '{"revenue": 12.50}'::JSON AS properties
    FROM range(3) AS numbers(n);
INSERT INTO rejected BY NAME
    SELECT 9 AS load_seq, 'shop' AS project, 'rejected' AS verdict, 'wrong_type' AS reason,
        now() AS received_at;
INSERT INTO sessions BY NAME
    SELECT 's_1' AS session_id, 'shop' AS project, 1 AS subject_key, 2 AS identity_key, '/' AS entry_page,
        now() - INTERVAL 2 DAY AS started_at, now() - INTERVAL 47 HOUR AS ended_at, 3 AS events, 1 AS pages,
        (now() - INTERVAL 2 DAY)::DATE AS session_day;
INSERT INTO identities BY NAME
    SELECT 'shop' AS project, 2 AS identity_key, 'user_id' AS kind, 'mei' AS value, 'c_1' AS customer_id,
        1 AS first_load_seq, now() AS first_seen, now() AS last_seen, 'first_seen' AS evidence;
INSERT INTO customers BY NAME
    SELECT 'shop' AS project, 'c_1' AS customer_id,
        now() - INTERVAL 2 DAY AS first_seen, now() AS last_seen,
        2 AS devices, 1 AS user_ids, 1 AS sessions, 3 AS events;
INSERT INTO cursors BY NAME
    SELECT 'load' AS name, 9 AS load_seq, now() AS complete_until, now() AS updated_at;
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    data = tmp_path_factory.mktemp("data")
    with connect(WarehouseSettings(data=str(data)), read_only=False) as found:
        for statement in filter(str.strip, ROWS.split(";\n")):
            found.execute(statement)
        yield found


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 10


@pytest.mark.parametrize("sql", QUERIES)
def test_the_query_runs_and_finds_something(lake: Lake, sql: str) -> None:
    assert lake.query(sql)
