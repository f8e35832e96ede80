"""Customers: a row for the ids that belong together, adjusted by what a run changed or counted anew."""

from sessionizer.statements import run, statement
from warehouse.lake import Lake

_RECOUNTED = "customer_id IN (SELECT customer_id FROM recount)"


def adjust(lake: Lake, *, recount: bool = False) -> int:
    """Bring `customers` up to date with the temp tables of this run; returns the number of rows changed.

    With `recount` those of the temp table of that name are counted anew, whatever the others say.
    """
    run(lake, "customers/adjusted", recounted=_RECOUNTED if recount else "false")
    if recount:
        run(lake, "customers/also_before")
    run(lake, "customers/sure")
    if recount or lake.query("SELECT count(*) FROM customers_after WHERE doubtful")[0][0]:
        also = "UNION SELECT customer_id FROM recount" if recount else ""
        run(lake, "customers/doubtful", recounted=also)
        lake.execute(f"INSERT INTO customer_rows {_counted()}")
    run(lake, "customers/changed")
    ((changed, gone),) = run(lake, "customers/counts").fetchall()
    if changed or gone:
        run(lake, "customers/delete")
        run(lake, "customers/insert")
    return int(changed)


def count_all(lake: Lake) -> None:
    """Fill an empty `customers` from `identities` and `sessions`."""
    counted = statement("customers/counted", which_ids="", which_sessions="")
    lake.execute(f"INSERT INTO lake.main.customers {counted} ORDER BY customer_id")


def count_again(lake: Lake) -> None:
    """Make the rows of the customers of the temp table `touched_customers` anew."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE doubtful AS SELECT identity_key, customer_id FROM lake.main.identities"
        " WHERE customer_id IN (SELECT customer_id FROM touched_customers)"
    )
    lake.execute(
        "DELETE FROM lake.main.customers WHERE customer_id IN (SELECT customer_id FROM touched_customers)"
    )
    lake.execute(f"INSERT INTO lake.main.customers {_counted()} ORDER BY customer_id")


def _counted() -> str:
    among = "WHERE identity_key IN (SELECT identity_key FROM doubtful)"
    return statement("customers/counted", which_ids=among, which_sessions=among)
