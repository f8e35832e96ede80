"""Small random worlds of events, the lake they are put in, and in plain Python what should come of them."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import md5
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from sdk_contract.keys import identity_key
from warehouse.lake import Lake
from warehouse.schema_docs import migrations

MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = 1_793_836_800_000_000  # 2026-11-05T00:00Z
GAP = 30 * MINUTE
TABLES = (
    *("sessions", "identities", "identity_edges", "identity_intervals", "identity_lives", "customers"),
    *("junk_ids", "traits", "customer_attributes"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SESSION_COLUMNS = (
    "session_id, project, subject_key, identity_key, device_id, user_id, epoch_us(started_at),"
    " epoch_us(ended_at), first_message_id, last_message_id, events, pages, entry_page, exit_page,"
    " campaign_source, campaign_medium, campaign_name, referrer, session_day"
)
EDGE_COLUMNS = (
    "left_key, left_kind, left_value, right_key, right_kind, right_value, evidence, message_id, load_seq,"
    " state, rule, day"
)
IDENTITY_COLUMNS = (
    "identity_key, kind, value, customer_id, first_load_seq,"
    " epoch_us(first_seen), epoch_us(last_seen), evidence, first_day"
)
LIFE_COLUMNS = "identity_key, first_key, life, last_day"
CUSTOMER_COLUMNS = (
    "customer_id, epoch_us(first_seen), epoch_us(last_seen), devices, user_ids, sessions, events, ids"
)


_CREATES = [
    statement
    for sql in migrations().values()
    for statement in re.split(r";(?: -- .+)?\n+(?=-- |[A-Z])", sql)
    if re.search(r"^(CREATE (TABLE|MACRO)|ALTER TABLE \w+ ADD COLUMN)", statement, re.MULTILINE)
]


class Event(msgspec.Struct, frozen=True):
    """One event as the loader would store it; `at` is µs UTC."""

    load_seq: int
    at: int
    message_id: str
    type: str = "track"
    anonymous_id: str | None = None
    user_id: str | None = None
    previous_id: str | None = None
    page_path: str | None = None
    campaign_source: str | None = None
    campaign_medium: str | None = None
    page_referrer: str | None = None
    project: str = "shop"
    traits: str | None = None
    context: str | None = None
    library_name: str | None = None
    dialect: str = "segment"
    key_id: str = "k_1"
    event: str | None = None
    properties: str | None = None
    referrer_host: str | None = None
    referrer_class: str | None = None
    channel: str | None = None
    device_type: str | None = None
    app_name: str | None = None
    country: str | None = None
    city: str | None = None
    is_bot: bool | None = None
    os_name: str | None = None
    browser: str | None = None
    timezone: str | None = None
    signals: str | None = None
    group_id: str | None = None
    received_at: int | None = None

    @property
    def subject_key(self) -> int:
        kind, value = ("anonymous_id", self.anonymous_id) if self.anonymous_id else ("user_id", self.user_id)
        return identity_key(self.project, kind, value or "")

    @property
    def place(self) -> tuple[int, str, bool, str]:
        return self.at, self.message_id, self.user_id is None, self.user_id or ""


def plain_lake() -> Lake:
    """The lake's tables in DuckDB's own memory: without files, for tests that need many lakes."""
    con = _in_memory()
    con.execute(_tables())
    return Lake(con)


def _in_memory() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS lake; USE lake; SET TimeZone = 'UTC'")
    return con


@cache
def _tables() -> str:
    """What all migrations come to: a table as it is in the end is made in a third of the time."""
    with _in_memory() as con:
        for sql in _CREATES:
            con.execute(sql)
        made = con.execute("SELECT sql FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()
    macros = [sql for sql in _CREATES if "CREATE MACRO" in sql]
    return "\n".join([*(sql for (sql,) in made), *(f"{sql};" for sql in macros)])


def store(lake: Lake, events: Iterable[Event]) -> None:
    """Put events into lake.events; `loaded` says up to which the cursor stands."""
    rows = [
        {**msgspec.structs.asdict(e), "subject_key": e.subject_key, "timestamp": e.at, "event_day": e.at}
        for e in events
    ]
    moment = pa.timestamp("us", tz="UTC")
    other = ("load_seq", "at", "is_bot", "received_at")
    text = {name: pa.string() for name in Event.__struct_fields__ if name not in other}
    types = {
        "load_seq": pa.int64(),
        "subject_key": pa.int64(),
        "timestamp": moment,
        "event_day": moment,
        "is_bot": pa.bool_(),
        "received_at": moment,
    } | text
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()})
    lake.con.register("arriving", table)
    lake.execute("INSERT INTO events BY NAME SELECT * REPLACE (event_day::DATE AS event_day) FROM arriving")
    lake.con.unregister("arriving")


def loaded(lake: Lake, load_seq: int) -> None:
    """Move the cursor `load`."""
    lake.execute("DELETE FROM cursors WHERE name = 'load'")
    lake.execute(
        "INSERT INTO cursors VALUES ('load', ?, TIMESTAMPTZ '2026-11-05', TIMESTAMPTZ '2026-11-05')",
        [load_seq],
    )


def contents(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the stitched tables, in a fixed order; aliases and redirects are left out."""
    return {table: lake.query(f"SELECT * FROM {table} ORDER BY ALL") for table in TABLES}


def arrivals(random_: random.Random, size: int, span: int = 40) -> list[Event]:
    """Events in order of load: late ones, equal times, shared devices, switching users, aliases, cycles."""
    return [_arrival(random_, load_seq, span) for load_seq in range(1, size + 1)]


