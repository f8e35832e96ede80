"""Scores of surveys by their published formulas, and tickets against plain Python."""

import json
import random
from collections import defaultdict
from statistics import median
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.errors import BadQuestion
from warehouse.insights.service import Service, service
from warehouse.insights.survey import Survey, ces, csat, nps, survey
from warehouse.lake import Lake

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
RANGE: Any = {"since": "2026-11-05", "until": "2026-11-09"}


def said(number: int, at: int, device: str, event: str, **properties: Any) -> Event:
    text = json.dumps(properties)
    return Event(number, at, f"m{number}", anonymous_id=device, event=event, properties=text, country="DE")


def test_the_formulas() -> None:
    score, low, high = nps({10: 5, 9: 1, 8: 2, 0: 1, 6: 1})
    assert score == pytest.approx(40)
    # Variance of +1, 0, -1: 0.8 - 0.16; its root over the root of ten, times 1.96.
    assert (low, high) == pytest.approx((40 - 49.58, 40 + 49.58), abs=0.01)
    assert csat({5: 8, 4: 1, 1: 1}) == pytest.approx((90, 59.58, 98.21), abs=0.01)
    assert ces({1: 1, 3: 1}) == pytest.approx((2, 1, 2 + 1.959964), abs=1e-6)
    assert nps({9: 3}) == (100, 100, 100)


@pytest.fixture(scope="module")
def answers() -> Lake:
    """Two days of scores: one person twice, texts that are numbers, and some that are no score."""
    rows = [
        (0, "a", 10),
        (0, "b", "9"),
        (0, "c", 3),
        (0, "d", 11),
        (0, "e", None),
        (1, "a", 0),
        (1, "f", 7.5),
        (1, "g", 8),
    ]
    return lake_of(
        said(number, START + day * DAY + number * MINUTE, device, "Survey Answered", score=score)
        for number, (day, device, score) in enumerate(rows, 1)
    )


def test_scores_by_day_and_in_all(answers: Lake) -> None:
    found = survey(answers, Survey(**RANGE, every="day"), NOW)
    rows = [(one.at and one.at[:10], one.n, one.score, one.ignored) for one in found.rows]
    assert rows == [
        ("2026-11-05", 3, pytest.approx(100 / 3), 2),
        ("2026-11-06", 2, -50.0, 1),
        (None, 5, 0.0, 3),
    ]
    assert found.rows[-1].counts == [1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1]
    assert found.n == 7


def test_the_last_answer_of_each_counts(answers: Lake) -> None:
    found = survey(answers, Survey(**RANGE, every="whole", once=True), NOW)
    assert (found.rows[-1].n, found.rows[-1].score) == (4, -25.0)


def test_a_breakdown_sums_to_all(answers: Lake) -> None:
    found = survey(answers, Survey(**RANGE, every="whole", by=("properties.score",), top=2), NOW)
    whole = [one for one in found.rows if one.at is None]
    assert sum(one.n for one in whole if one.by) == whole[-1].n == 5
    assert {tuple(one.by) for one in whole} == {("(none)",), ("0",), ("(other)",), ()}


@pytest.fixture(scope="module")
def tickets() -> tuple[Lake, list[Event]]:
    draw = random.Random(8)
    events: list[Event] = []
    for ticket in range(120):
        device, opened = f"d{draw.randrange(60)}", START + draw.randrange(5 * 24 * 60) * MINUTE
        for name, after in (
            ("Ticket Opened", 0),
            ("Ticket Answered", draw.choice([1, 30, 700])),
            ("Ticket Answered", draw.choice([2, 800])),
            ("Ticket Resolved", draw.choice([60, 3000])),
        ):
            if name == "Ticket Opened" or draw.random() < 0.7:
                events.append(said(len(events) + 1, opened + after * MINUTE, device, name, ticket_id=ticket))
    return lake_of(events), events


def test_tickets(tickets: tuple[Lake, list[Event]]) -> None:
    lake, events = tickets
    lake.execute("UPDATE cursors SET complete_until = TIMESTAMPTZ '2026-11-08'")
    of_ticket: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    opened: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in events:
        ticket = json.loads(one.properties or "{}")["ticket_id"]
        of_ticket[ticket][one.event or ""].append(one.at)
        if one.event == "Ticket Opened":
            opened[one.anonymous_id or ""].append((one.at, ticket))
    responses, resolutions, mature, repeated = [], [], 0, 0
    for listed in opened.values():
        order = sorted((at, str(ticket)) for at, ticket in listed)
        for number, (at, ticket) in enumerate(order):
            happened = of_ticket[int(ticket)]
            responses += [min(happened["Ticket Answered"]) - at] if happened["Ticket Answered"] else []
            resolutions += [min(happened["Ticket Resolved"]) - at] if happened["Ticket Resolved"] else []
            if at + DAY <= START + 3 * DAY:
                mature += 1
                repeated += number + 1 < len(order) and order[number + 1][0] <= at + DAY
    (found,) = service(lake, Service(**RANGE, again="1d"), NOW).rows
    assert (found.tickets, found.answered, found.resolved) == (120, len(responses), len(resolutions))
    assert found.response_median_s == median(responses) / 1e6
    assert found.resolution_median_s == median(resolutions) / 1e6
    assert (found.mature, found.repeated) == (mature, repeated)
    assert 0 < repeated < mature < 120
    assert found.repeat_share == repeated / mature
    assert found.too_many == (repeated / mature > 0.15)


def test_tickets_by_a_field(tickets: tuple[Lake, list[Event]]) -> None:
    rows = service(tickets[0], Service(**RANGE, by=("country", "properties.ticket_id"), top=3), NOW).rows
    assert [one.by for one in rows] == [[], ["DE", "0"], ["DE", "1"], ["DE", "10"]]
    assert [one.tickets for one in rows] == [120, 1, 1, 1]


def test_no_tickets_and_bad_questions(tickets: tuple[Lake, list[Event]]) -> None:
    lake = tickets[0]
    empty = service(lake, Service(since="2026-11-20", until="2026-11-21"), NOW)
    assert (empty.n, empty.rows[0].tickets, empty.rows[0].repeat_share) == (0, 0, None)
    with pytest.raises(BadQuestion, match="near it: 'Ticket Opened'"):
        service(lake, Service(**RANGE, opened="Ticket Opend"), NOW)
    with pytest.raises(BadQuestion, match="limit 0"):
        service(lake, Service(**RANGE, limit=0), NOW)
    with pytest.raises(BadQuestion, match="again '5'"):
        service(lake, Service(**RANGE, again="5"), NOW)
    with pytest.raises(BadQuestion, match="by: 0 to 3"):
        survey(lake, Survey(**RANGE, by=("country",) * 4), NOW)
    with pytest.raises(BadQuestion, match="near it: 'Ticket"):
        survey(lake, Survey(**RANGE, event="Ticket"), NOW)
