"""The customers of a project as records to compare."""

import pyarrow as pa

from sessionizer.probable.meanings import MEANINGS, meanings
from sessionizer.probable.people import SAID
from sessionizer.statements import run, statement
from warehouse.lake import Lake

DAYS = 90
"""How far devices and networks are looked back at, from the last moment that is complete."""


def projects(lake: Lake) -> list[str]:
    """Those of whose customers anything is known."""
    sql = "SELECT DISTINCT project FROM lake.main.customer_attributes ORDER BY project"
    return [str(project) for (project,) in lake.query(sql)]


def read(lake: Lake, project: str, until: int) -> pa.Table:
    """A table of SAID, a row for each customer of whom anything is known that can tell one from another."""
    with lake.table("meanings", meanings()):
        lake.execute(statement("probable/members"), {"project": project})
        lake.execute(statement("probable/devices", until=until, days=DAYS), {"project": project})
        found = run(lake, "probable/said", fields=_fields()).to_arrow_table()
    return pa.Table.from_arrays(
        [found[name].combine_chunks().cast(kind) for name, kind in zip(SAID.names, SAID.types, strict=True)],
        schema=SAID,
    )


def _fields() -> str:
    return ", ".join(f"any_value(text) FILTER (field = '{field}') AS {field}" for field in MEANINGS)
