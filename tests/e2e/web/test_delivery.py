"""The web SDK in a real browser: what it does when the collector, or the network, is not there."""

import json
import time
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Running, eventually
from tests.e2e.web.front import Fault, Front
from tests.e2e.web.shop import Shop, flush

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

LOT = "Object.entries(localStorage).filter(([name]) => /^sojourn_queue/.test(name)).map(([, text]) => text)"


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["messageId"] for event in events]


def parked(page: Page) -> list[str]:
    """The names of the events that wait in the browser's storage."""
    lots = [json.loads(text) for text in page.evaluate(LOT)]
    return [event.get("event", event["type"]) for lot in lots for event in lot["events"]]


def until_parked(page: Page, number: int) -> list[str]:
    until = time.monotonic() + 15
    while len(names := parked(page)) != number:
        assert time.monotonic() < until, names
        page.wait_for_timeout(50)
    return names


def stored(running: Running, message_ids: list[str]) -> dict[str, int]:
    """How many rows each message id has in SQL."""
    marks = ", ".join("?" * len(message_ids))
    sql = f"SELECT message_id, count(*) AS n FROM events WHERE message_id IN ({marks}) GROUP BY ALL"
    return {row["message_id"]: row["n"] for row in running.found(sql, message_ids, len(message_ids))}


def test_offline_events_wait_and_come_once(shop: Shop, running: Running) -> None:
    page = shop.open()
    flush(page)
    page.context.set_offline(True)
    for number in range(3):
        page.evaluate(f"sojourn.track('Offline {number}')")
    flush(page)
    assert parked(page) == ["Offline 0", "Offline 1", "Offline 2"]
    page.evaluate("sojourn.track('Offline 3')")
    page.context.set_offline(False)
    shop.front.wait("Offline 3")
    sent = shop.front.events()
    assert [event.get("event") for event in sent] == [None, *(f"Offline {number}" for number in range(4))]
    assert parked(page) == []
    assert stored(running, ids(sent)) == dict.fromkeys(ids(sent), 1)


def test_what_waits_goes_with_the_next_page(shop: Shop) -> None:
    page = shop.open()
    flush(page)
    address = page.url
    page.context.set_offline(True)
    page.evaluate("sojourn.track('Lost?')")
    flush(page)
    page.close()
    assert shop.front.named("Lost?") == []
    again = shop.contexts[0].new_page()
    shop.contexts[0].set_offline(False)
    again.goto(address)
    (found,) = shop.front.wait("Lost?")
    assert found["context"]["page"]["title"] == "Tea 茶"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(shop: Shop, status: int) -> None:
    shop.front.faults = [Fault(status, "7")]
    page = shop.open(clock=True)
    until_parked(page, 1)
    page.evaluate("sojourn.track('Meanwhile')")
    page.clock.run_for(6_500)
    flush(page)
    assert len(shop.front.heard) == 1
    page.clock.run_for(1_000)
    first, second = shop.front.requests(2)
    assert (first.status, second.status) == (status, 200)
    assert ids(second.events)[:1] == ids(first.events)
    assert [event.get("event") for event in second.events] == [None, "Meanwhile"]
    assert json.loads(second.body)["sentAt"] > json.loads(first.body)["sentAt"]


@pytest.mark.slow
def test_another_page_waits_as_well(shop: Shop) -> None:
    shop.front.faults = [Fault(429, "3600")]
    page = shop.open()
    flush(page)
    page.reload()
    page.wait_for_function("sojourn.flush")
    page.evaluate("sojourn.track('Too early')")
    flush(page)
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert len(shop.front.heard) == 1


FAILURES = [Fault(500), pytest.param(Fault(0), marks=pytest.mark.slow), Fault(200)]


