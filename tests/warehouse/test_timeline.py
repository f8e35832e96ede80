"""A customer's timeline, page by page."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from sessionizer.rebuild import rebuild
from tests.sessionizer.world import START, Event, arrivals, loaded, plain_lake, store
from tests.warehouse.lakes import DAY, HOUR, NOON, SECOND, Site, event
from tests.warehouse.test_customers import fill
from warehouse.cli.query import timeline as command
from warehouse.errors import BadView
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings
from warehouse.timeline import Timeline, TimelineSession, View, timeline

MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lin has two devices, one of them shared with Mo; tables as the sessionizer leaves them."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder)
    site.land(
        [
            event("m1", anonymous_id="d1", timestamp=NOON - DAY, properties='{"price": 1.50}'),
            event("m2", anonymous_id="d1", user_id="lin", timestamp=NOON - DAY + SECOND, page_title="鞋"),
            event("m3", anonymous_id="d1", user_id="mo", timestamp=NOON - DAY + 2 * SECOND),
            event("m4", anonymous_id="d2", user_id="lin", timestamp=NOON - HOUR),
            event("m5", anonymous_id="d2", user_id="lin", timestamp=NOON - HOUR),
        ]
    )
    with site.writer() as lake:
        site.load(lake)
        fill(lake)
    return folder


@pytest.fixture(scope="module")
def lake(data: Path) -> Iterator[Lake]:
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        yield lake


def test_footers_are_kept_of_files_that_timelines_read(data: Path) -> None:
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        lake.query("SELECT count(DISTINCT message_id) FROM events")
        before = lake.kept()
        timeline(lake, "lin")
        assert lake.kept() > 2 * before
        assert lake.query("SELECT current_setting('parquet_metadata_cache')") == [(False,)]


def asked(data: Path, *args: str) -> str:
    """What `sojourn timeline lin` prints."""
    result = CliRunner().invoke(command, ["lin", *args, "--data", str(data)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def events_of(page: Timeline) -> list[str]:
    return [one.message_id for session in page.sessions for one in session.events]


def test_a_page_has_visits_of_every_device_and_the_pauses_between(lake: Lake) -> None:
    found = timeline(lake, "lin")
    assert found is not None
    assert [(one.kind, one.value) for one in found.identities] == [
        ("anonymous_id", "d1"),
        ("user_id", "lin"),
        ("anonymous_id", "d2"),
    ]
    assert [(one.session_id, one.device_id, one.idle_seconds) for one in found.sessions] == [
        ("s_3", "d2", 23 * 3600 - 1),
        ("s_1", "d1", None),
    ]
    assert events_of(found) == ["m5", "m4", "m2", "m1"]
    assert found.next is None
    second, first = found.sessions[1].events
    assert (first.properties, first.timestamp) == ('{"price": 1.50}', "2026-11-20T12:00:00Z")
    assert second.page_title == "鞋"


def test_a_shared_device_does_not_show_its_other_user(lake: Lake) -> None:
    found = timeline(lake, "mo", View(newest_first=False))
    assert found is not None
    assert events_of(found) == ["m3"]


def test_nobody_has_no_timeline(lake: Lake) -> None:
    assert timeline(lake, "nobody") is None


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (View(limit=0), "1 to 1000 would do"),
        (View(limit=1001), "1 to 1000 would do"),
        (View(cursor="??"), "'??' is no cursor"),
        (View(cursor="WzFd"), "'WzFd' is no cursor"),
        (View(cursor="W2ZhbHNlLDEsIm0iLDFd"), "newest first"),
    ],
)
def test_a_page_that_cannot_be_given_is_refused(lake: Lake, view: View, words: str) -> None:
    with pytest.raises(BadView, match=words.replace("?", r"\?")):
        timeline(lake, "lin", view)


def test_pages_end_within_visits_and_between_them(lake: Lake) -> None:
    for newest_first in (True, False):
        for limit in (1, 3):
            pages = list(pages_of(lake, "lin", View(limit, newest_first)))
            shown = [id for page in pages for id in events_of(page)]
            assert shown == (["m5", "m4", "m2", "m1"] if newest_first else ["m1", "m2", "m4", "m5"])
            assert len(pages) == -(-4 // limit)


def test_the_command_tells_a_page_and_how_to_go_on(data: Path) -> None:
    told = json.loads(asked(data, "--limit", "3", "--json"))
    assert list(told["sessions"][0]) == list(TimelineSession.__struct_fields__)
    assert told["sessions"][1]["events"][0]["message_id"] == "m2"
    printed = asked(data, "--limit", "3")
    assert "session s_3 on d2, 22 hours after the one before\n" in printed
    assert f"more: --cursor {told['next']}" in printed
    rest = asked(data, "--cursor", told["next"])
    assert "s_3" not in rest
    assert "  2026-11-20T12:00:00Z  track Viewed\n" in rest
    assert "--cursor" not in rest
    assert "session s_" not in asked(data, "--event", "Bought")
    assert asked(data, "--type", "track", "--oldest-first").index("s_1") > 0


@pytest.fixture
def many() -> Lake:
    """A world of random events, stitched."""
    lake = plain_lake()
    put(lake, arrivals(random.Random(5), 110))
    return lake


def put(lake: Lake, events: list[Event]) -> None:
    store(lake, events)
    loaded(lake, max(one.load_seq for one in events))
    rebuild(lake, now=lambda: START)


def pages_of(lake: Lake, any_id: str, view: View) -> Iterator[Timeline]:
    while (page := timeline(lake, any_id, view)) is not None:
        yield page
        if page.next is None:
            return
        view = View(view.limit, view.newest_first, page.next, view.types, view.names)


def customers(lake: Lake) -> list[str]:
    return [id for (id,) in lake.query("SELECT customer_id FROM customers ORDER BY 1")]


def shown(lake: Lake, customer: str, view: View) -> list[tuple[str, str]]:
    """(time, message id) of the events on all pages."""
    pages = pages_of(lake, customer, view)
    return [
        (one.timestamp, one.message_id) for page in pages for visit in page.sessions for one in visit.events
    ]


@pytest.mark.parametrize(("limit", "visits", "at_once"), [(7, 128, 32), (60, 9, 4)])
def test_all_pages_together_show_every_event_once_in_order(
    many: Lake, limit: int, visits: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.timeline._VISITS", visits)
    monkeypatch.setattr("warehouse.timeline._AT_ONCE", at_once)
    told = []
    for customer in customers(many):
        back = shown(many, customer, View(limit))
        assert sorted(shown(many, customer, View(limit, newest_first=False))) == sorted(back)
        told += back
        for page in pages_of(many, customer, View(limit)):
            places = [(one.timestamp, one.message_id) for visit in page.sessions for one in visit.events]
            assert len(places) <= limit
    stored = many.query("SELECT message_id FROM events ORDER BY 1")
    assert sorted(id for _, id in told) == [id for (id,) in stored]


def test_each_page_lies_behind_the_one_before(many: Lake) -> None:
    for customer in customers(many):
        pages = list(pages_of(many, customer, View(20)))
        for page, following in pairwise(pages):
            times = [
                [one.timestamp for visit in one.sessions for one in visit.events] for one in (page, following)
            ]
            assert min(times[0], default="9") >= max(times[1], default="")


def test_a_filter_shows_all_that_fit_and_nothing_else(many: Lake) -> None:
    kept = many.query("SELECT message_id FROM events WHERE type = 'page' AND event IS NULL ORDER BY 1")
    asked = View(limit=9, types=("page",))
    told = [id for one in customers(many) for _, id in shown(many, one, asked)]
    assert sorted(told) == [id for (id,) in kept]
    assert not [one for customer in customers(many) for one in shown(many, customer, View(names=("Gone",)))]


@pytest.mark.parametrize("newest_first", [True, False])
def test_what_arrives_meanwhile_neither_repeats_nor_hides_an_event(newest_first: bool) -> None:
    lake = plain_lake()
    known = arrivals(random.Random(8), 150, span=9)
    put(lake, known)
    (customer,) = lake.query("SELECT arg_max(customer_id, events) FROM customers")[0]
    before = shown(lake, customer, View(newest_first=newest_first))
    first = timeline(lake, customer, View(40, newest_first))
    assert first is not None
    put(lake, [one for one in arrivals(random.Random(9), 300, span=9) if one.load_seq > 150])
    view = View(40, newest_first, first.next)
    told = [(one.timestamp, one.message_id) for visit in first.sessions for one in visit.events]
    told += shown(lake, customer, view)
    assert not Counter(told) - Counter(shown(lake, customer, View()))
    assert not Counter(before) - Counter(told)
