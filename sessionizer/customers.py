"""Customers: a row for the ids that belong together, adjusted by what a run changed or counted anew."""

from sessionizer.statements import run, statement
from warehouse.lake import Lake


def adjust(lake: Lake) -> int:
    """Bring `customers` up to date with the temp tables of this run; returns the number of rows changed."""
    run(lake, "customers/before")
    run(lake, "customers/adjusted")
    run(lake, "customers/sure")
    if lake.query("SELECT count(*) FROM customers_after WHERE doubtful")[0][0]:
        run(lake, "customers/doubtful")
        lake.execute(f"INSERT INTO customer_rows {_counted()}")
    run(lake, "customers/changed")
    ((changed, merged),) = lake.query(
        "SELECT (SELECT count(*) FROM changed_customers), (SELECT count(*) FROM renamed)"
    )
    if changed or merged:
        run(lake, "customers/delete")
        run(lake, "customers/insert")
    return int(changed)


def count_all(lake: Lake) -> None:
    """Fill an empty `customers` from `identities` and `sessions`."""
    counted = statement("customers/counted", which_ids="", which_sessions="")
    lake.execute(f"INSERT INTO lake.main.customers {counted} ORDER BY customer_id")


def _counted() -> str:
    among = "WHERE identity_key IN (SELECT identity_key FROM doubtful)"
    return statement("customers/counted", which_ids=among, which_sessions=among)
