"""Engagement against plain Python over small random lakes, and by hand."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NAMES, NOW, complete, lake_of, owners, random_lake
from tests.warehouse.insights.test_paths import visits
from warehouse.insights.engagement import Engagement, Used, engagement
from warehouse.insights.errors import BadQuestion
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

World = tuple[Lake, list[Event], dict[int, str]]
SINCE, UNTIL = "2026-11-07", "2026-11-12"
BEGIN, END = START + 2 * 1440 * MINUTE, START + 8 * 1440 * MINUTE
SEEDS = (61, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(62, 70)))


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 40)
    complete(lake, NOW)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def told(world: World, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Item -> uses, owners, owners for the first time, measured uses, dwell, engaged, entries, bounces."""
    lake, events, owner = world
    visit = visits(lake, events)
    bounced = dict(lake.query("SELECT session_id, bounced FROM sessions"))
    used = {(owner[one.load_seq], one.event) for one in events if one.at < BEGIN}
    sessions: dict[str, list[Event]] = defaultdict(list)
    for one in sorted(events, key=lambda one: (one.at, one.message_id)):
        if BEGIN <= one.at < END:
            sessions[visit[one.load_seq]].append(one)
    found: dict[str, list[Any]] = defaultdict(lambda: [0, set(), set(), 0, 0, 0, 0, 0])
    for session, them in sessions.items():
        listed = [place for place, one in enumerate(them) if one.event in names]
        for number, place in enumerate(listed):
            until = [*listed, len(them) - 1][number + 1]
            told, who = found[them[place].event or ""], owner[them[place].load_seq]
            told[0] += 1
            told[1].add(who)
            told[2] |= set() if (who, them[place].event) in used else {who}
            told[3] += place < len(them) - 1
            told[4] += them[until].at - them[place].at
            told[5] += sum(min(b.at - a.at, 30_000_000) for a, b in pairwise(them[place : until + 1]))
            told[6] += number == 0
            told[7] += number == 0 and bounced[session]
    return found


def plain(one: Used) -> list[Any]:
    return [
        *(one.uses, one.units, one.first_units, one.measured),
        *(
            pytest.approx((one.dwell_s or 0) * one.measured),
            pytest.approx((one.engaged_s or 0) * one.measured),
        ),
        *(one.entries, one.bounces),
    ]


@pytest.mark.parametrize("names", [NAMES, ("Viewed", "Added")], ids=range(2))
def test_equal_to_plain_python(world: World, names: tuple[str, ...]) -> None:
    answer = engagement(world[0], Engagement(events=names, items="event", since=SINCE, until=UNTIL), NOW)
    wanted = {
        name: [uses, len(who), len(first), measured, dwell / 1e6, engaged / 1e6, entries, bounces]
        for name, (uses, who, first, measured, dwell, engaged, entries, bounces) in told(world, names).items()
    }
    assert {one.item: plain(one) for one in answer.items} == wanted
    active = trend(world[0], Trend(measure="units", since=SINCE, until=UNTIL), NOW).totals[0].values[0]
    assert answer.n == answer.n_mature == active
    for one in answer.items:
        assert (one.use, one.first_use) == (one.units / answer.n, one.first_units / answer.n)
        assert one.bounce_rate == (one.bounces / one.entries if one.entries else None)


def test_the_rest_is_other_and_nothing_is_lost(world: World) -> None:
    fields: dict[str, Any] = {"events": ("*",), "items": "country", "since": SINCE, "until": UNTIL}
    whole, cut = (engagement(world[0], Engagement(top=top, **fields), NOW) for top in (9, 1))
    assert [one.item for one in cut.items][1:] == ["(other)"]
    for name in ("uses", "entries", "bounces", "measured"):
        sums = [sum(getattr(one, name) for one in answer.items) for answer in (whole, cut)]
        assert sums == [getattr(whole.total, name)] * 2
    assert whole.total == cut.total


def test_by_hand() -> None:
    """Ten seconds and two minutes on /a with a click between, then /b; the other one only looks."""
    seconds = MINUTE // 60
    pages = [
        ("d", 0, "page", "/a"),
        ("d", 10, "track", None),
        ("d", 130, "page", "/b"),
        ("d", 150, "track", None),
    ]
    lake = lake_of(
        Event(number, START + at * seconds, f"m{number}", type, device, page_path=path)
        for number, (device, at, type, path) in enumerate([*pages, ("e", 5, "page", "/b/")], 1)
    )
    complete(lake, START + 31 * MINUTE)
    answer = engagement(lake, Engagement(since="2026-11-05", until="2026-11-05"), NOW)
    assert (answer.n, answer.n_mature) == (2, 1)
    a, b = sorted(answer.items, key=lambda one: one.item or "")
    assert (a.item, a.uses, a.units, a.use, a.dwell_s, a.engaged_s) == ("/a", 1, 1, 0.5, 130, 40)
    assert (a.entries, a.bounces, a.bounce_rate) == (1, 0, 0)
    assert (b.item, b.uses, b.units, b.use, b.measured, b.dwell_s, b.engaged_s) == ("/b", 2, 2, 1, 1, 20, 20)
    assert (b.entries, b.bounces, b.bounce_rate) == (1, 1, 1)


def test_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    question = Engagement(
        events=("Viewed where properties/a.b~1c = it's", "Added"),
        items="session.device_type",
        where=("customer.devices >= 1",),
        since=SINCE,
        until=UNTIL,
    )
    answer = engagement(world[0], question, NOW)
    whole, *rows = world[0].query(answer.sql)
    assert (whole[1], whole[-2]) == (answer.total and answer.total.uses, answer.n)
    assert [row[9] for row in rows] == [one.item for one in answer.items]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"top": 0}, "top: 1 to 500 would do, not 0"),
        ({"events": ()}, "events: 1 to 50 would do, not 0"),
        ({"events": ("Viewd",)}, "near it: 'Viewed'"),
        ({"items": "'; DROP TABLE events; --"}, "is not known here"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        engagement(world[0], Engagement(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    assert text in str(refused.value)
