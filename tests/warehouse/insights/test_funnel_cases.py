"""A table of journeys and what funnels find in them, each for a reason of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.sessionizer.world import START, Event
from tests.warehouse.insights.asked_lake import NOW, lake_of
from warehouse.insights.funnel import Funnel, funnel
from warehouse.lake import Lake

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "funnel_cases.yaml").read_text("utf-8"))
DONE = re.compile(
    r"(?P<name>[\w:]+)(?:\{(?P<field>\w+)=(?P<value>\w+)\})? (?P<at>-?[\d.]+)(?P<unit>[smhd])\s*"
)
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
ASKED = {"since": "2026-11-05", "until": "2026-11-18", "unit": "device", "within": "14d", "like": "posthog"}


def done(number: int, case: dict[str, Any]) -> Iterator[Event]:
    for person, text in {"known": "A -20d B -20d C -20d D -20d X -20d", **case["who"]}.items():
        assert not DONE.sub("", text), text
        for found in DONE.finditer(text):
            type, colon, name = found["name"].rpartition(":")
            at = START + round(float(found["at"]) * SECONDS[found["unit"]] * 1_000_000)
            yield Event(
                0,
                at,
                f"m{number}-{person}-{found.start():03}",
                type if colon else "track",
                person,
                event=name,
                project=f"case{number}",
                properties=json.dumps({found["field"]: found["value"]} if found["field"] else {}),
            )


@pytest.fixture(scope="module")
def lake() -> Lake:
    events = [one for number, case in enumerate(CASES) for one in done(number, case)]
    return lake_of(msgspec.structs.replace(one, load_seq=at) for at, one in enumerate(events, 1))


@pytest.mark.parametrize("number", range(len(CASES)))
def test_case(lake: Lake, number: int) -> None:
    case = CASES[number]
    answer = funnel(lake, msgspec.convert({**ASKED, **case["ask"], "project": f"case{number}"}, Funnel), NOW)
    assert [one.n for one in answer.steps] == case["n"], case["why"]
    if "median" in case:
        assert [one.median_s for one in answer.steps[1:]] == case["median"], case["why"]
    if "by" in case:
        assert {one.by[0]: [step.n for step in one.steps] for one in answer.parts} == case["by"], case["why"]
    if "at" in case:
        assert [[step.n for step in one.steps] for one in answer.parts] == case["at"], case["why"]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 100
    assert len({case["why"] for case in CASES}) == len(CASES)
