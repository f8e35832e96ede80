"""Recommendations: planted tastes found, chance told from taste, and what is read against plain Python."""

import json
import random
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
import scipy

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.prediction.shop_lives import lived
from warehouse.insights.errors import BadQuestion
from warehouse.insights.prediction import recommenders
from warehouse.insights.prediction.interests import Interests
from warehouse.insights.prediction.ranking import best, judged, without
from warehouse.insights.prediction.recommend import Recommend, RecommendAnswer, recommend, recommend_table
from warehouse.insights.prediction.recommenders import Recommender, covisits, factors, popularity
from warehouse.lake import Lake
from warehouse.times import iso

DAY = 24 * HOUR
UNTIL = START + 20 * DAY
GROUPS, EACH = 4, 12


def tastes(customers: int, seed: int, loyal: float) -> Interests:
    """Customers that choose by a taste of their own so often, and else by what is popular; the last two of
    eight were bought after the split.
    """
    random_ = np.random.default_rng(seed)
    size = GROUPS * EACH
    popular = 1 / np.arange(1, size + 1)
    early, held = np.zeros((customers, size)), np.zeros((customers, size))
    for row in range(customers):
        own = np.where(np.arange(size) % GROUPS == row % GROUPS, popular, 0)
        chances = loyal * own / own.sum() + (1 - loyal) * popular / popular.sum()
        chosen = random_.choice(size, 8, replace=False, p=chances)
        early[row, chosen[:6]] = 1
        held[row, chosen[6:]] = 1
    past, later = scipy.sparse.csr_array(early), scipy.sparse.csr_array(held)
    return Interests([f"i{number:02}" for number in range(size)], past, past, later, None)


def rankings(known: Interests) -> dict[str, Any]:
    methods: dict[str, Recommender] = {
        "popularity": popularity(known),
        "covisits": covisits(known),
        "factors": factors(known, 8, 1),
    }
    people, found = judged(known, methods, 10, repeat=False, seed=1)
    assert people == known.customers
    return {one.method: one for one in found}


def test_planted_tastes_are_found() -> None:
    found = rankings(tastes(300, 1, 0.95))
    for name in ("covisits", "factors"):
        assert found[name].gain.low > 0.1
        assert found[name].recall.low > found["popularity"].recall.high
        assert found[name].coverage > found["popularity"].coverage
    assert found["covisits"].recall.value > 0.75


def test_where_there_is_no_taste_popularity_is_as_good() -> None:
    found = rankings(tastes(300, 2, 0.0))
    assert found["covisits"].gain.low < 0.01
    assert found["factors"].gain.low < 0
    assert found["popularity"].gain.value == 0


def test_nearness_by_hand() -> None:
    """a with b twice, with c once; a three times in all, b two times, c once."""
    times = scipy.sparse.csr_array(np.array([[3.0, 1, 0], [1, 1, 0], [2, 0, 9]]))
    once = scipy.sparse.csr_array(times.toarray().clip(max=1))
    known = Interests(["a", "b", "c"], times, once, once, None)
    found = covisits(known)
    assert found.like(0) == pytest.approx([0, 2 / (13 * 12) ** 0.5, 1 / (13 * 11) ** 0.5])
    assert found.scores(times)[1] == pytest.approx(found.like(0) + found.like(1))
    assert popularity(known).like(2) == pytest.approx([1, 2 / 3, 1 / 3])


def test_factors_solve_what_they_should() -> None:
    random_ = np.random.default_rng(4)
    others = random_.normal(size=(9, 3))
    times = scipy.sparse.csr_array(random_.poisson(0.7, (5, 9)).astype(float))
    weights = recommenders._weights(times)
    found = recommenders._solved(np.zeros((5, 3)), others, weights, 20)
    for row in range(5):
        weight = weights.toarray()[row]
        left = others.T @ np.diag(1 + weight) @ others + np.eye(3)
        right = others.T @ np.where(weight > 0, 1 + weight, 0)
        assert found[row] == pytest.approx(np.linalg.solve(left, right))


