"""What people decide: as if the links had never been said, undone without a trace, kept by a rebuild."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.errors import SojournError
from sessionizer.attributes import NO_RULES
from sessionizer.deciding import Desk, decide, holding, undo
from sessionizer.errors import BadDecision
from sessionizer.identity import USUAL as USUAL_IDS
from sessionizer.rebuild import rebuild
from sessionizer.sessions import USUAL
from tests.sessionizer.ids import Id, Ids, world_of
from tests.sessionizer.test_incremental import NOW, stitched
from tests.sessionizer.world import (
    CUSTOMER_COLUMNS,
    EDGE_COLUMNS,
    IDENTITY_COLUMNS,
    SESSION_COLUMNS,
    START,
    Event,
    arrivals,
    contents,
    cuts,
    plain_lake,
    rows,
    store,
)
from tests.warehouse.lakes import Site
from warehouse.errors import BadIds, RegistryError, UnknownId
from warehouse.lake import Lake
from warehouse.registry import Command

SIZE = 60
JOINED = """
    SELECT left_kind, left_value, right_kind, right_value FROM identity_edges
    WHERE state = 'joined' AND left_kind NOT IN ('uscc', 'group_id') ORDER BY ALL"""


class Unsaid(Ids):
    """The same world, had nobody ever said of these pairs that they belong together."""

    def __init__(self, events: Iterable[Event], unsaid: set[frozenset[Id]]) -> None:
        self.unsaid = unsaid
        super().__init__(events)

    def _look(self, event: Event, left: Id, right: Id, evidence: str) -> None:
        if frozenset((left, right)) in self.unsaid:
            self._name(event, left)
            self._name(event, right)
        else:
            super()._look(event, left, right, evidence)


class Office:
    """A lake, a registry, and somebody who decides."""

    def __init__(self, root: Path, lake: Lake) -> None:
        self.lake, self.registry = lake, Site(root).registry
        self.desk = Desk(lake, self.registry, USUAL, NO_RULES, USUAL_IDS, None)

    def filed(self, what: str, /, **args: Any) -> Command:
        return self.registry.command(self.registry.file_command(what, args, by="ann"))

    def decide(self, kind: str, *ids: str, reason: str = "ticket 7") -> dict[str, Any]:
        return decide(self.desk, self.filed("decide", kind=kind, ids=ids, project="shop", reason=reason))

    def undo(self, no: int) -> dict[str, Any]:
        return undo(self.desk, self.filed("undo", no=no, reason="a mistake"))


def check(lake: Lake, events: list[Event], unsaid: set[frozenset[Id]]) -> None:
    """All tables but the edges that were blocked are those of a world that never said so."""
    ids, visits = world_of(events, ids=Unsaid(events, unsaid))
    assert rows(lake, "identities", IDENTITY_COLUMNS) == ids.identities()
    assert rows(lake, "sessions", SESSION_COLUMNS) == visits
    assert rows(lake, "customers", CUSTOMER_COLUMNS) == ids.customers(visits)
    kept = [row for row in rows(lake, "identity_edges", EDGE_COLUMNS) if "decision" not in row]
    assert kept == ids.edge_rows()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_what_is_blocked_is_as_if_it_had_never_been_said(seed: int, tmp_path: Path) -> None:
    random_ = random.Random(seed)
    events = arrivals(random_, SIZE, random_.choice((6, 40)))
    lake = stitched(events, cuts(random_, SIZE))
    before, office = contents(lake), Office(tmp_path, lake)
    unsaid: set[frozenset[Id]] = set()
    for _ in range(3):
        lk, lv, rk, rv = random_.choice(lake.query(JOINED))
        office.decide("block", f"{lk}:{lv}", f"{rk}:{rv}")
        unsaid.add(frozenset(((lk, lv), (rk, rv))))
        check(lake, events, unsaid)
    decided = contents(lake)
    assert decided != before
    rebuild(lake, now=NOW, decisions=holding(office.registry))
    assert contents(lake) == decided
    for no in random_.sample((1, 2, 3), 3):
        office.undo(no)
    assert contents(lake) == before


def said(number: int, device: str, user: str | None) -> Event:
    return Event(number, START + number * 60_000_000, f"m{number}", "track", device, user)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Three devices of u1, one of u2."""
    events = [said(1, "d1", "u1"), said(2, "d2", "u1"), said(3, "d3", "u1"), said(4, "d4", "u2")]
    lake = stitched(events, [4])
    store(lake, [Event(5, START, "m5", "track", "far", project="other")])
    stitched([], [5], lake)
    return Office(tmp_path, lake)


def customers(lake: Lake) -> list[set[str]]:
    found: dict[str, set[str]] = {}
    for customer, value in lake.query("SELECT customer_id, value FROM identities WHERE project = 'shop'"):
        found.setdefault(customer, set()).add(value)
    return sorted(found.values(), key=sorted)


