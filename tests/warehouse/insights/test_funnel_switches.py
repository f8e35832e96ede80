"""Twelve users on whom every switch of a funnel shows, and breakdowns by very many values."""

import re
from typing import Any

import pytest

from tests.sessionizer.world import START, Event, plain_lake
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.funnel import Funnel, funnel
from warehouse.lake import Lake

HOUR = 3_600
# What each did, in the order it came; hours, or s of the range's first day.
USERS = (
    *("A 1 B 2 C 3", "A 1 B 2", "A 1", "B 1 A 1 C 2", "A 1 A 1 B 2 C 3", "A 1 X 2 B 3 C 4"),
    *("C 1 B 2 A 3", "A 1 B 2 A 90 B 91 C 92", "A 23 B 25 C 26", "B 36000.2s A 36000.9s C 11", "A 1 C 2 B 3"),
    "A 1 B 30 C 60",
)
DONE = re.compile(r"(\w) ([\d.]+)(s?)")
ASKED: dict[str, Any] = {"steps": ("A", "B", "C"), "unit": "device", "within": "2d"}


@pytest.fixture(scope="module")
def lake() -> Lake:
    done = [(user, *found) for user, text in enumerate(USERS) for found in DONE.findall(text)]
    return lake_of(
        Event(
            number,
            START + round(float(at) * (1 if seconds else HOUR) * 1_000_000),
            f"m{number}",
            "track",
            f"u{user}",
            event=name,
        )
        for number, (user, name, at, seconds) in enumerate(done, 1)
    )


@pytest.mark.parametrize(
    ("switches", "numbers"),
    [
        ({}, [12, 9, 6]),
        ({"order": "strict"}, [12, 7, 5]),
        ({"order": "any"}, [12, 11, 9]),
        ({"ties": "arrival"}, [12, 8, 5]),
        ({"ties": "apart"}, [12, 8, 5]),
        ({"ties": "same_second"}, [12, 10, 7]),
        ({"range": "both"}, [12, 7, 4]),
        ({"start": "first"}, [12, 9, 5]),
        ({"exclude": ("X",)}, [12, 8, 5]),
        ({"exclude": ("X",), "excluded": "drop"}, [11, 8, 5]),
        ({"within": "1h"}, [12, 5, 1]),
        ({"like": "posthog"}, [12, 7, 4]),
        ({"like": "posthog", "exclude": ("X",)}, [11, 6, 3]),
        ({"like": "clickhouse"}, [12, 7, 4]),
        ({"like": "sensors"}, [12, 8, 5]),
        ({"like": "amplitude"}, [12, 10, 7]),
        ({"like": "amplitude", "ties": "arrival"}, [12, 8, 5]),
    ],
    ids=range(17),
)
def test_what_a_switch_changes(lake: Lake, switches: dict[str, Any], numbers: list[int]) -> None:
    until = (
        "2026-11-05"
        if switches.get("range", switches.get("like")) in ("both", "posthog", "clickhouse")
        else "2026-11-09"
    )
    answer = funnel(lake, Funnel(**{**ASKED, "since": "2026-11-05", "until": until, **switches}), NOW)
    assert [one.n for one in answer.steps] == numbers


@pytest.mark.parametrize("values", [5_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("attribution", ["first_touch", "step"])
def test_a_breakdown_by_very_many_values(values: int, attribution: str) -> None:
    lake = plain_lake()
    lake.execute("CREATE MACRO lake.current_snapshot() AS TABLE SELECT 7 AS id")
    lake.execute("INSERT INTO customers BY NAME SELECT 'c' AS customer_id, 'shop' AS project")
    lake.execute("INSERT INTO cursors VALUES ('stitch', 1000000000, now(), now())")
    lake.execute(
        f"""
        INSERT INTO events BY NAME
        SELECT number AS load_seq, number % {values} AS subject_key, 'shop' AS project, 'track' AS type,
            CASE WHEN number < {values} THEN 'A' ELSE 'B' END AS event,
            TIMESTAMPTZ '2026-11-05' + INTERVAL (number // {values}) HOUR AS timestamp,
            DATE '2026-11-05' AS event_day,
            CASE WHEN number = 3 THEN 'v2' ELSE 'v' || number END AS referrer_host
        FROM range({values} + {values} // 2) AS t(number)"""
    )
    answer = funnel(
        lake,
        Funnel(
            steps=("A", "B"),
            unit="device",
            since="2026-11-05",
            until="2026-11-06",
            by=("referrer_host",),
            attribution=attribution,  # type: ignore[arg-type]
            top=3,
        ),
        NOW,
    )
    found = {one.by[0]: [step.n for step in one.steps] for one in answer.parts}
    rest = values - 4
    assert found.pop("v2") == [2, 2]
    assert found.pop("(other)") == [rest, values // 2 - sum(n for _, n in found.values()) - 2]
    assert [n for n, _ in found.values()] == [1, 1]
    assert [one.n for one in answer.steps] == [values, values // 2]
