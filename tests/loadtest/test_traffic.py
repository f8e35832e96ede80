"""The generated customers: the same for the same seed, in order of arrival, and all of their truth told."""

from collections import defaultdict
from datetime import datetime
from itertools import islice, pairwise

import msgspec
import pytest

from loadtest.people import LINXIA, anonymous_id
from loadtest.traffic import LIVE_VISITS, Shop, in_order
from loadtest.visits import Message

NOW = 1_795_300_000_000_000
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop(seed=7, customers=400)


@pytest.fixture(scope="module")
def messages(shop: Shop) -> list[Message]:
    return list(shop.history(NOW))


def decoded(messages: list[Message]) -> list[dict[str, object]]:
    return [msgspec.json.decode(message.body) for message in messages]


def micros(event: dict[str, object]) -> int:
    return round(datetime.fromisoformat(str(event["timestamp"])).timestamp() * 1_000_000)


def test_same_seed_and_time_give_the_same_bytes(messages: list[Message]) -> None:
    assert list(Shop(seed=7, customers=400).history(NOW)) == messages
    assert list(Shop(seed=8, customers=400).history(NOW)) != messages


def test_history_is_in_order_of_arrival_and_nothing_is_from_the_future(messages: list[Message]) -> None:
    arrivals = [message.at for message in messages]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= NOW
    assert all(
        micros(event) <= message.at for event, message in zip(decoded(messages), messages, strict=True)
    )
    assert min(map(micros, decoded(messages))) >= NOW - 31 * 24 * 60 * MINUTE


def test_every_type_and_both_languages_occur(messages: list[Message]) -> None:
    events = decoded(messages)
    assert {event["type"] for event in events} == {"track", "page", "screen", "identify", "group", "alias"}
    text = b"".join(message.body for message in messages).decode()
    for wanted in (
        "茶",
        "Lesson Completed",
        "MicroMessenger",
        "iPhone",
        '"campaign"',
        '"ip":"2001:db8:',
    ):
        assert wanted in text


def test_some_messages_come_late_and_some_twice(messages: list[Message]) -> None:
    ids = [message.message_id for message in messages]
    assert 0 < len(ids) - len(set(ids)) < len(ids) / 50
    late = [
        m for m, event in zip(messages, decoded(messages), strict=True) if m.at - micros(event) > 60 * MINUTE
    ]
    assert 0 < len(late) < len(messages) / 20


def test_a_message_sent_twice_is_the_same_bytes(messages: list[Message]) -> None:
    bodies = defaultdict(set)
    for message in messages:
        bodies[message.message_id].add(message.body)
    assert {len(same) for same in bodies.values()} == {1}


def test_the_truth_knows_every_id_of_the_traffic(shop: Shop, messages: list[Message]) -> None:
    events = decoded(messages)
    people = shop.truth.customers.values()
    assert {len(one) for person in people for one in person.anonymous_ids} == {36}
    assert {e["anonymousId"] for e in events if "anonymousId" in e} <= {
        i for p in people for i in p.anonymous_ids
    }
    assert {e["userId"] for e in events if "userId" in e} <= {i for p in people for i in p.user_ids}


def test_a_user_is_seen_only_on_devices_of_that_person_or_shared_ones(
    shop: Shop, messages: list[Message]
) -> None:
    owner = {d: p for p in shop.truth.customers.values() for d in p.anonymous_ids}
    seen = {
        (e["anonymousId"], e["userId"]) for e in decoded(messages) if "anonymousId" in e and "userId" in e
    }
    foreign = {(device, user) for device, user in seen if user not in owner[str(device)].user_ids}
    assert foreign == {(device, user) for device, users in shop.truth.shared.items() for user in users}
    assert foreign


def test_the_known_customer_has_two_devices_and_a_visit_within_the_hour(messages: list[Message]) -> None:
    devices = [anonymous_id(7, 0, 0), anonymous_id(7, 0, 1)]
    mine = [event for event in decoded(messages) if event.get("anonymousId") in devices]
    signed_in = {event["anonymousId"] for event in mine if event.get("userId") == LINXIA}
    assert signed_in == set(devices)
    assert {event.get("userId") for event in mine} == {LINXIA, None}
    assert not [
        e for e in decoded(messages) if e.get("userId") == LINXIA and e.get("anonymousId") not in devices
    ]
    assert NOW - max(map(micros, mine)) < 60 * MINUTE
    assert visits(mine) >= 4


def visits(events: list[dict[str, object]]) -> int:
    """Runs of events of one device with no more than 30 minutes between two of them."""
    ordered = sorted((str(event["anonymousId"]), micros(event)) for event in events)
    return 1 + sum(a[0] != b[0] or b[1] - a[1] > 30 * MINUTE for a, b in pairwise(ordered))


def test_live_traffic_keeps_its_rate_and_shares_no_id_with_the_history(messages: list[Message]) -> None:
    live = list(islice(Shop(seed=7, customers=5_000).live(NOW, 50.0), 20_000))
    assert live[0].at >= NOW
    assert len(live) / ((live[-1].at - NOW) / 1e6) == pytest.approx(50.0, rel=0.1)
    assert min(visit_number(message) for message in live) >= LIVE_VISITS > max(map(visit_number, messages))


def visit_number(message: Message) -> int:
    return int(message.message_id.split("-")[3].removeprefix("linxia"), 16)


def test_visits_that_overlap_are_woven_together() -> None:
    first = [Message(10, "a", b""), Message(30, "b", b"")]
    second = [Message(20, "c", b""), Message(25, "d", b"")]
    assert [m.message_id for m in in_order([(10, first), (20, second)])] == ["a", "c", "d", "b"]


def test_what_pages_tell_of_touches_changes_nothing_else() -> None:
    plain = {one.message_id: one for one in Shop(7, 60).history(NOW, days=5)}
    touched = {one.message_id: one for one in Shop(7, 60, touched=True).history(NOW, days=5)}
    more = {id: one for id, one in touched.items() if id not in plain}
    assert {id: touched[id] for id in plain} == plain
    names = {msgspec.json.decode(one.body)["event"] for one in more.values()}
    assert names == {"Element Clicked", "Page Engaged", "Survey Answered"}
