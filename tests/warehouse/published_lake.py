"""A small lake with every published table in it, and what a database holds of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Final

from sdk_contract.settings import Secret
from tests.warehouse.lakes import NOON, Site
from warehouse.catalogs.session import Session
from warehouse.lake import Lake
from warehouse.publish import Choice, Done, Place, publish, read_place
from warehouse.publish.selecting import select
from warehouse.publish.tables import TABLES, named

MAIL: Final = "mei@example.com"
PHONE: Final = "+8613800138000"
ALL: Final = Choice(tables=tuple(table.name for table in TABLES), days=3_000)

_ROWS: Final = (
    """
    INSERT INTO identities
        (project, identity_key, kind, value, customer_id, first_seen, last_seen, evidence)
    SELECT 'shop', n, 'anonymous_id', 'd' || n, 'c_' || n // 2,
        TIMESTAMPTZ '2026-11-01 00:00:00Z' + n * INTERVAL 1 HOUR, TIMESTAMPTZ '2026-11-20 00:00:00Z',
        'first_seen'
    FROM range(40) t(n)
    """,
    f"""
    INSERT INTO identities (project, identity_key, kind, value, customer_id)
    VALUES ('shop', 100, 'email', '{MAIL}', 'c_1')
    """,
    """
    INSERT INTO sessions
        (session_id, project, identity_key, started_at, session_day, events, user_id, bounced, entry_page)
    SELECT 's_' || n, 'shop', n, TIMESTAMPTZ '2026-10-20 08:00:00Z' + n * INTERVAL 1 DAY,
        DATE '2026-10-20' + n::INT, n, 'user' || n, n % 3 = 0, '/' || n
    FROM range(40) t(n)
    """,
    """
    INSERT INTO customers (project, customer_id, devices, events)
    SELECT 'shop', 'c_' || n, 2, n FROM range(20) t(n)
    """,
    f"""
    INSERT INTO customer_attributes (project, customer_id, name, value) VALUES
        ('shop', 'c_1', 'email', '"{MAIL}"'), ('shop', 'c_1', 'age', '41'),
        ('shop', 'c_1', 'note', '"call {PHONE}"'), ('shop', 'c_2', 'slogan', '"=1+1"'),
        ('shop', 'c_2', 'age', '38'),
        ('shop', 'c_2', 'city', '"杭州, a\\"b\\u0000c\\n"')
    """,
    """
    INSERT INTO daily (day, hour, project, type, event, visitor_key, events) VALUES
        (DATE '2026-11-01', 1, 'shop', '*', NULL, 1, 3),
        (DATE '2026-11-01', 1, 'shop', 'track', 'Bought', 1, 3),
        (DATE '2026-11-01', 2, 'shop', 'track', 'Bought', 22, 1)
    """,
    "INSERT INTO tags (project, tag, version) VALUES ('shop', 'vip', 1), ('shop', 'new', 1)",
    "INSERT INTO cohorts (project, cohort) VALUES ('shop', 'won')",
    """
    INSERT INTO tag_members (project, tag, customer_id, version, entered_at) VALUES
        ('shop', 'vip', 'c_1', 1, TIMESTAMPTZ '2026-11-01 00:00:00Z'),
        ('shop', 'new', 'c_2', 1, TIMESTAMPTZ '2026-11-02 00:00:00Z')
    """,
    """
    INSERT INTO cohort_members (project, cohort, identity_key, entered_at) VALUES
        ('shop', 'won', 2, TIMESTAMPTZ '2026-11-01 00:00:00Z'),
        ('shop', 'won', 3, TIMESTAMPTZ '2026-11-01 00:00:00Z')
    """,
    f"""
    INSERT INTO events
        (load_seq, project, subject_key, event_day, timestamp, message_id, type, event, properties)
    SELECT n, 'shop', n % 40, DATE '2026-11-01', TIMESTAMPTZ '2026-11-01 00:00:00Z', 'm' || n, 'track',
        '-buy', '{{"mail": "{MAIL}", "price": 1.5}}'
    FROM range(60) t(n)
    """,
    f"""
    INSERT INTO events
        (load_seq, project, subject_key, event_day, timestamp, message_id, type, event, library_name, context,
        extra, properties)
    SELECT 100 + n, 'shop', 4, DATE '2026-11-02', TIMESTAMPTZ '2026-11-02 00:00:00Z' + n * INTERVAL 1 HOUR,
        'o' || n, 'track', 'Updated', 'sojourn-import', json_object('import', json_object('kind', kind)),
        json_object('import', json_object('id', 'X1')),
        json_object('stage', 'Offer', 'owner', 'li', 'amount', n, 'name', '{MAIL}')
    FROM range(6) t(n), (VALUES ('orders', 0), ('leads', 1), ('deals', 2)) k(kind, turn) WHERE n % 3 = turn
    """,
    "INSERT INTO cursors VALUES ('stitch', 60, TIMESTAMPTZ '2026-11-21 11:59:00Z', now())",
)


def small_lake(root: Path) -> Site:
    site = Site(root)
    with site.writer() as lake:
        change(lake, *_ROWS)
    return site


def change(lake: Lake, *statements: str) -> None:
    with lake.transaction():
        for statement in statements:
            lake.execute(statement)


class Outside:
    """A database that is published to."""

    def __init__(self, url: Secret) -> None:
        self.place: Place = read_place(url.reveal())

    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        assert self.place.database is not None
        with contextlib.closing(Session(self.place.database)) as session:
            return [tuple(row) for row in session.run(sql)]

    def publish(self, site: Site, choice: Choice = ALL) -> Done:
        with site.reader() as lake:
            return publish(lake, site.registry, self.place, choice, NOON)

    def contents(self, choice: Choice = ALL) -> str:
        """Every row of every table, but for moments of the runs."""
        tables = named(choice.tables)
        return str(
            [self.sql(f"SELECT * FROM sojourn.{one.name} ORDER BY {', '.join(one.key)}") for one in tables]
        )


def expected(lake: Lake, table: str, columns: str, choice: Choice = ALL) -> list[tuple[Any, ...]]:
    """What the lake says of a published table."""
    (one,) = named((table,))
    return lake.query(f"SELECT {columns} FROM ({select(one, choice, NOON)}) ORDER BY {', '.join(one.key)}")
