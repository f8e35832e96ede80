"""Tables kept fresh in a real PostgreSQL: whole or not at all, only what changed, nobody who is gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import msgspec
import pytest

from loadtest.postgres import PASSWORD, PostgresServer
from sdk_contract.settings import Secret
from tests.warehouse.lakes import NOON, SECOND, Site
from tests.warehouse.published_lake import ALL, MAIL, PHONE, Outside, change, expected, small_lake
from warehouse.catalogs.session import Session
from warehouse.publish import Choice, publish, read_place
from warehouse.publish.errors import DestinationAway, DestinationRefused
from warehouse.publish.keeping import Keeper
from warehouse.publish.saving import save
from warehouse.publish.tables import TABLES
from warehouse.registry.destinations import Destination

pytestmark = pytest.mark.postgres

SOME = Choice(tables=("sessions", "customers", "tag_members"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """For who only reads it, or changes what nobody else looks at."""
    return small_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def outside(postgres: Secret) -> Outside:
    return Outside(postgres)


def changes(done: Any) -> dict[str, int]:
    return {put.table: put.changed for put in done.tables if put.changed}


def test_what_changed_goes_over_and_nothing_else(made: Site, outside: Outside) -> None:
    first = outside.publish(made)
    with made.reader() as lake:
        rows = {one.name: len(expected(lake, one.name, one.key[0])) for one in TABLES}
    assert changes(first) == {put.table: put.rows for put in first.tables} == rows
    assert all(rows.values())
    assert changes(outside.publish(made)) == {}
    with made.writer() as lake:
        change(
            lake,
            "DELETE FROM sessions WHERE session_id = 's_3'",
            "UPDATE sessions SET events = 99 WHERE session_id IN ('s_4', 's_5')",
            "UPDATE identities SET customer_id = 'c_0' WHERE identity_key = 2",
            "UPDATE customers SET events = events WHERE customer_id < 'c_5'",
        )
    later = outside.publish(made)
    # s_2 is c_0's from now on; of c_1 there is one member of the cohort still, and of c_0 a new one.
    assert changes(later) == {"sessions": 4, "identities": 1, "cohort_members": 1, "events": 2}
    with made.reader() as lake:
        visits = expected(lake, "sessions", "session_id, customer_id, events")
    shown = outside.sql("SELECT session_id, customer_id, events FROM sojourn.sessions ORDER BY session_id")
    assert shown == visits
    told = outside.sql("SELECT rows, changed FROM sojourn.published WHERE table_name = 'sessions'")
    assert told == [(len(visits), 4)]


def test_types_and_comments_are_fit_for_reports(made: Site, outside: Outside) -> None:
    outside.publish(made)
    with made.reader() as lake:
        daily = expected(lake, "daily", "event, events, customers")
    found = outside.sql(
        "SELECT column_name, data_type, col_description('sojourn.sessions'::regclass, ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = 'sojourn' AND table_name = 'sessions'"
    )
    types = {name: kind for name, kind, _ in found}
    assert types["started_at"] == "timestamp with time zone"
    assert (types["session_day"], types["bounced"], types["events"]) == ("date", "boolean", "bigint")
    assert all(comment for *_, comment in found)
    assert [(row[0], row[1]) for row in daily] == [("", 3), ("Bought", 4)]
    assert outside.sql("SELECT event, events, customers FROM sojourn.daily ORDER BY event") == daily
    city = outside.sql("SELECT value FROM sojourn.customer_attributes WHERE name = 'city'")
    assert city == [('杭州, a"bc\n',)]
    by_customer = outside.sql(
        "SELECT tablename FROM pg_indexes WHERE schemaname = 'sojourn' AND indexdef LIKE '%(customer_id%'"
    )
    with_customers = outside.sql(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'sojourn' AND column_name = 'customer_id'"
    )
    assert {*by_customer, ("customer_attributes",), ("tag_members",)} >= {*with_customers}
    assert ("sessions",) in by_customer
    deals = outside.sql("SELECT deal_id, customer_id, stage, amount, name FROM sojourn.deals")
    assert deals == [("X1", "c_2", "Offer", 5.0, None)]
    ages = outside.sql("SELECT number FROM sojourn.customer_attributes WHERE name = 'age' ORDER BY 1")
    assert ages == [(38.0,), (41.0,)]


def test_personal_values_stay_unless_asked_for(made: Site, outside: Outside) -> None:
    outside.publish(made)
    assert MAIL not in outside.contents()
    assert PHONE not in outside.contents()
    assert outside.sql("SELECT properties ->> 'price' FROM sojourn.events WHERE load_seq = 1") == [("1.5",)]
    few = Choice(tables=("customer_attributes", "identities"), personal=True)
    outside.publish(made, few)
    assert outside.contents(few).count(MAIL) == 2
    outside.publish(made, msgspec.structs.replace(few, personal=False))
    assert MAIL not in outside.contents()


def test_chosen_tables_and_segments(made: Site, outside: Outside) -> None:
    outside.publish(made, SOME)
    done = outside.publish(made, Choice(tables=("tag_members", "cohort_members"), segments=("vip",)))
    assert {put.table: put.rows for put in done.tables} == {"tag_members": 1, "cohort_members": 0}
    # What is published no more must not grow old.
    assert outside.sql("SELECT count(*) FROM sojourn.sessions") == [(0,)]
    left = outside.sql("SELECT table_name FROM sojourn.published ORDER BY 1")
    assert left == [("cohort_members",), ("tag_members",)]


class Cut(Session):
    """Loses its connection as the statement of a number is sent."""

    left = 0

    def run(self, sql: str, *args: Any, **values: Any) -> Any:
        Cut.left -= 1
        if Cut.left == 0:
            self._con._usock.shutdown(SHUT_RDWR)
        return super().run(sql, *args, **values)


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_that_ends_anywhere_leaves_what_was_there(
    made: Site, outside: Outside, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    few = Choice(tables=("sessions", "tag_members"))
    outside.publish(made, few)
    before = outside.contents(few)
    with made.writer() as lake:
        visit = "UPDATE sessions SET events = 7 WHERE session_id = 's_9'"
        change(lake, visit, "DELETE FROM tag_members WHERE tag = 'new'")
    monkeypatch.setattr("warehouse.publish.postgres.Session", Cut)
    with made.reader() as lake:
        ended = ends(lambda: publish(lake, made.registry, outside.place, few, NOON), step)
        for _ in ended:
            assert outside.contents(few) == before
    assert len(outside.sql("SELECT 1 FROM sojourn.tag_members")) == 1
    assert outside.sql("SELECT events FROM sojourn.sessions WHERE session_id = 's_9'") == [(7,)]
    monkeypatch.undo()
    assert changes(outside.publish(made, few)) == {}


def ends(run: Callable[[], object], step: int) -> Iterator[int]:
    """A run that is cut off at one statement after the other, until it comes to its end."""
    for number in range(8, 400, step):
        Cut.left = number
        try:
            run()
        except DestinationAway:
            yield number
        else:
            assert number > 30
            return


def test_rows_are_compared_where_the_snapshot_is_gone(made: Site, outside: Outside) -> None:
    outside.publish(made, SOME)
    with made.writer() as lake:
        change(
            lake,
            "UPDATE sessions SET events = 77 WHERE session_id = 's_11'",
            "DELETE FROM customers WHERE customer_id = 'c_19'",
        )
        lake.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
    assert changes(outside.publish(made, SOME)) == {"sessions": 1, "customers": 1}
    # A lake that was restored gives numbers away anew: the same number, another snapshot.
    outside.sql("UPDATE sojourn.published SET snapshot_at = snapshot_at - interval '1 second'")
    outside.sql("DELETE FROM sojourn.customers WHERE customer_id = 'c_2'")
    assert changes(outside.publish(made, SOME)) == {"customers": 1}


def test_what_is_not_ours_is_left_alone(made: Site, outside: Outside, tmp_path: Path) -> None:
    outside.sql("CREATE SCHEMA sojourn")
    outside.sql("CREATE TABLE sojourn.own (a int)")
    with pytest.raises(DestinationRefused, match="did not publish"):
        outside.publish(made)
    own = Choice(tables=("customers",), schema="other")
    outside.publish(made, own)
    with Site(tmp_path).writer() as lake, pytest.raises(DestinationRefused, match="did not publish"):
        publish(lake, Site(tmp_path).registry, outside.place, own, NOON)


def test_a_wrong_password_is_told_and_not_shown(made: Site, outside: Outside) -> None:
    place = read_place(outside.place.text, "other-secret")
    with (
        pytest.raises(DestinationRefused, match="give the user and password") as error,
        made.reader() as lake,
    ):
        publish(lake, made.registry, place, ALL, 1)
    assert "other-secret" not in str(error.value)
    assert PASSWORD not in repr(outside.place)


def test_a_day_without_the_server(made: Site, postgres_server: PostgresServer, outside: Outside) -> None:
    lines: list[str] = []

    def report(level: str, event: str, facts: Mapping[str, object]) -> None:
        lines.append(f"{level} {event} {facts}")

    keeper = Keeper(made.settings, made.registry, made.now, report, threading.Event())
    one = saved(made, outside)
    rows = keeper.attempt(one).rows
    postgres_server.stop("immediate")
    try:
        pauses = []
        for _ in range(9):
            made.clock += 3_600 * SECOND
            state = keeper.attempt(made.registry.destination("bi"))
            pauses.append((state.next_at - made.clock) // SECOND)
        with made.writer() as lake:
            change(lake, "UPDATE sessions SET events = 7 WHERE session_id = 's_12'")
    finally:
        postgres_server.start()
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    failing = made.registry.destination("bi").state
    assert (failing.failures, failing.rows) == (9, rows)
    assert "is the server running" in str(failing.error)
    assert PASSWORD not in str(lines) + str(failing)
    well = keeper.attempt(made.registry.destination("bi"))
    assert (well.failures, well.failing_since, well.error, well.changed) == (0, None, None, 1)
    assert outside.sql("SELECT events FROM sojourn.sessions WHERE session_id = 's_12'") == [(7,)]


def test_a_fault_of_ours_rests_like_any_other(made: Site, outside: Outside) -> None:
    keeper = Keeper(made.settings, made.registry, made.now, lambda *_: None, threading.Event())
    broken = msgspec.structs.replace(saved(made, outside), choice="{")
    state = keeper.attempt(broken)
    assert (state.failures, state.next_at) == (1, made.clock + 5 * SECOND)
    assert "DecodeError" in str(state.error)


def test_one_that_is_slow_holds_up_no_other(made: Site, outside: Outside, tmp_path: Path) -> None:
    """Somebody holds a lock on a table of the first; the second is fresh all the same."""
    outside.publish(made, SOME)
    saved(made, outside, every=1.0)
    out = read_place(str(tmp_path / "out"))
    save(made.registry, made.settings.folders, "files", out, SOME, 1.0, None, "me")
    keeper = Keeper(made.settings, made.registry, made.now, lambda *_: None, threading.Event())
    address = outside.place.database
    assert address is not None
    holder = Session(address)
    try:
        holder.run("BEGIN")
        holder.run("LOCK TABLE sojourn.published")
        keeper.look()
        slow, quick = keeper._busy["bi"], keeper._busy["files"]
        quick.join(60)
        assert made.registry.destination("files").state.rows
        assert slow.is_alive()
    finally:
        holder.close()
    slow.join(60)
    assert made.registry.destination("bi").state.rows


def saved(site: Site, outside: Outside, every: float = 60.0) -> Destination:
    return save(site.registry, site.settings.folders, "bi", outside.place, SOME, every, None, "me")


@pytest.mark.slow
def test_a_program_that_is_killed_at_any_moment(tmp_path: Path, outside: Outside) -> None:
    """kill -9 of `sojourn publish`, again and again: whoever reads sees the last run or this one, whole."""
    site, password = small_lake(tmp_path / "data"), tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    place = ("--to", outside.place.text, "--password-file", str(password), "--data", site.settings.data)
    command = (sys.executable, "-m", "collector.command", "publish", *place, "--once")
    count(site, 0)
    outside.publish(site)
    killed, number, code, last = 0, 0, -9, 0
    while code != 0 or killed < 4:
        number += 1
        count(site, number)
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            code = program.wait(0.4 + 0.1 * number)
        except subprocess.TimeoutExpired:
            program.kill()
            code, killed = program.wait(), killed + 1
        rows = outside.sql(
            "SELECT DISTINCT s.events, c.events FROM sojourn.sessions AS s, sojourn.customers AS c"
        )
        assert len(rows) == 1
        assert rows[0][0] == rows[0][1] >= last
        last = rows[0][0]
    assert last == number


def count(site: Site, number: int) -> None:
    """One number in every row of two tables."""
    with site.writer() as lake:
        change(lake, *(f"UPDATE {table} SET events = {number}" for table in ("sessions", "customers")))
