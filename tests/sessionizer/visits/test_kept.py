"""Sessions kept by any rules: in any cut of the load order those of one rebuild; and what they tell."""

import random
from typing import Any

import msgspec
import pytest

from sessionizer.errors import BadRules
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from sessionizer.sessions import VisitRules
from sessionizer.visits.presets import PRESETS, chosen
from sessionizer.visits.successes import Success
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import MINUTE, START, Event, arrivals, cuts, loaded, plain_lake, store
from warehouse.lake import Lake

KEPT = [name for name, rules in PRESETS.items() if rules.kept]
PAID = Success("shop", "track", "paid", "/total", "/currency")
AMOUNTS = (None, '{"total": 0.1, "currency": "EUR"}', '{"total": 20}', '{"total": "x"}')


def rows(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.query("SELECT * FROM sessions ORDER BY ALL")


def varied(random_: random.Random, size: int) -> list[Event]:
    """Random arrivals that also pay, come from campaigns and other sites, from apps and places."""
    return [
        msgspec.structs.replace(
            event,
            event=random_.choice([None, "paid"]) if event.type == "track" else None,
            properties=random_.choice(AMOUNTS),
            referrer_host=random_.choice([None, "a.example", "b.example"]),
            referrer_class=random_.choice([None, "search", "internal"]),
            channel=random_.choice([None, "Direct", "Email"]),
            device_type=random_.choice([None, "mobile", "desktop"]),
            app_name=random_.choice([None, "app"]),
            country=random_.choice([None, "CN", "DE"]),
        )
        for event in arrivals(random_, size, 12)
    ]


QUICK = ("sojourn", "universal-analytics", "sensors")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in KEPT]
)
def test_any_cut_gives_the_sessions_of_one_rebuild(name: str) -> None:
    random_ = random.Random(name)
    events, visits = varied(random_, 90), VisitRules(PRESETS[name], (PAID,))
    whole, parts = plain_lake(), plain_lake()
    for lake in (whole, parts):
        store(lake, events)
    loaded(whole, 90)
    rebuild(whole, now=NOW, visits=visits)
    for end in cuts(random_, 90):
        loaded(parts, end)
        stitch(parts, now=NOW, visits=visits)
    assert rows(parts) == rows(whole)


def test_rules_that_can_only_be_compared_are_refused_by_name() -> None:
    assert chosen("ga4") is PRESETS["ga4"]
    with pytest.raises(BadRules, match=r"posthog.*can be compared.*ga4"):
        chosen("posthog")
    with pytest.raises(BadRules, match=r"'ga5'.*ga4"):
        chosen("ga5")


def one_visit(*events: Event) -> dict[str, Any]:
    lake = plain_lake()
    store(lake, events)
    for end in range(1, len(events) + 1):
        loaded(lake, end)
        stitch(lake, now=NOW, visits=VisitRules(successes=(PAID,)))
    (found,) = lake.records("SELECT * FROM sessions")
    return found


def event(number: int, minute: float, type: str = "page", **more: Any) -> Event:
    return Event(number, START + round(minute * MINUTE), f"m{number}", type, "d", **more)


def test_pauses_count_as_engaged_for_half_a_minute() -> None:
    visit = one_visit(event(1, 0), event(2, 0.25), event(3, 10))
    assert (visit["seconds"], visit["engaged_seconds"], visit["bounced"]) == (600.0, 45.0, False)


def test_one_page_and_little_else_is_a_bounce() -> None:
    assert one_visit(event(1, 0))["bounced"]
    assert one_visit(event(1, 0), event(2, 0.1, "track"))["bounced"]
    assert not one_visit(event(1, 0), event(2, 0.2, "track"))["bounced"]
    assert not one_visit(event(1, 0), event(2, 0.1))["bounced"]
    assert not one_visit(event(1, 0), event(2, 0.1, "track", event="paid"))["bounced"]


def test_what_is_paid_is_added_up_in_the_first_currency() -> None:
    visit = one_visit(
        event(1, 0, "track", event="paid", properties='{"total": 1.1}'),
        event(2, 1, "track", event="paid", properties='{"total": "2.2", "currency": "EUR"}'),
        event(3, 2, "track", event="paid", properties='{"total": 100, "currency": "USD"}'),
        event(4, 3, "track", event="paid", properties='{"total": "much"}'),
        event(5, 4, "track", event="seen", properties='{"total": 7}'),
    )
    assert (visit["conversions"], visit["order_value"], visit["currency"]) == (4, 3.3, "EUR")
    assert one_visit(event(1, 0, "track", event="paid"))["order_value"] is None


def test_channel_device_and_place_are_those_of_the_first_event_that_tells() -> None:
    visit = one_visit(
        event(1, 0, "track"),
        event(2, 1, channel="Email", device_type="tablet", country="CN", city="上海"),
        event(3, 2, channel="Direct", device_type="mobile", country="DE", city="Bonn"),
    )
    told = (visit["channel"], visit["device_type"], visit["country"], visit["city"])
    assert told == ("Email", "tablet", "CN", "上海")