@pytest.mark.parametrize("fault", FAILURES, ids=lambda fault: fault.status or "reset")
def test_what_may_pass_is_tried_again_ever_later(shop: Shop, fault: Fault) -> None:
    # Chromium itself repeats a request whose connection broke.
    shop.front.faults = [fault] * (2 if fault.status else 4)
    page = shop.open(clock=True)
    turns = 0
    while until_parked(page, 1) and shop.front.faults:
        page.clock.run_for(200)
        turns += 1
    assert 2 <= turns <= 55
    page.clock.run_for(13_000)
    shop.front.wait("page")
    tries = shop.front.heard
    assert [one.status for one in tries[-2:]] == [fault.status, 200]
    assert len({tuple(ids(one.events)) for one in tries}) == 1


@pytest.mark.parametrize(
    "status", [401, *(pytest.param(status, marks=pytest.mark.slow) for status in (400, 403))]
)
def test_what_can_never_succeed_is_dropped(shop: Shop, status: int) -> None:
    shop.front.faults = [Fault(status, "1")]
    page = shop.open()
    flush(page)
    assert parked(page) == []
    page.evaluate("sojourn.track('Next')")
    flush(page)
    assert [event.get("event") for event in shop.front.events()] == ["Next"]


def test_a_batch_that_is_too_large_is_cut(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    shop.front.faults = [Fault(413), Fault(413)]
    page.evaluate("for (let n = 0; n < 4; n++) sojourn.track('Part ' + n)")
    flush(page)
    sizes = [(one.status, len(one.events)) for one in shop.front.heard]
    assert sizes == [(413, 4), (413, 2), (200, 1), (200, 1), (200, 1), (200, 1)]
    assert len(set(ids(shop.front.events()))) == 4
    shop.front.faults = [Fault(413)]
    page.evaluate("sojourn.track('Never')")
    flush(page)
    assert parked(page) == []


@pytest.mark.slow
def test_batches_stay_below_what_a_leaving_page_may_send(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    page.evaluate("for (let n = 0; n < 40; n++) sojourn.track('Long ' + n, {text: '茶'.repeat(1500)})")
    flush(page)
    assert len(shop.front.events()) == 40
    assert [one.status for one in shop.front.heard] == [200] * len(shop.front.heard)
    assert max(len(one.body.encode()) for one in shop.front.heard) < 64 * 1024


@pytest.mark.slow
def test_the_queue_is_bounded_and_keeps_the_newest(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 1100; n++) sojourn.track('Event ' + n)")
    flush(page)
    names = parked(page)
    assert (len(names), names[0], names[-1]) == (1000, "Event 100", "Event 1099")
    page.evaluate("for (let n = 0; n < 10; n++) sojourn.track('Large ' + n, {text: 'x'.repeat(2e5)})")
    flush(page)
    names = parked(page)
    assert names[-1] == "Large 9"
    assert sum(map(len, page.evaluate(LOT))) <= 1_000_000


@pytest.mark.slow
def test_what_the_collector_would_not_know_again_is_not_sent(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    page.context.set_offline(True)
    page.evaluate("sojourn.track('Old'); sojourn.track('New')")
    flush(page)
    page.evaluate("""() => {
      const name = Object.keys(localStorage).find((name) => name.startsWith('sojourn_queue'));
      const week = new Date(Date.now() - 7 * 864e5 - 1000).toISOString();
      localStorage[name] = localStorage[name].replace(/"timestamp":"[^"]*"/, `"timestamp":"${week}"`);
    }""")
    page.context.set_offline(False)
    shop.front.wait("New")
    assert shop.front.named("Old") == []


def test_a_page_that_is_left_sends_a_beacon(shop: Shop, running: Running) -> None:
    page = shop.open()
    flush(page)
    page.evaluate("sojourn.track('Last')")
    page.goto("about:blank")
    (last,) = shop.front.wait("Last")
    request = shop.front.heard[-1]
    assert request.headers["content-type"] == "text/plain;charset=UTF-8"
    assert request.headers["sec-fetch-mode"] == "no-cors"
    assert stored(running, [last["messageId"]]) == {last["messageId"]: 1}


def hide(page: Page) -> None:
    """What a browser does when another tab comes to the front."""
    page.evaluate("""() => {
      Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }""")


def test_hidden_and_left_it_sends_once(shop: Shop) -> None:
    page = shop.open()
    page.evaluate("sojourn.track('Hidden')")
    hide(page)
    shop.front.wait("Hidden")
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert Counter(ids(shop.front.events())).most_common(1)[0][1] == 1


def test_hidden_while_an_answer_is_awaited_it_keeps_a_copy_until_then(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    shop.front.let.clear()
    page.evaluate("sojourn.track('On its way')")
    shop.front.wait("On its way")
    hide(page)
    assert parked(page) == ["On its way"]
    shop.front.let.set()
    until_parked(page, 0)
    flush(page)
    assert len(shop.front.heard) == 1


@pytest.mark.slow
def test_without_beacons_what_waits_goes_with_the_next_page(shop: Shop) -> None:
    page = shop.open("data-pages=off")
    page.evaluate("navigator.sendBeacon = () => false; sojourn.track('Refused')")
    page.reload()
    (found,) = shop.front.wait("Refused")
    assert found["messageId"]


def test_a_collector_that_fails_gets_no_beacon(shop: Shop) -> None:
    shop.front.faults = [Fault(503)]
    page = shop.open(clock=True)
    until_parked(page, 1)
    page.evaluate("sojourn.track('Later')")
    page.reload()
    assert parked(page) == ["page", "Later"]
    page.clock.run_for(1_100)
    shop.front.wait("Later")
    assert [one.headers["sec-fetch-mode"] for one in shop.front.heard] == ["cors"] * len(shop.front.heard)
    assert len(shop.front.named("page")) == 2


@pytest.mark.slow
def test_two_tabs_share_what_waits_without_doubling_it(shop: Shop, running: Running) -> None:
    page = shop.open("data-pages=off")
    other = page.context.new_page()
    other.goto(page.url)
    page.context.set_offline(True)
    page.evaluate("sojourn.track('One')")
    other.evaluate("sojourn.track('Other')")
    flush(page)
    flush(other)
    assert sorted(parked(page)) == ["One", "Other"]
    page.context.set_offline(False)
    shop.front.wait("One")
    shop.front.wait("Other")
    assert parked(page) == []
    sent = sorted(set(ids(shop.front.events())))
    assert stored(running, sent) == dict.fromkeys(sent, 1)
    assert len(sent) == 2


def answered(front: Front) -> Counter[int]:
    return Counter(one.status for one in front.heard)


@pytest.mark.slow
def test_no_event_is_lost_or_doubled_whatever_happens(shop: Shop, running: Running) -> None:
    """A visit of many pages through faults of every kind: each event is in SQL, once."""
    kinds = [Fault(429, "1"), Fault(500), Fault(0), Fault(503, "1"), Fault(408)]
    page = shop.open()
    made: list[str] = []
    for turn in range(24):
        if turn % 2 == 0:
            shop.front.faults.append(kinds[turn // 2 % len(kinds)])
        page.context.set_offline(turn % 5 == 4)
        name = f"Step {turn}"
        page.evaluate(f"sojourn.track('{name}')")
        made.append(name)
        page.wait_for_timeout(400)
        page.context.set_offline(False)
        if turn % 4 == 3:
            # What a beacon takes along is not kept: a fault must not meet one unexpectedly.
            flush(page)
            page.reload()
            page.wait_for_function("window.sojourn && sojourn.flush")
    eventually(
        lambda: set(made) - {event.get("event") for event in shop.front.events()}, lambda left: not left
    )
    sent = [event for event in shop.front.events() if event.get("event") in made]
    assert sorted({event["event"] for event in sent}) == sorted(made)
    assert set(stored(running, sorted({*ids(sent)})).values()) == {1}
    assert len(answered(shop.front)) > 3
