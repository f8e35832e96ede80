"""Steps that one event can be two of: what is counted differs from every pairing for few alone."""

from collections import defaultdict
from typing import Any

import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of, owners, random_lake
from tests.warehouse.insights.journeys import DAY
from warehouse.insights.funnel import Funnel, funnel

SINCE, UNTIL = "2026-11-06", "2026-11-10"
Step = tuple[str | None, str | None]
CASES: dict[tuple[str, ...], list[Step]] = {
    ("Viewed where country = DE", "Viewed", "*"): [("Viewed", "DE"), ("Viewed", None), (None, None)],
    ("*", "Viewed", "Added"): [(None, None), ("Viewed", None), ("Added", None)],
    ("Viewed", "Viewed where country = DE"): [("Viewed", None), ("Viewed", "DE")],
}


def furthest(events: list[Event], steps: list[Step], within: int) -> int:
    """Over every pairing of events with steps, each used once, times not falling."""

    def walk(number: int, began: int, last: int, used: frozenset[int]) -> int:
        far = number
        for one in events:
            name, country = steps[number] if number < len(steps) else ("", None)
            if one.load_seq in used or one.at < last or name not in (None, one.event):
                continue
            if country not in (None, one.country) or (number and one.at > began + within):
                continue
            if not number and not START + DAY <= one.at < START + 6 * DAY:
                continue
            far = max(far, walk(number + 1, began if number else one.at, one.at, used | {one.load_seq}))
            if far == len(steps):
                break
        return far

    return walk(0, 0, 0, frozenset())


def is_doubtful(events: list[Event], steps: list[Step]) -> bool:
    moments: dict[int, list[tuple[bool, ...]]] = defaultdict(list)
    for one in events:
        if START + DAY <= one.at < START + 8 * DAY:
            which = tuple(name in (None, one.event) and at in (None, one.country) for name, at in steps)
            moments[one.at].extend([which] if any(which) else [])
    return any(len(set(found)) > 1 and max(map(sum, found)) > 1 for found in moments.values())


@pytest.mark.parametrize("steps", CASES)
def test_who_is_not_ambiguous_is_counted_as_every_pairing_has_it(steps: tuple[str, ...]) -> None:
    lake, events = random_lake(21, 120)
    owner, lives = owners(lake, events), defaultdict(list)
    for one in events:
        if not one.is_bot:
            lives[owner[one.load_seq]].append(one)
    oracle = CASES[steps]
    levels = {who: furthest(life, oracle, 2 * DAY) for who, life in lives.items()}
    answer = funnel(lake, Funnel(since=SINCE, until=UNTIL, steps=steps, within="2d"), NOW)
    doubtful = {who for who, life in lives.items() if is_doubtful(life, oracle)}
    assert answer.ambiguous == len(doubtful) > 0
    for number, step in enumerate(answer.steps, 1):
        sure = sum(level >= number for who, level in levels.items() if who not in doubtful)
        most = sum(level >= number for level in levels.values())
        assert sure <= step.n <= most


def asked(lake: Any, *steps: str, **fields: Any) -> Any:
    return funnel(lake, Funnel(since=SINCE, until=UNTIL, steps=steps, within="1d", **fields), NOW)


def test_by_hand() -> None:
    """a has both in one moment, the one that is two steps first; b has two alike; c has one alone."""
    lives = {"a": ["DE", "FR"], "b": ["DE", "DE"], "c": ["DE"]}
    events = [
        Event(
            0, START + DAY + MINUTE, f"{device}{number}", anonymous_id=device, event="Viewed", country=country
        )
        for device, life in lives.items()
        for number, country in enumerate(life)
    ]
    ordered = [
        Event(**{n: getattr(one, n) for n in one.__struct_fields__} | {"load_seq": at})
        for at, one in enumerate(events, 1)
    ]
    lake = lake_of(ordered)
    answer = asked(lake, "Viewed", "Viewed where country = DE")
    assert ([one.n for one in answer.steps], answer.ambiguous) == ([3, 1], 1)
    for fields in ({"ties": "arrival"}, {"ties": "apart"}, {"order": "strict"}):
        assert asked(lake, "Viewed", "Viewed where country = DE", **fields).ambiguous == 0
    assert asked(lake, "Viewed", "Viewed").ambiguous == 0
    beside = "Viewed where country = DE", "Viewed where country = FR"  # two steps, but no event is both
    assert asked(lake, *beside).ambiguous == 0
    assert asked(lake, "Viewed", "Viewed where country = DE", "Viewed", optional=(2,)).ambiguous == 1
    assert asked(lake, "Viewed", "Viewed where country = DE", hold=("country",)).ambiguous == 0
