"""Paths against plain Python over small random lakes, what adds up, and by hand where paths are cut."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.sessionizer.world import HOUR, MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, lake_of, owners, random_lake
from warehouse.insights.errors import BadQuestion
from warehouse.insights.paths import Paths, PathsAnswer, paths
from warehouse.insights.trend import Trend, trend
from warehouse.lake import Lake

World = tuple[Lake, list[Event], dict[int, str]]
DAY = 24 * HOUR
Walk = list[tuple[int, str]]  # moment and item, the first and the last as they were found
Told = tuple[str, Walk, bool]
SINCE, UNTIL = "2026-11-06", "2026-11-12"
SEEDS = (31, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(32, 40)))


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 40)
    complete(lake, NOW)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def visits(lake: Lake, events: list[Event]) -> dict[int, str]:
    """load_seq -> its session."""
    spans = lake.query(
        "SELECT subject_key, session_id, epoch_us(started_at), first_message_id, epoch_us(ended_at),"
        " last_message_id FROM sessions"
    )
    return {
        one.load_seq: next(
            name
            for key, name, start, first, end, last in spans
            if key == one.subject_key and (start, first) <= (one.at, one.message_id) <= (end, last)
        )
        for one in events
    }


def runs(world: World, question: Paths) -> Iterator[tuple[str, list[Event]]]:
    """Each unit's events in order, cut by session or pause."""
    since, until = START + DAY, START + 8 * DAY
    slack = 5 * DAY if question.per == "window" else 0
    visit = visits(world[0], world[1]) if question.per == "session" else {}
    lanes: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for one in world[1]:
        earlier, later = (slack, 0) if question.start is None else (0, slack)
        if since - earlier <= one.at < until + later:
            lanes[world[2][one.load_seq], visit.get(one.load_seq, "")].append(one)
    for (owner, _), events in lanes.items():
        run: list[Event] = []
        for one in sorted(events, key=lambda one: (one.at, rank(one, question), one.load_seq)):
            if run and question.per == "gap" and one.at - run[-1].at >= 30 * MINUTE:
                yield owner, run
                run = []
            run.append(one)
        yield owner, run


def rank(one: Event, question: Paths) -> int:
    if question.start is None or question.end is None:
        return 1
    return 0 if one.event == question.start else 3 if one.event == question.end else 2


def walks(world: World, question: Paths) -> Iterator[Told]:
    """Owner, the walk, and whether it reached the end; going back, the walk is turned round."""
    since, until = START + DAY, START + 8 * DAY
    window = 5 * DAY if question.per == "window" else 1 << 62
    for owner, run in runs(world, question):
        anchor = question.start or question.end
        ordered = run if question.start else run[::-1] if question.end else run
        firsts = [
            place
            for place, one in enumerate(ordered)
            if anchor is None or (one.event == anchor and since <= one.at < until)
        ]
        if not firsts:
            continue
        tries = []
        for first in firsts:
            goals = [
                place
                for place in range(first + 1, len(ordered))
                if question.start and question.end and ordered[place].event == question.end
            ]
            if goals and ordered[goals[0]].at - ordered[first].at <= window:
                tries.append((first, goals[0]))
        first, goal = tries[0] if tries else (firsts[0], len(ordered) - 1)
        reach = [one for one in ordered[first : goal + 1] if abs(one.at - ordered[first].at) <= window]
        yield owner, [(one.at, item(one, question)) for one in reach], bool(tries)


def item(one: Event, question: Paths) -> str:
    return (one.event if question.items == "event" else one.country) or "(none)"


def collapsed(walk: Walk, reached: bool) -> Walk:
    found = walk[:1]
    for place, one in enumerate(walk[1:], 2):
        if one[1] != walk[place - 2][1] or (reached and place == len(walk)):
            found.append(one)
    return found


def told(world: World, question: Paths) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """(step, item) -> walks, owners, ended, reached, cut; (step, item, next) -> walks, owners, µs."""
    nodes: dict[Any, Any] = defaultdict(lambda: [0, set(), 0, 0, 0])
    edges: dict[Any, Any] = defaultdict(lambda: [0, set(), 0])
    depth, half = question.depth, (question.depth + 1) // 2
    for owner, full, reached in walks(world, question):
        walk = full if question.repeats else collapsed(full, reached)
        cut = len(walk) > depth
        if reached and cut:
            walk = [*walk[:half], (walk[half][0], "(more)"), *walk[len(walk) - depth + half :]]
        elif cut:
            walk = walk[:depth]
        for step, (_, name) in enumerate(walk, 1):
            last = step == len(walk)
            node = nodes[step, name]
            node[0] += 1
            node[1].add(owner)
            node[2] += last and not reached and not cut
            node[3] += last and reached
            node[4] += last and cut and not reached
        for step, (one, other) in enumerate(pairwise(walk), 1):
            edge = edges[step, one[1], other[1]]
            edge[0] += 1
            edge[1].add(owner)
            edge[2] += abs(other[0] - one[0])
    return nodes, edges


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"repeats": True, "depth": 3},
    {"start": "Viewed"},
    {"start": "Viewed", "depth": 2, "repeats": True},
    {"end": "Ordered", "depth": 4},
    {"end": "Ordered", "per": "window", "items": "country"},
    {"start": "Viewed", "end": "Ordered"},
    {"start": "Viewed", "end": "Ordered", "depth": 2},
    {"start": "Viewed", "end": "Ordered", "per": "window", "depth": 3},
    {"start": "Viewed", "end": "Ordered", "per": "window", "depth": 4, "repeats": True, "items": "country"},
    {"start": "Viewed", "end": "Ordered", "per": "session", "depth": 20},
    {"start": "Viewed", "per": "session", "items": "country"},
    {"per": "session", "depth": 20},
    {"start": "Added", "per": "window", "depth": 6},
]


