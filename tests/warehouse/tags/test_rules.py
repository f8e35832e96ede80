"""Single conditions with their numbers, and rules that will not do."""

import re
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import pytest

from sessionizer.tagging import keep_up
from tests.sessionizer.world import START, Event
from tests.warehouse.insights.asked_lake import NOW
from tests.warehouse.tags.world import HOUR, run, store_all
from warehouse.tags import STARTER, BadTags, read_tags
from warehouse.tags.rules import Versioned

DAY = 24 * HOUR
MANUAL, ENQUIRY, LOGIN = "Manual Opened", "Enquiry Sent", "Logged In"

Done = Sequence[tuple[str, float]]  # events, and on which day


CASES: list[tuple[str, Done, list[tuple[float, float | None]]]] = [
    ("manual_without_enquiry", [(MANUAL, 0), (MANUAL, 1), (MANUAL, 3)], [(3, 7)]),
    ("manual_without_enquiry", [(MANUAL, 0), (MANUAL, 1), (MANUAL, 7)], []),
    ("manual_without_enquiry", [(MANUAL, 0), (MANUAL, 1), (MANUAL, 3), (ENQUIRY, 4)], [(3, 4)]),
    ("manual_without_enquiry", [(ENQUIRY, 0), (MANUAL, 4), (MANUAL, 5), (MANUAL, 6)], [(7, 11)]),
    ("no_login_7d", [(LOGIN, 0), (LOGIN, 7), (MANUAL, 15)], [(14, None)]),
    ("no_login_7d", [(LOGIN, 0), (LOGIN, 8)], [(7, 8), (15, None)]),
    ("no_login_7d", [(MANUAL, 0)], []),
    # Five of ten remain at 34.5; at 60 only nine are left before; at 61 the five are before, with seven.
    (
        "activity_halved",
        [*((MANUAL, day / 2) for day in range(10)), *[(MANUAL, 31.0)] * 5],
        [(34.5, 60), (61, 62.5)],
    ),
    ("activity_halved", [(MANUAL, day / 2) for day in range(9)], []),
    ("left_the_cart", [("Product Added", 0), ("Order Completed", 0.5), ("Product Added", 1)], [(2, None)]),
    ("bought_often", [("Order Completed", 0), ("Order Completed", 89), ("Order Completed", 90)], []),
    ("bought_often", [("Order Completed", 0), ("Order Completed", 1), ("Order Completed", 89)], [(89, 90)]),
]


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    """From which day until which day somebody who did this has a tag of the starter, by device and tag."""
    events = [
        Event(0, START + int(day * DAY), f"m{number}-{day}-{place}", anonymous_id=f"d{number}", event=name)
        for number, (_, done, _) in enumerate(CASES)
        for place, (name, day) in enumerate(done)
    ]
    events = [msgspec.structs.replace(one, load_seq=number) for number, one in enumerate(events, 1)]
    lake = store_all(events)
    run(lake, len(events))
    tags = [Versioned(one, 1) for one in read_tags(STARTER.read_text("utf-8"))]
    keep_up(lake, {"shop": tags}, NOW)
    sql = """
        SELECT value, tag, (epoch_us(entered_at) - $start) / $day, (epoch_us(left_at) - $start) / $day
        FROM tag_members JOIN identities USING (customer_id) ORDER BY 1, 2, 3"""
    stays: dict[tuple[str, str], list[tuple[float, float | None]]] = defaultdict(list)
    for device, tag, *stay in lake.query(sql, {"start": START, "day": DAY}):
        stays[device, tag].append((stay[0], stay[1]))
    return stays


@pytest.mark.parametrize("number", range(len(CASES)))
def test_from_when_to_when_the_starters_tags_hold(
    number: int, found: dict[tuple[str, str], list[tuple[float, float | None]]]
) -> None:
    tag, _, stays = CASES[number]
    assert found.get((f"d{number}", tag), []) == stays


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("{did: A, within: 7 days}", "within '7 days' is no length of time"),
        ("{did: A, wihtin: 7d}", "near it: 'within'"),
        ("{dit: A}", "near it: 'did'"),
        ("{did: A, did_not: B}", "is not clear"),
        ("{did: A, at_least: 0}", "at_least 0 will not do"),
        ("{did: A, at_least: 1.5}", "at_least 1.5 will not do"),
        ("{did: A, at_least: 3, at_most: 2}", "at_most 2 is less than at_least 3"),
        ("{did: A, at_least: '3; DROP TABLE events'}", "is no number"),
        ("{did: A where customer.plan = pro}", "asks of the customer"),
        ("{did: A where contry = DE}", "near it: 'country'"),
        ("{sequence: [A]}", "a list of 2 to 10 events"),
        ("{fell: A, by: 120, within: 7d}", "by 120 is no percentage"),
        ("{fell: A, by: 50}", "takes `by` (percent) and `within`"),
        ("{attribute: plan}", "is no filter"),
        ("{all: []}", "all takes a list"),
        ("[]", "is no condition"),
        ("{not: {not: {not: {not: {not: {not: {not: {not: {did: A}}}}}}}}}", "more than 8 deep"),
    ],
)
def test_a_rule_that_cannot_be_meant_says_what_would_do(when: str, text: str) -> None:
    with pytest.raises(BadTags, match=re.escape(text)) as error:
        read_tags(f"tags:\n  one:\n    when: {when}\n")
    assert str(error.value).startswith("tag 'one': ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "tags: 3", "tags: {a: 1}", "tags: {'a\\nb': {when: {did: A}}}", "a: [", "x: 1"]
)
def test_a_file_that_holds_no_rules_is_refused(text: str) -> None:
    with pytest.raises(BadTags):
        read_tags(text)
