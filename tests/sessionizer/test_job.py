"""The writer's loop on a real landing, registry and lake: what each turn does, and what it does not."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from sdk_contract.errors import Transient
from sdk_contract.plan import read_plan
from sessionizer.commands import KINDS
from sessionizer.job import Job
from sessionizer.settings import SessionizerSettings
from sessionizer.telling import STATE
from tests.warehouse.lakes import NOON, SECOND, Site, event
from warehouse.timeline import timeline
from warehouse.upkeep import Chore
from warehouse.writer import Writer, from_landing, open_writer

MINUTE = 60 * SECOND


class Bench:
    """A data folder, its job, and every line the job reported."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.site = Site(root)
        self.stop = threading.Event()
        self.lines: list[tuple[str, str, dict[str, object]]] = []
        self.job = Job(
            self._open(open_writer),
            self._open(from_landing),
            self.site.registry,
            SessionizerSettings(data=str(root), **settings),
            now=self.site.now,
            report=self._report,
            stop=self.stop,
        )

    def _open(self, opening: Callable[..., Writer]) -> Callable[[Callable[[int, int], None]], Writer]:
        site = self.site
        return lambda progress: opening(
            site.settings, site.registry, now=site.now, store=site.store, progress=progress
        )

    def _report(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        self.lines.append((level, event, dict(fields)))

    def land(self, *minutes: int, prefix: str = "m") -> None:
        moments = [NOON - minute * MINUTE for minute in minutes]
        self.site.land([event(f"{prefix}{at}", timestamp=at, user_id="lin", type="page") for at in moments])

    def told(self, event: str) -> list[dict[str, object]]:
        return [fields for _, name, fields in self.lines if name == event]

    def count(self, table: str) -> int:
        return int(self.job.writer.lake.query(f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, stitch_every=2.0, commands_every=0.0)
    yield bench
    bench.job.close()


def test_what_landed_is_in_sql_and_on_the_timeline_after_one_turn(bench: Bench) -> None:
    bench.land(0, 1, 90)
    assert bench.job.turn()
    found = timeline(bench.job.writer.lake, "lin")
    assert found
    assert [len(session.events) for session in found.sessions] == [2, 1]
    (loaded,), (stitched,) = bench.told("loaded"), bench.told("stitched")
    assert (loaded["objects"], loaded["stored"], stitched["events"], stitched["sessions"]) == (1, 3, 3, 2)
    assert not bench.job.turn()


def test_stitching_waits_a_while_and_loading_does_not(bench: Bench) -> None:
    bench.land(0)
    bench.job.turn()
    bench.land(1, prefix="n")
    bench.job.turn()
    assert (bench.count("events"), len(bench.told("stitched"))) == (2, 1)
    bench.site.clock += 2 * SECOND
    bench.job.turn()
    assert len(bench.told("stitched")) == 2


def test_a_backlog_is_stitched_slice_after_slice_without_waiting(tmp_path: Path) -> None:
    bench = Bench(tmp_path, stitch_rows=2)
    bench.land(0, 1, 2, 3, 4)
    while bench.job.turn():
        pass
    assert [line["events"] for line in bench.told("stitched")] == [2, 2, 1]
    assert [line.get("behind") for line in bench.told("stitched")] == [3, 1, None]
    bench.job.close()


def test_upkeep_waits_for_an_idle_turn_but_not_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices: list[int] = []

    def upkeep() -> list[Chore]:
        slices.append(bench.site.clock)
        return []

    monkeypatch.setattr(bench.job.writer, "upkeep", upkeep)
    bench.job.turn()
    bench.land(0)
    bench.job.turn()
    assert len(slices) == 1
    bench.job.turn()
    assert len(slices) == 2
    bench.site.clock += 10 * SECOND
    bench.land(1, prefix="n")
    bench.job.turn()
    assert len(slices) == 3


@pytest.mark.parametrize("source", ["lake", "landing"])
def test_a_rebuild_that_was_asked_for(bench: Bench, source: str) -> None:
    bench.land(0, 90)
    bench.job.turn()
    bench.job.writer.lake.execute("DELETE FROM sessions")
    id = bench.site.registry.file_command("rebuild", {"from": source}, by="test")
    bench.job.turn()
    command = bench.site.registry.command(id)
    assert command.state == "done"
    assert command.result
    assert (command.result["sessions"], command.result["customers"]) == (2, 1)
    assert (bench.count("events"), bench.count("sessions")) == (2, 2)
    bench.site.clock += 5 * SECOND
    bench.land(40, prefix="n")
    bench.job.turn()
    assert bench.count("sessions") == 3


@pytest.mark.parametrize(
    ("kind", "args", "why"),
    [
        ("dance", {}, f"command 'dance' is not known to this writer; it knows {', '.join(KINDS)}"),
        ("rebuild", {"from": "memory"}, "from is 'memory'; it must be one of lake, landing"),
    ],
)
def test_a_command_that_cannot_be_done(bench: Bench, kind: str, args: dict[str, Any], why: str) -> None:
    id = bench.site.registry.file_command(kind, args, by="test")
    bench.job.turn()
    command = bench.site.registry.command(id)
    assert (command.state, command.result) == ("failed", {"error": why})
    bench.land(0)
    bench.job.turn()
    assert bench.count("sessions") == 1


def test_trouble_with_landing_is_shown_and_the_rest_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Transient("landing does not answer")

    bench.land(0)
    bench.job.turn()
    with monkeypatch.context() as patch:
        patch.setattr(bench.job.writer, "load", away)
        for _ in range(3):
            run_once(bench)
        assert state(bench) == {"load": "landing does not answer"}
    assert [event for level, event, _ in bench.lines if level == "warning"] == ["step failed"]
    bench.site.clock += SECOND
    run_once(bench)
    assert state(bench) == {}


def run_once(bench: Bench) -> None:
    """One turn of `run`."""
    bench.stop.clear()
    turn = bench.job.turn

    def last_turn() -> bool:
        busy = turn()
        bench.stop.set()
        return busy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.job, "turn", last_turn)
        bench.job.run()
    bench.stop.clear()


def state(bench: Bench) -> dict[str, str]:
    troubles: dict[str, str] = msgspec.json.decode(bench.site.registry.setting(STATE) or "{}")["troubles"]
    return troubles


def test_a_stitch_that_is_broken_off_is_done_again(bench: Bench) -> None:
    bench.land(0)
    execute = bench.job.writer.lake.execute

    def broken(sql: str, *rest: Any) -> duckdb.DuckDBPyConnection:
        if "lake.main.identities" in sql:
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return execute(sql, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.job.writer.lake, "execute", broken)
        bench.job.turn()
    assert bench.count("sessions") == 0
    bench.job.turn()
    assert bench.count("sessions") == 1


PLAN = """
type: identify
properties:
  type: object
  properties:
    city: {type: string, x-resolve: first}
    name: {type: string, x-resolve: [crm, web]}
    born: {type: string, x-pii: birthday}
"""


def attributes(bench: Bench) -> dict[str, tuple[str, str, bool]]:
    rows = bench.job.writer.lake.query(
        "SELECT name, value->>'$', rule, contradictory FROM customer_attributes"
    )
    return {name: (value, rule, contradictory) for name, value, rule, contradictory in rows}


def test_a_new_plan_chooses_the_attributes_of_customers_anew(bench: Bench) -> None:
    def said(at: int, library: str, **traits: str) -> None:
        texts = {"traits": msgspec.json.encode(traits).decode(), "library_name": library}
        bench.site.land([event(f"i{at}", type="identify", user_id="lin", timestamp=NOON + at, **texts)])

    said(1, "crm", city="A", name="Lin", born="1990-01-01")
    said(2, "web", city="B", name="lin", born="1991-01-01")
    bench.job.turn()
    assert attributes(bench) == {
        "city": ("B", "latest", False),
        "name": ("lin", "latest", False),
        "born": ("1991-01-01", "latest", False),
    }
    bench.site.registry.create_key("shop")
    files = {"plan.yaml": "version: 1.0.0", "events/identify.yaml": PLAN}
    bench.site.registry.publish_plan("shop", "1.0.0", read_plan(files).to_json(), "test")
    bench.site.clock += 5 * SECOND
    bench.land(1)
    bench.job.turn()
    assert attributes(bench) == {
        "city": ("A", "first", False),
        "name": ("Lin", "sources", False),
        "born": ("1991-01-01", "latest", True),
    }
    assert bench.told("attributes chosen anew") == [{"changed": 3}]


def test_other_key_events_and_other_rules_cut_everything_anew(bench: Bench) -> None:
    bench.land(0, 1, 90)
    bench.job.turn()
    sums = "SELECT count(*), sum(conversions)::BIGINT FROM sessions"
    assert bench.job.writer.lake.query(sums) == [(2, 0)]
    assert bench.told("sessions cut anew") == []
    bench.site.registry.create_key("shop")
    files = {"plan.yaml": "version: 1.0.0", "events/seen.yaml": "event: Seen\ntype: page\nkey_event: true"}
    bench.site.registry.publish_plan("shop", "1.0.0", read_plan(files).to_json(), "test")
    bench.site.clock += 5 * SECOND
    bench.site.land([event("m9", type="page", event="Seen", timestamp=NOON, user_id="lin")])
    bench.job.turn()
    assert bench.job.writer.lake.query(sums) == [(2, 1)]
    bench.job.settings = msgspec.structs.replace(bench.job.settings, session_rules="segment")
    bench.site.clock += 5 * SECOND
    bench.site.land([event("m10", timestamp=NOON - 200 * MINUTE, user_id="lin")])
    bench.job.turn()
    assert bench.job.writer.lake.query(sums) == [(2, 1)]
    assert [told["rules"] for told in bench.told("sessions cut anew")] == ["sojourn", "segment"]


def test_the_writer_obeys_a_replay(bench: Bench) -> None:
    key = bench.site.registry.create_key("shop")
    raw = msgspec.json.encode({"type": "track", "event": "x", "anonymousId": "d", "messageId": "r"}).decode()
    said = {"verdict": "rejected", "reason": "bad_time", "raw": raw, "key_no": key.no, "kind": "batch"}
    bench.site.land([event("r", **said)])
    bench.job.turn()
    id = bench.site.registry.file_command("replay", {"code": "bad_time"}, by="test")
    bench.job.turn()
    command = bench.site.registry.command(id)
    assert command.result is not None
    assert (command.state, command.result["moved"]) == ("done", {"bad_time": 1})
    bench.site.clock += 5 * SECOND
    bench.job.turn()
    assert (bench.count("events"), bench.count("rejected"), bench.count("sessions")) == (1, 0, 1)
