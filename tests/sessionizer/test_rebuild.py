"""A rebuild keeps the ledgers, and adds what it changes to them."""

import random

from sessionizer.identity.writing import write_all
from sessionizer.rebuild import rebuild
from tests.sessionizer.test_incremental import NOW, stitched
from tests.sessionizer.world import arrivals, contents, resolved


def test_rebuilding_twice_changes_nothing() -> None:
    lake = stitched(arrivals(random.Random(7), 80), [30, 80])
    before = contents(lake), lake.query("FROM session_aliases"), lake.query("FROM customer_redirects")
    steps: list[str] = []
    report = rebuild(lake, now=NOW, progress=steps.append)
    assert (
        contents(lake),
        lake.query("FROM session_aliases"),
        lake.query("FROM customer_redirects"),
    ) == before
    assert steps == ["sessions", "identities", "customers", "attributes", "commit"]
    assert (report.until, report.sessions) == (80, len(before[0]["sessions"]))
    assert report.customers == len(before[0]["customers"])


def test_ids_that_a_rebuild_no_longer_gives_lead_to_those_it_gives() -> None:
    lake = stitched(arrivals(random.Random(7), 80), [80])
    ((session,),) = lake.query("SELECT session_id FROM sessions ORDER BY ALL LIMIT 1")
    lake.execute("UPDATE sessions SET session_id = 's_old' WHERE session_id = ?", [session])
    lake.execute("UPDATE identities SET customer_id = 'c_' || format('{:016x}', identity_key)")
    young = (
        "SELECT 'c_' || format('{:016x}', identity_key) FROM identities"
        " WHERE evidence <> 'first_seen' AND kind NOT IN ('group_id', 'uscc')"
    )
    lake.execute(f"INSERT INTO customers BY NAME SELECT column0 AS customer_id FROM ({young}) t(column0)")
    names = [name for (name,) in lake.query(young)]
    rebuild(lake, now=NOW)
    assert resolved(lake, "session_aliases", "sessions", "s_old") == session
    assert len(names) > 1
    for name in names:
        assert resolved(lake, "customer_redirects", "customers", name) != name


def test_ids_are_written_some_customers_at_a_time() -> None:
    lake = stitched(arrivals(random.Random(7), 80), [80])
    rebuild(lake, now=NOW)
    decided = "FROM identities WHERE kind <> 'shared_device' ORDER BY ALL"
    right = lake.query(decided)
    lake.execute("DELETE FROM identities")
    write_all(lake, at_once=len(right) // 5)
    assert lake.query(decided) == right


def test_damaged_tables_come_out_right() -> None:
    lake = stitched(arrivals(random.Random(8), 60), [20, 60])
    right = contents(lake)
    lake.execute("UPDATE sessions SET events = events + 1, user_id = 'nobody'")
    lake.execute("DELETE FROM identities WHERE kind = 'user_id'")
    lake.execute("DELETE FROM customers")
    rebuild(lake, now=NOW)
    assert contents(lake) == right
