"""Following journals: what is new, in order, once; what is too much is counted."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from collector.tap import Follower, Listener, LiveEvent, Tap
from sdk_contract.dialects.known import DIALECTS
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.segments import Head, RecordHead, encode_head, encode_record

HEAD = encode_head(Head("node", "node-w0", 1, 1, 0))


def record(
    ordinal: int, *names: str, judgements: list[Judgement] | None = None, dialect: str = "segment"
) -> bytes:
    events = [{"type": "track", "event": name, "userId": 7, "messageId": f"m-{name}"} for name in names]
    body = json.dumps({"batch": events}).encode()
    head = RecordHead(
        1_000_000, 1, "k_1", "shop", dialect, "batch", None, None, None, "b" * 22, None, judgements or []
    )
    return encode_record(head, body, ordinal, len(names))


class Journal:
    """A worker's segment that a test writes by hand."""

    def __init__(self, root: Path, name: str = "w0/0000000000001-00000001") -> None:
        self.path = root / f"{name}.open"
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(HEAD)

    def write(self, data: bytes) -> None:
        with open(self.path, "ab") as file:
            file.write(data)


def names(follower: Follower) -> list[str | None]:
    events, dropped = follower.read()
    assert dropped == 0
    return [event.event for event in events]


def open_files() -> list[str]:
    links = [os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]
    return [os.readlink(link) for link in links if os.path.lexists(link)]


def test_only_what_is_new_is_read_and_only_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(record(0, "old"))
    follower = Follower(tmp_path, DIALECTS)
    assert names(follower) == []
    journal.write(record(1, "a", "b"))
    assert names(follower) == ["a", "b"]
    assert names(follower) == []
    follower.close()


def test_from_the_start_it_reads_what_is_there(tmp_path: Path) -> None:
    Journal(tmp_path).write(record(0, "old"))
    follower = Follower(tmp_path, DIALECTS, from_end=False)
    assert names(follower) == ["old"]
    follower.close()