QUICK = (0, 4, 8, 10, 12)
ASKED = [
    pytest.param(fields, id=str(number), marks=() if number in QUICK else pytest.mark.slow)
    for number, fields in enumerate(QUESTIONS)
]


@pytest.mark.parametrize("fields", ASKED)
def test_equal_to_plain_python(world: World, fields: dict[str, Any]) -> None:
    question = Paths(**{"since": SINCE, "until": UNTIL, "window": "5d", **fields})
    answer = paths(world[0], question, NOW)
    nodes, edges = told(world, question)
    assert len(edges) > 1
    assert {
        (one.step, one.item): [one.walks, one.units, one.ended, one.reached, one.cut] for one in answer.nodes
    } == {place: [found[0], len(found[1]), *found[2:]] for place, found in nodes.items()}
    assert {
        (one.step, one.source, one.target): [one.walks, one.units, pytest.approx(one.seconds)]
        for one in answer.edges
    } == {place: [count, len(who), micros / count / 1e6] for place, (count, who, micros) in edges.items()}
    assert answer.walks == sum(1 for _ in walks(world, question))
    assert answer.n == len({owner for owner, *_ in walks(world, question)})


def adds_up(answer: PathsAnswer) -> None:
    """What comes to a node leaves it, and what leaves one comes to another."""
    out: Counter[tuple[int, str]] = Counter()
    into: Counter[tuple[int, str]] = Counter()
    for one in answer.edges:
        out[one.step, one.source] += one.walks
        into[one.step + 1, one.target] += one.walks
    for node in answer.nodes:
        assert node.walks == out[node.step, node.item] + node.ended + node.reached + node.cut
        assert node.step == 1 or node.walks == into[node.step, node.item]
        assert node.share == node.walks / answer.walks
        assert node.drop_off == node.ended / node.walks
    assert answer.walks == sum(one.walks for one in answer.nodes if one.step == 1)


@pytest.mark.parametrize(("top", "fields"), [(1, {}), (2, QUESTIONS[4]), (3, QUESTIONS[8])], ids=range(3))
def test_rare_items_are_put_together_and_nothing_is_lost(
    world: World, top: int, fields: dict[str, Any]
) -> None:
    question = {"since": SINCE, "until": UNTIL, "window": "5d", **fields}
    whole = paths(world[0], Paths(**question), NOW)
    answer = paths(world[0], Paths(top=top, **question), NOW)
    adds_up(whole)
    adds_up(answer)
    assert (answer.n, answer.walks) == (whole.n, whole.walks)
    assert len({one.item for one in answer.nodes} - {"(other)", "(more)"}) == top
    by_step: Counter[int] = Counter()
    for one in whole.nodes:
        by_step[one.step] += one.walks
    for one in answer.nodes:
        by_step[one.step] -= one.walks
    assert not any(by_step.values())
    assert sum(one.reached for one in answer.nodes) == sum(one.reached for one in whole.nodes)


def test_units_are_those_of_trends(world: World) -> None:
    fields: dict[str, Any] = {"since": SINCE, "until": UNTIL}
    asks: dict[str, Any] = {"*": {}, "Added": {"start": "Added"}, "Ordered": {"end": "Ordered"}}
    for event, ask in asks.items():
        units = trend(world[0], Trend(events=(event,), measure="units", **fields), NOW).totals[0].values[0]
        assert paths(world[0], Paths(**fields, **ask), NOW).n == units


def day(*items: tuple[int, str], at: int = 0) -> list[Event]:
    """One device's events: minute of the day, name."""
    return [
        Event(number, START + at + minute * MINUTE, f"m{at}-{number}", "track", "d", event=name)
        for number, (minute, name) in enumerate(items, 1)
    ]


def shown(answer: PathsAnswer) -> list[tuple[int, str, str, float]]:
    return [(one.step, one.source, one.target, one.seconds) for one in answer.edges]


