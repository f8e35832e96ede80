"""Funnels and paths walked through in columns against their statements, over small random lakes."""

import random
import sys
from collections.abc import Callable
from typing import Any, Literal

import duckdb
import pytest
from msgspec import structs, to_builtins

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, lake_of, random_lake
from tests.warehouse.insights.test_funnel_oracle import lake_of as lake_of_strangers
from warehouse.insights import lanes
from warehouse.insights.climbs import Climbs
from warehouse.insights.funnel import Funnel, funnel
from warehouse.insights.paths import Paths, paths
from warehouse.insights.trails import Trails
from warehouse.lake import Lake

DAY = 24 * HOUR
NAMES = ("Viewed", "Added", "Checkout", "Ordered", "Other")


@pytest.fixture(scope="module", params=[3, pytest.param(4, marks=pytest.mark.slow)])
def lake(request: pytest.FixtureRequest) -> Lake:
    made, _ = random_lake(request.param, 60)
    complete(made, START + 5 * DAY)
    return made


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts what was walked through in columns."""
    times: list[int] = []
    for kind, name in ((Climbs, "climbed"), (Trails, "trail")):
        monkeypatch.setattr(kind, name, _counting(times, getattr(kind, name)))
    return times


def _counting(times: list[int], found: Callable[..., Any]) -> Callable[..., Any]:
    def counting(self: Any, lane: lanes.Lane) -> Any:
        times.append(1)
        return found(self, lane)

    return counting


def both(monkeypatch: pytest.MonkeyPatch, lake: Lake, question: Funnel | Paths) -> list[Any]:
    """The answer by its statement, and the one by columns."""
    answers = []
    for many in (1 << 40, 0):
        for name in ("funnel", "paths"):
            monkeypatch.setattr(sys.modules[f"warehouse.insights.{name}"], "MANY", many)
        found = funnel(lake, question, NOW) if isinstance(question, Funnel) else paths(lake, question, NOW)
        answers.append(to_builtins(found))
    return answers


def ranges(random_: random.Random) -> dict[str, Any]:
    """What any question may say."""
    return {
        "since": f"2026-11-{random_.randint(5, 8):02}",
        "until": f"2026-11-{random_.randint(9, 14):02}",
        "unit": random_.choice(["customer", "customer", "device"]),
        "where": random_.choice([(), ("country = CN",), ("session.channel is set",)]),
        "bots": random_.random() < 0.3,
    }


def test_funnels_are_those_of_their_statement(
    lake: Lake, walked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random_ = random.Random(1)
    for number in range(8):
        question = Funnel(
            steps=tuple(random_.sample(NAMES, random_.randint(2, 4))),
            within=random_.choice(["1m", "1h", "2d"]),
            ties=random_.choice(["sequence", "apart"]),
            range=random_.choice(["entry", "both"]),
            start=random_.choice(["any", "first"]),
            **ranges(random_),
        )
        statement, columns = both(monkeypatch, lake, question)
        assert statement == columns, question
        assert len(walked) >= number + 1


def test_paths_are_those_of_their_statement(
    lake: Lake, walked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random_ = random.Random(2)
    for number in range(8):
        question = Paths(
            events=random_.choice([("*",), ("Viewed", "Ordered", "Added")]),
            gap=random_.choice(["2m", "30m", "1d"]),
            depth=random_.choice([2, 3, 6]),
            top=random_.choice([1, 2, 20]),
            repeats=random_.random() < 0.5,
            **ranges(random_),
        )
        statement, columns = both(monkeypatch, lake, question)
        assert statement == columns, question
        assert len(walked) >= number + 1


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From which tables it was told what steps can show."""
    tables: list[str] = []
    found = Trails._listed

    def listing(self: Trails, happened: str) -> Any:
        tables.append("daily" if "FROM daily" in happened else "events")
        return found(self, happened)

    monkeypatch.setattr(Trails, "_listed", listing)
    return tables


