"""Lifecycle and stickiness by bits, over the roll-up and over events, are those of their statements."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from tests.sessionizer.world import HOUR, START
from tests.warehouse.insights.asked_lake import NAMES, NOW, all_agree, complete, random_lake
from warehouse.insights import bitmap
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.question import Question
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.lake import Lake

SEEDS = [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30))]
DAY = 24 * HOUR
ASKED: dict[str, Any] = {"since": "2026-11-05", "until": "2026-11-09"}
Asked = Callable[[Lake, Question], Any]


@pytest.fixture(scope="module")
def lake() -> Lake:
    made, _ = random_lake(8, 60)
    complete(made, START + 8 * DAY + 5 * HOUR)
    return made


def asked(lake: Lake, question: Question) -> Any:
    if isinstance(question, Lifecycle):
        return lifecycle(lake, question, NOW)
    assert isinstance(question, Stickiness)
    return stickiness(lake, question, NOW)


def said(answer: Any) -> tuple[Any, ...]:
    return answer.n, answer.n_mature, answer.stages if hasattr(answer, "stages") else answer.bars


def at_random(random_: random.Random) -> Question:
    since = random_.randrange(3, 11)
    fields: dict[str, Any] = {
        "event": random_.choice(("*", *NAMES, "page:*")),
        "every": random_.choice(("hour", "day", "day", "week", "month")),
        "since": f"2026-11-{since:02}" + random_.choice(("", "", "T05:00:00Z")),
        "until": f"2026-11-{random_.randrange(since, 16):02}" + random_.choice(("", "T23:00:00+08:00")),
        "timezone": random_.choice(("UTC", "Asia/Shanghai", "America/New_York")),
        "unit": random_.choice(("customer", "customer", "device")),
    }
    if random_.random() < 0.5:
        return Lifecycle(**fields, new_by=random_.choice(("event", "anything")))
    return Stickiness(**fields, together=random_.choice((1, 5, 7)) if fields["every"] == "hour" else 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_asked_it_is_that_of_the_statement(
    seed: int, by_bits: list[str], by_statement: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed, 40)
    most = 0
    for _ in range(16):
        complete(lake, START + random_.randrange(12 * DAY))
        monkeypatch.setattr(bitmap, "_PART", random_.choice((1, 7, 1 << 15)))
        question = at_random(random_)
        rolled, raw = asked(lake, question), asked(lake, structs.replace(question, raw=True))
        wanted = by_statement(lake, question)
        all_agree(said, rolled, raw, wanted)
        most = max(most, wanted.n)
    assert by_bits == ["Hours", "Events"] * 16
    assert most > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_over_events_with_filters(seed: int, by_bits: list[str], by_statement: Asked) -> None:
    random_ = random.Random(seed)
    lake, _ = random_lake(seed + 100, 40)
    for _ in range(12):
        question = structs.replace(
            at_random(random_),
            timezone=random_.choice(("Asia/Kolkata", "Asia/Kathmandu", "UTC")),
            since=f"2026-11-0{random_.randrange(3, 7)}T{random_.randrange(10, 24)}:17:05Z",
            until=f"2026-11-{random_.randrange(9, 15):02}T03:04:05Z",
            where=random_.choice(((), ("country = CN",), ("session.channel is set",))),
            bots=random_.random() < 0.3,
            raw=True,
        )
        assert said(asked(lake, question)) == said(by_statement(lake, question)), question
    assert by_bits == ["Events"] * 12


REASONS: list[tuple[str, Question]] = [
    ("it has filters", Lifecycle(**ASKED, event="Viewed where country = DE")),
    ("it has filters", Stickiness(**ASKED, where=("country = DE",))),
    ("it counts robots", Stickiness(**ASKED, bots=True)),
    ("it counts by session", Lifecycle(**ASKED, unit="session")),
    ("it counts how often within an interval", Stickiness(**ASKED, criteria=">= 2")),
    ("days of Asia/Kolkata do not begin with an hour of UTC", Lifecycle(**ASKED, timezone="Asia/Kolkata")),
    (  # the month before began half an hour off
        "days of Australia/Lord_Howe do not begin with an hour of UTC",
        Lifecycle(**ASKED, every="month", timezone="Australia/Lord_Howe"),
    ),
    ("since lies within an hour", Stickiness(since="2026-11-05T00:30:00Z", until="2026-11-09")),
]


@pytest.mark.parametrize(("reason", "question"), REASONS)
def test_what_the_rollup_cannot_say_is_read_from_events(
    lake: Lake, by_bits: list[str], by_statement: Asked, reason: str, question: Question
) -> None:
    answer = asked(lake, question)
    assert (answer.source, answer.why_raw) == ("raw", reason)
    assert said(answer) == said(by_statement(lake, question))
    assert "Hours" not in by_bits


@pytest.mark.parametrize("question", [Lifecycle(**ASKED), Stickiness(**ASKED)])
def test_of_few_events_the_statement_is_as_fast(lake: Lake, question: Question) -> None:
    assert asked(lake, question).why_raw == "there are few events"


@pytest.mark.parametrize("question", [Lifecycle(**ASKED), Stickiness(**ASKED)])
def test_what_would_take_too_much_memory_is_left_to_the_statement(
    lake: Lake, by_bits: list[str], monkeypatch: pytest.MonkeyPatch, question: Question
) -> None:
    found = asked(lake, question)
    monkeypatch.setattr(bitmap, "_MOST_BYTES", 1)
    left = asked(lake, question)
    assert said(left) == said(found)
    assert left.why_raw == "of so many units too much would have to be remembered"
