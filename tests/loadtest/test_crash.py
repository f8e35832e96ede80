"""The parts of the crash test that need no running Sojourn, and its smallest whole form."""

import gzip
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from random import Random
from typing import Self, cast

import msgspec
import pytest

from loadtest.crash import Crash, compared, load, victim
from loadtest.house import House
from loadtest.processes import Process
from loadtest.routes import shapes
from loadtest.traffic import Shop
from loadtest.wire import Request

NOW = 1_795_300_000_000_000
RUNNING = [
    Process(10, "python -m collector.command up"),
    Process(11, "python -m collector.child 10 collector.command collect"),
    Process(12, "python -m collector.child 11 collector.worker --fd 3 --name n-w0"),
    Process(13, "python -m collector.child 11 collector.worker --fd 3 --name n-w1"),
    Process(14, "python -m collector.child 11 collector.sink"),
    Process(15, "python -m collector.child 10 collector.command sessionize"),
]


def test_everything_that_runs_is_killed_at_some_time() -> None:
    rng = Random(4)
    struck = Counter((name, tuple(pids)) for name, pids in (victim(rng, RUNNING) for _ in range(400)))
    everything = ("all", (10, 11, 12, 13, 14, 15))
    single = {("up", (10,)), ("collect", (11,)), ("worker", (12,)), ("worker", (13,)), ("sink", (14,))}
    assert set(struck) == {everything, *single, ("sessionize", (15,))}
    assert victim(rng, []) == ("all", [])


def test_the_load_names_every_id_it_sends_once_and_uses_every_route() -> None:
    requests = [asked for _, asked in islice(load(Shop(3), "wk_x", 100.0, NOW, Random(1)), 400)]
    assert sorted(ids_of(requests)) == sorted(one for asked in requests for one in asked.ids)
    paths = {asked.path.partition("?")[0] for asked in requests}
    assert {"/v1/batch", "/v1/batch/", "/v1/b", "/v1/track", "/v1/t/", "/v1/page", "/v1/p/"} <= paths


def ids_of(requests: list[Request]) -> list[str]:
    ids = []
    for asked in requests:
        packed = b"Content-Encoding: gzip" in asked.headers
        content = msgspec.json.decode(gzip.decompress(asked.body) if packed else asked.body)
        ids += [event["messageId"] for event in content.get("batch", [content])]
    return ids


def test_every_shape_gives_the_write_key_once() -> None:
    event = b'{"type":"identify","messageId":"m","userId":"u"}'
    for shape in shapes("wk_secret"):
        asked = shape.request([event], ("m",), NOW)
        places = [
            b"Authorization: Basic d2tfc2VjcmV0Og==" in asked.headers,
            "writeKey=wk_secret" in asked.path,
            b"Content-Encoding" in asked.headers or b'"writeKey":"wk_secret"' in asked.body,
        ]
        assert sum(places) == 1, shape.name


@pytest.mark.parametrize(
    ("result", "held"),
    [
        (Crash(2, 100, 0, 0, 0), True),
        (Crash(2, 100, 1, 0, 0), False),
        (Crash(2, 100, 0, 1, 0), False),
        (Crash(2, 100, 0, 0, -1), False),
        (Crash(2, 0, 0, 0, 0), False),
    ],
)
def test_it_holds_only_when_nothing_is_missing_or_doubled(result: Crash, held: bool) -> None:
    assert result.held is held


class Stored:
    """Stands for a house whose lake has these message ids, each so many times."""

    def __init__(self, **counts: int) -> None:
        self.counts = counts

    @contextmanager
    def lake(self) -> Iterator[Self]:
        yield self

    def query(self, _: str) -> list[tuple[str, int]]:
        return list(self.counts.items())


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        (Stored(a=1, b=1), (0, 0)),
        (Stored(a=1), (1, 0)),
        (Stored(a=2, b=1), (0, 1)),
        (Stored(a=1, b=1, unanswered=2), (0, 1)),
        (Stored(), (2, 0)),
    ],
)
def test_acknowledged_ids_are_compared_with_what_is_stored(stored: Stored, wanted: tuple[int, int]) -> None:
    assert compared(cast(House, stored), {"a", "b"}) == wanted


@pytest.mark.slow
def test_two_kills_lose_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "crash", "--kills", "2", "--rate", "100", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = msgspec.json.decode(done.stdout, type=Crash)
    assert result.held
    assert result.kills == 2
