"""Attribution against closed forms, plain Python over small random lakes, and what another library says."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of, owners, random_lake
from warehouse.insights.errors import BadQuestion
from warehouse.insights.marketing.attribution import Attribution, attribution
from warehouse.insights.marketing.journeys import Journeys, shaped
from warehouse.insights.marketing.markov import _chances, _removed_sparse, _states, removal_effects
from warehouse.insights.marketing.models import Model, _by_journey, credits_of
from warehouse.insights.members import listed
from warehouse.insights.picking import Pick
from warehouse.lake import Lake

DAY = 24 * HOUR
SINCE, UNTIL = "2026-11-08", "2026-11-14"
SHARED: tuple[Model, ...] = ("first", "last", "last_non_direct", "linear", "position", "time_decay")
ALL: tuple[Model, ...] = (*SHARED, "participation", "markov_global", "markov_journey")
KNOWN = json.loads((Path(__file__).parents[2] / "fixtures" / "attribution.json").read_text("utf-8"))


def journeys(
    paths: list[tuple[str, bool]], names: list[str], ages: list[list[float]] | None = None
) -> Journeys:
    """Journeys of one-digit touches; one that converted is worth its place plus one."""
    rows: list[tuple[Any, ...]] = []
    number = 0
    for place, (path, won) in enumerate(paths):
        for at, code in enumerate(path):
            age = ages[place][at] if ages else float(len(path) - at)
            rows.append((number if won else -1 - place, int(code), age, names[int(code)] == "Direct"))
        number += won
    values = [place + 1.0 for place, (_, won) in enumerate(paths) if won]
    rows.sort(key=lambda row: row[0])
    return Journeys(names, np.array(values), *(np.array(column) for column in zip(*rows, strict=True)))


def credits(of: Journeys, model: Model, half_life: float = 1, order: int = 1) -> dict[str, float]:
    found = credits_of(of, model, half_life, order).conversions
    return {name: float(found[code]) for code, name in enumerate(of.names) if found[code]}


def test_closed_forms() -> None:
    one = journeys([("012", True)], ["a", "b", "c"], [[3.0, 2.0, 1.0]])
    assert credits(one, "time_decay") == pytest.approx({"a": 1 / 7, "b": 2 / 7, "c": 4 / 7}, abs=1e-15)
    assert credits(one, "position") == pytest.approx({"a": 0.4, "b": 0.2, "c": 0.4})
    assert credits(journeys([("01", True)], ["a", "b"]), "position") == {"a": 0.5, "b": 0.5}
    assert credits(journeys([("00", True)], ["a"]), "position") == {"a": 1}
    assert credits(journeys([("010", True)], ["a", "b"]), "participation") == {"a": 1, "b": 1}
    aged = journeys([("01", True)], ["a", "b"], [[4e9, 3e9]])
    assert credits(aged, "time_decay", 1) == {"b": 1}


def test_last_non_direct_is_direct_only_where_nothing_else_came() -> None:
    found = journeys([("01", True), ("11", True), ("0", True)], ["a", "Direct"])
    assert credits(found, "last_non_direct") == {"a": 2, "Direct": 1}


def test_markov_by_hand() -> None:
    """start -> a (3/4) or b; a -> b (1/3), conv (1/3), null (1/3); b -> conv (1/2), null (1/2)."""
    found = journeys([("0", True), ("0", False), ("01", True), ("1", False)], ["a", "b"])
    # whole = 3/4 (1/3 + 1/3 * 1/2) + 1/4 * 1/2 = 1/2; without a: 1/8; without b: 1/4
    assert removal_effects(found, 1) == pytest.approx([0.75, 0.5])
    assert credits(found, "markov_global") == pytest.approx({"a": 1.2, "b": 0.8})
    assert credits(found, "markov_journey") == pytest.approx({"a": 1.6, "b": 0.4})


@pytest.mark.parametrize("model", ["first", "last", "linear", "position", "markov_journey"])
def test_as_another_library_credits(model: Model) -> None:
    found = journeys(KNOWN["paths"], KNOWN["names"])
    assert credits(found, model) == pytest.approx(KNOWN["credits"][model], abs=1e-9)
    removal = dict(zip(found.names, removal_effects(found, 1), strict=True))
    assert removal == pytest.approx(KNOWN["credits"]["removal"], abs=1e-9)


def simulated(found: Journeys, order: int) -> list[float]:
    """Removal effects by walking the chain step by step until nothing is left of it."""
    counts: dict[Any, Counter[Any]] = defaultdict(Counter)
    for number in np.unique(found.journey):
        path = found.code[found.journey == number].tolist()
        states = ["begin", *(tuple(path[max(0, at + 1 - order) : at + 1]) for at in range(len(path)))]
        for here, after in zip(states, [*states[1:], bool(number >= 0)], strict=True):
            counts[here][after] += 1

    def chance(without: int | None) -> float:
        mass, won = {"begin": 1.0}, 0.0
        for _ in range(400):
            later: dict[Any, float] = defaultdict(float)
            for here, share in mass.items():
                for after, count in counts[here].items():
                    part = share * count / counts[here].total()
                    if not isinstance(after, tuple):
                        won += part * after
                    elif after[-1] != without:
                        later[after] += part
            mass = later
        return won

    return [1 - chance(code) / chance(None) for code in range(len(found.names))]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_of_higher_order(order: int) -> None:
    found = journeys(KNOWN["paths"], KNOWN["names"])
    wanted = simulated(found, order)
    assert removal_effects(found, order) == pytest.approx(wanted, abs=1e-9)
    state, newest = _states(found, order)
    whole, without = _removed_sparse(*_chances(found, state, len(newest)), newest, len(found.names))
    assert 1 - without / whole == pytest.approx(wanted, abs=1e-9)
    assert sum(credits(found, "markov_global", order=order).values()) == pytest.approx(111, abs=1e-9)


def test_paths_transformed() -> None:
    found = journeys([("0010211", True), ("22", True)], ["a", "b", "Direct"])
    for path, wanted in (("exposure", "010212"), ("first", "0122"), ("last", "0212"), ("all", "001021122")):
        assert "".join(map(str, shaped(found, path, ()).code)) == wanted
    assert "".join(map(str, shaped(found, "all", ("Direct", "unheard")).code)) == "00101122"


def test_a_journey_whose_touches_all_weigh_nothing_is_shared_equally() -> None:
    found = journeys([("01", True), ("0", True)], ["a", "b"])
    assert _by_journey(found, np.array([0.0, 0.0, 3.0])).tolist() == [0.5, 0.5, 1.0]


def test_nothing_at_all() -> None:
    empty = journeys([("0", False)], ["a"])
    for model in ALL:
        assert not credits(empty, model)


World = tuple[Lake, list[Event], dict[int, str]]


@pytest.fixture(scope="module", params=[3, 4])
def world(request: pytest.FixtureRequest) -> World:
    lake, events = random_lake(request.param, 60)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def asked(lake: Lake, **fields: Any) -> Any:
    given = {"event": "Ordered", "since": SINCE, "until": UNTIL, "touch": "device_type", **fields}
    return attribution(lake, Attribution(**given), NOW)


def told(lake: Lake, back: int) -> list[tuple[str, int, str]]:
    """(owner, start, touch) of every session, by its customer."""
    sql = """
        SELECT
            coalesce(i.customer_id, o.customer_id), epoch_us(started_at), coalesce(device_type, '(not set)')
        FROM sessions AS s
        LEFT JOIN identities AS i USING (identity_key)
        LEFT JOIN identities AS o ON o.identity_key = s.subject_key
        ORDER BY started_at, first_message_id"""
    return lake.query(sql)


def plain(world: World, model: str, back: int, restart: bool) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for _, touch, share in parts(world, model, back, restart):
        found[touch] += share
    return found


def parts(world: World, model: str, back: int, restart: bool) -> Iterator[tuple[str, str, float]]:
    """(customer, touch, part) of each conversion."""
    lake, events, owner = world
    since, until = START + 3 * DAY, START + 10 * DAY
    visits, before = told(lake, back), dict[str, int]()
    for one in sorted(events, key=lambda one: (one.at, one.load_seq)):
        if one.event != "Ordered" or not since - back * restart <= one.at < until:
            continue
        who = owner[one.load_seq]
        least = max(one.at - back, before.get(who, -1) + 1 if restart else 0)
        before[who] = one.at
        if one.at < since:
            continue
        path = [touch for whose, at, touch in visits if whose == who and least <= at <= one.at]
        chosen = {"first": path[:1], "last": path[-1:], "linear": path, "participation": sorted({*path})}[
            model
        ]
        for touch in chosen or ["(none)"]:
            yield who, touch, 1 if model == "participation" else 1 / len(chosen or [1])


@pytest.mark.parametrize("restart", [False, True], ids=["each", "restart"])
@pytest.mark.parametrize("back", [2, 60])
def test_conversions_of_a_lake(world: World, back: int, restart: bool) -> None:
    models = ("first", "last", "linear", "participation")
    answer = asked(world[0], models=models, lookback=f"{back}h", restart=restart)
    for number, model in enumerate(models):
        found = {one.touch: one.conversions[number] for one in answer.credits}
        assert found == pytest.approx(plain(world, model, back * HOUR, restart), abs=1e-9)
    buyers = {
        world[2][one.load_seq]
        for one in world[1]
        if one.event == "Ordered" and START + 3 * DAY <= one.at < START + 10 * DAY
    }
    assert answer.n == len(buyers)
    assert len(world[0].query(answer.sql)) == sum(one.touches for one in answer.credits) + sum(
        one.conversions[0] for one in answer.credits if one.touch == "(none)"
    )


def test_those_whose_conversions_a_touch_is_credited_with_are_listed(world: World) -> None:
    models: tuple[Model, ...] = ("first", "last", "linear", "participation")
    answer = asked(world[0], models=models, lookback="60h")
    for model in models:
        wanted: dict[str, set[str]] = defaultdict(set)
        for who, touch, _ in parts(world, model, 60 * HOUR, False):
            wanted[touch].add(who)
        found = {
            one.touch: listed(world[0], "attribution", answer, Pick(item=one.touch, model=model), limit=500)
            for one in answer.credits
            if one.conversions[models.index(model)]
        }
        assert {touch: set(one.ids) for touch, one in found.items()} == wanted
    with pytest.raises(BadQuestion, match="none of the answer's"):
        listed(world[0], "attribution", answer, Pick(item="telepathy"))


def test_every_model_adds_up(world: World) -> None:
    lake, events, owner = world
    answer = asked(lake, models=ALL, value="properties.price", lookback="10d", without=("mobile",))
    orders = [
        one for one in events if one.event == "Ordered" and START + 3 * DAY <= one.at < START + 10 * DAY
    ]
    prices = [float(json.loads(one.properties or "{}")["price"] or 0) for one in orders]
    assert answer.conversions == len(orders)
    assert (answer.n, answer.n_mature) == (len({owner[one.load_seq] for one in orders}), 0)
    assert answer.value == sum(prices)
    assert answer.failed > 0
    for number, model in enumerate(ALL):
        if model != "participation":
            assert sum(one.conversions[number] for one in answer.credits) == pytest.approx(
                len(orders), abs=1e-9
            )
            assert sum(one.value[number] for one in answer.credits) == pytest.approx(sum(prices), abs=1e-9)
    assert {one.touch for one in answer.credits} <= {"mobile", "desktop", "(not set)", "(none)"}


def visit(seq: int, at: int, source: str | None, name: str = "Viewed", person: str = "d1") -> Event:
    return Event(seq, at, f"m{seq}", "track", person, event=name, campaign_source=source, page_referrer=None)


def test_what_lies_before_the_range_is_looked_at_and_not_credited() -> None:
    """A visit and a conversion before the range, a conversion in it, one without a visit near it."""
    events = [
        visit(1, START, "ad"),
        visit(2, START + HOUR // 4, None, "Ordered"),
        visit(3, START + 3 * DAY, None, "Ordered"),
        visit(4, START + 2 * DAY, "mail", person="d2"),
    ]
    lake = lake_of(events)
    found = {
        back: [
            (one.touch, one.conversions)
            for one in attribution(
                lake,
                Attribution(
                    event="Ordered",
                    since="2026-11-07",
                    until="2026-11-09",
                    touch="source",
                    models=("first", "markov_global"),
                    lookback=back,
                ),
                NOW,
            ).credits
        ]
        for back in ("4d", "1d")
    }
    assert found == {"4d": [("ad", [1, 0.5]), ("(not set)", [0, 0.5])], "1d": [("(not set)", [1, 1])]}


@pytest.fixture(scope="module")
def edges() -> Lake:
    """Five people about the range from 7 to 9 November, by the minute and by the last of its microseconds."""
    since, until = START + 2 * DAY, START + 5 * DAY
    events = [
        visit(1, since - HOUR, "a", person="first"),
        visit(2, since, None, "Ordered", "first"),
        visit(3, until - HOUR, "b", person="over"),
        visit(4, until, None, "Ordered", "over"),
        visit(5, since + HOUR, "c", person="twice"),
        visit(6, since + 2 * HOUR, None, "Ordered", "twice"),
        visit(7, until - 1, None, "Ordered", "twice"),
        visit(8, since, "d", person="never"),
        visit(9, since + HOUR, "e", person="late"),
        visit(10, since + 30 * HOUR, None, "Ordered", "late"),
    ]
    return lake_of(events)


def test_the_first_moment_of_the_range_counts_and_the_one_after_it_does_not(edges: Lake) -> None:
    fields = {"since": "2026-11-07", "until": "2026-11-09", "touch": "source", "lookback": "1d"}
    answer = asked(edges, **fields, models=("first", "markov_global"))
    assert (answer.conversions, answer.n) == (4, 3)
    found = {one.touch: one.conversions[0] for one in answer.credits}
    assert found == {"a": 1, "c": 1, "(not set)": 2}


def test_journeys_that_led_to_none_are_those_of_units_with_a_visit_that_nothing_followed(edges: Lake) -> None:
    """`never` bought nothing, and `late` too late for its first visit; `over` did, after the range."""
    fields = {"since": "2026-11-07", "until": "2026-11-09", "touch": "source"}
    failed = [
        asked(edges, **fields, models=("markov_global",), lookback=back).failed for back in ("1d", "40h")
    ]
    assert failed == [2, 1]


def test_rare_touches_become_one(world: World) -> None:
    answer = asked(world[0], touch="country", top=1, lookback="10d")
    assert len({one.touch for one in answer.credits} - {"(none)"}) == 2
    assert "(other)" in {one.touch for one in answer.credits}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"touch": "chanel"}, "near it: 'session.channel'"),
        ({"touch": "'; DROP TABLE events; --"}, "is not known here"),
        ({"lookback": "long"}, "lookback 'long' is no length of time"),
        ({"half_life": "0d"}, "half_life '0d' is no length of time"),
        ({"order": 4}, "order: 1 to 3 would do, not 4"),
        ({"models": ()}, "models: 1 to 9 would do, not 0"),
        ({"models": ("first", "first")}, "names one twice"),
        ({"top": 0}, "top: 1 to 200 would do"),
        ({"unit": "group"}, "unit 'group' has no sessions of its own"),
        ({"value": "prize"}, "field 'prize' is not known"),
        ({"where": ("country",)}, "is no filter"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(world[0], **fields)
    assert text in str(refused.value)
