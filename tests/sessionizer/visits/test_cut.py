"""Each rule by example, every preset by its golden cases, and all of them beside a plain loop."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionizer.visits.cut import Why, cut
from sessionizer.visits.presets import PRESETS
from sessionizer.visits.rules import SessionRules
from sessionizer.visits.stream import Stream

MINUTE = 60_000_000
SECOND = 1_000_000
DAY = 24 * 60


class Atom(msgspec.Struct, frozen=True):
    """An event, or a session of `events` that lasted until `until`; `at` is in minutes."""

    at: float
    subject: int = 1
    user: int = 0
    campaign: int = 0
    referrer: int = 0
    visit: int = 0
    day: int = 0
    mobile: bool = False
    ends: bool = False
    events: int = 1
    until: float | None = None


def stream_of(atoms: Sequence[Atom]) -> Stream:
    def column(name: str, kind: Any) -> Any:
        return np.array([getattr(atom, name) for atom in atoms], dtype=kind)

    at = np.array([round(atom.at * MINUTE) for atom in atoms], dtype=np.int64)
    until = np.array(
        [round((atom.at if atom.until is None else atom.until) * MINUTE) for atom in atoms], dtype=np.int64
    )
    longs = ("subject", "events", "user", "campaign", "referrer", "visit", "day")
    return Stream(
        at=at,
        until=until,
        **{name: column(name, np.int64) for name in longs},
        **{name: column(name, bool) for name in ("mobile", "ends")},
    )


def sizes(atoms: Sequence[Atom], rules: SessionRules) -> list[int]:
    """How many atoms each visit has."""
    starts = np.flatnonzero(cut(stream_of(atoms), rules))
    return [int(size) for size in np.diff(np.append(starts, len(atoms)))]


def at(*minutes: float) -> list[Atom]:
    return [Atom(minute) for minute in minutes]


HALF = 30 + 1 / 60
GOLDEN: dict[str, list[tuple[list[Atom], list[int]]]] = {
    "sojourn": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, HALF), [1, 1]),
        (at(0, 29, 58, 87), [4]),
        (at(0, 31, 62), [1, 1, 1]),
        ([Atom(0), Atom(1, user=7)], [2]),
        ([Atom(0, user=7), Atom(1), Atom(2, user=8)], [2, 1]),
        ([Atom(0, user=7), Atom(1, user=8), Atom(2, user=7)], [1, 1, 1]),
        ([Atom(0, user=7), Atom(40, user=8)], [1, 1]),
        ([Atom(0), Atom(1, subject=2)], [1, 1]),
        ([Atom(0, campaign=1), Atom(1, campaign=2, day=1)], [2]),
        ([Atom(0, until=60, events=9), Atom(89)], [2]),
        ([Atom(0, until=60, events=9, user=7), Atom(61, user=8)], [1, 1]),
    ],
    "ga4": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, HALF), [1, 1]),
        (at(*range(0, 5 * DAY, 29)), [len(range(0, 5 * DAY, 29))]),
        ([Atom(0), Atom(1, day=1)], [2]),
        ([Atom(0), Atom(1, campaign=3)], [2]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(10, referrer=4)], [2]),
        ([Atom(0, mobile=True), Atom(20, mobile=True)], [2]),
        ([Atom(0), Atom(31), Atom(61)], [1, 2]),
    ],
    "universal-analytics": [
        (at(0), [1]),
        (at(0, 29), [2]),
        (at(0, 30), [1, 1]),
        ([Atom(0), Atom(1, day=1)], [1, 1]),
        ([Atom(0), Atom(1, campaign=3)], [1, 1]),
        ([Atom(0, campaign=3), Atom(1), Atom(2, campaign=3)], [3]),
        ([Atom(0, campaign=3), Atom(1, campaign=4), Atom(2, campaign=3)], [1, 1, 1]),
        ([Atom(0, campaign=3), Atom(40, campaign=3)], [1, 1]),
        ([Atom(0, campaign=3, day=0), Atom(1, campaign=3, day=1)], [1, 1]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, referrer=4)], [2]),
    ],
    "snowplow": [
        ([Atom(0, visit=1)], [1]),
        ([Atom(0, visit=1), Atom(90, visit=1)], [2]),
        ([Atom(0, visit=1), Atom(1, visit=2)], [1, 1]),
        ([Atom(0, visit=1), Atom(DAY * 2.9, visit=1)], [2]),
        ([Atom(0, visit=1), Atom(DAY * 3.1, visit=1)], [1, 1]),
        ([Atom(0, visit=1, user=1), Atom(1, visit=1, user=2)], [2]),
        ([Atom(0, visit=1, day=0), Atom(1, visit=1, day=1)], [2]),
        ([Atom(0, visit=1, campaign=1), Atom(1, visit=1, campaign=2)], [2]),
        ([Atom(0), Atom(20), Atom(60)], [2, 1]),
        ([Atom(0, visit=1), Atom(1, visit=1, subject=2)], [1, 1]),
    ],
    "posthog": [
        ([Atom(0, visit=1)], [1]),
        ([Atom(0, visit=1), Atom(31, visit=1)], [2]),
        ([Atom(0, visit=1), Atom(1, visit=2)], [1, 1]),
        (at(0, 29), [2]),
        (at(0, 30), [1, 1]),
        (at(*range(0, DAY + 40, 20)), [73, 1]),
        ([Atom(0, visit=1), Atom(DAY, visit=1)], [2]),
        ([Atom(0, visit=1), Atom(DAY + 1, visit=1)], [1, 1]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, day=1)], [2]),
    ],
    "amplitude": [
        (at(0), [1]),
        (at(0, 29), [2]),
        (at(0, 30), [1, 1]),
        ([Atom(0, mobile=True), Atom(4, mobile=True)], [2]),
        ([Atom(0, mobile=True), Atom(5, mobile=True)], [1, 1]),
        ([Atom(0, mobile=True), Atom(29)], [2]),
        ([Atom(0), Atom(6, mobile=True)], [1, 1]),
        ([Atom(0), Atom(1, day=1)], [2]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, campaign=2)], [2]),
    ],
    "segment": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, HALF), [1, 1]),
        (at(0, 10, 41, 50), [2, 2]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, campaign=2)], [2]),
        ([Atom(0), Atom(1, day=1)], [2]),
        ([Atom(0), Atom(1, subject=2)], [1, 1]),
        (at(*range(0, 3 * DAY, 30)), [len(range(0, 3 * DAY, 30))]),
        ([Atom(0, mobile=True), Atom(29, mobile=True)], [2]),
    ],
    "rudderstack": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, 30 + 59 / 60), [2]),
        (at(0, 31), [1, 1]),
        (at(0, 31 + 1 / 60), [1, 1]),
        (at(0, 30.99, 61.98), [3]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, day=1)], [2]),
        ([Atom(0), Atom(1, campaign=2)], [2]),
        ([Atom(0), Atom(30.5, subject=2)], [1, 1]),
    ],
    "sensors": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, HALF), [1, 1]),
        ([Atom(0), Atom(1, day=1)], [1, 1]),
        ([Atom(0, day=1), Atom(1, day=1), Atom(2, day=2), Atom(3, day=2)], [2, 2]),
        ([Atom(0, day=1), Atom(40, day=2)], [1, 1]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
        ([Atom(0), Atom(1, campaign=2)], [2]),
        ([Atom(0), Atom(1, referrer=2)], [2]),
        ([Atom(0, day=1), Atom(1, day=1, subject=2)], [1, 1]),
    ],
    "volcengine": [
        (at(0), [1]),
        (at(0, 30), [2]),
        (at(0, HALF), [1, 1]),
        ([Atom(0), Atom(1, day=1)], [1, 1]),
        ([Atom(0), Atom(1, referrer=4)], [1, 1]),
        ([Atom(0, referrer=4), Atom(1)], [2]),
        ([Atom(0, referrer=4), Atom(1, referrer=4)], [2]),
        ([Atom(0, referrer=4), Atom(1, referrer=5), Atom(2)], [1, 2]),
        ([Atom(0), Atom(1, campaign=2)], [2]),
        ([Atom(0, user=1), Atom(1, user=2)], [2]),
    ],
    "tealium": [
        (at(0), [1]),
        (at(0, 10), [2]),
        (at(0, 11), [1, 1]),
        (at(0, 11, 22), [1, 1, 1]),
        (at(0, 11, 12, 40), [1, 3]),
        (at(0, 5, 30), [3]),
        (at(0, 5, 36), [2, 1]),
        ([Atom(0, mobile=True), Atom(2, mobile=True)], [2]),
        ([Atom(0, mobile=True), Atom(2.1, mobile=True)], [1, 1]),
        ([Atom(0, events=3, until=1), Atom(20)], [2]),
        (at(*range(0, DAY + 10, 10)), [145]),
        (at(*range(0, DAY + 20, 10)), [145, 1]),
    ],
}


@pytest.mark.parametrize("name", list(PRESETS))
def test_golden_cases(name: str) -> None:
    assert len(GOLDEN[name]) >= 10
    for atoms, expected in GOLDEN[name]:
        assert sizes(atoms, PRESETS[name]) == expected, atoms


def test_every_beginning_says_why() -> None:
    rules = SessionRules("all", user=True, campaign=True, day_of="UTC", longest=3600)
    atoms = [
        Atom(0, user=1), Atom(1, user=2), Atom(2, campaign=3), Atom(3, day=1), Atom(50, user=3, day=1),
        Atom(70, user=3, day=1), Atom(95, user=3, day=1), Atom(111, user=3, day=1),
    ]  # fmt: skip
    why = cut(stream_of(atoms), rules)
    told = [Why(int(one)) for one in why]
    assert told == [
        Why.FIRST, Why.USER, Why.CAMPAIGN, Why.DAY, Why.GAP, Why(0), Why(0), Why.LENGTH,
    ]  # fmt: skip


def test_nothing_is_cut_into_nothing() -> None:
    assert len(cut(stream_of([]), PRESETS["tealium"])) == 0


def beginnings(atoms: Sequence[Atom], rules: SessionRules) -> list[bool]:
    """The rules again, one atom after the other."""
    found: list[bool] = []
    known: dict[str, int] = {}
    start = 0
    for before, atom in zip([None, *atoms], atoms, strict=False):
        apart = is_apart(before, atom, rules)
        if apart:
            known = {}
        changed = not apart and before is not None and is_changed(before, atom, known, rules)
        now = round(atom.at * MINUTE)
        late = rules.longest is not None and now - start > round(rules.longest * SECOND)
        found.append(apart or changed or late)
        start = now if found[-1] else start
        known |= {
            name: getattr(atom, name) for name in ("user", "campaign", "referrer") if getattr(atom, name)
        }
    return found


def is_apart(before: Atom | None, atom: Atom, rules: SessionRules) -> bool:
    if before is None or before.subject != atom.subject:
        return True
    pause = round(atom.at * MINUTE) - round(before.at * MINUTE)
    return too_long(pause, atom, rules) or (rules.day_of is not None and before.day != atom.day)


def is_changed(before: Atom, atom: Atom, known: dict[str, int], rules: SessionRules) -> bool:
    return (
        (bool(rules.ends_after) and before.ends)
        or (rules.user and atom.user not in (0, known.get("user", atom.user)))
        or (rules.campaign and atom.campaign not in (0, known.get("campaign")))
        or (rules.referrer and atom.referrer not in (0, known.get("referrer")))
    )


def too_long(pause: int, atom: Atom, rules: SessionRules) -> bool:
    gap = rules.mobile_gap if atom.mobile and rules.mobile_gap is not None else rules.gap
    if rules.whole_minutes:
        pause = pause // MINUTE * MINUTE
    return pause >= round(gap * SECOND) if rules.at_gap else pause > round(gap * SECOND)


few = st.integers(0, 2)
ATOMS = st.lists(
    st.builds(
        Atom,
        at=st.integers(0, 200).map(lambda number: number * 7.5),
        subject=st.integers(1, 2),
        user=few,
        campaign=few,
        referrer=few,
        day=few,
        mobile=st.booleans(),
        ends=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
RULES = st.builds(
    SessionRules,
    name=st.just("any"),
    gap=st.sampled_from([600.0, 1800.0]),
    mobile_gap=st.sampled_from([None, 450.0]),
    at_gap=st.booleans(),
    whole_minutes=st.booleans(),
    day_of=st.sampled_from([None, "UTC"]),
    user=st.booleans(),
    campaign=st.booleans(),
    referrer=st.booleans(),
    longest=st.sampled_from([None, 3600.0]),
    ends_after=st.sampled_from([(), ("paid",)]),
)


@given(ATOMS, RULES)
@settings(max_examples=100, deadline=None)
def test_columns_give_what_a_plain_loop_gives(atoms: list[Atom], rules: SessionRules) -> None:
    ordered = sorted(atoms, key=lambda atom: (atom.subject, atom.at))
    assert (cut(stream_of(ordered), rules) != 0).tolist() == beginnings(ordered, rules)
