"""docs/bi.md: its questions, asked by ODBC as reporting tools do, of a published database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from loadtest.postgres import PASSWORD, USER, PostgresServer
from sdk_contract.settings import Secret
from tests.warehouse.published_lake import ALL, MAIL, Outside, small_lake
from tools.prepare_tests import ODBC_DRIVERS

if TYPE_CHECKING:
    import pyodbc

PAGE: Final = Path(__file__).parents[2] / "docs" / "bi.md"
QUESTIONS: Final = re.findall(
    r"```sql\n(.+?)```", PAGE.read_text("utf-8").partition("\n## Questions\n")[2], re.DOTALL
)

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def odbc(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pyodbc.Connection]:
    import pyodbc

    url = postgres_server.create_database("bi_reports")
    Outside(Secret(url)).publish(small_lake(tmp_path_factory.mktemp("lake")), ALL)
    driver = next(path for path in ODBC_DRIVERS if path.exists())
    place = f"Server=127.0.0.1;Port={postgres_server.port};Database=bi_reports"
    login = f"UID={USER};PWD={{{PASSWORD}}}"
    con = pyodbc.connect(f"DRIVER={driver};{place};{login}", timeout=30, readonly=True)
    yield con
    con.close()


@pytest.mark.parametrize("sql", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_question_finds_something(odbc: pyodbc.Connection, sql: str) -> None:
    rows = odbc.execute(sql).fetchall()
    assert rows
    assert any(None not in tuple(row) for row in rows)


def test_there_are_questions() -> None:
    assert len(QUESTIONS) == 7


def test_a_reporting_tool_finds_tables_keys_types_and_texts(odbc: pyodbc.Connection) -> None:
    cursor = odbc.cursor()
    tables = {row.table_name for row in cursor.tables(schema="sojourn", tableType="TABLE").fetchall()}
    assert tables == {*ALL.tables, "published"}
    columns = {row.column_name: row for row in cursor.columns(table="sessions", schema="sojourn").fetchall()}
    assert columns["started_at"].type_name == "timestamptz"
    assert columns["session_day"].type_name == "date"
    keys = [row.column_name for row in cursor.primaryKeys("tag_members", schema="sojourn").fetchall()]
    assert keys == ["project", "tag", "customer_id", "entered_at"]
    shown = cursor.execute("SELECT value FROM sojourn.customer_attributes").fetchall()
    assert any("杭州" in row.value for row in shown)
    assert not any(MAIL in row.value for row in shown)
