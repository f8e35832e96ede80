from typing import Any

import pytest

from warehouse.console.timelines import PAGE_SESSIONS, SESSION_EVENTS, fields_of, shown


def event(number: int, **more: object) -> dict[str, Any]:
    at = f"2026-11-01T10:00:{number % 60:02d}Z"
    return {"message_id": f"m{number}", "type": "track", "event": "Seen", "timestamp": at, **more}


def session(number: int, device: str | None = "laptop", events: int = 1) -> dict[str, Any]:
    return {
        "session_id": f"s_{number}",
        "device_id": device,
        "started_at": f"2026-11-{number:02d}T10:00:00Z",
        "ended_at": f"2026-11-{number:02d}T10:09:00Z",
        "events": [event(one) for one in range(events)],
    }


def timeline(*sessions: dict[str, Any]) -> dict[str, Any]:
    identities = [
        {
            "kind": "anonymous_id",
            "value": "laptop",
            "first_seen": "2026-11-01T10:00:00Z",
            "evidence": "first_seen",
        },
        {"kind": "user_id", "value": "mei", "first_seen": "2026-11-02T10:00:00Z", "evidence": "identify"},
    ]
    return {"customer_id": "c_1", "identities": identities, "sessions": list(sessions)}


def ids(view: Any) -> list[tuple[str | None, list[str]]]:
    return [(group.device_id, [one.session_id for one in group.sessions]) for group in view.groups]


def test_devices_come_by_their_latest_session() -> None:
    view = shown(timeline(session(1), session(2, "phone"), session(3), session(4, None)))
    assert ids(view) == [(None, ["s_4"]), ("laptop", ["s_3", "s_1"]), ("phone", ["s_2"])]


def test_by_time_is_one_list() -> None:
    view = shown(timeline(session(1), session(2, "phone"), session(3)), by="time")
    assert ids(view) == [(None, ["s_3", "s_2", "s_1"])]


def test_a_screen_at_a_time() -> None:
    whole = timeline(*(session(number) for number in range(1, PAGE_SESSIONS + 3)))
    first = shown(whole)
    assert (first.sessions, first.older) == (PAGE_SESSIONS + 2, PAGE_SESSIONS)
    rest = shown(whole, skip=PAGE_SESSIONS)
    assert ids(rest) == [("laptop", ["s_2", "s_1"])]
    assert rest.older is None


def test_a_long_session_says_how_much_it_hides() -> None:
    (group,) = shown(timeline(session(1, events=SESSION_EVENTS + 7))).groups
    assert (len(group.sessions[0].events), group.sessions[0].hidden) == (SESSION_EVENTS, 7)


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


def test_who_it_is() -> None:
    view = shown(timeline(session(1, events=3), session(2)))
    assert (view.title, view.since) == ("mei", "2026-11-01T10:00:00Z")
    assert (view.devices, view.users, view.sessions, view.events) == (1, 1, 2, 4)
    nobody = shown({"customer_id": "c_1", "identities": [], "sessions": []})
    assert (nobody.title, nobody.since, nobody.groups) == ("c_1", "", [])


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


def test_attributes_are_readable() -> None:
    said = {"rule": "latest", "said_at": "2026-11-01T10:00:00Z", "values_seen": 1}
    view = shown(
        timeline()
        | {
            "attributes": [
                {"name": "city", "value": '"\\u4e0a\\u6d77"', "source": None, "contradictory": False, **said},
                {"name": "age", "value": "30", "source": "web", "contradictory": True, **said},
            ]
        }
    )
    shown_ones = [(one.name, one.value, one.source, one.contradictory) for one in view.attributes]
    assert shown_ones == [("city", "上海", "", False), ("age", "30", "web", True)]
