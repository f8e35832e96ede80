"""docs/tables.md is what the migrations say, and the lake tells it too."""

from pathlib import Path

from tests.warehouse.lakes import Site
from warehouse.schema_docs import markdown, migrations, views, whole_tables

ROOT = Path(__file__).parents[2]


def test_the_page_is_generated_from_the_migrations() -> None:
    assert (ROOT / "docs" / "tables.md").read_text("utf-8") == markdown()


def test_every_column_of_the_lake_is_documented_there_and_in_the_catalog(tmp_path: Path) -> None:
    seen = {view.name for sql in migrations().values() for view in views(sql)}
    documented = {
        (table.name, column.name): None if table.name in seen else column.comment
        for table in whole_tables()
        for column in table.columns
    }
    with Site(tmp_path).writer() as lake:
        found = lake.query(
            "SELECT table_name, column_name, comment FROM duckdb_columns() "
            "WHERE database_name = 'lake' AND table_name <> 'schema_migrations'"
        )
    assert {(table, column): comment for table, column, comment in found} == documented
    assert seen == {"orders", "items", "leads", "deals"}