def test_a_record_that_is_cut_is_read_when_it_is_whole(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    data = record(0, "a")
    journal.write(data[:-5])
    assert names(follower) == []
    journal.write(data[-5:])
    assert names(follower) == ["a"]
    follower.close()


def test_a_segment_is_read_to_its_end_though_it_is_sealed_and_removed(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    journal.write(record(0, "a"))
    assert names(follower) == ["a"]
    journal.write(record(1, "b"))
    sealed = journal.path.with_suffix(".sealed")
    os.rename(journal.path, sealed)
    assert names(follower) == ["b"]
    with open(sealed, "ab") as file:
        file.write(record(2, "c"))
    sealed.unlink()
    assert names(follower) == ["c"]
    assert names(follower) == []
    assert not [link for link in open_files() if link.startswith(str(tmp_path))]
    follower.close()


def test_verdicts_and_ids_are_shown(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    judged = Judgement(1, Verdict.REJECTED, Reason.WRONG_TYPE, "/event", "text")
    journal.write(record(0, "a", "b", judgements=[judged]))
    (first, second), _ = follower.read()
    shown = ("shop", "k_1", "m-a", "track", "a", "7", None, "ok", None, None, "segment", None)
    assert first == LiveEvent(1_000_000, *shown)
    assert (second.verdict, second.reason, second.pointer) == ("rejected", "wrong_type", "/event")
    follower.close()


@pytest.mark.parametrize(
    ("context", "sdk"),
    [
        (b'{"library":{"name":"analytics-python","version":"2"}}', "analytics-python"),
        (b'{"library":{"name":7}}', None),
        (b'{"library":"x"}', None),
        (b"[1]", None),
    ],
)
def test_the_sdk_is_what_its_library_calls_itself(tmp_path: Path, context: bytes, sdk: str | None) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    head = RecordHead(1, 1, "k", "p", "segment", "batch", None, None, None, "b" * 22, None, [])
    body = b'{"batch":[{"type":"track","event":"Tried","context":' + context + b"}]}"
    journal.write(encode_record(head, body, 0, 1))
    (event,), _ = follower.read()
    assert (event.event, event.dialect, event.sdk) == ("Tried", "segment", sdk)
    follower.close()


def test_a_body_that_could_not_be_read_is_one_event_with_its_reason(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    judged = Judgement(0, Verdict.REJECTED, Reason.BAD_ENVELOPE, "", "JSON")
    head = RecordHead(
        1, 1, "k", "p", "segment", "batch", None, None, None, "b" * 22, judgements=[judged], sealed=True
    )
    journal.write(encode_record(head, b'"sj:seal:k:x"', 0, 1))
    (event,), _ = follower.read()
    assert (event.message_id, event.type, event.verdict, event.reason) == (
        "b" * 22 + "-0", None, "rejected", "bad_envelope"
    )  # fmt: skip
    follower.close()


def test_a_filtered_event_is_shown_with_what_is_left_of_it(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    judged = Judgement(0, Verdict.FILTERED, Reason.SUPPRESSED)
    head = RecordHead(1, 1, "k", "p", "segment", "batch", None, None, None, "b" * 22, judgements=[judged])
    journal.write(encode_record(head, b'{"batch":[{"type":"track","messageId":"m"}]}', 0, 1))
    (event,), _ = follower.read()
    assert (event.message_id, event.type, event.user_id, event.verdict) == ("m", "track", None, "filtered")
    follower.close()


@pytest.mark.parametrize("body", [b"{", b'{"batch":[{"type":{}}, "\xff"]}'])
def test_what_cannot_be_read_is_no_error(tmp_path: Path, body: bytes) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    head = RecordHead(1, 1, "k", "p", "segment", "batch", None, None, None, "b" * 22, None, [])
    journal.write(encode_record(head, body, 0, 2))
    journal.write(record(2, "after"))
    events, _ = follower.read()
    assert events[-1].event == "after"
    assert [event.type for event in events[:-1]] in ([], [None, None])
    follower.close()


def test_more_than_the_limit_is_counted(tmp_path: Path) -> None:
    journal, follower = Journal(tmp_path), Follower(tmp_path, DIALECTS)
    journal.write(record(0, "a", "b") + record(2, "c", "d") + record(4, "e"))
    events, dropped = follower.read(limit=3)
    assert ([event.event for event in events], dropped) == (["a", "b", "e"], 2)
    follower.close()


def event(name: str) -> LiveEvent:
    return LiveEvent(1, "p", "k", name, "track", name, None, None, "ok", None, None)


def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    async def read() -> tuple[list[str], int]:
        listener = Listener(2)
        listener.put([event("a")], 0)
        listener.put([event("b"), event("c")], 5)
        events, dropped = listener.take()
        assert listener.take() == ([], 0)
        return [one.message_id for one in events], dropped

    assert asyncio.run(read()) == (["b", "c"], 6)


def test_one_follower_serves_all_readers_and_ends_with_the_last(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    opened = []

    def follower() -> Follower:
        opened.append(1)
        return Follower(tmp_path, DIALECTS)

    async def read() -> list[list[str | None]]:
        tap = Tap(follower, 10)
        first, second = tap.follow(10), tap.follow(10)
        assert await anext(first) == ([], 0)
        assert await anext(second) == ([], 0)
        journal.write(record(0, "a"))
        seen = [[one.event for one in (await anext(reader))[0]] for reader in (first, second)]
        tap.close()
        assert [item async for item in first if item[0]] == []
        await second.aclose()  # type: ignore[attr-defined]
        return seen

    assert asyncio.run(read()) == [["a"], ["a"]]
    assert opened == [1]


def test_a_quiet_journal_gives_a_sign_of_life(tmp_path: Path) -> None:
    async def read() -> None:
        tap = Tap(lambda: Follower(tmp_path, DIALECTS), 10)
        reader = tap.follow(0.01)
        assert [await anext(reader) for _ in range(2)] == [([], 0), ([], 0)]
        tap.close()

    asyncio.run(read())


def test_readers_hear_the_end_when_nothing_can_be_followed_and_the_next_is_served(tmp_path: Path) -> None:
    tries = iter([OSError("too many open files")])

    def follower() -> Follower:
        for problem in tries:
            raise problem
        return Follower(tmp_path, DIALECTS)

    async def read() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, told: None)
        tap = Tap(follower, 10)
        assert [one async for one in tap.follow(10)] == [([], 0)]
        assert await anext(tap.follow(10)) == ([], 0)
        tap.close()

    asyncio.run(asyncio.wait_for(read(), 20))
