"""What wrk sends and what we read from it."""

import asyncio
import shutil
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from loadtest.errors import BadOutput
from loadtest.traffic import Shop
from loadtest.wrk import MARKER, Counted, body_of, counted, packed, wrk
from tests.loadtest.door import Door, listening

NOW = 1_795_300_000_000_000
LINE = '{"requests":10,"duration_us":1000000,"bytes":99,"p50_us":5,"p99_us":9,"not_2xx":2,"socket":0}'


def test_counts_are_read_from_the_last_line_of_ours() -> None:
    assert counted(f"Running 1s test\n  Requests/sec: 10\n{LINE}\n") == Counted(10, 1_000_000, 99, 5, 9, 2, 0)
    assert counted(LINE).answered == 8


@pytest.mark.parametrize("output", ["", "Requests/sec: 10", '{"requests":"many"}'])
def test_other_output_is_an_error(output: str) -> None:
    with pytest.raises(BadOutput):
        counted(output)


def test_every_event_of_a_body_has_its_own_place_for_an_id() -> None:
    messages = list(islice(Shop(seed=1, customers=50).history(NOW), 20))
    body = body_of(messages, NOW)
    ids = [event["messageId"] for event in msgspec.json.decode(body)["batch"]]
    assert len(set(ids)) == 20
    assert body.count(MARKER) == 20


@pytest.mark.wrk
def test_wrk_sends_fresh_ids_in_every_request(tmp_path: Path) -> None:
    assert shutil.which("wrk"), "install wrk, or leave this out with SOJOURN_SKIP=wrk"
    body = tmp_path / "body.json"
    messages = list(islice(Shop(seed=1, customers=50).history(NOW), 6))
    body.write_bytes(packed([body_of(messages[:1], NOW), body_of(messages[1:], NOW)]))
    door = Door()

    async def work() -> Counted:
        async with listening(door) as url:
            return await asyncio.to_thread(
                wrk, f"{url}/v1/batch", body, ["Content-Type: application/json"], 1
            )

    counts = asyncio.run(work())
    assert counts.answered > 0
    assert counts.not_2xx == counts.socket == 0
    assert len(door.acked) == len(set(door.acked))
    assert len(door.acked) / counts.answered == pytest.approx(3, rel=0.2)
