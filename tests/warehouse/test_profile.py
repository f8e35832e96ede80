"""A customer's profile, over a world whose tables the sessionizer made."""

from __future__ import annotations

import json

import pytest

from sessionizer.rebuild import rebuild
from tests.sessionizer.world import HOUR, MINUTE, START, Event, loaded, plain_lake, store
from warehouse.cli.customers import _lines
from warehouse.lake import Lake
from warehouse.profile import Profile, profile

DAY = 24 * HOUR
TEN = START + 10 * HOUR  # Thursday, 18:00 in Shanghai


def consent(**answers: object) -> str:
    return json.dumps({"consent": {"categoryPreferences": answers}})


def bought(category: str | None) -> str:
    return json.dumps({"category": category, "products": [{"category": "茶"}, {"category": "茶"}, {}]})


EVENTS = [
    Event(1, TEN, "a1", "page", "laptop", None, page_path="/", channel="Direct", device_type="desktop",
          browser="Chrome", country="CN", city="Shanghai", context=consent(ads=False)),
    Event(2, TEN + MINUTE, "a2", "track", "laptop", "mei", event="Seen", properties=bought("Cups"),
          timezone="Asia/Shanghai", traits=None),
    Event(3, TEN + 2 * MINUTE, "a3", "identify", "laptop", "mei",
          traits='{"city": "上海", "consent": {"sms": true}}'),
    Event(4, TEN + DAY, "b1", "page", "phone", "mei", page_path="/cups", channel="Paid Search",
          device_type="mobile", os_name="iOS", country="CN", city="Shanghai", timezone="Mars/Olympus"),
    Event(5, TEN + DAY + 50 * MINUTE, "b2", "track", "phone", "mei", event="Seen", properties=bought(None)),
    Event(6, TEN + DAY + 75 * MINUTE, "b3", "track", "phone", "mei", event="Seen",
          properties='{"category": ["odd"], "product_category": 7}'),
    Event(7, TEN + 9 * DAY, "c1", "track", None, "mei", event="Order", context=consent(ads=True, mail="?"),
          signals="gpc", timezone="Asia/Shanghai"),
    Event(8, TEN, "z1", "page", "other", "jo", country="DE", channel="Email", properties=bought("Other")),
]  # fmt: skip


@pytest.fixture(scope="module")
def lake() -> Lake:
    lake = plain_lake()
    store(lake, EVENTS)
    loaded(lake, 8)
    rebuild(lake, now=lambda: START)
    return lake


@pytest.fixture(scope="module")
def mei(lake: Lake) -> Profile:
    found = profile(lake, "mei")
    assert found is not None
    return found


def test_any_id_leads_to_the_same_profile(lake: Lake, mei: Profile) -> None:
    ids = ("laptop", "phone", "a2", mei.customer_id)
    assert all(profile(lake, id) == mei for id in ids)
    assert profile(lake, "nobody") is None


def test_when_and_how_much(mei: Profile) -> None:
    assert (mei.project, mei.first_seen, mei.last_seen) == (
        "shop", "2026-11-05T10:00:00Z", "2026-11-14T10:00:00Z",
    )  # fmt: skip
    assert (mei.lifetime.sessions, mei.lifetime.events, mei.lifetime.pages) == (4, 7, 2)
    assert [(one.kind, one.value) for one in mei.identities] == [
        ("anonymous_id", "laptop"), ("user_id", "mei"), ("anonymous_id", "phone"),
    ]  # fmt: skip


def test_devices_places_and_channels(mei: Profile) -> None:
    assert [
        (one.device_id, one.device_type, one.os_name, one.browser, one.sessions) for one in mei.devices
    ] == [
        ("phone", "mobile", "iOS", None, 2),
        ("laptop", "desktop", None, "Chrome", 1),
    ]
    assert mei.devices[0].last_seen == "2026-11-06T11:15:00Z"
    assert [(one.country, one.city, one.sessions) for one in mei.places] == [("CN", "Shanghai", 2)]
    assert {one.channel: one.sessions for one in mei.channels} == {"Direct": 1, "Paid Search": 1}
    assert (mei.first_channel, mei.last_channel) == ("Direct", "Paid Search")


def test_preferences_are_in_the_customers_own_time(mei: Profile) -> None:
    liked = mei.preferences
    assert [(one.name, one.events) for one in liked.categories] == [
        ("茶", 2),
        ("7", 1),
        ("Cups", 1),
        ('["odd"]', 1),
    ]
    assert (liked.timezone, liked.events_read) == ("Asia/Shanghai", 7)
    assert {hour: number for hour, number in enumerate(liked.hours) if number} == {18: 4, 19: 1}
    assert liked.weekdays == [0, 0, 0, 1, 2, 1, 0]


def test_consent_is_what_was_said_last(mei: Profile) -> None:
    assert (mei.consent.answers, mei.consent.said_at, mei.consent.signals) == (
        {"ads": True}, "2026-11-14T10:00:00Z", "gpc",
    )  # fmt: skip
    city = next(one for one in mei.traits if one.name == "city")
    assert (city.value, city.rule, city.said_at) == ('"上海"', "latest", "2026-11-05T10:02:00Z")


def test_consent_can_be_a_trait(lake: Lake) -> None:
    other = plain_lake()
    store(other, EVENTS[:3])
    loaded(other, 3)
    rebuild(other, now=lambda: START)
    found = profile(other, "mei")
    assert found is not None
    assert found.consent.answers == {"sms": True}


def test_a_zone_that_is_none_and_a_customer_without_sessions(lake: Lake) -> None:
    other = plain_lake()
    store(other, [EVENTS[3]])
    loaded(other, 4)
    rebuild(other, now=lambda: START)
    found = profile(other, "mei")
    assert found is not None
    assert (found.preferences.timezone, found.preferences.hours[10]) == (None, 1)
    other.execute("DELETE FROM sessions")
    nothing = profile(other, "mei")
    assert nothing is not None
    assert (nothing.lifetime.sessions, nothing.first_seen, nothing.consent.answers) == (
        0,
        "2026-11-06T10:00:00Z",
        {},
    )


def test_worth_goes_by_currency(lake: Lake) -> None:
    other = plain_lake()
    store(other, EVENTS)
    loaded(other, 8)
    rebuild(other, now=lambda: START)
    other.execute(
        "UPDATE sessions SET order_value = 2.5, currency = CASE WHEN device_id = 'phone' THEN 'CNY' END"
    )
    found = profile(other, "mei")
    assert found is not None
    worth = [(one.currency, one.order_value, one.sessions) for one in found.lifetime.worth]
    assert worth == [("CNY", 5.0, 2), (None, 5.0, 2)]


def test_the_command_tells_it_in_lines(mei: Profile) -> None:
    told = "\n".join(_lines(mei))
    for words in (
        "4 sessions, 2 of them bounced, 7 events",
        "device phone  mobile iOS",
        "place CN Shanghai  2",
        "consent ads yes",
        'trait city "上海"',
        "category 茶  2 of the newest 7",
        "active (Asia/Shanghai) 18 h 4, 19 h 1",
    ):
        assert words in told