def test_split_and_undo(office: Office) -> None:
    done = office.decide("split", "u1", "d1", "d3")
    assert (done["pairs"], done["decision"]) == (2, 1)
    assert customers(office.lake) == [{"d1"}, {"d2", "u1"}, {"d3"}, {"d4", "u2"}]
    office.undo(1)
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1"}, {"d4", "u2"}]
    assert [one.action for one in office.registry.audited()] == ["identity.undo", "identity.split"]


def test_merge_over_two_user_ids(office: Office) -> None:
    office.decide("merge", "u1", "d4")
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1", "d4", "u2"}]
    stitched([said(6, "d5", "u2")], [6], office.lake, holding(office.registry))
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1", "d4", "u2", "d5"}]
    office.undo(1)
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1"}, {"d4", "d5", "u2"}]


def test_merged_and_then_split_again(office: Office) -> None:
    """Of two decisions about one pair the one that parts them holds, until it is undone."""
    office.decide("merge", "u1", "d4")
    office.decide("split", "u1", "d4", "u2")
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1"}, {"d4", "u2"}]
    office.undo(2)
    assert customers(office.lake) == [{"d1", "d2", "d3", "u1", "d4", "u2"}]


def test_blocked_unblocked_and_blocked_again(office: Office) -> None:
    before = contents(office.lake)
    office.decide("block", "d1", "u1")
    parted = contents(office.lake)
    office.undo(1)
    assert contents(office.lake) == before
    office.decide("block", "d1", "u1")
    assert contents(office.lake) == parted
    assert [one.holds for one in sorted(office.registry.decisions(), key=lambda one: one.no)] == [False, True]


def test_what_is_said_again_stays_blocked(office: Office) -> None:
    office.decide("block", "d1", "u1")
    stitched([said(6, "d1", "u1")], [6], office.lake, holding(office.registry))
    assert customers(office.lake) == [{"d1"}, {"d2", "d3", "u1"}, {"d4", "u2"}]


def test_a_command_that_is_handed_out_twice_decides_once(office: Office) -> None:
    command = office.filed("decide", kind="block", ids=["d1", "u1"], project="shop", reason="ticket 7")
    first = decide(office.desk, command)
    before = contents(office.lake)
    assert decide(office.desk, command)["decision"] == first["decision"]
    assert (contents(office.lake), len(office.registry.decisions())) == (before, 1)
    again = office.filed("undo", no=1, reason="a mistake")
    undo(office.desk, again)
    assert undo(office.desk, again)["decision"] == 1
    assert len(office.registry.audited()) == 2


BAD: tuple[tuple[str, Callable[[Office], object], type[SojournError], str], ...] = (
    ("unknown", lambda o: o.decide("block", "d1", "nobody"), UnknownId, "no id 'nobody' was ever seen"),
    ("same", lambda o: o.decide("block", "d1", "d1"), BadIds, "anonymous_id:d1 was given twice"),
    ("reason", lambda o: o.decide("block", "d1", "u1", reason=" "), BadDecision, "reason is empty; say why"),
    (
        "kind",
        lambda o: o.decide("cut", "d1", "u1"),
        BadDecision,
        "kind is 'cut'; it must be one of block, spl",
    ),
    ("one", lambda o: o.decide("merge", "d1"), BadDecision, "merge was given 1 ids; give two ids"),
    ("three", lambda o: o.decide("block", "d1", "d2", "u1"), BadDecision, "block was given 3 ids; give two"),
    (
        "apart",
        lambda o: o.decide("block", "u1", "u2"),
        BadDecision,
        "are two persons already; there is nothing",
    ),
    (
        "far",
        lambda o: o.decide("block", "d1", "d2"),
        BadDecision,
        "no event links anonymous_id:d1 with anonym",
    ),
    ("joined", lambda o: o.decide("merge", "d1", "d2"), BadDecision, "are one person already, c_"),
    (
        "whole",
        lambda o: o.decide("split", "u2", "u2", "d4"),
        BadDecision,
        "these are all ids of c_.*; leave at",
    ),
    ("other", lambda o: o.decide("split", "u1", "d4"), BadDecision, "anonymous_id:d4 is not an id of c_"),
    ("twice", lambda o: o.decide("split", "u1", "d1", "d1"), BadDecision, "anonymous_id:d1 was given twice"),
    ("undo", lambda o: o.undo(7), RegistryError, "there is no decision 7; `sojourn identity decisions`"),
)


@pytest.mark.parametrize(("name", "do", "error", "says"), BAD, ids=[name for name, *_ in BAD])
def test_what_cannot_be_decided(
    office: Office, name: str, do: Callable[[Office], object], error: type[SojournError], says: str
) -> None:
    before = contents(office.lake)
    with pytest.raises(error, match=says):
        do(office)
    assert (contents(office.lake), office.registry.decisions()) == (before, [])


def test_ids_of_different_projects(office: Office) -> None:
    wish = office.filed("decide", kind="merge", ids=["d1", "far"], reason="ticket 7")
    with pytest.raises(BadIds, match="'d1' is of project shop and 'far' of project other"):
        decide(office.desk, wish)


def test_an_empty_lake(tmp_path: Path) -> None:
    with pytest.raises(UnknownId):
        Office(tmp_path, plain_lake()).decide("block", "d1", "u1")
