"""Retention by bits, over the roll-up and over events, is that of its statement, whatever is asked."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.sessionizer.world import HOUR, START
from tests.warehouse.insights.asked_lake import NAMES, NOW, all_agree, complete, random_lake
from warehouse.access.scope import scope
from warehouse.access.views import confine_to
from warehouse.insights import bitmap
from warehouse.insights.asked import asking
from warehouse.insights.cohorts import Cohorts
from warehouse.insights.marking import STEP_US, Slots
from warehouse.insights.retention import Retention, RetentionAnswer, retention
from warehouse.lake import Lake

SEEDS = [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30))]
DAY = 24 * HOUR
ASKED: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-09", "intervals": 3}


@pytest.fixture(scope="module")
def lake() -> Lake:
    made, _ = random_lake(8, 60)
    complete(made, START + 8 * DAY + 5 * HOUR)
    return made


def said(answer: RetentionAnswer) -> tuple[Any, ...]:
    return answer.n, answer.n_mature, answer.columns, answer.rows, answer.totals


def asked_at_random(random_: random.Random) -> dict[str, Any]:
    since = random_.randrange(3, 11)
    start = random_.choice(("*", "*", *NAMES, "page:*"))
    return {
        "start": start,
        "returns": random_.choice((None, None, start, "*", *NAMES)),
        "kind": random_.choice(("first", "recurring", "first_ever")),
        "every": random_.choice(("hour", "day", "day", "week", "month")),
        "intervals": random_.choice((1, 3, 7)),
        "brackets": random_.choice(((), (), (1, 3, 2), (4,))),
        "cumulative": random_.random() < 0.3,
        "since": f"2026-11-{since:02}" + random_.choice(("", "", "T05:00:00Z")),
        "until": f"2026-11-{random_.randrange(since, 16):02}" + random_.choice(("", "T23:00:00+08:00")),
        "timezone": random_.choice(("UTC", "Asia/Shanghai", "America/New_York")),
        "unit": random_.choice(("customer", "customer", "device")),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_asked_it_is_that_of_the_statement(
    seed: int,
    by_bits: list[str],
    by_statement: Callable[[Lake, Retention], RetentionAnswer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed, 40)
    came_back = 0
    for _ in range(12):
        complete(lake, START + random_.randrange(12 * DAY))
        monkeypatch.setattr(bitmap, "_PART", random_.choice((1, 7, 1 << 15)))
        question = Retention(**asked_at_random(random_))
        rolled, raw = (
            retention(lake, question, NOW),
            retention(lake, msgspec.structs.replace(question, raw=True), NOW),
        )
        wanted = by_statement(lake, question)
        all_agree(said, rolled, raw, wanted)
        came_back += sum(cell.units or 0 for row in wanted.totals for cell in row.cells[1:])
    assert by_bits == ["Hours", "Events"] * 12
    assert came_back > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_over_events_with_filters_and_moments_of_any_kind(
    seed: int, by_bits: list[str], by_statement: Callable[[Lake, Retention], RetentionAnswer]
) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed + 100, 40)
    for _ in range(12):
        complete(lake, START + random_.randrange(12 * DAY))
        moments = sorted(START + random_.randrange(-DAY, 11 * DAY) for _ in range(2))
        since, until = (datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in moments)
        fields = asked_at_random(random_) | {"since": since, "until": until}
        fields |= {
            "timezone": random_.choice(("Asia/Kolkata", "Asia/Kathmandu", "Africa/Monrovia", "UTC")),
            "where": random_.choice(((), ("country = CN",), ("session.channel is set",))),
            "bots": random_.random() < 0.3,
            "raw": True,
        }
        question = Retention(**fields)
        assert said(retention(lake, question, NOW)) == said(by_statement(lake, question)), question
    assert by_bits == ["Events"] * 12


REASONS: dict[str, dict[str, Any]] = {
    "it has filters": {"start": "Viewed where country = DE"},
    "it measures sum of properties.price": {"measure": "sum of properties.price"},
    "it is broken down by country": {"by": ("country",)},
    "it counts how often each came back": {"minimum": 2},
    "each unit has intervals of its own": {"rolling": True},
    "it counts robots": {"bots": True},
    "it counts by session": {"unit": "session"},
    "days of Asia/Kolkata do not begin with an hour of UTC": {"timezone": "Asia/Kolkata"},
    "since lies within an hour": {"since": "2026-11-05T00:30:00Z"},
    "asked for": {"raw": True},
    "of so many units too much would have to be remembered": {"every": "hour", "intervals": 400},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_the_rollup_cannot_say_is_read_from_events(
    lake: Lake, by_bits: list[str], by_statement: Callable[[Lake, Retention], RetentionAnswer], reason: str
) -> None:
    question = Retention(**{**ASKED, **REASONS[reason]})
    answer = retention(lake, question, NOW)
    assert (answer.source, answer.why_raw) == ("raw", reason)
    assert said(answer) == said(by_statement(lake, question))
    assert "Hours" not in by_bits


def test_the_first_ever_of_a_name_is_left_to_the_statement_where_a_filter_tells_it(
    lake: Lake, by_bits: list[str]
) -> None:
    question = Retention(**ASKED, kind="first_ever", start="Viewed where country = DE")
    assert retention(lake, question, NOW).n > 0
    assert not by_bits


def test_of_few_events_the_statement_is_as_fast(lake: Lake) -> None:
    assert retention(lake, Retention(**ASKED), NOW).why_raw == "there are few events"


def test_a_part_of_an_hour_in_which_nothing_happened_is_no_hindrance(
    lake: Lake, by_bits: list[str], by_statement: Callable[[Lake, Retention], RetentionAnswer]
) -> None:
    question = Retention(since="2026-10-20T00:30:00Z", until="2026-11-24T12:30:00Z", every="week")
    answer = retention(lake, question, NOW)
    assert (answer.source, by_bits) == ("rollup", ["Hours"])
    assert said(answer) == said(by_statement(lake, question))


def test_while_the_rollup_is_filled_events_are_read(by_bits: list[str]) -> None:
    lake, _ = random_lake(2, 10)
    before = retention(lake, Retention(**ASKED), NOW)
    lake.execute("DELETE FROM cursors WHERE name = 'rollup'")
    after = retention(lake, Retention(**ASKED), NOW)
    assert after.why_raw == "the roll-up is being filled"
    assert (said(after), by_bits) == (said(before), ["Hours", "Events"])


def test_who_sees_a_part_is_answered_from_that_part(
    by_bits: list[str], by_statement: Callable[[Lake, Retention], RetentionAnswer]
) -> None:
    lake, _ = random_lake(5, 20)
    lake.execute(
        "INSERT INTO customer_attributes BY NAME SELECT project, customer_id, 'owner' AS name,"
        " '\"li\"'::JSON AS value FROM customers LIMIT 5"
    )
    everybody = retention(lake, Retention(**ASKED), NOW)
    confine_to(lake, scope((), {"owner": ["li"]}, ()))
    part = retention(lake, Retention(**ASKED), NOW)
    assert by_bits == ["Hours"]
    assert part.why_raw == "who asks sees a part of the customers"
    assert said(part) == said(by_statement(lake, Retention(**ASKED)))
    assert 0 < part.n < everybody.n


def test_what_would_take_too_much_memory_is_left_to_the_statement(
    lake: Lake, by_bits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = retention(lake, Retention(**ASKED), NOW)
    monkeypatch.setattr(bitmap, "_MOST_BYTES", 1)
    left = retention(lake, Retention(**ASKED), NOW)
    assert said(left) == said(found)
    assert left.why_raw == "of so many units too much would have to be remembered"


def test_who_has_no_customer_is_counted_too(by_bits: list[str]) -> None:
    lake, _ = random_lake(6, 40)
    everybody = retention(lake, Retention(**ASKED), NOW)
    lake.execute(
        "DELETE FROM identities WHERE customer_id IN"
        " (SELECT customer_id FROM identities GROUP BY ALL HAVING count(*) = 1)"
    )
    assert said(retention(lake, Retention(**ASKED), NOW)) == said(everybody)
    assert said(retention(lake, Retention(**ASKED, raw=True), NOW)) == said(everybody)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Africa/Monrovia", "Australia/Lord_Howe"])
@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
def test_slots_are_the_intervals_of_the_calendar(lake: Lake, zone: str, every: Any) -> None:
    since, until = START - 3 * DAY + 1234567, START + 30 * DAY - 7654321
    times = {"since": _iso(since), "until": _iso(until), "timezone": zone, "every": every}
    question = Retention(**times, intervals=2)
    with asking(lake, question, NOW) as asked:
        cohorts = Cohorts(asked, question)
        begins = cohorts.calendar.begins
        near = [at + by for at in (*begins[:-1], since, until) for by in (-1, 0, 1)]
        moments = [at for at in (*near, *range(since - DAY, begins[-1], DAY // 7)) if at < begins[-1]]
        slots = Slots(cohorts.activity, STEP_US).by_moment(np.array(moments)).tolist()
    for at, slot in zip(moments, slots, strict=True):
        number = sum(begin <= at for begin in begins) - 1
        assert Slots.told(slot) == (number, (at >= since) + (at >= until)), at


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).isoformat()
