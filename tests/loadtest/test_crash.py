"""The parts of the crash test that need no running Sojourn, and its smallest whole form."""

import asyncio
import gc
import gzip
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Self

import duckdb
import msgspec
import pytest

from loadtest.acknowledged import Acknowledged
from loadtest.anew import rows_apart
from loadtest.cli.crash import WAY, spread
from loadtest.crash import Crash, load, under_load
from loadtest.errors import GaveUp
from loadtest.processes import Process
from loadtest.routes import shapes
from loadtest.strikes import victim
from loadtest.traffic import Shop
from loadtest.wire import Request
from warehouse.lake import Lake

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


def crash(
    acked: int = 100, missing: int = 0, doubled: int = 0, difference: int = 0, differs: int = 0
) -> Crash:
    return Crash(2, {"load": 2}, acked, missing, doubled, difference, 1.0, 1.0, differs)


@pytest.mark.parametrize(
    ("result", "held"),
    [
        (crash(), True),
        (crash(differs=1), False),
        (crash(missing=1), False),
        (crash(doubled=1), False),
        (crash(difference=-1), False),
        (crash(acked=0), False),
    ],
)
def test_it_holds_only_when_nothing_is_missing_or_doubled(result: Crash, held: bool) -> None:
    assert result.held is held


@pytest.mark.parametrize(("stitched", "kept"), [(50, True), (49, False)])
def test_each_step_must_have_had_its_part(stitched: int, kept: bool) -> None:
    steps = dict.fromkeys(WAY, 60) | {"stitch": stitched, "random": 530}
    assert spread({"kills": 1000, "steps": steps}) is kept


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("ab", (0, 0)),
        ("a", (1, 0)),
        ("aab", (0, 1)),
        ("abuu", (0, 1)),
        ("", (2, 0)),
    ],
)
def test_acknowledged_ids_are_compared_with_what_is_stored(
    tmp_path: Path, stored: str, wanted: tuple[int, int]
) -> None:
    lake = Lake(duckdb.connect())
    lake.execute("CREATE TABLE events (message_id VARCHAR)")
    lake.execute("INSERT INTO events SELECT unnest(?::VARCHAR[])", [list(stored)])
    with Acknowledged(tmp_path / "ids") as acked:
        acked.add("ab")
        assert (acked.count, acked.compared(lake)) == (2, wanted)


def test_rows_on_one_side_alone_are_counted() -> None:
    before = {"sessions": Counter([1, 2, 2]), "customers": Counter([7])}
    assert rows_apart(before, before) == 0
    assert rows_apart(before, {"sessions": Counter([1, 2, 3]), "customers": Counter([7, 7])}) == 3


class Unanswered:
    """A client that hears nothing, and gives up."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def pace(self, *_: object, **__: object) -> None:
        raise GaveUp("no answer")


class Unreached:
    """Kills at a step to which nothing comes."""

    charts: tuple[Any, ...] = ()

    async def run(self) -> None:
        await asyncio.sleep(0.01)
        raise GaveUp("no program came to join")


def test_who_gives_up_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers(*_: object) -> None:
        return None

    monkeypatch.setattr("loadtest.crash.answers", answers)
    monkeypatch.setattr("loadtest.crash.Client", lambda *_, **__: Unanswered())
    house: Any = SimpleNamespace(url="http://127.0.0.1:1", write_key=lambda: "k")
    strikes: Any = Unreached()
    loud: list[Any] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, told: loud.append(told))
        with pytest.raises(GaveUp, match="came to join"), Acknowledged(tmp_path / "acked") as acked:
            runner.run(under_load(house, strikes, acked, 10, Random(1), lambda: 0))
        gc.collect()
    assert loud == []


def test_ten_kills_lose_nothing() -> None:
    steps = "append,fsync,seal,upload,tally,trim,load,stitch,join"
    form = ["--kills", "10", "--seconds-between", "0.1", "--rate", "100", "--only", steps, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "crash", *form],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = msgspec.json.decode(done.stdout, type=Crash)
    assert result.held
    assert result.kills >= 10
