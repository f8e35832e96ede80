"""The effect of an action against its holdout: counted by hand, and intervals beside published ones."""

import json
from collections.abc import Iterator

import msgspec
import pytest

from tests.sessionizer.world import MINUTE, START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, lake_of
from warehouse.insights.action_effect import ActionEffect, ActionEffectAnswer, action_effect
from warehouse.insights.contrasts import contrast, needed
from warehouse.insights.errors import UnknownName
from warehouse.lake import Lake
from warehouse.times import iso

DAY = 24 * 60 * MINUTE
AT = START + 2 * DAY


def told(user: str, event: str, at: int, rule: str = "cart", assigned: int | None = None) -> Event:
    properties = {"rule": rule, "assigned_at": iso(at if assigned is None else assigned)}
    return Event(
        0, at, f"{user}-{event}-{at}", "track", None, user, event=event,
        properties=json.dumps(properties), library_name="sojourn-actions-python",
    )  # fmt: skip


def did(user: str, event: str, at: int) -> Event:
    return Event(0, at, f"{user}-{event}-{at}", "track", None, user, event=event)


def life() -> Iterator[Event]:
    """Forty treated, of whom 20 order in time; forty held out, of whom 8 do; and what must not count."""
    for number in range(40):
        yield told(f"t{number}", "action_sent" if number else "action_failed", AT + MINUTE, assigned=AT)
        yield told(f"h{number}", "action_withheld", AT)
        yield did(f"t{number}", "Ordered", AT - MINUTE)  # before: no effect of it
        if number < 20:
            yield did(f"t{number}", "Ordered", AT + DAY)
        if number < 8:
            yield did(f"h{number}", "Ordered", AT + DAY)
    yield did("t39", "Ordered", AT + 8 * DAY)  # too late to convert, not silent
    yield told("t0", "action_withheld", AT + 3 * DAY)  # entered first as treated
    yield told("t1", "action_sent", AT + DAY, rule="other")
    yield told("late", "action_sent", NOW - DAY)  # whose time is not over


@pytest.fixture(scope="module")
def lake() -> Lake:
    events = [
        Event(**{name: getattr(one, name) for name in Event.__struct_fields__} | {"load_seq": number})
        for number, one in enumerate(life(), 1)
    ]
    found = lake_of(events)
    complete(found, NOW)
    return found


def asked(lake: Lake, **changes: str) -> ActionEffectAnswer:
    given = {"rule": "cart", "event": "Ordered", "since": "30d", "silent": "10d", **changes}
    return action_effect(lake, msgspec.convert(given, ActionEffect), NOW)


def test_both_arms_are_counted_by_intention_to_treat(lake: Lake) -> None:
    found = asked(lake)
    assert found.entered == {"treated": 41, "holdout": 40}
    converted, churned = found.outcomes
    assert [(one.of, round((one.rate or 0) * one.of)) for one in (converted.treated, converted.holdout)] == [
        (40, 20), (40, 8),
    ]  # fmt: skip
    assert [(one.of, round((one.rate or 0) * one.of)) for one in (churned.treated, churned.holdout)] == [
        (40, 19), (40, 32),
    ]  # fmt: skip
    assert (converted.verdict, churned.verdict) == ("better", "better")
    assert (found.n, found.n_mature) == (81, 80)
    assert "20.0% of 40 held out" in found.notes()[0]


def test_without_enough_nothing_is_claimed(lake: Lake) -> None:
    found = asked(lake, rule="other")
    assert found.entered == {"treated": 1}
    assert {one.verdict for one in found.outcomes} == {"too_few"}
    assert "nobody was held out" in found.notes()[0]
    with pytest.raises(UnknownName, match="cart"):
        asked(lake, rule="carts")


def test_the_intervals_are_newcombes_and_the_ratio_has_its_own() -> None:
    # Newcombe (1998), example (a) of method 10: 56/70 less 48/80 is 0.2, 0.0524 to 0.3339.
    _, _, found = contrast(56, 70, 48, 80)
    assert found.difference == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=1e-4)
    assert found.high == pytest.approx(0.3339, abs=1e-4)
    assert found.lift == pytest.approx(1 / 3)
    assert found.lift_low is not None
    assert found.lift_high is not None
    assert 0 < found.lift_low < 1 / 3 < found.lift_high
    assert contrast(0, 10, 0, 10)[2].lift is None
    assert contrast(1, 10, 0, 0)[2].difference is None


def test_how_many_it_takes() -> None:
    # Two arms of equal size, 10 % against 12 %: the textbook's 3,839 each with this formula.
    assert needed(0.10, 0.2, 1.0) == pytest.approx(3839, abs=3)
    assert needed(0.0, 0.2, 1.0) is None
    assert (needed(0.10, 0.2, 9.0) or 0) < 3839
