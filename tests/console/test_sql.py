"""The SQL page: what is answered, what is refused, what is bounded, and what is kept."""

from __future__ import annotations

import csv
import io
from html import unescape
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.console.conftest import CHEAP, Visitor
from warehouse.access.scope import Scope
from warehouse.access.statements import within
from warehouse.console.pages.sql import unique
from warehouse.console.queries import Queries
from warehouse.errors import BadQuery
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

TABLES = ("events", "sessions", "identities")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM events AS e JOIN sessions USING (subject_key)",
        "FROM events",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2",
        "SELECT properties ->> '$.a', list_transform([1], lambda x: x + 1) FROM EVENTS",
        "SELECT * FROM identities AS i ASOF JOIN sessions AS s ON i.a = s.b AND i.first_seen >= s.started_at",
        "SELECT * FROM range(5), unnest([1, 2]), generate_series(1, 3)",
        "SUMMARIZE events",
        "DESCRIBE events",
        "SHOW TABLES",
        "PIVOT events ON event USING count(*)",
        "SELECT 1;",
    ],
)
def test_questions_are_let_through(sql: str) -> None:
    assert within(sql, TABLES) == sql


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("", "one SELECT"),
        ("DELETE FROM events", "one SELECT"),
        ("CREATE TABLE x AS SELECT 1", "one SELECT"),
        ("COPY events TO 'x.csv'", "one SELECT"),
        ("ATTACH 'x.db'", "one SELECT"),
        ("SET memory_limit = '1TB'", "one SELECT"),
        ("PRAGMA database_list", "one SELECT"),
        ("INSTALL httpfs", "one SELECT"),
        ("SELECT FROM WHERE", "read as SQL"),
        ("SELECT * FROM lake.events", "name alone"),
        ("SELECT (SELECT count(*) FROM lake.main.events)", "name alone"),
        ("SELECT * FROM main.events", "name alone"),
        ("SELECT * FROM information_schema.tables", "name alone"),
        ("SELECT * FROM read_parquet('/etc/passwd')", "closed here"),
        ("SELECT * FROM read_text('/etc/passwd')", "closed here"),
        ("SELECT * FROM glob('*')", "closed here"),
        ("SELECT * FROM query('SELECT 1')", "closed here"),
        ("SELECT * FROM query_table('lake.events')", "closed here"),
        ("SELECT * FROM duckdb_secrets()", "closed here"),
        ("SELECT * FROM lake.current_snapshot()", "closed here"),
        ("SELECT * FROM '/tmp/x.parquet'", "no table"),
        ("SELECT * FROM passwords", "no table"),
        ('SELECT * FROM (WITH "/tmp/x.parquet" AS (SELECT 1) SELECT 1), "/tmp/x.parquet"', "letters, digits"),
        ("SELECT 1 --" + "x" * 30_000, "20000 would do"),
        ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "read as SQL"),
    ],
)
def test_everything_else_is_refused(sql: str, says: str) -> None:
    with pytest.raises(BadQuery, match=says):
        within(sql, TABLES)


def run(visitor: Visitor, sql: str) -> str:
    return unescape(visitor.post("/sql/run", {"text": sql}).text)


def test_a_statement_is_answered_with_rows_and_a_picture(shop: Visitor) -> None:
    sql = "SELECT event, count(*) AS n FROM events WHERE event IS NOT NULL GROUP BY ALL ORDER BY n DESC, 1"
    page = run(shop, sql)
    with connect(WarehouseSettings(data=str(shop.data)), read_only=True) as lake:
        ((event, n), *_) = lake.query(sql)
    assert f'<td dir="auto">{event}</td><td dir="auto">{n:,}</td>' in page
    assert '"kind":"bar"' in page
    assert '"kind":"line"' in run(shop, "SELECT event_day, count(*) AS n FROM events GROUP BY ALL ORDER BY 1")
    assert "1,000 rows and more" in run(shop, "SELECT * FROM range(5000)")


def test_what_is_wrong_is_told_and_nothing_is_changed(shop: Visitor) -> None:
    assert "no table 'evnts'" in run(shop, "SELECT * FROM evnts")
    assert "nope" in run(shop, "SELECT nope FROM events")
    assert "one SELECT" in run(shop, "DROP TABLE events")
    assert "&lt;b&gt;" in shop.post("/sql/run", {"text": "SELECT '<b>' AS x"}).text
    assert 'role="alert"' in shop.post("/sql/run", {"text": "SELECT error('<script>')"}).text
    assert "<script>" not in shop.post("/sql/run", {"text": "SELECT error('<script>')"}).text
    lines = [line.detail for line in shop.registry.audited(20, action="query")]
    assert "DROP TABLE events" in lines


