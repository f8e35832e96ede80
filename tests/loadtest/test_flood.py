"""Events whose ids are a function of a counter: each is sent, and what is missing or doubled is found."""

from random import Random
from types import SimpleNamespace
from typing import Any

import duckdb
import msgspec
import pytest

from loadtest.flood import EVENTS, Refusal, batch, template
from loadtest.full import ratio_p50, shut
from loadtest.samples import Sample, published
from loadtest.stored import Compared, compared


def test_every_event_of_every_batch_has_an_id_of_its_own() -> None:
    body = template(Random(1))
    ids = [
        event["messageId"]
        for number in (0, 1, 99_999)
        for event in msgspec.json.decode(batch(body, number))["batch"]
    ]
    assert len(set(ids)) == 3 * EVENTS
    assert ids[EVENTS] == "f-00000001-000"


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (["f-00000000-000", "f-00000000-001"], Compared(EVENTS - 2, 0)),
        ([f"f-00000000-{index:03d}" for index in range(EVENTS)], Compared(0, 0)),
        ([f"f-00000000-{index:03d}" for index in (*range(EVENTS), 7)], Compared(0, 1)),
        (["f-00000001-000", "f-00000001-000"], Compared(EVENTS, 1)),
    ],
)
def test_what_is_missing_or_doubled_is_counted(stored: list[str], found: Compared) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE events AS SELECT unnest(?::VARCHAR[]) AS message_id", [stored])
    flood: Any = SimpleNamespace(batches=2, acked=bytearray(b"\1\0"))
    lake: Any = con
    assert compared(lake, flood) == found


def test_what_was_published_is_what_came_in_and_does_not_wait() -> None:
    before, after = Sample(0.0, 1_000, 10, {}, "well"), Sample(1.0, 400, 14, {}, "well")
    assert published(before, after, 100.0) == 10.0


def test_a_wait_is_compared_with_the_time_until_there_was_room() -> None:
    refusals = [Refusal(1.0, 30.0), Refusal(14.0, 12.0), Refusal(16.0, 2.0), Refusal(18.0, 2.0)]
    assert ratio_p50(refusals, back=10.0, opened=20.0) == 1.0
    assert ratio_p50(refusals[:1], back=10.0, opened=20.0) == 0.0


def test_a_door_that_flaps_has_shut_more_than_once() -> None:
    assert shut([], 20.0) == 0
    assert shut([Refusal(1.0, 30.0)], 20.0) == 1
    late = [Refusal(at, 1.0) for at in (21.0, 21.5, 30.0)]
    assert shut([Refusal(1.0, 30.0), *late], 20.0) == 3
