"""Chances from a lake: features against plain Python, no look ahead, doors, and kept models."""

import json
from collections import Counter, defaultdict
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.sessionizer.world import HOUR, Event
from tests.warehouse.insights.asked_lake import complete, lake_of
from tests.warehouse.insights.prediction.shop_lives import DAY, GIVEN, UNTIL, lived, lives
from warehouse.insights.asked import asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.prediction.features import Features, backs, features, features_sql
from warehouse.insights.prediction.predicted import IntentAnswer, RiskAnswer, intent, prediction_table, risk
from warehouse.insights.prediction.question import Asking, Intent, Risk
from warehouse.lake import Lake


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return lives(110)


@pytest.fixture(scope="module")
def lake(events: list[Event]) -> Lake:
    return lived(events)


def read(lake: Lake, question: Asking) -> Features:
    with asking(lake, question, UNTIL) as asked:
        sql = features_sql(asked, question, [0, *backs(asked, question)])
        return features(asked.arrow(sql), question)


def test_features_against_plain_python(lake: Lake, events: list[Event]) -> None:
    found = read(lake, Risk(**GIVEN))
    assert sorted(set(found.back.tolist())) == [0, 7, 14, 21, 28]
    by_device: dict[str, list[Event]] = defaultdict(list)
    for one in events:
        by_device[one.anonymous_id or ""].append(one)
    seen = 0
    for back in (0, 7, 14, 21, 28):
        as_of = UNTIL - back * DAY
        wanted = {who: _wanted(of, as_of) for who, of in by_device.items()}
        wanted = {who: of for who, of in wanted.items() if of}
        of = found.of([back])
        names = [found.customers[int(at)].as_py() for at in np.flatnonzero(of)]
        assert sorted(names) == sorted(wanted)
        for who, row, later in zip(names, found.values[of], found.later[of], strict=True):
            told = dict(zip(found.names, row.tolist(), strict=True))
            for name, value in wanted[who].items():
                assert (later if name == "stopped" else told[name]) == pytest.approx(value), name
            seen += 1
    assert seen > 200


def _wanted(events: list[Event], as_of: int) -> dict[str, float]:
    past = [one for one in events if as_of - 14 * DAY <= one.at < as_of]
    if not past or max(one.at for one in past) < as_of - 7 * DAY:
        return {}
    names = Counter(one.event for one in past)
    days = {(as_of - 1 - one.at) // DAY for one in past}
    newer = sum(one.at >= as_of - 7 * DAY for one in past)
    first, last = min(one.at for one in past), max(one.at for one in past)
    orders = [one for one in past if one.event == "Ordered"]
    gap = (last - first) / DAY / max(len(days) - 1, 1)
    found = {
        "recency_days": (as_of - last) / DAY,
        "age_days": (as_of - first) / DAY,
        "events": len(past),
        "events_7_days": newer,
        "active_days": len(days),
        "trend": (2 * newer - len(past)) / len(past),
        "gap_days": gap,
        "overdue": (as_of - last) / DAY / (1 + gap),
        "kinds": len(names),
        "contacts": names["Asked"],
        "steps": sum(names[name] > 0 for name in ("Viewed", "Added", "Ordered")),
        "sessions": len(days),
        "devices": 1,
        "share of Email": float(past[0].channel == "Email"),
        "stopped": not any(as_of <= one.at < as_of + 7 * DAY for one in events),
    }
    return found | {"purchases": len(orders)} if not orders else found


def test_purchases_of_the_features(lake: Lake, events: list[Event]) -> None:
    question = Intent(**{**GIVEN, "event": "Ordered"})
    found = read(lake, question)
    of = found.of([7])
    as_of, names = UNTIL - 7 * DAY, found.names
    for at in np.flatnonzero(of):
        who, row = found.customers[int(at)].as_py(), dict(zip(names, found.values[at].tolist(), strict=True))
        orders = [one for one in events if one.anonymous_id == who and one.event == "Ordered"]
        past = [one for one in orders if as_of - 14 * DAY <= one.at < as_of]
        assert row["purchases"] == row["aim_times"] == len(past)
        assert row["value"] == sum(json.loads(one.properties or "{}")["price"] for one in past)
        since = (as_of - max(one.at for one in past)) / DAY if past else 14
        assert row["purchase_recency_days"] == row["aim_recency_days"] == pytest.approx(since)
        assert found.later[at] == any(as_of <= one.at < as_of + 7 * DAY for one in orders)


def test_nothing_that_came_later_is_in_a_feature(lake: Lake, events: list[Event]) -> None:
    """Two pasts that are the same until a day: so are the features of that day and those before."""
    split = UNTIL - 14 * DAY
    strangers = [one for one in lives(110, seed=8) if one.at >= split]
    mixed = [*(one for one in events if one.at < split), *strangers]
    other = lived([msgspec.structs.replace(one, load_seq=seq) for seq, one in enumerate(mixed, 1)])
    question = Risk(**GIVEN)
    one, two = read(lake, question), read(other, question)
    past, also = one.of([14, 21, 28]), two.of([14, 21, 28])
    assert past.sum() > 100
    assert np.array_equal(one.values[past], two.values[also])
    assert not np.array_equal(one.later[past], two.later[also])
    assert len(one.values[one.of([7])]) != len(two.values[two.of([7])])


def test_a_visit_that_goes_on_is_not_known_yet() -> None:
    """From 23:50 to 0:10: by midnight one event is known and no session, a day later both and the session."""
    moments = [UNTIL - 8 * DAY + minutes * 60_000_000 for minutes in (-10, 10)]
    lake = lived(
        [Event(seq, at, f"m{seq}", "track", "d1", event="Viewed") for seq, at in enumerate(moments, 1)]
    )
    for missing, events, sessions in ((1, 1, 0), (0, 2, 1)):
        complete(lake, UNTIL - missing * DAY)
        found = read(lake, Risk(**GIVEN, dates=1))
        (row,) = found.values[found.of([7 + missing])]
        told = dict(zip(found.names, row.tolist(), strict=True))
        assert (told["events"], told["sessions"], told["engaged_minutes"]) == (events, sessions, sessions / 2)


def asked(lake: Lake, **fields: Any) -> RiskAnswer:
    return risk(lake, Risk(**{**GIVEN, **fields}), UNTIL)


def test_who_will_stop(lake: Lake, events: list[Event]) -> None:
    answer = asked(lake, customers=5)
    assert answer.verdict in ("useful", "no_better_than_recency", "useless")
    assert answer.tested is not None
    assert [one.days_back for one in answer.slices] == [7, 14, 21, 28]
    active = {one.anonymous_id for one in events if one.at >= UNTIL - 7 * DAY}
    assert answer.n == answer.n_mature == len(active)
    assert answer.expected is not None
    assert 0 < answer.expected < answer.n
    chances = [one.probability for one in answer.customers]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) == 5
    assert {one.customer for one in answer.customers} <= active
    for one in answer.customers:
        assert len(one.reasons) == 3
        assert " by " in one.reasons[0].text
        assert abs(one.reasons[0].effect) >= abs(one.reasons[2].effect) > 0
    assert "tested: AUC 0." in answer.notes()[1]
    assert lake.query(answer.sql)
    assert asked(lake, customers=5) == answer
    assert prediction_table(answer).rows[0][0] == answer.customers[0].customer
    assert [row[0] for row in prediction_table(asked(lake, customers=0)).rows] == [
        "recency",
        "logistic",
        "boosting",
    ]


