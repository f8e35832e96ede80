"""RFM against plain Python over small random lakes, and by hand where values are equal."""

import json
import random
from collections import Counter, defaultdict
from itertools import product
from typing import Any

import msgspec
import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of, owners, random_events
from warehouse.insights.buyers.rfm import Rfm, RfmAnswer, rfm
from warehouse.insights.buyers.segments import quintile_segment, threshold_segment
from warehouse.insights.errors import BadQuestion
from warehouse.lake import Lake

DAY = 24 * HOUR
AS_OF = START + 12 * DAY
World = tuple[Lake, list[Event], dict[int, str]]


@pytest.fixture(scope="module")
def world() -> World:
    events = random_events(random.Random(5), 60)
    lake = lake_of(events)
    return lake, [one for one in events if not one.is_bot], owners(lake, events)


def asked(lake: Lake, **fields: Any) -> RfmAnswer:
    given = {"event": "Ordered", "since": "2026-11-01", "until": "2026-11-16", "customers": 1000, **fields}
    return rfm(lake, Rfm(**given), NOW)


def bought(world: World) -> dict[str, tuple[int, int, float, str]]:
    """customer -> (days since the last purchase, purchases, their value, country of the last)."""
    _, events, owner = world
    mine: dict[str, list[Event]] = defaultdict(list)
    for one in sorted(events, key=lambda one: (one.at, one.load_seq)):
        if one.event == "Ordered":
            mine[owner[one.load_seq]].append(one)
    prices = {
        who: [float(json.loads(one.properties or "")["price"] or 0) for one in of] for who, of in mine.items()
    }
    return {
        who: ((AS_OF - of[-1].at) // DAY, len(of), sum(prices[who]), of[-1].country or "(none)")
        for who, of in mine.items()
    }


def price(one: Event) -> float:
    return float(json.loads(one.properties or "")["price"] or 0)


def quintile(value: float, among: list[float]) -> int:
    """By the middle of the places of all that are equal."""
    places = [at for at, one in enumerate(sorted(among)) if one == value]
    return int((sum(places) / len(places) + 0.5) / len(among) * 5 + 1e-9) + 1


@pytest.mark.parametrize("within", [False, True], ids=["all", "within"])
def test_scores(world: World, within: bool) -> None:
    everyone = bought(world)
    answer = asked(world[0], value="properties.price", by="country", within=within)
    assert (answer.n, answer.as_of) == (len(everyone), "2026-11-17T00:00:00Z")
    assert {one.customer for one in answer.customers} == set(everyone)
    for one in answer.customers:
        r, f, m, country = everyone[one.customer]
        peers = [other for other in everyone.values() if not within or other[3] == country]
        assert (one.recency_days, one.frequency, one.value, one.by) == (r, f, m, country)
        assert one.r == quintile(-r, [-other[0] for other in peers])
        assert one.f == quintile(f, [other[1] for other in peers])
        assert one.m == quintile(m, [other[2] for other in peers])
        assert one.segment == quintile_segment(one.r, one.f, one.m)
    counted = Counter((one.by, one.segment) for one in answer.customers)
    assert counted == {(one.by, one.segment): one.customers for one in answer.segments}
    assert Counter((one.by, one.r, one.f, one.m) for one in answer.customers) == {
        (one.by, one.r, one.f, one.m): one.customers for one in answer.cells
    }
    assert sum(one.share for one in answer.segments) == pytest.approx(1)
    assert sum(one.value for one in answer.segments) == sum(value for _, _, value, _ in everyone.values())


def test_thresholds(world: World) -> None:
    everyone = bought(world)
    answer = asked(world[0], scheme="thresholds", value="properties.price", recency_days=4, least_value=10)
    mean = sum(one[1] for one in everyone.values()) / len(everyone)
    for one in answer.customers:
        r, f, m, _ = everyone[one.customer]
        assert (one.r, one.f, one.m) == (1 + (r <= 4), 1 + (f >= mean), 1 + (m >= 10))
        assert one.segment == threshold_segment(one.r, one.f, one.m)


def order(seq: int, person: str, day: int, price: float) -> Event:
    properties = json.dumps({"price": price})
    return Event(seq, START + day * DAY, f"m{seq}", "track", person, event="Ordered", properties=properties)


def test_equal_values_have_equal_scores() -> None:
    """Seven customers of one purchase each at 0.1 and two with more: no tie is broken, in any order."""
    lives = [[0.1]] * 7 + [[0.1, 0.2], [0.2, 0.1]]
    orders = [(f"d{person}", 0, price) for person, life in enumerate(lives) for price in life]
    found = []
    for seed in range(3):
        random.Random(seed).shuffle(orders)
        lake = lake_of([order(number, *one) for number, one in enumerate(orders, 1)])
        answer = asked(lake, unit="device", value="properties.price", since="2026-11-04")
        found.append({one.customer: (one.r, one.f, one.m) for one in answer.customers})
    # Places 0 to 6 of 9 have their middle at 3.5 / 9, places 7 and 8 at 8 / 9; all nine at 4.5 / 9.
    wanted = {f"d{person}": (3, 2, 2) if person < 7 else (3, 5, 5) for person in range(9)}
    assert found == [wanted] * 3


def test_every_cell_has_a_name() -> None:
    assert len({quintile_segment(*cell) for cell in product(range(1, 6), repeat=3)}) == 11
    assert len({threshold_segment(*cell) for cell in product((1, 2), repeat=3)}) == 8
    assert quintile_segment(5, 5, 5) == "champions"
    assert quintile_segment(1, 1, 1) == "lost"
    assert quintile_segment(1, 5, 4) == "cannot lose"
    assert threshold_segment(2, 2, 2) == "重要价值"
    assert threshold_segment(1, 2, 2) == "重要唤回"
    assert threshold_segment(1, 1, 1) == "流失"


def test_rare_values_become_one_and_the_statement_that_is_shown_gives_the_answer(world: World) -> None:
    answer = asked(world[0], by="country", top=1)
    assert {one.by for one in answer.segments} == {"(other)", max(_countries(world), key=_order(world))}
    rows = world[0].query(answer.sql)
    assert sum(row[4] or 0 for row in rows) == answer.n
    shown = msgspec.json.decode(msgspec.json.encode(answer))
    assert shown["as_of"] == answer.until


def _countries(world: World) -> set[str]:
    return {one[3] for one in bought(world).values()}


def _order(world: World) -> Any:
    counts = Counter(one[3] for one in bought(world).values())
    return lambda country: (counts[country], [-ord(letter) for letter in country])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"value": "prize"}, "field 'prize' is not known"),
        ({"by": "contry"}, "near it: 'country'"),
        ({"top": 0}, "top: 1 to 500 would do, not 0"),
        ({"customers": -1}, "customers: 0 to 100000 would do"),
        ({"least_value": 5}, "--scheme thresholds would do"),
        ({"scheme": "thresholds", "least_value": float("nan")}, "least_value nan will not do"),
        ({"within": True}, "--by country would do"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(world[0], **fields)
    assert text in str(refused.value)