def test_a_statement_that_takes_too_long_is_ended(data: Path) -> None:
    import asyncio

    queries = Queries(WarehouseSettings(data=str(data)), 0.3)
    slow = "SELECT sum(a.range * b.range) FROM range(1000000) AS a, range(1000000) AS b"
    with pytest.raises(BadQuery, match=r"takes longer than 0\.3 s"):
        asyncio.run(queries.first(slow, Scope(), 10))
    assert asyncio.run(queries.first("SELECT 1", Scope(), 10)).rows == [(1,)]
    queries.close()


def test_a_statement_has_bounded_memory(data: Path) -> None:
    import asyncio

    queries = Queries(WarehouseSettings(data=str(data)), 30)
    with pytest.raises(BadQuery, match=r"(?i)memory"):
        asyncio.run(queries.first("SELECT list(r.range) FROM range(200000000) AS r", Scope(), 10))
    queries.close()


def test_files_hold_all_rows(shop: Visitor) -> None:
    sql = "SELECT range AS n, '=' || range AS n, NULL AS nothing FROM range(25000)"
    text = shop.post("/sql/file", {"text": sql, "kind": "csv"}).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 25_001
    assert rows[1] == ["0", "'=0", ""]
    table = pq.read_table(io.BytesIO(shop.post("/sql/file", {"text": sql, "kind": "parquet"}).content))
    assert table.num_rows == 25_000
    assert table.column_names == ["n", "n_2", "nothing"]
    assert shop.post("/sql/file", {"text": sql, "kind": "exe"}).status_code == 400
    refused = shop.post("/sql/file", {"text": "SELECT nope FROM events", "kind": "csv"})
    assert (refused.status_code, "nope" in refused.text) == (400, True)


def test_names_of_columns_differ() -> None:
    assert unique(["a", "a", "b", "a"]) == ["a", "a_2", "b", "a_3"]


def test_statements_are_saved_shown_replaced_and_dropped(shop: Visitor) -> None:
    place = shop.post("/sql/saved", {"name": "by <day>", "text": "SELECT 7"}).headers["location"]
    page = shop.get(place).text
    assert "SELECT 7</textarea>" in page
    assert "by &lt;day&gt;" in page
    assert shop.post("/sql/saved", {"name": "by <day>", "text": "SELECT 8"}).headers["location"] == place
    assert "SELECT 8</textarea>" in shop.get(place).text
    shop.registry.save_query("theirs", "SELECT 9", "eve")
    for fields, says in (
        ({"name": "theirs", "text": "SELECT 1"}, "eve has saved"),
        ({"name": "", "text": "SELECT 1"}, "a name of 1 to"),
        ({"drop": "999"}, "has saved no query"),
    ):
        answer = shop.post("/sql/saved", fields)
        assert (answer.status_code, says in unescape(answer.text)) == (400, True)
    shop.post("/sql/saved", {"drop": place.partition("=")[2]})
    assert [one.name for one in shop.registry.saved_queries()] == ["theirs"]


def test_a_link_fills_the_editor_and_runs_nothing(shop: Visitor) -> None:
    page = shop.get("/sql?text=DROP%20TABLE%20%3C/textarea%3E%3Cscript%3E").text
    assert "DROP TABLE &lt;/textarea&gt;&lt;script&gt;" in page
    assert 'hx-trigger="load"' not in page


def test_statements_see_what_their_user_may_see(data: Path) -> None:
    shut = Visitor(data, console_open=False)
    for name, role, scope in (
        ("ann", "analyst", Scope(attributes={"owner": ("li",)})),
        ("max", "analyst", Scope(masks=("email", "phone", "name"))),
        ("sal", "sales", None),
    ):
        if all(one.name != name for one in shut.registry.users()):
            shut.registry.create_user(
                name, role, "test", password=CHEAP.hash("two green kettles"), scope=scope
            )
    shut.signed_in("ann", "two green kettles")
    assert '<td dir="auto">0</td>' in run(shut, "SELECT count(*) AS n FROM events")
    assert "name alone" in run(shut, "SELECT count(*) AS n FROM lake.events")
    shut.signed_in("max", "two green kettles")
    assert '<td dir="auto">0</td>' not in run(shut, "SELECT count(*) AS n FROM events")
    everything = run(shut, "SELECT traits FROM events WHERE traits IS NOT NULL")
    assert "@" not in everything
    assert "•••" in everything
    shut.signed_in("sal", "two green kettles")
    assert shut.get("/sql").status_code == 403
    assert shut.post("/sql/run", {"text": "SELECT 1"}).status_code == 403
    assert shut.post("/sql/file", {"text": "SELECT 1", "kind": "csv"}).status_code == 403
    shut.registry.close()


def test_the_schema_stands_beside_the_editor(shop: Visitor) -> None:
    page = shop.get("/sql").text
    assert 'data-word="event_day"' in page
    assert "SELECT event, count(*)" in unescape(page)
