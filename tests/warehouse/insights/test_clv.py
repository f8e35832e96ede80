"""Lifetime value: CDNOW's published parameters and forecasts, and histories against plain Python."""

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import lake_of
from warehouse.insights.buyers import bgnbd, gamma_gamma
from warehouse.insights.buyers.bgnbd import BgNbd, Floats
from warehouse.insights.buyers.clv import Clv, ClvAnswer, clv
from warehouse.insights.errors import BadQuestion
from warehouse.lake import Lake

DAY = 24 * HOUR
DAYS = 120
NOW = START + DAYS * DAY
CDNOW = np.loadtxt(Path(__file__).parents[2] / "fixtures" / "cdnow.csv", delimiter=",", skiprows=1).T


@pytest.fixture(scope="module")
def model() -> BgNbd:
    x, tx, age, *_ = CDNOW
    return bgnbd.fit(x, tx, age, np.ones(len(x)))


def test_published_parameters(model: BgNbd) -> None:
    found = (model.r, model.alpha, model.a, model.b)
    assert found == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.01)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    x, _, _, mean, _ = CDNOW
    values = gamma_gamma.fit(x[x > 0], mean[x > 0])
    assert (values.p, values.q, values.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert gamma_gamma.expected_value(values, x[:10], mean[:10]) == pytest.approx(
        [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17], abs=0.1
    )


@pytest.mark.parametrize("part", range(4))
def test_slopes_of_the_purchases_are_those_of_their_likelihood(part: int) -> None:
    x, tx, age, *_ = CDNOW[:, :400]
    counts, lasts, ages = (np.unique(of, return_inverse=True) for of in (x, tx, age))
    seen = bgnbd._Seen(counts, lasts, ages, np.full(len(x), 1 / len(x)))
    here, step = np.array([0.3, 5.0, 0.7, 2.0]), np.eye(4)[part] * 1e-5
    around = [bgnbd._log_likelihood(here + sign * step, seen)[0] for sign in (1, -1)]
    assert bgnbd._log_likelihood(here, seen)[1][part] == pytest.approx(
        (around[0] - around[1]) / 2e-5, rel=1e-5
    )


def test_the_order_of_customers_does_not_matter(model: BgNbd) -> None:
    x, tx, age, *_ = CDNOW[:, np.random.default_rng(1).permutation(CDNOW.shape[1])]
    turned = bgnbd.fit(x, tx, age, np.ones(len(x)))
    found, wanted = (np.array([one.r, one.alpha, one.a, one.b]) for one in (turned, model))
    assert found == pytest.approx(wanted, rel=1e-5)


def test_published_forecasts(model: BgNbd) -> None:
    x, tx, age, _, held = CDNOW
    weeks_40_to_78 = bgnbd.expected(model, 39, x, tx, age)
    assert weeks_40_to_78.sum() == pytest.approx(1653.4, abs=1)
    assert held.sum() == 1882
    assert np.corrcoef(weeks_40_to_78, held)[0, 1] == pytest.approx(0.626, abs=0.001)
    one = bgnbd.expected(model, 39, *(np.array([value]) for value in (2, 30.43, 38.86)))
    assert one[0] == pytest.approx(1.226, abs=0.001)
    never = np.zeros(1)
    for weeks, wanted in ((0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (78, 1.8576)):
        assert bgnbd.expected(model, weeks, never, never, never)[0] == pytest.approx(wanted, abs=0.001)


def test_who_bought_once_is_alive_and_who_bought_a_thousand_times_has_a_number(model: BgNbd) -> None:
    x, tx, age = (
        np.array([0.0, 2000.0, 2000.0]),
        np.array([0.0, 300.0, 100.0]),
        np.array([300.0, 300.0, 300.0]),
    )
    alive = bgnbd.p_alive(model, x, tx, age)
    assert alive[0] == 1
    assert 0.99 < alive[1] <= 1
    assert 0 <= alive[2] < 1e-9
    found = bgnbd.expected(model, 52, x, tx, age)
    assert np.isfinite(found).all()
    # What a Poisson buyer at that rate would buy, but for leaving: beta(a, b + x - 1) after each.
    assert 300 < found[1] < 2000 / 300 * 52


@pytest.mark.parametrize("a", [0.4, 1.0, 1.7])
def test_expected_purchases_by_numerical_integration(a: float) -> None:
    """Of a new customer with rate l and chance p to leave: (1 - exp(-l p t)) / p, over both priors."""
    model = BgNbd(0.8, 3.0, a, 2.5, 0, True)

    def given(p: float) -> float:
        return float((1 - (model.alpha / (model.alpha + p * 10)) ** model.r) / p)

    def density(p: float) -> float:
        return float(p ** (a - 1) * (1 - p) ** (model.b - 1))

    wanted = quad(lambda p: given(p) * density(p), 0, 1)[0] / quad(density, 0, 1)[0]
    never = np.zeros(1)
    assert bgnbd.expected(model, 10, never, never, never)[0] == pytest.approx(wanted, rel=1e-4)


def test_parameters_beyond_the_closed_form() -> None:
    """Where 2F1 is no number any more, and just before, by the same integral."""
    model = BgNbd(0.0729, 0.0066, 0.00999, 488, 0, True)
    x, age = np.array([5.0]), np.array([0.02])
    assert bgnbd.expected(model, 320, x, age, age)[0] == pytest.approx(
        58755.7 * bgnbd.p_alive(model, x, age, age)[0], rel=5e-3
    )
    near = BgNbd(0.8, 3.0, 0.7, 2.5, 0, True)
    whole = bgnbd.expected(near, 10, x, age, age) / bgnbd.p_alive(near, x, age, age)
    assert bgnbd._integrated(near, 10, x, age) == pytest.approx(whole, rel=1e-3)


def lives(people: int) -> dict[str, list[tuple[int, float]]]:
    """device -> (day, price) of each purchase: buyers who leave after some of them."""
    random_ = random.Random(2)
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for person in range(people):
        day, rate = random_.randrange(60), random_.gammavariate(2, 0.02)
        while day < DAYS:
            found[f"d{person}"].append((day, random_.choice((5.0, 7.5, 12.25))))
            if random_.random() < 0.15:
                break
            day += int(random_.expovariate(rate))
    return found


World = tuple[Lake, dict[str, list[tuple[int, float]]]]


@pytest.fixture(scope="module")
def world() -> World:
    bought = lives(100)
    orders = [(device, *one) for device, life in bought.items() for one in life]
    random.Random(1).shuffle(orders)
    events = [
        Event(
            seq,
            START + day * DAY + seq % 20 * HOUR,
            f"m{seq}",
            "track",
            device,
            event="Ordered",
            properties=json.dumps({"price": price}),
        )
        for seq, (device, day, price) in enumerate(orders, 1)
    ]
    return lake_of(events), bought


def asked(lake: Lake, **fields: Any) -> ClvAnswer:
    given = {"event": "Ordered", "since": f"{DAYS}d", "unit": "device", "value": "properties.price", **fields}
    return clv(lake, Clv(**given), NOW)


def test_histories(world: World) -> None:
    lake, bought = world
    answer = asked(lake, customers=1000)
    assert answer.n == len(bought) == len(answer.customers)
    for one in answer.customers:
        worth: dict[int, float] = defaultdict(float)
        for day, price in bought[one.customer]:
            worth[day] += price
        days = sorted(worth)
        assert one.repeats == len(days) - 1
        assert one.recency_weeks * 7 == pytest.approx(days[-1] - days[0])
        assert one.age_weeks * 7 == pytest.approx(DAYS - 1 - days[0])
        if one.repeats:
            assert one.mean_value == pytest.approx(sum(worth[day] for day in days[1:]) / one.repeats)
        assert 0 <= one.p_alive <= 1
    assert answer.alive == pytest.approx(sum(one.p_alive for one in answer.customers))
    assert answer.clv == pytest.approx(sum(one.clv or 0 for one in answer.customers))


def test_fit_and_values_of_the_histories(world: World) -> None:
    lake, bought = world
    answer = asked(lake, discount=0, horizon="26w", customers=1000)
    days = [sorted({day for day, _ in life}) for life in bought.values()]
    x, tx, age = (
        np.array([len(of) - 1 for of in days], float),
        np.array([of[-1] - of[0] for of in days]) / 7,
        np.array([DAYS - 1 - of[0] for of in days]) / 7,
    )
    wanted = bgnbd.fit(x, tx, age, np.ones(len(days)))
    assert answer.model.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-3)
    assert answer.purchases == pytest.approx(bgnbd.expected(wanted, 26, x, tx, age).sum(), rel=1e-3)
    # Without a discount, the value is purchases times what one is worth.
    assert answer.spending is not None
    for one in answer.customers:
        counted, mean = (one.repeats, one.mean_value) if one.mean_value else (0, 0.0)
        each = gamma_gamma.expected_value(answer.spending, np.array([float(counted)]), np.array([mean]))
        assert one.clv == pytest.approx(one.purchases * each[0])
    assert (asked(lake, discount=0.05, horizon="26w").clv or 0) < (answer.clv or 0)


def test_backtest(world: World) -> None:
    lake, bought = world
    tested = asked(lake, holdout=0.25).backtest
    assert tested is not None
    split = DAYS - 1 - 30
    early = {who: life for who, life in bought.items() if life[0][0] <= split}
    assert tested.customers == len(early)
    assert tested.weeks == pytest.approx(30 / 7)
    assert tested.actual == sum(len({day for day, _ in life if day > split}) for life in early.values())
    assert tested.actual_value == sum(price for life in early.values() for day, price in life if day > split)
    x, tx, age = _histories(early, split)
    known = bgnbd.fit(x, tx, age, np.ones(len(early)))
    assert tested.expected == pytest.approx(bgnbd.expected(known, 30 / 7, x, tx, age).sum(), rel=1e-3)
    assert tested.error == pytest.approx(tested.expected / tested.actual - 1)
    assert sum(one.customers for one in tested.by_repeats) == tested.customers
    (note,) = asked(lake, holdout=0.25, customers=3).notes()
    assert note.startswith(
        f"back-test: in the 4 weeks after {tested.split} {tested.expected:.0f} repeat purchases"
    )
    assert note.endswith(f"{tested.actual} came ({tested.error:+.1%})")
    assert asked(lake, holdout=0.9).notes() == [
        "no back-test: fewer than 10 had bought again before its last days"
    ]
    assert sum(one.actual * one.customers for one in tested.by_repeats) == pytest.approx(tested.actual)


def _histories(early: dict[str, list[tuple[int, float]]], split: int) -> tuple[Floats, Floats, Floats]:
    days = [sorted({day for day, _ in life if day <= split}) for life in early.values()]
    columns = [(len(of) - 1, (of[-1] - of[0]) / 7, (split - of[0]) / 7) for of in days]
    x, tx, age = np.array(columns, float).T
    return x, tx, age


def test_a_range_means_first_purchases(world: World) -> None:
    lake, bought = world
    late = asked(lake, since=f"{DAYS - 40}d", value=None)
    assert late.n == sum(life[0][0] >= 40 for life in bought.values())
    assert late.n_mature == 0
    assert (late.spending, late.clv) == (None, None)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"since": "3d"}, "10 would do: an earlier since"),
        ({"discount": 2.0}, "discount: 0.0 to 1.0 would do, not 2.0"),
        ({"discount": float("nan")}, "discount: 0.0 to 1.0 would do, not nan"),
        ({"holdout": 0.0}, "holdout: 0.1 to 0.9 would do"),
        ({"horizon": "soon"}, "horizon 'soon' is no length of time"),
        ({"customers": 1 << 20}, "customers: 0 to 100000 would do"),
        ({"value": "prize"}, "field 'prize' is not known"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(world: World, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(world[0], **fields)
    assert text in str(refused.value)