def _more_ids(random_: random.Random, type: str) -> dict[str, Any]:
    """Seldom: what else an event may say of who did it, also what means nobody."""
    if random_.random() < 0.6:
        return {}
    traits: dict[str, Any] = {
        "email": random_.choice([None, None, "A@x.com", "b@x.com", "c@x.com", "n/a"]),
        "phone": random_.choice([None, None, None, "138 0013 8000", "13900139000", "12"]),
        "crm_id": random_.choice([None, None, None, "k1", "k2", 0]),
    }
    if type == "group":
        traits = {"uscc": random_.choice(["91350100M000100Y43", "wrong", None])}
    device = {
        "id": random_.choice(["i1", "i2", "null"]),
        "advertisingId": random_.choice([None, "AD1", "0-0"]),
    }
    found = {"traits": traits} if type in ("identify", "group") else {}
    if random_.random() < 0.3:
        found["context"] = {"device": device}
    elif random_.random() < 0.2:
        found["context"] = {"traits": {"email": random_.choice(["a@x.com", "d@x.com"])}}
    said = {name: json.dumps(value) for name, value in found.items()}
    return said | ({"group_id": random_.choice(["g1", "g2"])} if type == "group" else {})


def _arrival(random_: random.Random, load_seq: int, span: int) -> Event:
    at = START + random_.choice((0, 0, 0, 0, 0, 0, 0, 40 * 365, -56 * 365, 1)) * 24 * 60 * MINUTE
    device, user = (
        random_.choice(["d1", "d2", "d3", "x", None]),
        random_.choice(["u1", "u2", "u3", "x", None, None, None]),
    )
    if device is None and user is None:
        device = "d4"
    alias = user is not None and random_.random() < 0.15
    type = "alias" if alias else random_.choice(["track", "page", "identify", "group"])
    return Event(
        load_seq,
        at + random_.randrange(span) * 10 * MINUTE,
        f"m{random_.randrange(size_of_ids)}"
        if random_.random() < 0.05
        else f"m{random_.randrange(10)}-{load_seq}",
        type,
        device,
        user,
        random_.choice(["u1", "u2", "u3", "u4", "d1", "d2", "x", "y"]) if alias else None,
        random_.choice([None, "/", "/cart", "/课程"]),
        random_.choice([None, None, None, "ads"]),
        random_.choice([None, None, "cpc"]),
        random_.choice([None, "https://a.example", ""]),
        received_at=START + load_seq * 7 * HOUR,
        **_more_ids(random_, type),
    )


size_of_ids = 4


def sessions_of(events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """The rule of sessions, one event after the other."""
    streams: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        streams[event.subject_key].append(event)
    found = []
    for stream in streams.values():
        session: list[Event] = []
        for event in _without_copied_users(sorted(stream, key=lambda e: e.place)):
            user = next((e.user_id for e in session if e.user_id), None)
            if session and (
                event.at - session[-1].at > GAP or (user and event.user_id and user != event.user_id)
            ):
                found.append(_session(session))
                session = []
            session.append(event)
        found.append(_session(session))
    return sorted(found, key=repr)


def resolved(lake: Lake, ledger: str, table: str, old: str) -> str:
    """Where an id leads that was in `table` once: itself, or along the newest rows of its ledger."""
    column = "session_id" if table == "sessions" else "customer_id"
    while not lake.query(f"SELECT 1 FROM {table} WHERE {column} = ?", [old]):
        sql = f"SELECT {column} FROM {ledger} WHERE old_{column} = ? ORDER BY at_load_seq DESC LIMIT 1"
        ((old,),) = lake.query(sql, [old])
    return old


def _without_copied_users(stream: list[Event]) -> Iterator[Event]:
    before = None
    for event in stream:
        copy = before == (event.at, event.message_id)
        before = event.at, event.message_id
        yield msgspec.structs.replace(event, user_id=None, anonymous_id=event.anonymous_id) if copy else event


def _session(events: list[Event]) -> tuple[Any, ...]:
    first, last = events[0], events[-1]
    user = next((e.user_id for e in events if e.user_id), None)
    pages = [e.page_path for e in events if e.page_path]
    campaign = next(
        ((e.campaign_source, e.campaign_medium) for e in events if e.campaign_source or e.campaign_medium),
        (None,) * 2,
    )
    opening = [
        str(first.subject_key),
        str(first.at),
        first.message_id,
        *([first.user_id] if first.user_id else []),
    ]
    return (
        "s_" + md5("\x1f".join(opening).encode()).hexdigest(),
        first.project,
        first.subject_key,
        identity_key(first.project, "user_id", user) if user else first.subject_key,
        first.anonymous_id,
        user,
        first.at,
        last.at,
        first.message_id,
        last.message_id,
        len(events),
        sum(e.type == "page" for e in events),
        pages[0] if pages else None,
        pages[-1] if pages else None,
        *campaign,
        None,
        next((e.page_referrer for e in events if e.page_referrer), None),
        (EPOCH + timedelta(microseconds=first.at)).date(),
    )


def rows(lake: Lake, table: str, columns: str) -> list[tuple[Any, ...]]:
    return sorted(lake.query(f"SELECT {columns} FROM {table}"), key=repr)


def cuts(random_: random.Random, size: int) -> list[int]:
    """Ends of runs that cut 1 … size at random, seldom into many."""
    ends = random_.sample(range(1, size), random_.choice((1, 2, 3, 5, 9)))
    return sorted({*ends, *(end + 1 for end in ends[:1]), size})
