"""Refused, mended, replayed: from the bytes a door wrote, over landing and the lake, to the same events."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sdk_contract.canonical import event_of
from sdk_contract.dialects import Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.judging import judge
from sdk_contract.plan import read_plan
from sdk_contract.verdicts import Judgement, Reason, Verdict
from tests.warehouse.lakes import HOUR, NOON, SECOND, Site
from warehouse import request_rows
from warehouse import rows as rows_module
from warehouse.balance import Books, balance
from warehouse.protect import Kept, protect
from warehouse.registry import Key
from warehouse.replaying import key_rules, replay
from warehouse.rows import convert
from warehouse.secrets import Secrets
from warehouse.segments import Head, RecordHead, encode_head, encode_record, segment_id
from warehouse.writer import Writer, from_landing

EVENT = """
event: Bought
properties:
  type: object
  required: [price]
  properties:
    price: {type: number}
    email: {type: string, format: email, pattern: "@", x-pii: email}
"""


def plan(version: str, event: str = EVENT) -> str:
    files = {"plan.yaml": f"version: {version}.0.0\nunplanned: reject\n", "events/bought.yaml": event}
    return read_plan(files).to_json()


class House:
    """A data folder with one enforced key, and a door that writes what the collector's would."""

    def __init__(self, root: Path, **rules: Any) -> None:
        self.site = Site(root)
        self.key = self.site.registry.create_key("shop", plan_mode="enforce", **rules)
        self.publish("1")
        self.writer = self.open()

    def open(self) -> Writer:
        return self.site.opened()

    def publish(self, version: str, event: str = EVENT) -> None:
        self.site.registry.publish_plan("shop", version, plan(version, event), "test")

    def secrets(self) -> Secrets:
        return Secrets.open(self.site.settings.folders.secrets, self.site.now, os.urandom)

    def send(self, *events: Any, body: bytes | None = None, key: Key | None = None, **head: Any) -> None:
        """One request as the door keeps it; loaded at once."""
        key = key or self.key
        of_key = key_rules(self.site.registry, self.secrets().vault)[key.no]
        sent = body or msgspec.json.encode({"batch": events, "sentAt": "2026-11-21T12:00:00Z"})
        parsed: Parsed = SEGMENT.parse("batch", sent)
        judged = judge(parsed, "batch", "b", 32768, of_key.rules)
        as_sent = Kept(sent, judged.judgements, parsed.sent_at)
        kept = protect(as_sent, SEGMENT, "batch", parsed, judged, of_key)
        version = of_key.rules.plan.version if of_key.rules and of_key.rules.plan else None
        self.keep(
            kept.body, len(parsed.events), kept.judgements, key, version, privacy=of_key.privacy, **head
        )

    def keep(
        self, body: bytes, events: int, judgements: list[Judgement], key: Key | None = None,
        version: str | None = None, **more: Any,
    ) -> None:  # fmt: skip
        key = key or self.key
        self.site._number += 1
        name = segment_id("n-w0", NOON // 1000, self.site._number)
        head = RecordHead(
            NOON, key.no, key.id, key.project, "segment", "batch", "203.0.113.7", "curl/8",
            "2026-11-21T12:00:00Z", f"b{self.site._number}", version, judgements, **more,
        )  # fmt: skip
        data = encode_head(Head("n", "n-w0", NOON // 1000, self.site._number, NOON))
        landing = convert(data + encode_record(head, body, 0, events), name)
        assert self.site.store.put_new(landing.key, landing.parquet)
        self.site.registry.tally_segment("n-w0", name, landing.count.tally)
        self.site.clock += SECOND
        self.writer.load()

    def replay(self, **args: Any) -> dict[str, Any]:
        registry = self.site.registry
        registry.file_command("replay", args, by="test")
        command = registry.next_command()
        assert command is not None
        result = replay(self.writer, registry, command, now=self.site.now)
        registry.finish_command(command.id, "done", result)
        return result

    def books(self) -> Books:
        folders = self.site.settings.folders
        with self.site.reader() as lake:
            return balance(lake, self.site.store, self.site.registry, folders.journal).total

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.writer.lake.query(sql)


def bought(message_id: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track", "event": "Bought", "messageId": message_id, "anonymousId": "d1",
        "timestamp": "2026-11-21T11:59:00Z", "properties": properties,
    }  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def mended(event: str = EVENT) -> str:
    return event.replace("required: [price]", "required: []")


def test_what_is_valid_now_moves_and_the_rest_stays_with_its_reason(house: House) -> None:
    house.send(
        bought("ok", price=1),
        bought("a"),
        bought("b", price="dear"),
        {"type": "track", "event": "Sold", "messageId": "c", "anonymousId": "d1"},
    )
    assert house.books() == Books(4, 1, 0, 3, 0, 0, 0, 0)
    assert house.replay()["moved"] == {}
    house.publish("2", mended())
    tried = house.replay(dry_run=True)
    assert (tried["moved"], tried["object"], house.books().rejected) == ({"plan_violation": 1}, None, 3)
    done = house.replay()
    assert (done["examined"], done["moved"], done["stored"]) == (3, {"plan_violation": 1}, 1)
    assert [(one["code"], one["events"], one["message_id"]) for one in done["kept"]] == [
        ("plan_violation", 1, "b"), ("unplanned_event", 1, "c"),
    ]  # fmt: skip
    assert house.books() == Books(4, 2, 0, 2, 0, 0, 0, 0)
    columns = (
        "message_id, verdict, plan_version, epoch_us(received_at), record, index, user_agent,"
        " replayed_at IS NULL"
    )
    assert house.rows(f"SELECT {columns} FROM events ORDER BY message_id") == [
        ("a", "ok", "2.0.0", NOON, 0, 1, "curl/8", False), ("ok", "ok", "1.0.0", NOON, 0, 0, "curl/8", True),
    ]  # fmt: skip
    again = house.replay()
    assert (again["moved"], again["object"]) == ({}, None)
    assert house.books() == Books(4, 2, 0, 2, 0, 0, 0, 0)


def test_a_replayed_event_has_the_row_it_would_have_had(house: House) -> None:
    house.send(bought("a"))
    house.publish("2", mended())
    house.replay()
    house.send(bought("z"))
    skip = "load_seq, message_id, segment_id, record, index, replayed_at, timestamp, extra"
    one, other = house.writer.lake.records(f"SELECT * EXCLUDE ({skip}) FROM events ORDER BY message_id")
    assert one == other


def test_only_what_was_asked_for_is_judged(house: House) -> None:
    other = house.site.registry.create_key("school", plan_mode="enforce")
    house.site.registry.publish_plan("school", "1", plan("1"), "test")
    house.send(bought("a"))
    house.send(bought("b"), key=other)
    house.send({"type": "track", "event": "Bought", "messageId": "c"})
    house.publish("2", mended())
    house.site.registry.publish_plan("school", "2", plan("2", mended()), "test")
    for args in (
        {"code": "bad_time"},
        {"since": NOON + HOUR},
        {"event": "Sold"},
        {"project": "x"},
        {"key": "k_0"},
    ):
        assert house.replay(**args)["examined"] == 0
    assert house.replay(project="school", code="plan_violation", since=NOON)["moved"] == {"plan_violation": 1}
    assert house.replay(key=house.key.id, event="Bought")["examined"] == 2
    assert house.rows("SELECT message_id FROM rejected") == [("c",)]


def test_a_person_who_objected_meanwhile_stays_out(house: House) -> None:
    house.send(bought("a"))
    house.publish("2", mended())
    house.site.registry.suppress("shop", house.secrets().vault().digest("anonymous_id", "d1"))
    done = house.replay()
    assert (done["moved"], done["kept"][0]["code"]) == ({}, "suppressed")
    assert house.rows("SELECT count(*) FROM rejected") == [(1,)]


def test_planned_personal_data_is_treated_before_it_is_stored(tmp_path: Path) -> None:
    """By the policy of now, and what was treated before still fits the plan."""
    house = House(tmp_path)
    house.send(bought("plain", email="lin@example.com"))
    house.site.registry.change_key(house.key.id, privacy="strict")
    house.send(bought("treated", email="xia@example.com"))
    house.publish("2", mended())
    assert house.replay()["stored"] == 2
    for (email,) in house.rows("SELECT properties->>'$.email' FROM events"):
        assert email
        assert "example.com" not in email
    assert house.rows("SELECT DISTINCT privacy FROM events") == [("strict@0",)]


def test_slices_follow_each_other_by_themselves(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.replaying.SLICE", 2)
    house.send(*[bought(f"m{at}", **({"price": "dear"} if at % 2 else {})) for at in range(5)])
    house.publish("2", mended())
    first = house.replay()
    assert (first["examined"], first["moved"]) == (2, {"plan_violation": 1})
    registry = house.site.registry
    examined = []
    while (command := registry.next_command()) is not None:
        result = replay(house.writer, registry, command, now=house.site.now)
        registry.finish_command(command.id, "done", result)
        examined.append(result["examined"])
    assert examined == [2, 1]
    assert house.books() == Books(5, 3, 0, 2, 0, 0, 0, 0)


def unreadable(house: House, body: bytes, reason: Reason) -> None:
    sealed = msgspec.json.encode(house.secrets().vault().seal(body))
    house.keep(sealed, 1, [Judgement(0, Verdict.REJECTED, reason, "", "x")], sealed=True)


def test_a_body_that_can_be_read_now_becomes_its_events(house: House) -> None:
    body = msgspec.json.encode(
        {"batch": [bought("x", price=1), bought("y"), {**bought("z", price=2), "messageId": None}]}
    )
    unreadable(house, gzip.compress(body), Reason.BAD_COMPRESSION)
    unreadable(house, b'{"batch": [', Reason.BAD_ENVELOPE)
    assert house.books() == Books(2, 0, 0, 2, 0, 0, 0, 0)
    done = house.replay()
    assert (done["moved"], done["stored"]) == ({"bad_compression": 2}, 2)
    assert {one["code"]: one["events"] for one in done["kept"]} == {"bad_envelope": 1, "plan_violation": 1}
    assert house.books() == Books(4, 2, 0, 2, 0, 0, 0, 0)
    assert sorted(house.rows("SELECT index, message_id FROM events")) == [(0, "x"), (2, "b1-2")]
    house.publish("2", mended())
    assert house.replay(code="plan_violation")["stored"] == 1
    assert house.books() == Books(4, 3, 0, 1, 0, 0, 0, 0)


def test_a_sealed_body_whose_key_was_forgotten_stays(house: House) -> None:
    unreadable(house, b'{"batch": []}', Reason.BAD_ENVELOPE)
    secrets = house.secrets()
    secrets.forget(next(key.id for key in secrets.list() if key.purpose == "quarantine"))
    assert house.replay()["kept"][0]["code"] == "key_gone"


def test_a_fault_of_ours_is_no_rejected_event_and_its_request_comes_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row-making fails on a whole request: kept as damaged, unprocessed; replayed once the fault is gone."""
    with monkeypatch.context() as patch:
        patch.setattr(rows_module, "Request", _fail)
        house.send(bought("a", price=1), bought("b"), bought("c", price=3))
    verdicts = house.rows("SELECT verdict, reason, count(*), count(raw) FROM rejected GROUP BY ALL")
    assert verdicts == [("damaged", "unprocessed", 3, 1)]
    with monkeypatch.context() as patch:
        patch.setattr(rows_module, "Request", _fail)
        assert house.replay()["kept"][0] | {"message_id": None} == {
            "code": "unprocessed", "events": 3, "message_id": None, "pointer": None, "expected": None,
        }  # fmt: skip
    assert house.books() == Books(3, 0, 0, 0, 0, 3, 0, 0)
    assert house.replay(code="unprocessed")["moved"] == {"unprocessed": 2}
    assert house.rows("SELECT verdict, reason, message_id FROM rejected") == [
        ("rejected", "plan_violation", "b")
    ]
    assert house.books() == Books(3, 2, 0, 1, 0, 0, 0, 0)
    house.publish("2", mended())
    assert house.replay()["stored"] == 1


def test_a_fault_of_ours_on_one_event_comes_back_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:

    def failing(whole: Any, *rest: Any) -> Any:
        return _fail() if whole.message_id == "b" else event_of(whole, *rest)

    def failing_at_once(deeds: Any, deed: Any, when: Any, message_id: str) -> Any:
        return _fail() if message_id == "b" else False

    with monkeypatch.context() as patch:
        patch.setattr(request_rows, "event_of", failing)
        patch.setattr(request_rows, "repeats", failing_at_once)
        house.send(bought("a", price=1), bought("b", price=2))
        assert house.rows("SELECT verdict, reason, message_id FROM rejected") == [
            ("damaged", "unprocessed", "b")
        ]
        assert house.replay()["moved"] == {}
    assert house.replay()["moved"] == {"unprocessed": 1}
    assert house.books() == Books(2, 2, 0, 0, 0, 0, 0, 0)


def _fail(*_: Any) -> None:
    raise RuntimeError("a fault of ours")


FAULTS: Mapping[str, Callable[[House, pytest.MonkeyPatch], None]] = {
    "before the object is written": lambda house, patch: patch.setattr(
        house.site.store.__class__, "put_new", _fail
    ),
    "after the object is written": lambda house, patch: patch.setattr(Writer, "take", _fail),
    "within the load": lambda house, patch: patch.setattr("warehouse.load.move_cursor", _fail),
    "after the load": lambda house, patch: patch.setattr("warehouse.writer.fates_of", _fail),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_kill_at_any_step_moves_each_event_once(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The command is handed out again to a writer that starts anew, and the plan may be another by then."""
    house.send(bought("ok", price=1), bought("a"), bought("b"))
    house.publish("2", mended())
    house.site.registry.file_command("replay", {}, by="test")
    for _ in range(2):
        command = house.site.registry.next_command()
        assert command is not None
        with monkeypatch.context() as patch:
            FAULTS[fault](house, patch)
            with pytest.raises(RuntimeError):
                replay(house.writer, house.site.registry, command, now=house.site.now)
        assert house.books().difference == 0
        house.writer.lake.close()
        house.writer = house.open()
        assert house.books().difference == 0
    command = house.site.registry.next_command()
    assert command is not None
    replay(house.writer, house.site.registry, command, now=house.site.now)
    replay(house.writer, house.site.registry, command, now=house.site.now)
    assert house.books() == Books(3, 3, 0, 0, 0, 0, 0, 0)


def test_a_rebuild_from_landing_gives_the_same_tables(house: House) -> None:
    house.send(bought("a"), bought("b", price="dear"))
    house.publish("2", mended())
    house.replay()
    house.send(bought("a"))
    before = {
        table: sorted(map(repr, house.rows(f"FROM {table}")))
        for table in ("events", "rejected", "duplicates")
    }
    house.writer.close()
    site = house.site
    with from_landing(site.settings, site.registry, now=site.now, store=site.store) as writer:
        assert {table: sorted(map(repr, writer.lake.query(f"FROM {table}"))) for table in before} == before
