"""Why two ids are one person: the strongest path, its weakest link, and what keeps people apart."""

from collections.abc import Iterator

import pytest

from sessionizer.incremental import stitch
from tests.sessionizer.world import START, Event, loaded, plain_lake, store
from warehouse.errors import BadIds, UnknownId
from warehouse.evidence import Edge, explain, find_id, strongest_path
from warehouse.lake import Lake


def said(
    number: int, device: str, user: str | None, kind: str = "track", previous: str | None = None
) -> Event:
    return Event(number, START + number * 60_000_000, f"m{number}", kind, device, user, previous)


EVENTS = (
    said(1, "d1", "u1"),
    said(2, "d2", "u1", "identify"),
    said(3, "d3", "u1"),
    said(4, "d4", "u2"),
    said(5, "d3", "u2"),
    said(6, "d5", None),
    said(7, "x", "x"),
    Event(8, START, "m8", "track", "d1", "far", project="other"),
)


@pytest.fixture(scope="module")
def lake() -> Iterator[Lake]:
    with plain_lake() as lake:
        store(lake, EVENTS)
        loaded(lake, len(EVENTS))
        stitch(lake, now=lambda: START)
        yield lake


def ask(lake: Lake, a: str, b: str, project: str | None = "shop") -> list[tuple[str, str, str, str | None]]:
    found = explain(lake, find_id(lake, a, project), find_id(lake, b, project))
    return [(edge.left_value, edge.right_value, edge.evidence, edge.rule) for edge in found.path]


def test_the_path_between_two_devices_of_a_user(lake: Lake) -> None:
    found = explain(lake, find_id(lake, "d1", "shop"), find_id(lake, "d2", "shop"))
    assert found.one_person
    assert [
        (e.left_value, e.right_value, e.evidence, e.message_id, e.load_seq, e.at) for e in found.path
    ] == [
        ("d1", "u1", "same_event", "m1", 1, "2026-11-05T00:01:00Z"),
        ("d2", "u1", "identify", "m2", 2, "2026-11-05T00:02:00Z"),
    ]
    assert (found.weakest, found.blocked, found.probable) == (0, [], None)


def test_what_keeps_two_persons_apart(lake: Lake) -> None:
    found = explain(lake, find_id(lake, "u1", "shop"), find_id(lake, "u2", "shop"))
    assert not found.one_person
    assert [edge.left_value for edge in found.path] == ["d3", "d3"]
    (blocked,) = found.blocked
    assert (blocked.left_value, blocked.right_value, blocked.message_id) == ("d3", "u2", "m5")
    assert blocked.rule
    assert found.path[found.weakest or 0].state == "blocked"


def test_nothing_links_them(lake: Lake) -> None:
    assert ask(lake, "d5", "u1") == []


@pytest.mark.parametrize(
    ("a", "b", "project", "error", "says"),
    [
        ("d1", "d1", "shop", BadIds, "anonymous_id:d1 was given twice; give two ids"),
        ("nobody", "d1", "shop", UnknownId, "no id 'nobody' was ever seen in project shop"),
        ("d1", "d2", None, BadIds, r"'d1' is 2 ids: anonymous_id:d1 \(project other\), anonymous_id:d1 \(pr"),
        ("far", "d2", None, BadIds, "'far' is of project other and 'd2' of project shop"),
        ("x", "d1", "shop", BadIds, r"'x' is 2 ids: .*; write one of them as kind:value, or give --project"),
    ],
)
def test_ids_that_will_not_do(
    lake: Lake, a: str, b: str, project: str | None, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        ask(lake, a, b, project)


def test_an_id_by_its_kind_and_a_customer_by_its_oldest_id(lake: Lake) -> None:
    assert find_id(lake, "user_id:x").kind == "user_id"
    customer = find_id(lake, "d2").customer_id
    assert (find_id(lake, customer).project, find_id(lake, customer).customer_id) == ("shop", customer)


def edge(left: int, right: int, load_seq: int, evidence: str = "same_event", state: str = "joined") -> Edge:
    ends = (left, "k", str(left), right, "k", str(right))
    return Edge(*ends, evidence, f"m{load_seq}", load_seq, state, None if state == "joined" else "rule")


@pytest.mark.parametrize(
    ("edges", "wanted"),
    [
        ([edge(1, 9, 1), edge(1, 2, 2, "alias"), edge(9, 2, 3, "identify")], [2, 3]),
        ([edge(1, 9, 5), edge(1, 2, 2), edge(2, 9, 3)], [5]),
        ([edge(1, 2, 1), edge(2, 9, 2), edge(1, 3, 3), edge(3, 9, 4)], [1, 2]),
        ([edge(1, 9, 1, state="blocked"), edge(1, 2, 2), edge(2, 3, 3), edge(3, 9, 4)], [2, 3, 4]),
        ([edge(1, 9, 1, "decision"), edge(1, 9, 2, "identify")], [1]),
        ([edge(1, 2, 1)], []),
        ([], []),
    ],
    ids=["stronger", "shorter", "earlier", "not blocked", "decided", "half way", "nothing"],
)
def test_the_strongest_path(edges: list[Edge], wanted: list[int]) -> None:
    assert [one.load_seq for one in strongest_path(edges, 1, 9)] == wanted
