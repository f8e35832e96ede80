"""No question opens files of days outside its range, but those that its meaning needs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from sessionizer.incremental import stitch
from tests.warehouse.insights.asked_lake import complete
from tests.warehouse.lakes import NOON
from tests.warehouse.shop_lake import shop_lake
from warehouse.insights.asked import Asked
from warehouse.insights.errors import BadQuestion
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.names import event_names
from warehouse.insights.reading import from_texts
from warehouse.insights.trend import Trend
from warehouse.lake import Lake, connect

FIRST, LAST = date(2026, 11, 15), date(2026, 11, 16)  # of the range; the lake goes from 11-02 to 11-21
PAST = 10_000


class Reach(NamedTuple):
    """Days before and after the range in which a question looks at events, and why."""

    back: int = 0
    forward: int = 0
    why: str = ""


# What a question reads beside its range.
REACHES = {
    "anomaly": Reach(PAST, 0, "what is usual is learned from what came before"),
    "attribution": Reach(30, 0, "visits of the window before a conversion"),
    "bottleneck": Reach(8, 7, "the periods before, and the time that units have"),
    "campaign_effect": Reach(PAST, 1, "what is usual is learned from what came before"),
    "campaigns": Reach(30, 30, "visits of the window before a conversion, orders of the time after a visit"),
    "cause": Reach(2, 0, "the period before"),
    "churn_rules": Reach(PAST, PAST, "rules are tried on past days, and on today"),
    "clv": Reach(PAST, 0, "who bought for the first time"),
    "correlation": Reach(0, 7, "the time that units have"),
    "dropoff": Reach(0, 7, "the time that units have"),
    "engagement": Reach(PAST, 0, "who is new"),
    "funnel": Reach(0, 7, "the time that units have"),
    "lifecycle": Reach(PAST, 0, "who is new, and who came back"),
    "overview": Reach(2, 0, "the period before"),
    "pipeline": Reach(PAST, 0, "deals are in a stage that they entered before"),
    "retention": Reach(0, PAST, "the intervals after"),
    "service": Reach(0, 7, "the time until a ticket is closed"),
    "stuck": Reach(0, 7, "the time until somebody is stuck"),
}
# A visit that began before may hold events of the range: it belongs to whoever was signed in.
BEGAN = 7
STEPS = {"steps": ["page:*", "Product Viewed"]}
ASKED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "bottleneck": STEPS,
    "cause": {"event": ["Product Viewed"]},
    "correlation": {**STEPS, "least": ["1"]},
    "dropoff": STEPS,
    "engagement": {"items": ["event"]},
    "funnel": STEPS,
    "sentiment": {"event": ["Product Viewed"]},
    "stuck": {**STEPS, "longer": ["1h"]},
}
# These need what this lake has not: cohorts, a rule that acted, tickets, surveys.
NOT_ASKED = {"action_effect", "overlap", "service", "survey"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Days of a small shop, a file of each day, and each opened file written down."""
    site = shop_lake(tmp_path_factory.mktemp("days"), customers=8, days=12)
    with connect(site.settings, read_only=False) as made:
        while stitch(made, now=lambda: NOON).behind:
            pass
        complete(made, NOON)
    with connect(site.settings, read_only=True) as found:
        found.execute("CALL enable_logging('FileSystem')")
        yield found


def opened(lake: Lake) -> dict[str, set[date]]:
    """Days of the files that were opened since the last time, by table."""
    days: dict[str, set[date]] = defaultdict(set)
    for (path,) in lake.query("SELECT path FROM duckdb_logs_parsed('FileSystem') WHERE op = 'OPEN'"):
        if found := re.search(r"/main/(\w+)/\w+=([\d-]+)/", path):
            days[found[1]].add(date.fromisoformat(found[2]))
    lake.execute("CALL truncate_duckdb_logs()")
    return days


def test_the_lake_has_files_to_leave_closed(lake: Lake) -> None:
    opened(lake)
    lake.query("SELECT count(name) FROM (SELECT event AS name FROM events)")
    found = opened(lake)["events"]
    assert min(found) < FIRST - timedelta(days=BEGAN)
    assert max(found) > LAST + timedelta(days=3)


@pytest.mark.parametrize("name", sorted(set(INSIGHTS) - NOT_ASKED))
def test_a_question_opens_files_of_its_days(lake: Lake, name: str) -> None:
    insight, reach = INSIGHTS[name], REACHES.get(name, Reach())
    texts = {"since": [f"{FIRST}T00:00:00Z"], "until": [f"{LAST + timedelta(days=1)}T00:00:00Z"]}
    question = from_texts(insight.question, {**texts, **ASKED.get(name, {})})
    opened(lake)
    with suppress(BadQuestion):  # too little to answer from, seen after it was read
        insight.ask(lake, question, NOON)
    found = opened(lake)
    assert found.keys() & {"events", "sessions", "daily"}, "it read something"
    first, last = FIRST - timedelta(days=reach.back), LAST + timedelta(days=reach.forward)
    counted = "events" if found["events"] else "daily"  # beside events the roll-up gives names of all times
    assert not [day for day in found[counted] if not first <= day <= last]
    began = first - timedelta(days=BEGAN)
    assert not [day for day in found["sessions"] if not began <= day <= last]


def test_how_many_events_a_range_has_is_counted_in_its_files_until_there_are_enough(lake: Lake) -> None:
    since, until = f"{FIRST}T00:00:00Z", f"{LAST + timedelta(days=1)}T00:00:00Z"
    asked = Asked(lake, Trend(events=("*",), since=since, until=until), NOON)
    between = "SELECT count(*) FROM events WHERE event_day BETWEEN ? AND ?"
    ((events,),) = lake.query(between, [FIRST, LAST])
    opened(lake)
    assert (asked.days(), asked.days(events - 1), asked.days(0)) == (events, events - 1, 0)
    assert opened(lake)["events"] <= {FIRST, LAST}
    assert asked.held > events
    assert not opened(lake)


def test_names_of_events_are_those_of_the_last_days(lake: Lake) -> None:
    opened(lake)
    assert event_names(lake)
    found = opened(lake)["events"]
    assert (max(found) - min(found)).days < 7


def test_every_reach_is_of_a_question_and_says_why() -> None:
    assert REACHES.keys() <= INSIGHTS.keys()
    assert all(one.why for one in REACHES.values())
