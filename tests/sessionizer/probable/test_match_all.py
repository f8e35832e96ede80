"""Customers that are probably one person, in a lake: written apart, kept in step, gone without a trace."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from sdk_contract.keys import identity_key
from sessionizer.deciding import holding
from sessionizer.incremental import stitch
from sessionizer.probable import edges
from sessionizer.probable.edges import Limits
from sessionizer.rebuild import rebuild
from tests.sessionizer.test_deciding import Office
from tests.sessionizer.world import START, Event, contents, loaded, plain_lake, store
from warehouse.lake import Lake

pytest.importorskip("splink", reason="the extra probabilistic is not installed")

from sessionizer.probable.run import match_all

WEI = {"name": "王小明", "birthday": "1990-01-31", "telephone": "138 0013 8000", "city": "北京"}
ANN = {
    "firstName": "Ann",
    "lastName": "Baker",
    "mail": "ann@mail.example",
    "address": {"city": "Rome", "zip": "1"},
}
LEE = {"name": "Lee Stone", "dob": "1971-05-06", "telephone": "+1 202 555 0101", "mail": "lee@mail.example"}
PEOPLE: tuple[tuple[str, str | None, dict[str, Any]], ...] = (
    ("d1", "u1", WEI),
    ("d2", None, {"name": "Wang Xiaoming", "birthday": "1990/1/31", "telephone": "+8613800138000"}),
    ("d3", None, ANN | {"birthday": "1980-02-03"}),
    ("d4", None, {"name": "Ann Baker", "mail": "ANN@mail.example", "dob": "3.2.1980"}),
    ("d5", "u5", LEE),
    ("d6", "u6", LEE),
    ("d7", None, LEE),
    ("d8", None, {"name": "Zoe Quinn", "birthday": "2001-09-09"}),
    ("d9", None, {"plan": "pro"}),
)


def customer(device: str) -> str:
    """Named after the oldest of its ids; of two that are equally old the smaller key."""
    user = next(user for one, user, _ in PEOPLE if one == device)
    ids = [("anonymous_id", device), *([("user_id", user)] if user else [])]
    return f"c_{min(identity_key('shop', *id) for id in ids):016x}"


def said(number: int, device: str, user: str | None, traits: dict[str, Any]) -> Event:
    text = msgspec.json.encode(traits).decode()
    kind = "identify"
    return Event(number, START + number * 60_000_000, f"m{number}", kind, device, user, traits=text)


def shop() -> Lake:
    lake = plain_lake()
    store(lake, [said(at, *person) for at, person in enumerate(PEOPLE, 1)])
    run(lake, len(PEOPLE))
    return lake


@pytest.fixture(scope="module")
def found() -> dict[str, pa.Table]:
    """What matching puts into the lake, and `done`, its report."""
    with shop() as lake:
        before = contents(lake)
        done = match_all(lake, Limits(), threads=1, memory="1GB")
        assert contents(lake) == before
        assert (done.projects, done.records, done.profiles, done.customers) == (1, 8, 3, 6)
        return {table: lake.execute(f"FROM {table}").to_arrow_table() for table in edges.TABLES}


@pytest.fixture
def lake(found: dict[str, pa.Table]) -> Iterator[Lake]:
    """A lake of which that was found."""
    with shop() as lake:
        for table, rows in found.items():
            with lake.table("rows", rows):
                lake.execute(f"INSERT INTO {table} FROM rows")
        yield lake


def run(lake: Lake, until: int, limits: Limits | None = None) -> None:
    loaded(lake, until)
    stitch(lake, now=lambda: START, probable=limits)


def probable(lake: Lake) -> dict[str, str]:
    return dict(lake.query("SELECT customer_id, probable_customer_id FROM probable_customers"))


def states(lake: Lake) -> dict[frozenset[str], tuple[str, str | None]]:
    rows = lake.query("SELECT left_customer, right_customer, state, rule FROM probable_edges")
    return {frozenset((left, right)): (state, rule) for left, right, state, rule in rows}


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset((customer(one), customer(other)))


def test_the_same_person_under_several_names(lake: Lake) -> None:
    joined = {other: head for other, head in probable(lake).items() if other != head}
    assert joined == {
        customer("d2"): customer("d1"),
        customer("d4"): customer("d3"),
        customer("d7"): customer("d5"),
    }
    ((agreed, model),) = lake.query(
        "SELECT agreed, model FROM probable_edges WHERE ? IN (left_customer, right_customer)",
        [customer("d2")],
    )
    found = msgspec.json.decode(agreed)
    assert (found["birthday"], found["phone"], found["email"]) == ("same", "same", None)
    assert lake.query("SELECT model, records FROM probable_models") == [(model, 8)]


def test_two_user_ids_are_never_one_person(lake: Lake) -> None:
    """d7 is as like d5 as d6: it goes with the older one, and both others are kept with their rule."""
    assert states(lake)[pair("d5", "d6")] == ("blocked", "unique_user_id")
    assert states(lake)[pair("d6", "d7")] == ("blocked", "unique_user_id")
    assert states(lake)[pair("d5", "d7")] == ("joined", None)
    with lake.transaction():
        edges.redecide(lake, Limits(most={}))
    assert {probable(lake)[customer(device)] for device in ("d5", "d6", "d7")} == {customer("d5")}


def test_whom_people_keep_apart_are_never_probably_one(lake: Lake, tmp_path: Path) -> None:
    """Over no third customer either; d7 goes with d6 instead of d5."""
    office = Office(tmp_path, lake)
    office.desk = msgspec.structs.replace(office.desk, probable=Limits(most={}))
    office.decide("block", "d1", "d2")
    office.decide("block", "d7", "user_id:u5")
    told = states(lake)
    assert told[pair("d1", "d2")] == told[pair("d5", "d7")] == ("blocked", "decision")
    assert told[pair("d3", "d4")] == ("joined", None)
    heads = probable(lake)
    assert heads.get(customer("d1"), 1) != heads.get(customer("d2"), 2)
    assert heads.get(customer("d5"), 1) != heads.get(customer("d7"), 2)
    decisions = holding(office.registry)
    run(lake, 20, Limits(most={}))
    rebuild(lake, now=lambda: START, probable=Limits(most={}), decisions=decisions)
    assert (states(lake), probable(lake)) == (told, heads)
    for no in (1, 2):
        office.undo(no)
    assert states(lake)[pair("d1", "d2")] == ("joined", None)


def test_below_the_threshold_nothing_joins(lake: Lake) -> None:
    kept = len(states(lake))
    with lake.transaction():
        edges.redecide(lake, Limits(threshold=1.1))
    assert (probable(lake), set(states(lake).values())) == ({}, {("blocked", "below_threshold")})
    assert len(states(lake)) == kept


def test_a_login_that_parts_two_customers_parts_them_at_once(lake: Lake) -> None:
    """d2 logs in as another user than d1: the same run that learns it takes the two apart."""
    store(lake, [said(20, "d2", "u2", {}), said(21, "d4", "u4", {})])
    run(lake, 21, Limits())
    assert states(lake)[pair("d1", "d2")] == ("blocked", "unique_user_id")
    assert customer("d2") not in probable(lake)
    assert probable(lake)[customer("d4")] == customer("d3")


def test_customers_that_events_join_are_certain(lake: Lake) -> None:
    store(lake, [said(20, "d2", "u1", {})])
    run(lake, 20, Limits())
    assert states(lake)[frozenset([customer("d1")])] == ("joined", "certain")
    assert customer("d1") not in probable(lake)


def test_a_rebuild_decides_the_same(lake: Lake) -> None:
    store(lake, [said(20, "d2", "u2", {})])
    run(lake, 20, Limits())
    before = [sorted(lake.query(f"FROM {table}"), key=repr) for table in edges.TABLES]
    rebuild(lake, now=lambda: START, probable=Limits())
    assert [sorted(lake.query(f"FROM {table}"), key=repr) for table in edges.TABLES] == before


def test_forgetting_leaves_what_is_certain(lake: Lake) -> None:
    before = contents(lake)
    assert probable(lake)
    with lake.transaction():
        edges.forget(lake)
    assert [lake.query(f"SELECT count(*) FROM {table}") for table in edges.TABLES] == [[(0,)]] * 3
    assert contents(lake) == before


def test_matching_again_finds_the_same(lake: Lake) -> None:
    before = [sorted(lake.query(f"FROM {table}"), key=repr) for table in edges.TABLES]
    match_all(lake, Limits(), threads=2, memory="1GB")
    assert [sorted(lake.query(f"FROM {table}"), key=repr) for table in edges.TABLES] == before