def test_a_long_way_between_two_events_shows_its_ends() -> None:
    names = "ABCDEFGZ"
    lake = lake_of(day(*((minute, name) for minute, name in enumerate(names))))
    question: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-05", "start": "A", "end": "Z"}
    answer = paths(lake, Paths(depth=4, **question), NOW)
    assert shown(answer) == [
        (1, "A", "B", 60),
        (2, "B", "(more)", 60),
        (3, "(more)", "G", 4 * 60),
        (4, "G", "Z", 60),
    ]
    exactly = paths(lake, Paths(depth=8, **question), NOW)
    assert [edge[1] + edge[2] for edge in shown(exactly)] == ["AB", "BC", "CD", "DE", "EF", "FG", "GZ"]


def test_an_end_that_looks_like_the_step_before_is_reached() -> None:
    names = (("A", None), ("B", "CN"), ("B", "DE"), ("B", "DE"))
    lake = lake_of(
        Event(number, START + number * MINUTE, f"m{number}", "track", "d", event=name, country=country)
        for number, (name, country) in enumerate(names, 1)
    )
    ask = Paths(since="2026-11-05", until="2026-11-05", start="A", end="B where country = DE")
    answer = paths(lake, ask, NOW)
    assert shown(answer) == [(1, "A", "B", 60), (2, "B", "B", 60)]
    assert [one.reached for one in answer.nodes] == [0, 0, 1]


def test_pages_are_their_paths_without_the_last_slash() -> None:
    pages = ["/", "/a", "/a/", None, "/b//", ""]
    lake = lake_of(
        Event(number, START + number * MINUTE, f"m{number}", "page", "d", page_path=path)
        for number, path in enumerate(pages, 1)
    )
    answer = paths(lake, Paths(since="2026-11-05", until="2026-11-05", items="page", depth=9), NOW)
    assert [edge[1:] for edge in shown(answer)] == [
        ("/", "/a", 60),
        ("/a", "(none)", 120),
        ("(none)", "/b", 60),
        ("/b", "/", 60),
    ]


def test_whose_walks_may_go_on_is_not_mature() -> None:
    lake = lake_of(day((0, "A"), (20, "B")))
    question: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-05"}
    for minutes, mature in ((49, 0), (50, 1)):
        complete(lake, START + minutes * MINUTE)
        assert paths(lake, Paths(**question), NOW).n_mature == mature
    for days, mature in ((2, 0), (3, 1)):
        complete(lake, START + days * DAY)
        ask = Paths(start="A", per="window", window="3d", **question)
        assert paths(lake, ask, NOW).n_mature == mature


def test_items_of_many_values_are_cut_to_the_top() -> None:
    lake = lake_of(
        Event(
            number,
            START + number * MINUTE,
            f"m{number}",
            "track",
            f"d{number % 7}",
            event="A",
            city=f"c{number}",
        )
        for number in range(1, 500)
    )
    answer = paths(lake, Paths(since="2026-11-05", until="2026-11-06", items="city", top=2, depth=3), NOW)
    assert len(answer.nodes) <= 9
    adds_up(answer)


def test_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    question = Paths(
        since=SINCE,
        until=UNTIL,
        start="Viewed where properties/a.b~1c = it's",
        items="customer.devices",
        where=("session.device_type != tv",),
        per="session",
    )
    answer = paths(world[0], question, NOW)
    whole, *_ = world[0].query(answer.sql)
    assert whole[4:6] == (answer.n, answer.walks)
    assert answer.n > 0


HOSTILE = ("'; DROP TABLE events; -- {walks} $p1", 'x" OR 1=1 --')


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_texts(world: World, text: str) -> None:
    for items in (f"properties.{text}", f"customer.{text}"):
        assert paths(world[0], Paths(since=SINCE, until=UNTIL, items=items), NOW).n > 0
    for name in ("start", "end", "items", "gap", "window"):
        with pytest.raises(BadQuestion):
            paths(world[0], Paths(**{"since": SINCE, "until": UNTIL, name: text}), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"depth": 0}, "depth: 2 to 20 would do, not 0"),
        ({"depth": 21}, "depth: 2 to 20 would do, not 21"),
        ({"top": 0}, "top: 1 to 200 would do, not 0"),
        ({"events": ()}, "events: 1 to 50 would do, not 0"),
        ({"per": "window"}, "per 'window' counts from an event"),
        ({"gap": "0m"}, "gap '0m' is no length of time"),
        ({"window": "-1d"}, "window '-1d' is no length of time"),
        ({"start": "Viewd"}, "near it: 'Viewed'"),
        ({"items": "contry"}, "near it: 'country'"),
        ({"since": "2026-11-09", "until": "2026-11-01"}, "is not before until"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        paths(world[0], Paths(**{"since": SINCE, "until": UNTIL, **fields}), NOW)
    assert text in str(refused.value)
