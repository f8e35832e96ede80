from typing import Any

import pytest

from warehouse.console.persons import person
from warehouse.console.timelines import fields_of, shown


def event(number: int, **more: object) -> dict[str, Any]:
    at = f"2026-11-01T10:00:{number % 60:02d}Z"
    return {"message_id": f"m{number}", "type": "track", "event": "Seen", "timestamp": at, **more}


def session(number: int, device: str | None = "laptop", events: int = 1) -> dict[str, Any]:
    return {
        "session_id": f"s_{number}",
        "device_id": device,
        "started_at": f"2026-11-{number:02d}T10:00:00Z",
        "ended_at": f"2026-11-{number:02d}T10:09:00Z",
        "total": events,
        "idle_seconds": 86_400.0 * (number - 1) or None,
        "events": [event(one) for one in range(events)],
    }


def timeline(*sessions: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    newest_first = sorted(sessions, key=lambda one: one["started_at"], reverse=True)
    return {"customer_id": "c_1", "identities": [], "sessions": newest_first, "next": following}


def ids(view: Any) -> list[tuple[str | None, list[str]]]:
    return [(group.device_id, [one.session_id for one in group.sessions]) for group in view.groups]


def test_devices_come_by_their_latest_session() -> None:
    view = shown(timeline(session(1), session(2, "phone"), session(3), session(4, None)))
    assert ids(view) == [(None, ["s_4"]), ("laptop", ["s_3", "s_1"]), ("phone", ["s_2"])]


def test_by_time_is_one_list() -> None:
    view = shown(timeline(session(1), session(2, "phone"), session(3)), by="time")
    assert ids(view) == [(None, ["s_3", "s_2", "s_1"])]


def test_a_screen_leads_to_the_next() -> None:
    assert shown(timeline(session(1), following="abc")).older == "abc"
    nothing = shown(timeline(), by="time")
    assert (nothing.older, nothing.groups) == (None, [])


def test_a_session_shows_its_events_from_the_first_on_and_how_many_are_elsewhere() -> None:
    back = [event(3), event(2)]
    (group,) = shown(timeline({**session(2, events=7), "events": back})).groups
    (one,) = group.sessions
    assert [each.message_id for each in one.events] == ["m2", "m3"]
    assert (one.hidden, one.idle) == (5, 86_400.0)


@pytest.mark.parametrize(
    ("events", "entry"),
    [
        ([event(0, event=None), event(1, page_title="Tea 茶"), event(2, page_title="Basket")], "Tea 茶"),
        ([event(0, event=None), event(1)], "Seen"),
        ([event(0, event=None)], ""),
    ],
)
def test_a_session_says_what_it_began_with(events: list[dict[str, Any]], entry: str) -> None:
    (group,) = shown(timeline({**session(1), "events": events})).groups
    assert group.sessions[0].entry == entry


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (
            '{"a": 1.50, "b": {"c": "日本語"}, "d": null}',
            [("a", "1.50"), ("b", '{"c": "日本語"}'), ("d", "null")],
        ),
        ({"a": "text", "b": [1, 2]}, [("a", "text"), ("b", "[1,2]")]),
        ('{"big": 12345678901234567890123}', [("big", "12345678901234567890123")]),
        (r'{"a": ["\u8336 \ud83c\udf75"], "b": [1.50]}', [("a", '["茶 🍵"]'), ("b", "[1.50]")]),
        (
            r'{"a": ["\\u8336", "\u0022", "\u0000", "\\\u8336"]}',
            [("a", r'["\\u8336", "\u0022", "\u0000", "\\茶"]')],
        ),
        (r'{"half": "\ud83c"}', [("", r'{"half": "\ud83c"}')]),
        ("[1]", []),
        (None, []),
    ],
)
def test_fields_are_shown_as_sent(value: object, fields: list[tuple[str, str]]) -> None:
    assert fields_of(value) == fields


PROFILE: dict[str, Any] = {
    "customer_id": "c_1",
    "identities": [{"kind": "anonymous_id", "value": "laptop"}, {"kind": "user_id", "value": "mei"}],
    "traits": [],
    "channels": [{"channel": "Direct", "sessions": 8}, {"channel": "Email", "sessions": 2}],
    "places": [{"city": "Lyon", "region": None, "country": "FR", "sessions": 1}],
    "preferences": {"categories": [], "hours": [0, 3, 1] + [0] * 21, "weekdays": [0] * 7},
}


def test_who_it_is() -> None:
    assert person(PROFILE).title == "mei"
    assert person(PROFILE | {"identities": []}).title == "c_1"


def test_bars_are_shares_of_the_greatest() -> None:
    view = person(PROFILE)
    assert [(bar.label, bar.number, bar.share) for bar in view.channels] == [
        ("Direct", 8, 100),
        ("Email", 2, 25),
    ]
    assert [bar.share for bar in view.hours[:4]] == [0, 100, 33, 0]
    assert view.places[0].label == "Lyon, FR"
    assert {bar.share for bar in view.weekdays} == {0}


def test_attributes_are_readable() -> None:
    said = {"rule": "latest", "said_at": "2026-11-01T10:00:00Z", "values_seen": 1}
    traits = [
        {"name": "city", "value": '"\\u4e0a\\u6d77"', "source": None, "contradictory": False, **said},
        {"name": "age", "value": "30", "source": "web", "contradictory": True, **said},
    ]
    view = person(PROFILE | {"traits": traits})
    shown_ones = [(one.name, one.value, one.source, one.contradictory) for one in view.attributes]
    assert shown_ones == [("city", "上海", "", False), ("age", "30", "web", True)]