def test_what_steps_can_show_is_told_by_the_rollup(
    lake: Lake, listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Paths(since="2026-11-05", until="2026-11-14", events=("Viewed", "Ordered"))
    statement, columns = both(monkeypatch, lake, question)
    assert statement == columns
    assert len(columns["nodes"]) > 2
    assert both(monkeypatch, lake, structs.replace(question, bots=True))[1]["n"] >= columns["n"]
    assert listed == ["daily", "events"]


def test_what_steps_can_show_is_told_by_events_where_the_rollup_names_too_many(
    lake: Lake, listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["warehouse.insights.trails"], "_MOST_ITEMS", 2)
    statement, columns = both(
        monkeypatch, lake, Paths(since="2026-11-05", until="2026-11-14", events=("Viewed", "Ordered"))
    )
    assert statement == columns
    assert listed == ["daily", "events"]


def test_what_steps_can_show_is_told_by_events_while_the_rollup_is_filled(
    listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, _ = random_lake(5, 10)
    lake.execute("DELETE FROM cursors WHERE name = 'rollup'")
    statement, columns = both(monkeypatch, lake, Paths(since="2026-11-05", until="2026-11-14"))
    assert statement == columns
    assert listed == ["events"]


def test_in_passes_and_in_parts(lake: Lake, walked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[Funnel | Paths] = [
        Funnel(steps=("Viewed", "Ordered"), since="2026-11-05", until="2026-11-14"),
        Paths(since="2026-11-05", until="2026-11-14"),
    ]
    whole = [both(monkeypatch, lake, question)[1] for question in questions]
    before = len(walked)
    monkeypatch.setattr(lanes, "_BITS", 48)
    monkeypatch.setattr(lanes, "_ROWS_A_PASS", 100)
    assert [both(monkeypatch, lake, question)[1] for question in questions] == whole
    assert len(walked) - before > 2 * before


def test_what_does_not_fit_a_number_is_left_to_the_statement(
    lake: Lake, walked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_BITS", 8)
    statement, columns = both(monkeypatch, lake, Paths(since="2026-11-05", until="2026-11-14"))
    assert statement == columns
    assert not walked


def test_who_has_no_customer_is_somebody_all_the_same(
    walked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_of_strangers(300, 0.5)
    question = Funnel(
        project="shop", since="2026-11-05", until="2026-11-05", within="10s", steps=("n0", "n1", "n2")
    )
    statement, columns = both(monkeypatch, lake, question)
    assert statement == columns
    assert walked


def test_a_moment_that_two_sessions_share(walked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        Event(1, START, "m1", "track", "tablet", "anne", event="Viewed"),
        Event(2, START + 1, "m2", "track", "tablet", "anne", event="Viewed"),
        Event(3, START + 1, "m3", "track", "tablet", "ben", event="Viewed"),
        Event(4, START + 2, "m4", "track", "tablet", "ben", event="Ordered"),
        Event(5, START + 3, "m5", "track", "tablet", "anne", event="Ordered"),
    ]
    lake = lake_of(events)
    for question in (Funnel(steps=("Viewed", "Ordered"), since="2026-11-01"), Paths(since="2026-11-01")):
        statement, columns = both(monkeypatch, lake, question)
        assert statement == columns
    assert len(walked) == 2


def test_events_without_any_id_are_of_one_unit(walked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(
        Event(number, START + number, f"m{number}", "track", device, None, event=name)
        for number, (device, name) in enumerate(
            ((None, "Viewed"), ("phone", "Viewed"), (None, "Ordered"), (None, "Viewed")), 1
        )
    )
    lake.execute("UPDATE events SET subject_key = NULL WHERE anonymous_id IS NULL")
    statement, columns = both(monkeypatch, lake, Funnel(steps=("Viewed", "Ordered"), since="2026-11-01"))
    assert statement == columns
    assert [one["n"] for one in columns["steps"]] == [2, 1]
    assert walked


def test_steps_of_one_moment(walked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(
        Event(number, START, f"m{number}", "track", "phone", "anne", event=name)
        for number, name in enumerate(("Ordered", "Viewed"), 1)
    )
    expected: dict[Literal["sequence", "apart"], int] = {"sequence": 1, "apart": 0}
    for ties, n in expected.items():
        question = Funnel(steps=("Viewed", "Ordered"), since="2026-11-01", ties=ties)
        statement, columns = both(monkeypatch, lake, question)
        assert statement == columns
        assert columns["steps"][1]["n"] == n
    assert len(walked) == 2


@pytest.mark.parametrize("name", ["it's", "$p1", "x'); DROP TABLE events; --"])
def test_any_text_is_only_a_text(name: str, monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    try:
        statement, columns = both(
            monkeypatch,
            lake,
            Funnel(steps=("Viewed", "Added"), where=(f"country = {name}",), since="2026-11-05"),
        )
    except duckdb.Error:
        pytest.fail("the text was read as SQL")
    assert statement == columns