def test_ranking_by_hand() -> None:
    """Bought later: c and d. Named are d, a, b; with what was bought already (a): d, b, c."""
    early, held = np.array([[1.0, 0, 0, 0]]), np.array([[1.0, 0, 1, 1]])
    past, later = scipy.sparse.csr_array(early), scipy.sparse.csr_array(held)
    known = Interests(list("abcd"), past, past, later, None)
    shares = recommenders.Popularity(np.array([0.3, 0.2, 0.1, 0.4]))
    _, (one,) = judged(known, {"popularity": shares}, 3, repeat=False, seed=1)
    ideal = 1 + 1 / np.log2(3)
    assert one.recall.value == 1
    assert one.ndcg.value == pytest.approx((1 + 1 / np.log2(4)) / ideal)
    assert (one.coverage, one.recall.low) == (0.75, None)
    _, (again,) = judged(known, {"popularity": shares}, 3, repeat=True, seed=1)
    assert again.recall.value == pytest.approx(2 / 3)
    assert again.ndcg.value == pytest.approx(ideal / (ideal + 1 / np.log2(4)))
    assert best(np.array([1.0, 2.0, 2.0, -np.inf]), 4).tolist() == [1, 2, 0]
    assert without(np.ones((1, 4)), known.bought)[0, 0] == -np.inf


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Who likes tea and who likes paper; orders have lists, views have one, and some name nothing."""
    random_ = random.Random(5)
    found: list[tuple[int, str, str, str]] = []
    for person in range(60):
        shelf = [f"{('tea', 'paper')[person % 2]}-{number}" for number in range(6)]
        for day in sorted(random_.sample(range(20), 4)):
            chosen = random_.sample(shelf, 2)
            product = {"products": [{"product_id": one} for one in chosen]}
            given: list[tuple[str, Any]] = [
                ("Product Viewed", {"product_id": chosen[0]}),
                ("Product Viewed", random_.choice(({}, {"product_id": None}, {"product_id": "pen"}))),
                ("Order Completed", random_.choice((product, {"products": []}, {"products": "none"}))),
            ]
            for name, properties in given:
                at = START + day * DAY + len(found) % 20 * HOUR
                found.append((at, f"d{person}", name, json.dumps(properties)))
    return [
        Event(seq, at, f"m{seq}", "track", device, event=name, properties=properties)
        for seq, (at, device, name, properties) in enumerate(found, 1)
    ]


@pytest.fixture(scope="module")
def lake(events: list[Event]) -> Lake:
    return lived(events)


def asked(lake: Lake, **fields: Any) -> RecommendAnswer:
    given = {"since": iso(START), "until": iso(UNTIL), "unit": "device", "k": 4, "factors": 4, **fields}
    return recommend(lake, Recommend(**given), UNTIL)


def told(events: list[Event], device: str) -> tuple[Counter[str], set[str]]:
    """(item -> how often, items bought)."""
    times: Counter[str] = Counter()
    bought = set()
    for one in events:
        said = json.loads(one.properties or "{}")
        listed = said.get("products")
        items = [of["product_id"] for of in listed] if isinstance(listed, list) else [said.get("product_id")]
        items = [item for item in items if item]
        if one.anonymous_id == device:
            times.update(items)
            bought |= set(items) if one.event == "Order Completed" else set()
    return times, bought


def test_for_a_customer(lake: Lake, events: list[Event]) -> None:
    answer = asked(lake, customer="d3", method="covisits")
    times, bought = told(events, "d3")
    assert answer.n == answer.n_mature == 60
    assert answer.item_count == 13
    known = [one.item for one in answer.recommended]
    assert len(known) == 4
    assert not bought & set(known)
    assert all(one.because and set(one.because) <= set(times) for one in answer.recommended)
    again = asked(lake, customer="d3", method="covisits", repeat=True, k=13).recommended
    assert bought < {one.item for one in again}
    assert sum(one.item.startswith("paper") for one in again[:4]) >= 3
    assert (answer.cold, answer.method) == (False, "covisits")
    assert lake.query(answer.sql)
    assert asked(lake, customer="d3", method="covisits") == answer
    assert recommend_table(answer).rows[0][0] == known[0]


def test_popularity_and_what_was_bought_later(lake: Lake, events: list[Event]) -> None:
    answer = asked(lake, method="popularity", holdout=0.25)
    buyers: dict[str, set[str]] = defaultdict(set)
    for number in range(60):
        for item in told(events, f"d{number}")[1]:
            buyers[item].add(f"d{number}")
    wanted = sorted(buyers, key=lambda item: (-len(buyers[item]), item))[:4]
    assert [one.item for one in answer.recommended] == wanted
    assert answer.recommended[0].score == pytest.approx(len(buyers[wanted[0]]) / 60)
    split = START + 15 * DAY
    early, late = ([one for one in events if (one.at < split) == before] for before in (True, False))
    new = again = 0
    for number in range(60):
        times, bought = told(early, f"d{number}")
        then = told(late, f"d{number}")[1]
        new, again = new + bool(times and then - bought), again + bool(times and then)
    assert answer.judged == new > 10
    assert asked(lake, method="popularity", holdout=0.25, repeat=True).judged == again > new
    assert answer.split == iso(split)
    assert [one.method for one in answer.rankings] == ["popularity", "covisits", "factors"]
    assert answer.notes()[-1] == f"tried on {new} customers that bought after {iso(split)}; used: popularity"


def test_tastes_are_better_than_popularity_and_beside_an_item(lake: Lake) -> None:
    assert asked(lake, holdout=0.4).method == "covisits"
    few = asked(lake)
    assert few.rankings[1].gain.value > 0 > (few.rankings[1].gain.low or 0)
    assert few.method == "popularity"
    beside = asked(lake, item="tea-1", method="factors")
    assert [one.item[:3] for one in beside.recommended[:3]] == ["tea"] * 3
    assert "tea-1" not in [one.item for one in beside.recommended]


def test_who_is_not_known_gets_what_is_popular(lake: Lake) -> None:
    answer = asked(lake, customer="stranger", method="covisits")
    assert (answer.cold, answer.method) == (True, "popularity")
    assert answer.recommended == asked(lake, method="popularity").recommended
    assert "nothing is known of 'stranger'" in answer.notes()[-1]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"item": "tea-11"}, "item 'tea-11' is not known here; near it: 'tea-1'"),
        ({"item": "tea-1", "customer": "d1"}, "one would do"),
        ({"id": 'x"]'}, "is no name of a field in a list"),
        ({"id": "sku"}, "no item is named by 'sku' in 'properties.products' or beside it"),
        ({"events": ("Viewd",), "bought": "Order Complete"}, "near it: 'Order Completed'"),
        ({"k": 0}, "k: 1 to 200 would do"),
        ({"holdout": 1.0}, "holdout: 0.05 to 0.9 would do"),
        ({"events": ()}, "events: 1 to 20 would do"),
        ({"items": "product"}, "field 'product' is not known"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **fields)
    assert text in str(refused.value)


def test_items_of_an_imported_catalogue_have_their_names(lake: Lake) -> None:
    put = (
        "INSERT INTO events (load_seq, project, subject_key, message_id, type, event, timestamp,"
        " library_name, properties, context, extra) VALUES (?, 'shop', -1, ?, 'track', 'Item Updated',"
        ' make_timestamptz(?), \'sojourn-import\', ?::JSON, \'{"import": {"kind": "items"}}\'::JSON, ?::JSON)'
    )
    before = asked(lake, method="popularity")
    first = before.recommended[0].item
    for seq, name in ((90_001, "Green"), (90_002, "Oolong")):
        row = json.dumps({"import": {"id": first}})
        lake.execute(put, [seq, f"i{seq}", START - DAY + seq, json.dumps({"name": name}), row])
    answer = asked(lake, method="popularity")
    lake.execute("DELETE FROM events WHERE event = 'Item Updated'")
    assert [one.name for one in answer.recommended] == ["Oolong", None, None, None]
    assert recommend_table(answer).rows[0][:2] == [first, "Oolong"]
    assert recommend_table(before).columns == ["item", "score", "because"]


def test_nobody_bought_after_the_split(lake: Lake) -> None:
    answer = asked(lake, bought="Product Viewed where country = DE", customer="'; DROP TABLE events; --")
    assert (answer.judged, answer.rankings) == (0, [])
    assert answer.cold