def test_the_order_of_arrival_does_not_matter(lake: Lake, events: list[Event]) -> None:
    turned = list(reversed(events))
    other = lived([msgspec.structs.replace(one, load_seq=seq) for seq, one in enumerate(turned, 1)])
    one, two = asked(lake), asked(other)
    assert msgspec.structs.replace(one, sql="") == msgspec.structs.replace(two, sql="")


def test_who_will_buy_and_what_the_cursor_has_not_reached(lake: Lake, events: list[Event]) -> None:
    answer: IntentAnswer = intent(lake, Intent(**{**GIVEN, "event": "Ordered"}), UNTIL)
    assert answer.tested is not None
    late = UNTIL - 9 * HOUR
    other = lake_of(events)
    complete(other, late)
    assert [one.days_back for one in asked(other).slices] == [8, 15, 22]
    assert asked(other).n_mature == 0


def test_too_little_is_an_answer_that_says_so(lake: Lake) -> None:
    answer = asked(lake, horizon="14d")
    assert (answer.verdict, answer.customers, answer.tested) == ("not_enough_data", [], None)
    assert answer.lacking == answer.notes()[0]
    assert "history 14d and three horizons of 14d take 56" in answer.notes()[0]
    assert answer.n > 0
    assert prediction_table(answer).rows == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event": "Orderd"}, "near it: 'Ordered'"),
        ({"horizon": "12h"}, "horizon '12h' is no number of whole days"),
        ({"active": "21d"}, "active '21d' is longer than the history of '14d'"),
        ({"unit": "group"}, "unit 'group' has no future of its own; customer, device, user would do"),
        ({"dates": 0}, "dates: 1 to 24 would do, not 0"),
        ({"value": "prize"}, "field 'prize' is not known"),
        ({"customers": 1 << 20}, "customers: 0 to 10000 would do"),
        ({"kept": "mine"}, "model 'mine' is not known here; there is none at all"),
    ],
)
def test_what_cannot_be_answered_says_what_would_do(lake: Lake, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        asked(lake, **fields)
    assert text in str(refused.value)


def test_hostile_texts_are_texts(lake: Lake) -> None:
    hostile = "'; DROP TABLE events; --"
    answer = asked(lake, channels=(hostile, "{until}", "茶"), steps=(hostile,), contact='"}x')
    assert answer.n > 0
