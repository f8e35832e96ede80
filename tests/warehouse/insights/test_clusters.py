"""Clusters: planted ones found again, and features against plain Python over a small lake."""

import json
import random
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.buyers.clusters import Clusters, ClustersAnswer, _note, clusters
from warehouse.insights.buyers.described import described
from warehouse.insights.buyers.kmeans import Floats, Ints, adjusted_rand, cluster
from warehouse.insights.errors import BadQuestion
from warehouse.lake import Lake

DAY = 24 * HOUR


def planted(k: int, seed: int, size: int = 80) -> tuple[Floats, Ints]:
    """Clouds of deviation 1, their middles 8 or more apart."""
    random_ = np.random.default_rng(seed)
    middles: list[Any] = []
    while len(middles) < k:
        one = random_.uniform(-15, 15, 4)
        if all(np.linalg.norm(one - other) > 8 for other in middles):
            middles.append(one)
    data = np.concatenate([random_.normal(one, 1, (size, 4)) for one in middles])
    return data / data.std(axis=0), np.repeat(np.arange(k), size)


@pytest.mark.parametrize("k", [3, 5, 6, 7])
def test_planted_clusters_are_found(k: int) -> None:
    found = [cluster(planted(k, seed)[0], None, seed) for seed in range(4)]
    assert [one.k for one in found] == [k] * 4
    alike = [adjusted_rand(one.labels, planted(k, seed)[1]) for seed, one in enumerate(found)]
    assert min(alike) >= 0.95
    assert min(one.stability for one in found) >= 0.95


@pytest.mark.slow
def test_planted_clusters_are_found_in_nearly_all_of_many() -> None:
    right = 0
    for seed in range(150):
        data, truth = planted(5 + seed % 3, seed)
        right += adjusted_rand(cluster(data, None, seed).labels, truth) >= 0.95
    assert right >= 0.95 * 150


def test_the_same_seed_gives_the_same_labels_and_no_structure_is_told() -> None:
    noise = np.random.default_rng(3).normal(size=(300, 6))
    one, other = cluster(noise, None, 5), cluster(noise, None, 5)
    assert np.array_equal(one.labels, other.labels)
    assert one.stability < 0.8
    assert np.bincount(one.labels).tolist() == sorted(np.bincount(one.labels), reverse=True)
    assert cluster(noise, 4, 5).k == 4


def test_adjusted_rand_by_hand() -> None:
    one = np.array([0, 0, 0, 1, 1, 1])
    assert adjusted_rand(one, 1 - one) == 1
    # Pairs together in both: 1 + 1 + 0; in one 6, in the other 3; by chance 6 * 3 / 15.
    assert adjusted_rand(one, np.array([0, 0, 1, 1, 2, 2])) == pytest.approx((2 - 1.2) / (4.5 - 1.2))


def test_words() -> None:
    standard = {"sessions": 2.0, "value": -0.7, "Email": 0.6, "pages": 0.1}
    means = {"sessions": 12.0, "value": 1.5, "Email": 0.5, "pages": 3.0}
    assert described(standard, means, dict.fromkeys(means, 4.0)) == (
        "comes often (12, all 4); brings little (1.5, all 4); often by Email (0.5, all 4)"
    )
    assert described({"pages": 0.2}, means, means) == "like the average"


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Three kinds: who looks once by mail, who comes often and buys, and who came long ago."""
    random_ = random.Random(6)
    found: list[Event] = []
    for person in range(60):
        kind = person % 3
        for visit in range((1, 6, 2)[kind]):
            start = START + (8, 1 + visit, 0)[kind] * DAY + visit * 3 * HOUR + random_.randrange(HOUR)
            for step in range((1, 3, 2)[kind]):
                found.append(
                    Event(
                        len(found) + 1,
                        start + step * 60_000_000,
                        f"m{len(found)}",
                        "track",
                        f"d{person}",
                        event="Ordered" if kind == 1 and step == 2 else "Viewed",
                        properties=json.dumps({"price": 10 + person}),
                        channel=("Email", "Direct", "Referral")[kind],
                    )
                )
    return found


@pytest.fixture(scope="module")
def lake(events: list[Event]) -> Lake:
    return lake_of(events)


def asked(lake: Lake, **fields: Any) -> ClustersAnswer:
    given = {"event": "Ordered", "value": "properties.price", "unit": "device", "customers": 100, **fields}
    return clusters(lake, Clusters(**{"since": "2026-11-05", "until": "2026-11-14", **given}), NOW)


def test_kinds_of_customers_and_their_features(lake: Lake, events: list[Event]) -> None:
    answer = asked(lake, k=3)
    assert answer.n == 60
    assert [one.customers for one in answer.clusters] == [20, 20, 20]
    assert answer.note == "3 clusters, as asked for"
    kinds: dict[int, set[int]] = defaultdict(set)
    for one in answer.members:
        kinds[one.cluster].add(int(one.customer[1:]) % 3)
    assert sorted(map(sorted, kinds.values())) == [[0], [1], [2]]
    (buyers,) = (one for one in answer.clusters if kinds[one.cluster] == {1})
    spent = [10 + int(one.anonymous_id[1:]) for one in events if one.event == "Ordered" and one.anonymous_id]
    assert buyers.means["purchases"] == 6
    assert buyers.means["sessions"] == 6
    assert buyers.means["value"] == pytest.approx(sum(spent) / 20)
    assert buyers.means["Direct"] == 1
    assert "devices" not in answer.features
    last: dict[str, int] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.event == "Ordered":
            last[event.anonymous_id or ""] = event.at - 2 * 60_000_000
    starts = [START + 10 * DAY - at for at in last.values()]
    assert buyers.means["recency_days"] == pytest.approx(np.mean(starts) / DAY)
    assert len(lake.query(answer.sql)) == 60


def test_fewer_than_five_are_said_and_not_forced(lake: Lake) -> None:
    assert _note(cluster(planted(3, 1)[0], None, 1), None) == "3 clusters: the data does not support 5 to 7"
    noise = cluster(np.random.default_rng(3).normal(size=(300, 6)), None, 5)
    assert "they are not stable" in _note(noise, None)
    chosen = asked(lake)
    kinds = {(one.cluster, int(one.customer[1:]) % 3) for one in chosen.members}
    assert len(kinds) == len(chosen.clusters) >= 3
    assert min(one.customers for one in chosen.clusters) >= 5


def test_as_many_as_asked_for(lake: Lake) -> None:
    answer = asked(lake, k=2, customers=0, channels=())
    assert len(answer.clusters) == 2
    assert answer.note.startswith("2 clusters, as asked for")
    assert not answer.members
    assert asked(lake, k=2, customers=0, channels=()) == answer


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"k": 1}, "k: 2 to 10 would do, not 1"),
        ({"channels": ("x",) * 13}, "channels: 0 to 12 would do, not 13"),
        ({"seed": -1}, "seed: 0 to"),
        ({"until": "2026-11-04", "since": "2026-11-01"}, "0 devices visited; 20 would do"),
        ({"unit": "group"}, "has no sessions of its own"),
        ({"value": "prize"}, "field 'prize' is not known"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **fields)
    assert text in str(refused.value)


def test_hostile_channels_are_texts(lake: Lake) -> None:
    answer = asked(lake, channels=("'; DROP TABLE events; --", 'x"', "茶", "Direct"))
    assert answer.n == 60
